"""Months and years from a day on, ends of months handled: a month after January 31 is February 28, two are March 31."""

import calendar
from datetime import datetime

from pingvas.adapters.sellers.sandbox.catalogue import Interval


def after(anchor: datetime, periods: int, interval: Interval) -> datetime:
    """So many periods after an anchor."""
    months = anchor.month - 1 + periods * (12 if interval == "year" else 1)
    year, month = anchor.year + months // 12, months % 12 + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))
