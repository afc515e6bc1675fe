"""The prompt language: weights and BREAK stand here, wildcards and tags beside it. Knows no model.

What belongs to a prompt language and cannot be done here is refused (PromptNotUnderstood); other text stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pingvas.engine.text.tags import MAX_WEIGHT, NUMBER, LoraTag, bounded, take_loras
from pingvas.engine.text.wildcards import MAX_NESTING, MAX_PICKS, resolve_wildcards

__all__ = [
    "MAX_CHUNKS",
    "MAX_NESTING",
    "MAX_PICKS",
    "MAX_WEIGHT",
    "TOKENS_A_CHUNK",
    "Break",
    "LoraTag",
    "Span",
    "count_chunks_at_least",
    "parse_weights",
    "plain_text",
    "resolve_wildcards",
    "take_loras",
]

MAX_CHUNKS, TOKENS_A_CHUNK = 64, 75
"""What the text encoders with chunks read of a prompt."""

_ROUND, _SQUARE = 1.1, 1 / 1.1
# Weights end at ten, and 1.1 gets there in 25 brackets: deeper ones may count for nothing. Bounds the work.
_MAX_BRACKETS = 64
_WEIGHT_MARK = re.compile(rf"\\[\\()\[\]]?|[()\[\]]|:\s*({NUMBER})\s*\)")
_BREAK = re.compile(r"\bBREAK\b")
# CLIP splits text so before it looks for tokens: letters that follow one another, each digit, and other signs.
_WORD = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\w\s]|_)+", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Words with one weight; 1 is as the model takes them."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Break:
    """The word BREAK: what follows starts a chunk of its own."""


def parse_weights(text: str) -> list[Span | Break]:
    r"""Words and their weights: `(x)` ×1.1, `[x]` ÷1.1, `(x:1.3)` ×1.3, brackets within brackets multiplied.

    A backslash makes the bracket after it a plain character, and is dropped otherwise. A bracket that is never closed
    reaches to the end; one that was never opened is text. Neighbours of equal weight are one span, no span is empty,
    and white space around BREAK is gone.
    """
    words = _Words()
    start = 0
    for mark in _WEIGHT_MARK.finditer(text):
        words.add(text[start : mark.start()])
        words.mark(mark[0], mark[1])
        start = mark.end()
    words.add(text[start:])
    return words.finish()


def plain_text(spans: Sequence[Span | Break]) -> str:
    """The words alone, BREAK as a space: for text encoders that know neither weights nor chunks."""
    return "".join(span.text if isinstance(span, Span) else " " for span in spans)


def count_chunks_at_least(text: str) -> int:
    """How many chunks a prompt takes with any vocabulary, for a word is a token or several; 1 at least."""
    chunks = tokens = 0
    for part in [*parse_weights(text), Break()]:
        if isinstance(part, Span):
            tokens += sum(1 for _ in _WORD.finditer(unicodedata.normalize("NFC", part.text)))
        else:
            chunks += -(-tokens // TOKENS_A_CHUNK)
            tokens = 0
    return max(1, chunks)


class _Words:
    """What was read so far: pieces of text with their weights, None for BREAK, and where brackets are open."""

    def __init__(self) -> None:
        self._texts: list[str | None] = []
        self._weights: list[float] = []
        # The first piece inside each open bracket; None for one that is nested too deep to count.
        self._round: list[int | None] = []
        self._square: list[int | None] = []

    def add(self, text: str) -> None:
        """Text in which only BREAK means something."""
        pieces = _BREAK.split(text)
        for number, piece in enumerate(pieces):
            if number:
                self._append(None)
                piece = piece.lstrip()
            self._append(piece.rstrip() if number < len(pieces) - 1 else piece)

    def mark(self, mark: str, number: str | None) -> None:
        """A bracket, a backslash with what it escapes, or `:1.3)` with its number."""
        if mark[0] == "\\":
            self._append(mark[1:])
        elif mark == "(":
            self._open(self._round)
        elif mark == "[":
            self._open(self._square)
        elif mark == "]" and self._square:
            self._multiply(self._square.pop(), _SQUARE)
        elif mark[-1] == ")" and self._round:
            self._multiply(self._round.pop(), _ROUND if number is None else bounded(float(number)))
        else:
            self.add(mark)

    def finish(self) -> list[Span | Break]:
        """Close what is open, and put neighbours of equal weight together."""
        for start in self._round:
            self._multiply(start, _ROUND)
        for start in self._square:
            self._multiply(start, _SQUARE)
        spans: list[Span | Break] = []
        gathered: list[str] = []
        current = 1.0

        def close() -> None:
            if gathered:
                spans.append(Span("".join(gathered), current))
                gathered.clear()

        for text, weight in zip(self._texts, self._weights, strict=True):
            if text is None or bounded(weight) != current:
                close()
                current = bounded(weight)
            if text is None:
                spans.append(Break())
            else:
                gathered.append(text)
        close()
        return spans

    def _append(self, text: str | None) -> None:
        if text != "":
            self._texts.append(text)
            self._weights.append(1.0)

    def _open(self, brackets: list[int | None]) -> None:
        brackets.append(len(self._texts) if len(brackets) < _MAX_BRACKETS else None)

    def _multiply(self, start: int | None, factor: float) -> None:
        if start is not None:
            self._weights[start:] = [weight * factor for weight in self._weights[start:]]
