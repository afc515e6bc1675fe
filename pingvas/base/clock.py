"""The process clock. Rows take their times from the database clock, and so do tokens; addresses of files go by this one."""

from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""By how much the clocks of two hosts may differ: what one has signed, another takes for so much longer, and so much
earlier. `docs/operating.md` promises it."""


def now() -> datetime:
    """The present moment as an aware UTC datetime."""
    return datetime.now(UTC)
