"""Wildcards: what the seed picks, what is a head, and what is refused; and that docs/prompts.md is true."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pingvas.engine.errors import PromptNotUnderstood
from pingvas.engine.text.wildcards import MAX_NESTING, resolve_wildcards
from tests.make.prompt_texts import HOSTILE, LETTERS, PAGE, QUICK


@QUICK
@given(HOSTILE, st.integers(0, 2**63))
def test_any_text_resolves_to_the_same_words_again(text: str, seed: int) -> None:
    try:
        once = resolve_wildcards(text, seed)
    except PromptNotUnderstood:
        return

    assert once == resolve_wildcards(text, seed)
    assert len(once) <= len(text) * 21


@QUICK
@given(st.text(sorted(set(LETTERS) - set("{}|\\_")), max_size=80), st.integers(0, 99))
def test_text_without_braces_stays_as_it_is(text: str, seed: int) -> None:
    assert resolve_wildcards(text, seed) == text


def test_what_a_seed_picks_never_changes() -> None:
    # These words are in people's pictures: if this fails, the pictures cannot be made again.
    words = [resolve_wildcards("{a|b|c|d}{2::e|f} {2$$g|h|i} {j|{k|l}}", seed) for seed in range(6)]

    assert words == ["be h, i k", "ae i, g j", "af h, i l", "de g, h l", "ae i, g k", "ae h, i l"]


def test_options_come_as_often_as_their_weights_say() -> None:
    found = Counter(resolve_wildcards("{3::a|b|0::c|0.5::d}", seed) for seed in range(4500))

    assert found["c"] == 0
    assert found["a"] == pytest.approx(3000, abs=150)
    assert found["b"] == pytest.approx(1000, abs=120)
    assert found["d"] == pytest.approx(500, abs=90)


def test_groups_pick_independently_of_one_another() -> None:
    found = Counter(resolve_wildcards("{a|b}{a|b}", seed) for seed in range(2000))

    assert set(found) == {"aa", "ab", "ba", "bb"}
    assert min(found.values()) > 420


def test_picking_several_never_repeats_one() -> None:
    for seed in range(100):
        picked = resolve_wildcards("{2-9$$a|b|0::c|d}", seed).split(", ")

        assert 2 <= len(picked) <= 4
        assert len(set(picked)) == len(picked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", ""),
        ("{a}", "a"),
        ("{|}", ""),
        ("{a", "{a"),
        ("a}", "a}"),
        ("a|b", "a|b"),
        ("{x|{a}", "{x|a"),
        ("{a\\|b}", "a|b"),
        (r"\{a|b\}", "{a|b}"),
        (r"(a:1.2) \(b\)", r"(a:1.2) \(b\)"),
        ("{0::a|0::a}", "a"),
        ("{0$$a|b}", ""),
        ("{99$$a}", "a"),
        ("[a|b]", "[a|b]"),
    ],
)
def test_corner_cases_of_wildcards(text: str, expected: str) -> None:
    assert resolve_wildcards(text, 1) == expected


ORDERS = {
    "{1-$$a|b|c}": {1, 2, 3},
    "{2-$$a|b|c}": {2, 3},
    "{0-$$a|b|c}": {0, 1, 2, 3},
    "{5-$$a|b|c}": {3},
    "{-2$$a|b|c}": {1, 2},
    "{-9$$a|b|c}": {1, 2, 3},
    "{-1$$a|b|c}": {1},
    "{1 - 2 $$a|b|c}": {1, 2},
    "{3-1$$a|b|c}": {1, 2, 3},
    "{100$$a|b|c}": {3},
    "{~2$$a|b|c}": {2},
}


@pytest.mark.parametrize("text", ORDERS)
def test_a_head_says_how_many_are_picked(text: str) -> None:
    found = [resolve_wildcards(text, seed) for seed in range(60)]

    assert {len(words.split(", ")) if words else 0 for words in found} == ORDERS[text]
    assert set("".join(found)) <= set("abc, ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{.5::a|b}", {"a", "b"}),
        ("{5.::a|b}", {"a", "b"}),
        ("{1 ::a|b}", {"a", "b"}),
        ("{0::a|b}", {"b"}),
        ("{a|b|}", {"a", "b", ""}),
        ("{~a|b}", {"a", "b"}),
        ("{1-$$ and $$a|b}", {"a", "b", "a and b", "b and a"}),
        ("{2$$2::a|b}", {"a, b", "b, a"}),
        ("{1-$${a|b}|c}", {"a", "b", "c", "a, c", "b, c", "c, a", "c, b"}),
        (r"{\$$|\2$$a}", {r"\$$", r"\2$$a"}),
        (r"\{2$$a\|b\}", {"{2$$a|b}"}),
        ("${red|blue}", {"$red", "$blue"}),
        ("{@_@|^_^|!?}", {"@_@", "^_^", "!?"}),
        ("{std::string|10::30}", {"std::string", "30"}),
        ("costs 2$$ or 3::1", {"costs 2$$ or 3::1"}),
        ("^__^ O__O >__< ____ snake__case a__b", {"^__^ O__O >__< ____ snake__case a__b"}),
        (r"\__colors__ \${a} \__my colors__", {r"\__colors__ \$a \__my colors__"}),
    ],
)
def test_what_a_head_means_and_what_is_none(text: str, words: set[str]) -> None:
    assert {resolve_wildcards(text, seed) for seed in range(80)} == words


def test_half_a_chance_comes_half_as_often() -> None:
    found = Counter(resolve_wildcards("{.5::a|b}", seed) for seed in range(3000))

    assert found["a"] == pytest.approx(1000, abs=120)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("{-$$a|b}", "{-$$"),
        ("{-0$$a|b}", "{-0$$"),
        ("{$$a|b}", "{$$"),
        ("{n$$a|b}", "{n$$"),
        ("{1.5$$a|b}", "{1.5$$"),
        ("{1~3$$a|b}", "{1~3$$"),
        ("{1–3$$a|b}", "{1–3$$"),
        ("{1,3$$a|b}", "{1,3$$"),
        ("{1--3$$a|b}", "{1--3$$"),
        ("{a|2$$b}", "2$$"),
        ("{2::2$$a|b}", "2$$"),
        ("{2$$ twenty-one characters $$a|b}", "{2$$ twenty"),
        ("{-1::a|b}", "-1::"),
        ("{1e3::a|b}", "1e3::"),
        ("{50%::a|b}", "50%::"),
        ("{0,5::a|b}", "0,5::"),
        ("{2::3::a|b}", "2::3::"),
        ("{.::a|b}", ".::"),
        ("{1.1234567::a|b}", "1.1234567::"),
        ("{1234567::a|b}", "1234567::"),
        ("{2$$a|b", "{2$$"),
        ("{.5::a|b", "{.5::"),
        ("{" * 20 + "{2$$a|b}" + "}" * 20, "{2$$"),
        ("{!a|b}", "{!a"),
        ("{@a|b}", "{@a"),
        ("__colors__", "__colors__"),
        ("a__colors__b", "__colors__"),
        ("a __my colors__ b", "__my colors__"),
        ("__colors/warm*__", "__colors/warm*__"),
        ("__색깔__", "__색깔__"),
        ("{2$$__colors__}", "__colors__"),
        ("__~colors__", "__~colors__"),
        ("__a(b=c)__", "__a(b=c)__"),
        ("${color=red} a", "${color="),
        ("${color}", "${color}"),
        ("${color:red}", "${color:"),
        ("{% set a %}", "{%"),
    ],
)
def test_what_looks_like_a_head_and_cannot_be_done_is_refused(text: str, quoted: str) -> None:
    with pytest.raises(PromptNotUnderstood) as refused:
        resolve_wildcards(f"a house, {text}", 1)

    assert str(refused.value).startswith(f"`{quoted}")


def test_braces_nested_too_deep_stay() -> None:
    deep = "{" * (MAX_NESTING + 1) + "a|b" + "}" * (MAX_NESTING + 1)

    assert resolve_wildcards(deep, 1) == "{a|b}"


@pytest.mark.parametrize("line", PAGE.split("```wildcards\n")[1].split("\n```")[0].splitlines())
def test_the_page_says_what_a_seed_picks(line: str) -> None:
    seed, example = line.split(": ", 1)
    written, meant = example.split(" → ")

    assert resolve_wildcards(written, int(seed)) == meant
