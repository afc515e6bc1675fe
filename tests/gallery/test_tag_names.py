"""How a tag is written, whatever way it is typed, and what finds it."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pingvas.gallery.tag_names import MAX_TAG, accept_tag, distinct, fold, pattern_for

# Letters that make trouble: half and full width, composed and not, cases that change in number, several kinds of blanks.
_TROUBLE = "aA ｱガｶﾞＡㅋㄱᄀ가각고양이ßẞİıſΣςᾳΐǰⅣ²①\u0345\u0301\u3099\u00a0\u3000\t\n-#,，、"
TYPED = st.text(st.one_of(st.sampled_from(_TROUBLE), st.characters(codec="utf-8")), max_size=80)


@given(TYPED)
def test_the_form_of_a_form_is_the_same(typed: str) -> None:
    assert fold(fold(typed)) == fold(typed)


@given(TYPED)
def test_what_is_taken_is_taken_again_as_it_is_kept(typed: str) -> None:
    try:
        kept = accept_tag(typed)
    except ValueError:
        return

    assert accept_tag(kept) == kept
    assert 1 <= len(kept) <= MAX_TAG
    assert "," not in kept
    assert kept == " ".join(kept.split())
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in kept)


@given(TYPED)
def test_case_and_composition_make_no_difference(typed: str) -> None:
    assert fold(unicodedata.normalize("NFD", typed)) == fold(typed)
    assert fold(typed.casefold()) == fold(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Night   Sky ", "night sky"),
        ("ＮＩＧＨＴ　ｓｋｙ", "night sky"),
        ("ｶﾞﾗｽ", "ガラス"),
        (unicodedata.normalize("NFD", "고양이"), "고양이"),
        ("Straße", "strasse"),
        ("ㅋㅋ", "ㅋㅋ"),
        ("ﾡﾷﾷ", "ㄱㅇㅇ"),
        ("m²", "m²"),
        ("①", "①"),
        ("바다\n풍경", "바다 풍경"),
        ("👩‍🚀", "👩‍🚀"),
    ],
)
def test_a_word_has_one_form(typed: str, kept: str) -> None:
    assert accept_tag(typed) == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "1 to 64"),
        (" \u3000 ", "1 to 64"),
        ("a" * 65, "1 to 64"),
        ("ß" * 33, "1 to 64"),
        ("sea,sky", "comma"),
        ("sea，sky", "comma"),
        ("a\x07b", "control"),
        ("a\u200bb", "nobody sees"),
        ("a\x00b", "NUL"),
        ("\ud800", "valid Unicode"),
    ],
)
def test_what_is_no_tag_is_refused_with_its_reason(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        accept_tag(typed)


def test_repetitions_go_and_the_order_stays() -> None:
    assert distinct(("b", "a", "b")) == ("b", "a")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ㄱㅇㅇ", ["고양이", "아기 고양이"]),
        ("ㄱㅇ", ["고양이", "아기 고양이", "겨울"]),
        ("ㅇㅇ", ["고양이", "아기 고양이"]),
        ("고ㅇ", ["고양이", "아기 고양이"]),
        ("고야", ["고양이", "아기 고양이"]),
        ("공", ["고양이", "아기 고양이"]),
        ("양", ["고양이", "아기 고양이"]),
        ("ㄳ", ["가수"]),
        ("AT", ["cat"]),
        ("c.t", []),
        ("c++", ["c++"]),
        ("ㅋㅋ", ["ㅋㅋ"]),
        ("ㄲ", []),
    ],
)
def test_a_pattern_finds_syllables_by_their_consonants_and_while_they_are_typed(
    typed: str, found: list[str]
) -> None:
    names = ["고양이", "아기 고양이", "겨울", "가수", "cat", "c++", "ㅋㅋ"]

    assert [name for name in names if re.search(pattern_for(typed), name)] == found


@given(TYPED, TYPED, TYPED)
def test_every_part_of_a_tag_finds_it(before: str, typed: str, behind: str) -> None:
    name = fold(f"{before} {fold(typed)} {behind}")

    assert re.search(pattern_for(typed), name)
