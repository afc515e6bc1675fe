"""The grammar of infotext: a prompt, `Negative prompt:` and what follows it, a line of settings, lines behind that.

Knows no names of settings but those that mark where a part begins. Reading takes time by the length of the text alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

NEGATIVE = "Negative prompt:"
SETTINGS = "Steps:"

_LEAST_PAIRS = 3
# What begins a part when it begins a line. A prompt that has such a line is written with a backslash before it, which
# this and other programs drop from the words.
_PART = rf"(?:{NEGATIVE}|{SETTINGS}|(?:Negative )?Template:)"
_TO_ESCAPE = re.compile(rf"^(\s*)(\\*{_PART})", re.MULTILINE)
_ESCAPED = re.compile(rf"^(\s*)\\(\\*{_PART})", re.MULTILINE)
_STEPS = re.compile(rf"^[^\S\n]*{SETTINGS}[^\S\n]*[0-9]", re.MULTILINE)
_MOST_TRIED = 50
_BEHIND = re.compile(r"(?:Negative )?Template:")
# Without a line that begins with `Steps:`, the last one counts when it has some of these, and one that is sure.
_USUAL = frozenset(
    {"Size", "Seed", "Sampler", "Model", "Model hash", "CFG scale", "Version", "Postprocess upscaler"}
)
_SURE = {"Size": re.compile(r"[0-9]+x[0-9]+"), "Seed": re.compile(r"[0-9]+")}
_KEY = re.compile(r"[ \t]*(\w[^,:\"{}\[\]\n]{1,99}?)[ \t]*:[ \t]*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_VALUE_END, _LINE_END = re.compile(r"[,\n]"), re.compile(r"\n")
_CLOSED = re.compile(r"[ \t]*(?:[,\n]|$)")
_BRACKET = re.compile(r"[\[\]{}]")
_LIKE_JSON = re.compile(r"[\[{]\s*[\"\[{]")
_JSON = json.JSONDecoder(strict=False)


@dataclass
class Infotext:
    """What the parts of a text are; `settings` in their order, each name at its first mention. None: there are none."""

    prompt: str
    negative_prompt: str = ""
    settings: dict[str, str] | None = None
    behind: dict[str, str] = field(default_factory=dict)


def escape_prompt(text: str) -> str:
    """A prompt without lines that would read as the beginning of another part."""
    return _TO_ESCAPE.sub(r"\1\\\2", text)


def quote(value: str) -> str:
    """A value of the settings that reads back as one: as it is, or as a JSON string."""
    plain = value == value.strip() and value and not value.startswith(('"', "{", "["))
    return (
        value
        if plain and not any(mark in value for mark in ",\n\r:")
        else json.dumps(value, ensure_ascii=False)
    )


def parse_infotext(text: str) -> Infotext:
    """The parts of an infotext. What has no settings is a prompt, and perhaps a negative one."""
    text = text.replace("\r\n", "\n").strip()
    start, pairs, end = _find_settings(text)
    prompt, negative = _split_prompts(text if pairs is None else text[:start])
    if pairs is None:
        return Infotext(prompt, negative)
    settings: dict[str, str] = {}
    for name, value in pairs:
        settings.setdefault(name, value)
    return Infotext(prompt, negative, settings, _read_behind(text[end:]))


def _split_prompts(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    split = next((number for number, line in enumerate(lines) if line.lstrip().startswith(NEGATIVE)), None)
    if split is None:
        return _unescape(text), ""
    negative = [lines[split].lstrip().removeprefix(NEGATIVE), *lines[split + 1 :]]
    return _unescape("\n".join(lines[:split])), _unescape("\n".join(negative))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1\2", text).strip()


def _find_settings(text: str) -> tuple[int, list[tuple[str, str]] | None, int]:
    """Where the settings start, the pairs, and where they end. The last line that can be them is, but what stands
    behind a `Template:` that follows one is text of that."""
    starts = [line.start() for line in _STEPS.finditer(text)][-_MOST_TRIED:]
    found: tuple[int, list[tuple[str, str]] | None, int] = (len(text), None, len(text))
    for start in starts:
        if found[1] is not None and start < found[2]:
            continue  # inside a value over several lines
        pairs, end = _read_pairs(text, start)
        if len(pairs) >= _LEAST_PAIRS:
            found = start, pairs, end
            if _BEHIND.match(text[end : end + 100].lstrip()):
                return found
    if found[1] is None:
        start = text.rfind("\n") + 1
        pairs, end = _read_pairs(text, start)
        said = dict(reversed(pairs))
        known = any(pattern.fullmatch(said.get(name, "")) for name, pattern in _SURE.items())
        if len(pairs) >= _LEAST_PAIRS and known and len(_USUAL & said.keys()) > 1:
            return start, pairs, end
    return found


def _read_pairs(text: str, at: int) -> tuple[list[tuple[str, str]], int]:
    """`name: value, name: value` from a place to the end of its line, and where that is. Inside a value that is quoted
    or JSON nothing is a name; what has no name belongs to the value before it."""
    pairs: list[tuple[str, str]] = []
    while at < len(text) and text[at] != "\n":
        key = _KEY.match(text, at)
        if key is not None:
            value, at = _read_value(text, key.end())
            pairs.append((key[1].strip(), value))
        else:
            start, at = at, _find(_VALUE_END, text, at)
            if pairs and start < at:
                pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{text[start:at]}".rstrip())
        at += text.startswith(",", at)
    return pairs, at


def _read_value(text: str, at: int) -> tuple[str, int]:
    """One value, unquoted, and where it ends."""
    end = _end_of_quoted(text, at) if text.startswith('"', at) else _end_of_json(text, at)
    stop = _find(_VALUE_END, text, at if end is None else end)
    if end is None or text[end:stop].strip():  # a plain one, or one that only begins like the others
        return text[at:stop].strip(), stop
    return _unquote(text[at:end]), stop


def _end_of_quoted(text: str, at: int) -> int:
    """Behind the closing quote; the end of the line when it is missing, for the text was cut there."""
    quoted = _QUOTED.match(text, at)
    line = _find(_LINE_END, text, at)
    if quoted is None or (quoted.end() > line and not _CLOSED.match(text, quoted.end())):
        return line
    return quoted.end()


def _end_of_json(text: str, at: int) -> int | None:
    """Behind an object or a list, JSON or only in brackets that close; the end of the line when it was cut; None: it is
    neither."""
    if not text.startswith(("{", "["), at):
        return None
    try:
        return _JSON.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        pass
    line = _find(_LINE_END, text, at)
    depth = 0
    for mark in _BRACKET.finditer(text, at, line):
        depth += 1 if mark[0] in "[{" else -1
        if depth == 0:
            return mark.end()
    return line if _LIKE_JSON.match(text, at) else None


def _find(what: re.Pattern[str], text: str, at: int) -> int:
    """Where it stands next; the end when it does not."""
    found = what.search(text, at)
    return found.start() if found else len(text)


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(_JSON.decode(value))
    except ValueError:
        return value


def _read_behind(text: str) -> dict[str, str]:
    """Lines that extensions add: `Template: …`, over one line or several."""
    behind: dict[str, str] = {}
    name = None
    for line in text.strip().split("\n"):
        if _BEHIND.match(line):
            name, _, line = line.partition(":")
            behind.setdefault(name, "")
        if name is not None:
            behind[name] = f"{behind[name]}\n{line.strip()}".strip()
    return behind
