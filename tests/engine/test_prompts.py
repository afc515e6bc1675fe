"""The prompt language: what is words, what weighs how much, what the seed picks; and that docs/prompts.md is true."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pingvas.engine.errors import PromptNotUnderstood
from pingvas.engine.text.prompts import (
    MAX_NESTING,
    Break,
    LoraTag,
    Span,
    count_chunks_at_least,
    parse_weights,
    plain_text,
    resolve_wildcards,
    take_loras,
)

PAGE = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")
MARKS = st.sampled_from(
    [*"()[]{}|:\\<>", "1.2", ":1.3)", "BREAK", "2::", "2$$", "<lora:a:", " ", "가", "🦊", "x"]
)
LETTERS = "".join(map(chr, range(0x250))) + "가힣漢ー🦊\u200d\ufe0f\u202e\u3000"
# A slow machine is no failure.
QUICK = settings(max_examples=60, deadline=None)
HOSTILE = st.lists(MARKS, max_size=60).map("".join) | st.text(LETTERS, max_size=60)


def rows(heading: str) -> list[tuple[str, ...]]:
    """The cells of the table under a heading of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


# AUTOMATIC1111 publishes these for `parse_prompt_attention`.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.5730000000000004),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641000000000006),
                (".", 1.1),
            ],
        ),
    ],
)
def test_weights_are_those_that_automatic1111_publishes(text: str, expected: list[tuple[str, float]]) -> None:
    assert parse_weights(text) == [Span(words, weight) for words, weight in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("()", []),
        ("BREAK", [Break()]),
        ("a BREAK b", [Span("a"), Break(), Span("b")]),
        ("(a BREAK b:1.2)", [Span("a", 1.2), Break(), Span("b", 1.2)]),
        ("BREAKING break BREAK_", [Span("BREAKING break BREAK_")]),
        ("가BREAK", [Span("가BREAK")]),
        ("(a[b)c]", [Span("a", 1.1), Span("b"), Span("c", 1 / 1.1)]),
        ("(a : 1.2 )", [Span("a ", 1.2)]),
        ("(a:-.5)", [Span("a", -0.5)]),
        ("(a:1.2.3)", [Span("a:1.2.3", 1.1)]),
        ("(a:٣)", [Span("a:٣", 1.1)]),
        ("a:1.2) b", [Span("a:1.2) b")]),
        (r"\\(a\)", [Span("\\"), Span("a)", 1.1)]),
        (r"a\b", [Span("ab")]),
        ("(a:1e9)", [Span("a:1e9", 1.1)]),
        (f"(a:{'9' * 500})", [Span("a", 10.0)]),
        ("(((a:-9):9):9)", [Span("a", -10.0)]),
    ],
)
def test_corner_cases_of_weights(text: str, expected: list[Span | Break]) -> None:
    assert parse_weights(text) == expected


@QUICK
@given(HOSTILE)
def test_any_text_parses_to_bounded_weights_and_keeps_its_words(text: str) -> None:
    spans = parse_weights(text)

    kept = [span for span in spans if isinstance(span, Span)]
    assert all(span.text and math.isfinite(span.weight) and -10 <= span.weight <= 10 for span in kept)
    assert set(plain_text(spans)) <= set(text) | {" "}
    assert {"가", "🦊", "x", "{", "<"} & set(text) <= set(plain_text(spans))


@QUICK
@given(st.text(sorted(set(LETTERS) - set("()[]\\")), max_size=80).filter(lambda text: "BREAK" not in text))
def test_text_without_marks_is_one_span_of_weight_one(text: str) -> None:
    assert parse_weights(text) == ([Span(text)] if text else [])


@QUICK
@given(HOSTILE)
def test_neighbours_never_have_the_same_weight(text: str) -> None:
    spans = parse_weights(text)

    pairs = itertools.pairwise(spans)
    assert not [1 for a, b in pairs if isinstance(a, Span) and isinstance(b, Span) and a.weight == b.weight]


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


@pytest.mark.parametrize(
    ("text", "rest", "loras"),
    [
        ("a <lora: my file :0.8> b", "a  b", [LoraTag("my file", 0.8)]),
        ("<lora:수채화:1.> <lora:b:99><lora:b:-3>", "", [LoraTag("수채화", 1.0), LoraTag("b", 7.0)]),
        (f"<lora:a:{'9' * 400}>", "", [LoraTag("a", 10.0)]),
        (
            "< lora:a><LORA:b> <Lyco:c\n> < lora : d : 0.5 >",
            "",
            [LoraTag(name, 1.0) for name in "abc"] + [LoraTag("d", 0.5)],
        ),
        ("<lora:a:te=0.5:unet=0.8> x", "x", [LoraTag("a", 0.8)]),
        ("x <lora:a:unet=.8:te=0.5>", "x", [LoraTag("a", 0.8)]),
        ("<lora:a:te=0.5>", "", [LoraTag("a", 0.5)]),
        ("<lora:a:unet=0.5>", "", [LoraTag("a", 0.5)]),
        ("<lora:a:1:TE=0.5:unet=0.8>", "", [LoraTag("a", 0.8)]),
        ("<lora:a:0.9:unet=0.8>", "", [LoraTag("a", 0.8)]),
        ("<lora:a:0.5:te=0.5>", "", [LoraTag("a", 0.5)]),
        ("<lyco:a:1:0.25>", "", [LoraTag("a", 0.25)]),
        ("<lora:a:in=0.5:mid=.5:out=0.50>", "", [LoraTag("a", 0.5)]),
        (r"\\<lora:a:0.5>", r"\\", [LoraTag("a", 0.5)]),
    ],
)
def test_lora_tags_are_taken_out(text: str, rest: str, loras: list[LoraTag]) -> None:
    assert take_loras(text) == (rest, tuple(loras))


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("<lora:>", "names no LoRA"),
        ("<lora: >", "names no LoRA"),
        ("<lora::0.5>", "names no LoRA"),
        ("<lora:a:>", "a number is missing"),
        ("<lora:a::0.5>", "a number is missing"),
        ("<lora:a:nan>", "'nan' is no number"),
        ("<lora:a:strong>", "'strong' is no number"),
        ("<lora:a:0,8>", "'0,8' is no number"),
        ("<lora:a:80%>", "'80%' is no number"),
        ("<lora:a:1@0,0@0.5>", "is no number"),
        ("<lora:a:0.7:OUTALL>", "'OUTALL' is no number"),
        ("<lora:a:te=>", "a number is missing"),
        ("<lora:a:te=much>", "'much' is no number"),
        ("<lora:a:1:1:8>", "rank"),
        ("<lora:a:dyn=8>", "dyn=: the rank"),
        ("<lora:a:0.7:lbw=OUTALL>", "lbw=: weights of single blocks"),
        ("<lora:a:1:lbw=1,0,0,1:lbwe=X>", "single blocks"),
        ("<lora:a:0.8:in=0:mid=1:out=0>", "single blocks"),
        ("<lora:a:0.8:in=0.8>", "single blocks"),
        ("<lora:a:1:start=5>", "start=: a LoRA counts from the first step"),
        ("<lora:a:1:stop=20>", "first step"),
        ("<lora:a:1:step=5-20>", "first step"),
        ("<lora:a:1:speed=2>", "speed=: it is not known here"),
        ("<lora:a:te=1:te=0.5>", "te= is said twice"),
        ("<lora:a:0.8:te=0.5>", "say the same weight differently"),
        ("<lora:a:1:0.5:unet=0.8>", "say the same weight differently"),
        ("<lora[0.5]:a>", r"\[\]"),
        ("<lora:" + "x" * 201 + ">", "at most 200 characters"),
        ("<lora:a:0.8 x", "not closed"),
        ("<lora:a\nb>", "not closed"),
        ("<lora a 0.8>", "write <lora:name:0.8>"),
        ("<lora=a>", "write <lora:name:0.8>"),
        ("&lt;lora:a:0.8&gt;", "write <lora:name:0.8>"),
        ("＜lora：a：0.8＞", "write <lora:name:0.8>"),
        ("<hypernet:a:0.5>", "hypernetworks"),
        ("<embedding:a>", "textual inversion"),
        ("<embed:a>", "textual inversion"),
        ("<ti:a:1>", "textual inversion"),
        ("embedding:easynegative", "textual inversion"),
        ("(embedding:easynegative:1.2)", "textual inversion"),
        ("<loha:a:0.5>", "write <lora:name:0.8>"),
        ("<random:red,blue>", "{a|b}"),
        ("<random[2]:red|blue>", "{a|b}"),
        ("<wildcard:colors>", "files"),
        ("<segment:face,0.5> a face", "another program"),
        ("<anything:a:0.8>", "another program"),
        ("withLora(a, 0.8)", "write <lora:name:0.8>"),
        ("useLora(a)", "write <lora:name:0.8>"),
    ],
)
def test_what_looks_like_a_tag_and_cannot_be_done_is_refused_with_the_reason(tag: str, reason: str) -> None:
    for text in (tag, f"a house, {tag}", f"<lora:good:1>{tag}"):
        with pytest.raises(PromptNotUnderstood, match=reason) as refused:
            take_loras(text)

        assert str(refused.value).startswith(f"`{tag.lstrip('(').split(chr(10))[0][:16]}")


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "a < b: c > d",
        "x<y: z",
        "I <3 you <: >",
        "<b>bold</b> <br/> <!-- a: b -->",
        '<a href="https://example.com/a:b">x</a> <div style="color: red">',
        "<https://example.com/a> <mailto:a@example.com>",
        "<svg:rect>",
        "std::map<key:value>",
        "<time: noon",
        "<note: a quiet day>",
        "graph embedding: a drawing",
        r"a \<lora:a:0.8>, \<foo:bar>, embedding\:x",
        "[cat:dog:0.5] [a|b] AND",
        "a lora of a house, lora: 0.5",
    ],
)
def test_text_that_is_no_tag_stays_as_it_is(text: str) -> None:
    assert take_loras(text) == (text, ())


@QUICK
@given(HOSTILE)
def test_any_text_gives_loras_with_names_and_bounded_weights(text: str) -> None:
    try:
        _, loras = take_loras(text)
    except PromptNotUnderstood:
        return

    assert all(lora.name.strip() and -10 <= lora.weight <= 10 for lora in loras)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 64 + "[" * 64 + "(a)b" * 25_000,
        "\\" * 100_000,
        " " * 100_000,
        "a BREAK " * 12_500,
        ("(:" + " " * 998) * 100,
        "{" * 100_000,
        "{20$$" + "a|" * 50_000 + "}",
        "<a:" * 30_000,
        "__a " * 25_000,
        "__a(" * 25_000,
        "&lt;x:" * 15_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_of_100_kb_is_only_text(text: str) -> None:
    # Recursion or work that grows with the square of the length would not come back from this.
    rest, loras = take_loras(resolve_wildcards(text, 1))

    assert len(parse_weights(rest)) <= len(text)
    assert loras == ()


@pytest.mark.parametrize(("written", "meant"), rows("Weights"))
def test_the_page_says_how_words_are_weighed(written: str, meant: str) -> None:
    expected: list[Span | Break] = []
    for words, weight, _ in re.findall(r"`([^`]*)`(?: ×([\d.]+))?|(BREAK)", meant):
        expected.append(Span(words, float(weight or 1)) if words else Break())

    found = parse_weights(code(written)[0])

    assert [getattr(part, "text", "BREAK") for part in found] == [
        getattr(part, "text", "BREAK") for part in expected
    ]
    assert [getattr(part, "weight", 1) for part in found] == pytest.approx(
        [getattr(part, "weight", 1) for part in expected], abs=1e-3
    )


@pytest.mark.parametrize("line", PAGE.split("```wildcards\n")[1].split("\n```")[0].splitlines())
def test_the_page_says_what_a_seed_picks(line: str) -> None:
    seed, example = line.split(": ", 1)
    written, meant = example.split(" → ")

    assert resolve_wildcards(written, int(seed)) == meant


@pytest.mark.parametrize(("written", "rest", "named"), rows("LoRA tags"))
def test_the_page_says_what_a_lora_tag_does(written: str, rest: str, named: str) -> None:
    expected = [LoraTag(name, float(weight)) for name, weight in re.findall(r"`([^`]+)` ([-\d.]+)", named)]

    assert take_loras(code(written)[0]) == ("".join(code(rest)), tuple(expected))


@pytest.mark.parametrize(("written", "reason"), rows("Tags and heads that are refused"))
def test_the_page_says_what_is_refused(written: str, reason: str) -> None:
    for text in code(written):
        with pytest.raises(PromptNotUnderstood):
            take_loras(resolve_wildcards(text.replace("\\|", "|"), 1))


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("", 1),
        ("a house", 1),
        ("BREAK BREAK", 1),
        ("a BREAK b BREAK", 2),
        ("a " * 75, 1),
        ("a " * 76, 2),
        ("(a:1.2) " * 76, 2),
        ("1" * 76, 2),
        ("don't " * 37, 1),
        ("mossy stone bridge, " * 130, 7),
    ],
)
def test_chunks_are_counted_without_a_vocabulary(text: str, chunks: int) -> None:
    assert count_chunks_at_least(text) == chunks
