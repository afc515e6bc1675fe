"""Wildcards: `{a|b}` to what the seed picks, the same words on every machine, forever.

What looks like a head (`2$$`, `0.5::`) is understood or refused, and so are files (`__colors__`) and variables
(`${color=red}`) of other programs: none of it is words for the model. A backslash makes it plain characters.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from pingvas.engine.errors import PromptNotUnderstood

MAX_NESTING = 20
"""Wildcards nested deeper are left as they are."""
MAX_PICKS = 20
"""Options that one wildcard may pick at once."""

_MAX_SEPARATOR = 20
_WILDCARD_MARK = re.compile(r"(\\[\\{}|]|[{}|])")
_ESCAPED = ("\\{", "\\}", "\\|")
_COUNT = re.compile(
    r"\s*(?:(?P<least>[0-9]{1,6})(?:\s*(?P<range>-)\s*(?P<most>[0-9]{1,6})?)?|-\s*(?P<up_to>[0-9]{1,6}))\s*\$\$"
    rf"(?:(?P<separator>[^$]{{0,{_MAX_SEPARATOR}}})\$\$)?"
)
_CHANCE = re.compile(r"\s*(?=\.?[0-9])([0-9]{0,6})(?:\.([0-9]{0,6}))?\s*::")
# What belongs to no head that is known, and is none that anybody writes by chance.
_LIKE_A_COUNT = re.compile(r"\s*(?:[-–—~.,+*\d\s]{0,20}|\w{1,8})\$\$")
_LIKE_A_NUMBERED_COUNT = re.compile(r"\s*(?:\d{1,9}\s*(?:-\s*\d{0,9})?|-\s*\d{1,9})\s*\$\$")
_LIKE_A_CHANCE = re.compile(
    r"\s*[-+]?(?:\d[\d.,]{0,30}|\.\d{0,30})(?:e[-+]?\d{1,9})?\s*%?\s*::", re.IGNORECASE
)
_SAMPLER = re.compile(r"\s*([~@!])(?=[^\W_]|[-.]?\d)")
_ELSEWHERE = re.compile(
    r"\\."
    r"|(?P<file>(?<!_)__(?!_)[~@!]?(?:[^\W_]|\*)(?:[\w./*-]{0,100}?(?:[^\W_]|\*))?(?:\([^()\n]{0,200}\))?__(?!_)"
    r"|(?<!\w)__[~@!]?[^\W_](?:[\w ./*-]{0,100}?[^\W_])?__(?!\w))"
    r"|(?P<variable>\$\{\s*[^\W\d]\w{0,100}\s*[=:}])"
    r"|(?P<template>\{%)",
    re.DOTALL,
)
_REFUSED = {
    "file": "wildcard files are not read here; write the options out: {a|b}. Write \\__ for plain characters.",
    "variable": "variables are not known here; write the words themselves. Write \\${ for plain characters.",
    "template": "templates are not known here. Write \\{ for a plain brace.",
}


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
    change without changing what it picks. Braces without a partner, and those nested deeper than MAX_NESTING, stay
    when they begin with no head. Raises PromptNotUnderstood.
    """
    _refuse_what_is_of_elsewhere(text)
    open_groups = [_Group(-1)]
    opened = left_alone = 0
    before = ""
    for piece in _WILDCARD_MARK.split(text):
        inside = len(open_groups) > 1
        if left_alone and before == "{":
            _refuse_head(piece, f"braces may be nested {MAX_NESTING} deep")
        before = piece
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
        texts = open_groups.pop().texts()
        _refuse_head(texts[0], "its brace is not closed")
        open_groups[-1].add("{" + "|".join(texts))
    return "".join(open_groups[0].options[0])


def _refuse_what_is_of_elsewhere(text: str) -> None:
    for mark in _ELSEWHERE.finditer(text):
        if mark.lastgroup is not None:
            raise PromptNotUnderstood(mark[0], _REFUSED[mark.lastgroup])


def _refuse_head(option: str, reason: str) -> None:
    head = _LIKE_A_NUMBERED_COUNT.match(option) or _LIKE_A_CHANCE.match(option)
    if head:
        raise PromptNotUnderstood("{" + head[0], f"{reason}. Write \\{{ for a plain brace.")


def _pick(options: list[str], seed: int, group: int) -> str:
    """What stands for a group: one option, or as many as its head (`2$$`, `1-3$$ and $$`) asks for."""
    least = most = 1
    separator = ", "
    options = _without_sampler(options)
    head = _COUNT.match(options[0])
    if head:
        options = [options[0][head.end() :], *options[1:]]
        least, most = _bounds(head, len(options))
        separator = separator if head["separator"] is None else head["separator"]
        if head["separator"] is None and "$$" in options[0]:
            reason = f"what joins the options has at most {_MAX_SEPARATOR} characters, and no $ among them"
            raise PromptNotUnderstood("{" + head[0] + options[0], reason)
    elif like := _LIKE_A_COUNT.match(options[0]):
        reason = "how many are picked is said as 2$$, 1-3$$, 2-$$ or -3$$"
        raise PromptNotUnderstood("{" + like[0], f"{reason}. Write \\$$ for plain characters.")
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


def _without_sampler(options: list[str]) -> list[str]:
    """`{~a|b}` picks at random, which is what is done anyway; the other ways (`@`, `!`) go through all pictures."""
    sampler = _SAMPLER.match(options[0])
    if sampler is None:
        return options
    if sampler[1] != "~":
        reason = "only the seed picks here: no cycles, no combinations"
        raise PromptNotUnderstood("{" + options[0], f"{reason}. Write \\{sampler[1]} for a plain sign.")
    return [options[0][sampler.end() :], *options[1:]]


def _bounds(head: re.Match[str], options: int) -> tuple[int, int]:
    """The least and the most that a head asks for. Without an upper end it is all that there are; a lower one is 1."""
    if head["up_to"] is not None:
        if int(head["up_to"]) == 0:
            raise PromptNotUnderstood("{" + head[0], "nothing can be picked from at most 0")
        return 1, int(head["up_to"])
    least = int(head["least"])
    if head["range"] is None:
        return least, least
    most = max(least, options) if head["most"] is None else int(head["most"])
    return min(least, most), max(least, most)


def _read_chances(options: list[str]) -> tuple[list[int], list[str]]:
    """Each option's chance (`2::` before it; 1 without) in millionths, and its text. Only zeros: all alike."""
    chances, texts = [], []
    for option in options:
        head = _CHANCE.match(option)
        text = option[head.end() :] if head else option
        if wrong := _LIKE_A_CHANCE.match(text):
            reason = "a chance is one number, 0 or more, with up to six digits before and behind its point"
            raise PromptNotUnderstood((head[0] if head else "") + wrong[0], reason)
        if wrong := _LIKE_A_NUMBERED_COUNT.match(text):
            raise PromptNotUnderstood(wrong[0], "how many are picked stands at the beginning: {2$$a|b|c}")
        chances.append(int(head[1] or 0) * 10**6 + int((head[2] or "").ljust(6, "0")) if head else 10**6)
        texts.append(text)
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
