"""The process clock. Rows take their times from the database clock; tokens and URLs take theirs from here."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment as an aware UTC datetime."""
    return datetime.now(UTC)
