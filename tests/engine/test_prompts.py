"""The prompt language: what is words, what weighs how much; and that docs/prompts.md is true."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pingvas.engine.text.prompts import (
    Break,
    Span,
    count_chunks_at_least,
    parse_weights,
    plain_text,
    resolve_wildcards,
    take_loras,
)
from tests.make.prompt_texts import HOSTILE, LETTERS, QUICK, code, rows


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
