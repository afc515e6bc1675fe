"""Names that show, and texts that say something."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pingvas.base.errors import Invalid
from pingvas.base.visible_text import accept_name, find_unseen, shows_something

SHOWN = {
    "Korean": "김하늘",
    "Korean in single letters": "\u1100\u1161\u11a8",
    "a family of three": "👩‍👩‍👧",
    "a heart on fire": "❤️‍🔥",
    "a thumb of some colour": "👍🏽",
    "a key": "1️⃣",
    "a flag of two letters": "🇰🇷",
    "a flag of tags": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "an emoji newer than Python": "\U0001fae9",
    "Persian": "می‌خواهم",
    "Hindi with a joiner": "\u0915\u094d\u200d\u0937",
    "Malayalam that ends with a joiner": "\u0d28\u0d4d\u200d",
    "Hebrew with points": "שָׁלוֹם",
    "Thai": "น้ำ",
    "a Japanese form of a letter": "葛\U000e0100城",
    "a letter of one's own": "\ue000",
    "words and signs": "O'Neil, #1 (test) < 3",
    "an Arabic number sign": "\u0600\u0661",
}
UNSEEN = {
    "nothing": "",
    "blanks": " \t\u3000\u2003\u00a0",
    "zero-width spaces": "\u200b\u200b",
    "a byte-order mark": "\ufeff",
    "joiners alone": "\u200c\u200d",
    "a soft hyphen": "\u00ad",
    "a word joiner": "\u2060",
    "the filler of Hangul": "\u3164",
    "its narrow form": "\uffa0",
    "fillers of single letters": "\u115f\u1160",
    "an empty Braille cell": "\u2800",
    "a selector alone": "\ufe0f",
    "a selector of letters alone": "\U000e0100",
    "a mark alone": "\u0301",
    "a ring around nothing": "\u20dd",
    "tags": "\U000e0001\U000e0061\U000e007f",
    "a grapheme joiner": "\u034f",
    "vowels that are not written": "\u17b4\u17b5",
    "a note without a head": "\U0001d159",
    "controls": "\x00\x1f\x7f\x85",
    "half a character": "\ud800",
    "no character": "\uffff",
    "reserved for what is not drawn": "\u2065\U000e0fff",
}
HIDDEN_IN_A_NAME = {
    "turned round": "\u202eymmot",
    "embedded": "a\u202ab\u202c",
    "isolated": "a\u2066b\u2069",
    "a mark of direction": "admin\u200e",
    "an Arabic mark of direction": "\u061cadmin",
    "a zero-width space inside": "Kim\u200bHaneul",
    "a joiner between Latin letters": "ad\u200dmin",
    "a joiner between Hangul": "김\u200d하늘",
    "a joiner at the end": "می\u200c",
    "two joiners": "👩\u200d\u200d👧",
    "a filler behind a name": "김\u3164",
    "a filler before a vowel": "\u115f\u1161",
    "an empty cell behind a name": "a\u2800",
    "tags behind a letter": "a\U000e0061\U000e007f",
    "tags of a flag that do not end": "\U0001f3f4\U000e0067\U000e0062",
    "a second selector": "a\ufe0f\ufe0f",
    "a mark behind a blank": "a \u0301",
    "a soft hyphen inside": "ad\u00admin",
    "a control": "a\x1b[31mb",
    "a control that counts as a blank": "a\x1fb",
    "a line of its own kind": "a\x0bb",
}


@pytest.mark.parametrize("kind", SHOWN)
def test_a_name_that_shows_is_taken_as_it_is(kind: str) -> None:
    assert shows_something(SHOWN[kind])
    assert accept_name(SHOWN[kind], field="name", longest=80) in (SHOWN[kind], "각")


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_nobody_sees_is_no_name_and_says_nothing(kind: str) -> None:
    assert not shows_something(UNSEEN[kind])
    with pytest.raises(Invalid) as refused:
        accept_name(UNSEEN[kind], field="name", longest=80)

    assert refused.value.errors[0].name == "name"


@pytest.mark.parametrize("kind", HIDDEN_IN_A_NAME)
def test_nothing_hides_in_a_name(kind: str) -> None:
    with pytest.raises(Invalid, match=r"has U\+[0-9A-F]{4,5}"):
        accept_name(HIDDEN_IN_A_NAME[kind], field="name", longest=80)


def test_a_name_is_one_line_without_blanks_around_it() -> None:
    assert accept_name("  Kim\n\tHa\u3000neul ", field="name", longest=80) == "Kim Ha neul"
    with pytest.raises(Invalid):
        accept_name("x" * 81, field="name", longest=80)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_name_that_was_taken_is_taken_again_unchanged(text: str) -> None:
    try:
        name = accept_name(text, field="name", longest=80)
    except Invalid:
        return

    assert accept_name(name, field="name", longest=80) == name
    assert find_unseen(name) is None
    assert shows_something(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "name_length"), ("a" * 81, "name_length"), ("ab\u202ecd", "unseen_characters")],
)
def test_what_is_wrong_with_a_name_has_a_stable_code(name: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        accept_name(name, field="name", longest=80)

    assert [(error.name, error.code) for error in refused.value.errors] == [("name", code)]
