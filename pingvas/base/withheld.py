"""What no log may hold: the values that errors carry with them. A trace says where and what kind, never whose.

PostgreSQL's DETAIL names the row ("Key (email)=(…) already exists"), it and its driver show the argument that they refuse,
SQLAlchemy a statement's parameters and pydantic the input. All end up in an error's text, wherever that text is written: in a
line of the log, and in the span of a trace.
"""

import logging
import re
import sys
import traceback
from types import TracebackType

# From DETAIL to the statement that SQLAlchemy adds, or to the end: a value may hold line breaks, so the last one counts.
_DETAIL = re.compile(r"\n(?:DETAIL|CONTEXT):.*(?=\n\[SQL:)|\n(?:DETAIL|CONTEXT):.*\Z", re.DOTALL)
_PARAMETERS = re.compile(r"\n\[parameters: .*(?=\n\(Background on)|\n\[parameters: .*\Z", re.DOTALL)
# asyncpg: "invalid input for query argument $1: 'me@…' (an integer is required)"; PostgreSQL: "invalid input syntax for type
# uuid: "me@…"", "date/time field value out of range: "9999…"".
_REFUSED = r"(invalid input for query argument \$\d+: |invalid input (?:syntax|value) for [^:\n]+: |value out of range: )"
_ARGUMENT = re.compile(rf"{_REFUSED}.*(?=\n\[SQL:)|{_REFUSED}.*\Z", re.DOTALL)
_INPUT = re.compile(r"input_value=.*?(?=, input_type=\w+\])", re.DOTALL)


def without_values(text: str) -> str:
    """The text of one error without the values in it."""
    text = _DETAIL.sub("", text)
    text = _PARAMETERS.sub("", text)
    text = _ARGUMENT.sub(lambda found: f"{found[1] or found[2]}…", text)
    return _INPUT.sub("input_value=…", text)


def trace_without_values(error: BaseException) -> str:
    """What Python prints of an error and of those that led to it, without the values in their texts."""
    # One part is one line of the stack or one error's text, so nothing is cut away beyond the error it belongs to.
    parts = traceback.TracebackException.from_exception(error).format()
    return "".join(_ended(without_values(part)) for part in parts).rstrip("\n")


class WithoutValues(logging.Formatter):
    """Writes log lines, and traces below them, without values."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return without_values(super().formatMessage(record))

    def formatException(  # noqa: N802 - logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        error = ei[1] if ei[1] is not None else sys.exception()
        return "" if error is None else trace_without_values(error)


def _ended(part: str) -> str:
    return part if part.endswith("\n") else f"{part}\n"
