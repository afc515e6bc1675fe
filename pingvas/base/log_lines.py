"""Lines of the log as an operator's terminal may show them: what strangers sent is escaped, no line is long, and the values
that errors carry are not in them.

A terminal obeys control characters; here they are text. Of a trace its beginning and its end are kept.
"""

import logging
import sys
from types import TracebackType

from pingvas.base.withheld import WithoutValues, without_values

LONGEST_MESSAGE = 1000
LONGEST_TRACE = 4000
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def printable(text: str, *, breaks: bool = False) -> str:
    """A text whose control characters, and others that are not shown, are written out; `breaks`: lines stay lines."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or (breaks and sign == "\n") else _written(sign) for sign in text
    )


def _written(sign: str) -> str:
    return sign.encode("unicode_escape").decode()


def shortened(text: str, longest: int) -> str:
    """The beginning and the end of a text that is too long, and how much is missing between."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} […{len(text) - 2 * half} characters…] {text[-half:]}"


class PlainFormatter(WithoutValues):
    """Time, level, logger and message in one line; a trace follows in lines of its own."""

    def __init__(self) -> None:
        super().__init__(_FORMAT, "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        record.message = printable(shortened(without_values(record.message), LONGEST_MESSAGE))
        return super().formatMessage(record)

    def formatException(  # noqa: N802 - the library's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        trace = super().formatException(ei)
        return printable(shortened(trace, LONGEST_TRACE), breaks=True)

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - the library's name
        return printable(shortened(stack_info, LONGEST_TRACE), breaks=True)


def log_to_stderr(level: str) -> None:
    """Have this process log such lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for chatty in ("httpx", "alembic", "PIL", "asyncio", "pgqueuer", "uvicorn.error", "uvicorn.sockets"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    # Of what strangers send that is no HTTP: whoever likes could fill the log with it.
    logging.getLogger("uvicorn.connections").setLevel(logging.ERROR)
