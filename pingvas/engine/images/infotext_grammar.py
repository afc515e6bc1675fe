"""The grammar of infotext: a prompt, `Negative prompt:` and what follows it, a line of settings, lines behind that.

Knows no names of settings but those that mark where a part begins. Foreign text is read by a scanner that counts the
characters it looks at: work is at most `WORK_PER_CHARACTER` times the length, and a text that would need more is a prompt.
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
_TO_ESCAPE = re.compile(rf"^([^\S\n]*)(\\*{_PART})", re.MULTILINE)
_ESCAPED = re.compile(rf"^([^\S\n]*)\\(\\*{_PART})", re.MULTILINE)
_STEPS = re.compile(rf"^[^\S\n]*{SETTINGS}[^\S\n]*[0-9]", re.MULTILINE)
_MOST_TRIED = 50
_BEHIND = re.compile(r"(?:Negative )?Template:")
# Without a line that begins with `Steps:`, the last one counts when it has some of these, and one that is sure.
_USUAL = frozenset(
    {"Size", "Seed", "Sampler", "Model", "Model hash", "CFG scale", "Version", "Postprocess upscaler"}
)
_SURE = {"Size": re.compile(r"[0-9]+x[0-9]+"), "Seed": re.compile(r"[0-9]+")}
_NO_KEY = frozenset(',:"{}[]\n')
_LONGEST_KEY = 100
_VALUE_END = re.compile(r"[,\n]")
_END_OF_QUOTED = re.compile(r'["\\]')
_BRACKET = re.compile(r"[\[\]{}\n]")
_LIKE_JSON = re.compile(r"[\[{]\s*[\"\[{]")
_JSON = json.JSONDecoder(strict=False)
# Texts that people have need one or two looks at each character; the last of fifty lines of settings needs fifty.
WORK_PER_CHARACTER = 50
_WORK_OF_ANY_TEXT = 20_000
_WORK_OF_A_STEP = 16


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


class _TooMuchWork(Exception):
    """A text that nobody writes, but somebody who wants it to take long."""


class Scanner:
    """A text, and how many characters of it were looked at so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.work = 0
        self._most = WORK_PER_CHARACTER * len(text) + _WORK_OF_ANY_TEXT

    def count(self, characters: int) -> None:
        """Raises _TooMuchWork when there were too many."""
        self.work += characters + _WORK_OF_A_STEP
        if self.work > self._most:
            raise _TooMuchWork

    def line_end(self, at: int) -> int:
        """The next end of a line, or that of the text."""
        found = self.text.find("\n", at)
        found = len(self.text) if found < 0 else found
        self.count(found - at)
        return found

    def value_end(self, at: int) -> int:
        """The next comma, or the end of the line."""
        found = _VALUE_END.search(self.text, at)
        end = found.start() if found else len(self.text)
        self.count(end - at)
        return end

    def blanks(self, at: int) -> int:
        """Behind the spaces and tabs that begin here."""
        start, text = at, self.text
        while at < len(text) and text[at] in " \t":
            at += 1
        self.count(at - start)
        return at

    def key(self, at: int) -> tuple[str, int] | None:
        """A name of two to a hundred characters that a colon follows, and where its value begins."""
        start = self.blanks(at)
        text, end = self.text, start
        if start >= len(text) or not (text[start].isalnum() or text[start] == "_"):
            return None
        while end < len(text) and end - start < _LONGEST_KEY and text[end] not in _NO_KEY:
            end += 1
        self.count(end - start)
        colon = self.blanks(end)
        if end - start < 2 or not text.startswith(":", colon):
            return None
        return text[start:end].strip(), self.blanks(colon + 1)


def parse_infotext(text: str) -> Infotext:
    """The parts of an infotext. What has no settings is a prompt, and perhaps a negative one."""
    return parse_counting(text)[0]


def parse_counting(text: str) -> tuple[Infotext, int]:
    """The parts of an infotext, and how many characters were looked at to find its settings."""
    text = text.replace("\r\n", "\n").strip()
    scanner = Scanner(text)
    try:
        start, pairs, end = _find_settings(scanner)
    except _TooMuchWork:
        start, pairs, end = len(text), None, len(text)
    prompt, negative = _split_prompts(text if pairs is None else text[:start])
    if pairs is None:
        return Infotext(prompt, negative), scanner.work
    settings: dict[str, str] = {}
    for name, value in pairs:
        settings.setdefault(name, value)
    return Infotext(prompt, negative, settings, _read_behind(text[end:])), scanner.work


def _split_prompts(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    split = next((number for number, line in enumerate(lines) if line.lstrip().startswith(NEGATIVE)), None)
    if split is None:
        return _unescape(text), ""
    negative = [lines[split].lstrip().removeprefix(NEGATIVE), *lines[split + 1 :]]
    return _unescape("\n".join(lines[:split])), _unescape("\n".join(negative))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1\2", text).strip()


def _find_settings(scanner: Scanner) -> tuple[int, list[tuple[str, str]] | None, int]:
    """Where the settings start, the pairs, and where they end. The last line that can be them is, but what stands
    behind a `Template:` that follows one is text of that."""
    text = scanner.text
    starts = [line.start() for line in _STEPS.finditer(text)][-_MOST_TRIED:]
    found: tuple[int, list[tuple[str, str]] | None, int] = (len(text), None, len(text))
    for start in starts:
        if found[1] is not None and start < found[2]:
            continue  # inside a value over several lines
        pairs, end = _read_pairs(scanner, start)
        if len(pairs) >= _LEAST_PAIRS:
            found = start, pairs, end
            if _BEHIND.match(text[end : end + 100].lstrip()):
                return found
    if found[1] is None:
        start = text.rfind("\n") + 1
        pairs, end = _read_pairs(scanner, start)
        said = dict(reversed(pairs))
        known = any(pattern.fullmatch(said.get(name, "")) for name, pattern in _SURE.items())
        if len(pairs) >= _LEAST_PAIRS and known and len(_USUAL & said.keys()) > 1:
            return start, pairs, end
    return found


def _read_pairs(scanner: Scanner, at: int) -> tuple[list[tuple[str, str]], int]:
    """`name: value, name: value` from a place to the end of its line, and where that is. Inside a value that is quoted
    or JSON nothing is a name; what has no name belongs to the value before it."""
    pairs: list[tuple[str, list[str]]] = []
    text = scanner.text
    while at < len(text) and text[at] != "\n":
        key = scanner.key(at)
        if key is not None:
            value, at = _read_value(scanner, key[1])
            pairs.append((key[0], [value]))
        else:
            start, at = at, scanner.value_end(at)
            if pairs and start < at:
                pairs[-1][1].append(text[start:at].rstrip())
        at += text.startswith(",", at)
    return [(name, ",".join(pieces)) for name, pieces in pairs], at


def _read_value(scanner: Scanner, at: int) -> tuple[str, int]:
    """One value, unquoted, and where it ends."""
    text = scanner.text
    end = _end_of_quoted(scanner, at) if text.startswith('"', at) else _end_of_json(scanner, at)
    stop = scanner.value_end(at if end is None else end)
    if end is None or text[end:stop].strip():  # a plain one, or one that only begins like the others
        return text[at:stop].strip(), stop
    return _unquote(text[at:end]), stop


def _end_of_quoted(scanner: Scanner, at: int) -> int:
    """Behind the closing quote; the end of the line when it is missing, for the text was cut there."""
    text, end = scanner.text, at + 1
    while (found := _END_OF_QUOTED.search(text, end)) is not None:
        scanner.count(found.end() - end)
        end = found.end()
        if found[0] == '"':
            break
        end += 1  # what a backslash stands before
    else:
        scanner.count(len(text) - at)
        return scanner.line_end(at)
    line = text.find("\n", at, end)
    return line if line >= 0 and not _closed(scanner, end) else end


def _closed(scanner: Scanner, at: int) -> bool:
    """Whether a value ends here."""
    at = scanner.blanks(at)
    return at >= len(scanner.text) or scanner.text[at] in ",\n"


def _end_of_json(scanner: Scanner, at: int) -> int | None:
    """Behind an object or a list, JSON or only in brackets that close; the end of the line when it was cut; None: it is
    neither."""
    text = scanner.text
    if not text.startswith(("{", "["), at):
        return None
    try:
        end = _JSON.raw_decode(text, at)[1]
    except json.JSONDecodeError as error:
        # Of a string without an end the place is where it begins, and it was read to the end of the text.
        cut = error.msg.startswith("Unterminated")
        scanner.count((len(text) if cut else error.pos) - at)
    except (ValueError, RecursionError):
        scanner.count(len(text) - at)
    else:
        scanner.count(end - at)
        return end
    depth, place = 0, at
    while (mark := _BRACKET.search(text, place)) is not None and mark[0] != "\n":
        scanner.count(mark.end() - place)
        place = mark.end()
        depth += 1 if mark[0] in "[{" else -1
        if depth == 0:
            return place
    line = scanner.line_end(at)
    return line if _LIKE_JSON.match(text, at) else None


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(_JSON.decode(value))
    except ValueError:
        return value


def _read_behind(text: str) -> dict[str, str]:
    """Lines that extensions add: `Template: …`, over one line or several."""
    behind: dict[str, list[str]] = {}
    name = None
    for line in text.strip().split("\n"):
        if _BEHIND.match(line):
            name, _, line = line.partition(":")
            behind.setdefault(name, [])
        if name is not None:
            behind[name].append(line.strip())
    return {name: "\n".join(lines).strip() for name, lines in behind.items()}
