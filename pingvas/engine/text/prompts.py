"""The prompt language: wildcards, LoRA tags, weights and BREAK. Knows no model; what it cannot read stays text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_WEIGHT = 10.0
"""Weights of words and of LoRAs are kept within plus and minus this."""
MAX_NESTING = 20
"""Wildcards nested deeper are left as they are."""
MAX_PICKS = 20
"""Options that one wildcard may pick at once."""

_ROUND, _SQUARE = 1.1, 1 / 1.1
# Weights end at ten, and 1.1 gets there in 25 brackets: deeper ones may count for nothing. Bounds the work.
_MAX_BRACKETS = 64
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_WEIGHT_MARK = re.compile(rf"\\[\\()\[\]]?|[()\[\]]|:\s*({_NUMBER})\s*\)")
_BREAK = re.compile(r"\bBREAK\b")
_LORA = re.compile(rf"<lora:([^<>:\n]{{1,200}})(?::\s?({_NUMBER})\s?)?(?::\s?({_NUMBER})\s?)?>")
_WILDCARD_MARK = re.compile(r"(\\[\\{}|]|[{}|])")
_ESCAPED = ("\\{", "\\}", "\\|")
_COUNT = re.compile(r"\s*([0-9]{1,2})(?:-([0-9]{1,2}))?\$\$(?:([^$]{0,20})\$\$)?")
_CHANCE = re.compile(r"\s*([0-9]{1,6})(?:\.([0-9]{1,6}))?::")


@dataclass(frozen=True)
class Span:
    """Words with one weight; 1 is as the model takes them."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Break:
    """The word BREAK: what follows starts a chunk of its own."""


@dataclass(frozen=True)
class LoraTag:
    """A LoRA that the prompt names, and how strongly it counts."""

    name: str
    weight: float


@dataclass
class _Group:
    """A brace that is open: its number in the order of opening, and the pieces of each option so far."""

    number: int
    options: list[list[str]] = field(default_factory=lambda: [[]])

    def add(self, piece: str) -> None:
        self.options[-1].append(piece)

    def texts(self) -> list[str]:
        return ["".join(pieces) for pieces in self.options]


def resolve_wildcards(text: str, seed: int) -> str:
    """`{a|b}` to one of its options. The same text and seed give the same words on every machine, forever.

    Every group draws by itself, from the seed and its place among the opening braces, so words around it may
    change without changing what it picks. Braces without a partner, and those nested deeper than MAX_NESTING, stay.
    """
    open_groups = [_Group(-1)]
    opened = left_alone = 0
    for piece in _WILDCARD_MARK.split(text):
        inside = len(open_groups) > 1
        if piece == "{" and len(open_groups) <= MAX_NESTING:
            open_groups.append(_Group(opened))
            opened += 1
        elif piece == "{":
            left_alone += 1
            open_groups[-1].add(piece)
        elif piece == "}" and left_alone:
            left_alone -= 1
            open_groups[-1].add(piece)
        elif piece == "}" and inside:
            group = open_groups.pop()
            open_groups[-1].add(_pick(group.texts(), seed, group.number))
        elif piece == "|" and inside and not left_alone:
            open_groups[-1].options.append([])
        else:
            open_groups[-1].add(piece[1:] if piece in _ESCAPED else piece)
    while len(open_groups) > 1:
        group = open_groups.pop()
        open_groups[-1].add("{" + "|".join(group.texts()))
    return "".join(open_groups[0].options[0])


def take_loras(text: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The text without its `<lora:name:weight>` tags, and what they said, in the order of their first mention.

    No weight means 1. Of two, as other programs write them for the text encoder and for the network that draws, the
    second counts. A name said twice has the sum. Weights are kept within MAX_WEIGHT; a malformed tag stays.
    """
    weights: dict[str, float] = {}

    def take(tag: re.Match[str]) -> str:
        name = tag[1].strip()
        if not name:
            return tag[0]
        weights[name] = _bounded(weights.get(name, 0.0) + _bounded(float(tag[3] or tag[2] or 1.0)))
        return ""

    rest = _LORA.sub(take, text)
    if weights:
        rest = rest.strip()  # tags stand at an end, with a space beside them
    return rest, tuple(LoraTag(name, weight) for name, weight in weights.items())


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
            self._multiply(self._round.pop(), _ROUND if number is None else _bounded(float(number)))
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
            if text is None or _bounded(weight) != current:
                close()
                current = _bounded(weight)
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


def _bounded(weight: float) -> float:
    return max(-MAX_WEIGHT, min(MAX_WEIGHT, weight))


def _pick(options: list[str], seed: int, group: int) -> str:
    """What stands for a group: one option, or as many as its head (`2$$`, `1-3$$ and $$`) asks for."""
    least = most = 1
    separator = ", "
    head = _COUNT.match(options[0])
    if head:
        options = [options[0][head.end() :], *options[1:]]
        least, most = sorted((int(head[1]), int(head[2] or head[1])))
        separator = separator if head[3] is None else head[3]
    count = least + _draw(most - least + 1, seed, group, 0)
    chances, texts = _read_chances(options)
    picked = []
    for turn in range(1, min(count, len(texts), MAX_PICKS) + 1):
        number = _find_share(chances, _draw(sum(chances), seed, group, turn))
        picked.append(texts.pop(number))
        del chances[number]
        if not any(chances):
            chances = [1] * len(texts)
    return separator.join(picked)


def _read_chances(options: list[str]) -> tuple[list[int], list[str]]:
    """Each option's chance (`2::` before it; 1 without) in millionths, and its text. Only zeros: all alike."""
    chances, texts = [], []
    for option in options:
        head = _CHANCE.match(option)
        chances.append(int(head[1]) * 10**6 + int((head[2] or "").ljust(6, "0")) if head else 10**6)
        texts.append(option[head.end() :] if head else option)
    return chances if any(chances) else [1] * len(texts), texts


def _find_share(chances: list[int], point: int) -> int:
    """In whose share of the sum a point lies."""
    for number, chance in enumerate(chances):
        point -= chance
        if point < 0:
            return number
    raise ValueError("the point lies beyond the sum of the chances")


def _draw(below: int, seed: int, group: int, turn: int) -> int:
    """A whole number from 0 to `below` - 1, by whole-number arithmetic on SHA-256: the same everywhere."""
    digest = hashlib.sha256(f"{seed}/{group}/{turn}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * below >> 64
