"""What strangers send reaches the operator's terminal as text, and never at length."""

import logging
import sys

from pingvas.base.log_lines import LONGEST_MESSAGE, LONGEST_TRACE, PlainFormatter, printable


def record(message: str, *, fails_with: str | None = None) -> logging.LogRecord:
    trouble = None
    if fails_with is not None:
        try:
            raise ValueError(fails_with)
        except ValueError:
            trouble = sys.exc_info()
    return logging.LogRecord("pingvas", logging.ERROR, "", 0, "%s failed", (message,), trouble)


def test_escape_sequences_and_line_breaks_of_a_message_are_written_out() -> None:
    line = PlainFormatter().format(record("/\x1b[2J\x1b]0;owned\x07\r\nERROR forged: 펭귄 \u202e"))

    assert line.isprintable()
    assert r"/\x1b[2J\x1b]0;owned\x07\r\nERROR forged: 펭귄 \u202e failed" in line


def test_a_trace_keeps_its_lines_and_is_short() -> None:
    # when
    text = PlainFormatter().format(record("x" * 100_000, fails_with="\x1b[31m" + "y" * 100_000))

    # then
    assert len(text) < LONGEST_MESSAGE + LONGEST_TRACE + 500
    assert "\x1b" not in text
    assert text.count("\n") >= 3
    assert "Traceback" in text


def test_plain_lines_stay_as_they_are() -> None:
    assert printable("job 7 done: 펭귄 ✓") == "job 7 done: 펭귄 ✓"
