"""Months and years by the calendar: the same day of the next month, or the last one where it has no such day."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Month:
    """The `number`th month of something, the first being 0."""

    number: int
    starts_at: datetime
    ends_at: datetime


def add_months(moment: datetime, months: int, *, day: int | None = None) -> datetime:
    """So many months later, on that day of the month (of itself: the moment's own) or, where there is none, on the last."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    last = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(day or moment.day, last))


def months_from(moment: datetime, *, day: int | None = None, first: int = 0) -> Iterator[Month]:
    """The months that begin with a moment, without an end."""
    number = first
    while True:
        start = moment if number == 0 else add_months(moment, number, day=day)
        yield Month(number, start, add_months(moment, number + 1, day=day))
        number += 1


def is_last_day(moment: datetime) -> bool:
    return (moment + timedelta(days=1)).month != moment.month
