"""JSON that anybody may have written: read within a length and a depth, and never an error."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_LENGTH = 1024 * 1024
"""Characters; a text chunk of a PNG has no more bytes."""
MAX_DEPTH = 64
"""Objects and lists within each other. What programs write has about ten."""

_LIKE_JSON = re.compile(r"\s*(?:\{\s*(?:\"|\}\s*\Z)|\[\s*(?:\"|\{\s*\"|\]\s*\Z))")
# A string to its end, or to that of the text: no character is looked at by two matches.
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def looks_like_json(text: str) -> bool:
    """Whether it begins as JSON does and prompts do not."""
    return _LIKE_JSON.match(text) is not None


def parse_json(text: str) -> Any:
    """What JSON says; None when it is none, or too long or too deep to be looked at."""
    if len(text) > MAX_LENGTH or depth_of(text) > MAX_DEPTH:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse_object(value: Any) -> dict[str, Any] | None:
    """An object, or one that stands in a text as JSON; else None."""
    if isinstance(value, str):
        value = parse_json(value) if looks_like_json(value) else None
    return value if isinstance(value, dict) else None


def depth_of(text: str) -> int:
    """How many brackets are open at once at most, as far as that matters: more than MAX_DEPTH are not counted."""
    depth = deepest = 0
    for mark in _MARK.finditer(text):
        sign = mark[0]
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                return deepest
        elif sign in "]}":
            depth -= 1
    return deepest
