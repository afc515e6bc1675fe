"""What a studio took in, gave and owes, by the month (UTC). Amounts in USD; what is owed is credits that people still have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from pingvas.base import clock
from pingvas.base.read_session import ReadSession
from pingvas.generation.usage.read_usage import Usage, read_usage, span_of_days

USUAL_MONTHS: Final = 12
MOST_DAYS: Final = 3660

# A refund counts in the month that was paid for.
_PAID = text("""
    SELECT CAST(date_trunc('month', paid_at AT TIME ZONE 'UTC') AS date) AS month, SUM(total_usd) AS revenue,
           SUM(CASE WHEN total > 0 THEN CAST(refunded AS numeric) * total_usd / total ELSE 0 END) AS refunded
      FROM payments
     WHERE paid_at >= :begins AND paid_at < :ends AND status IN ('paid', 'refunded', 'partial_refund')
     GROUP BY 1
""")
_POSTED = text("""
    SELECT CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS date) AS month,
           SUM(amount) FILTER (WHERE transaction_type IN ('grant', 'bonus')) AS granted,
           -SUM(amount) FILTER (WHERE transaction_type = 'expire') AS expired
      FROM credit_transactions
     WHERE transaction_type IN ('grant', 'bonus', 'expire') AND created_at >= :begins AND created_at < :ends
     GROUP BY 1
""")
_OUTSTANDING = text("""
    SELECT COALESCE(SUM(remaining_credits), 0) FROM subscriptions WHERE user_id IS NOT NULL
""")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Month:
    """`month`: its first day. `granted` are credits given for money or as a gift, `spent` those that jobs cost."""

    month: date
    revenue_usd: Decimal
    refunded_usd: Decimal
    granted: int
    spent: int
    expired: int
    gpu_seconds: float


@dataclass(frozen=True)
class Revenue:
    """`outstanding`: credits that people have at this moment, and jobs have not taken."""

    months: Sequence[Month]
    outstanding: int


async def read_revenue(session: ReadSession, first: date | None = None, last: date | None = None) -> Revenue:
    """Of the days from `first` to `last`; the last twelve months where none are named. Raises Invalid."""
    last = last or clock.now().date()
    if first is None:
        first = _months_before(last, USUAL_MONTHS - 1)
    first, last = span_of_days(first, last, most=MOST_DAYS)
    begins = datetime.combine(first, datetime.min.time(), UTC)
    span = {"begins": begins, "ends": begins + timedelta(days=(last - first).days + 1)}
    paid = {row.month: row for row in await session.execute(_PAID, span)}
    posted = {row.month: row for row in await session.execute(_POSTED, span)}
    usage = await read_usage(session, None, first, last, most_days=MOST_DAYS)
    spent, seconds = _by_month(usage)
    months = [
        Month(
            month,
            _usd(paid[month].revenue if month in paid else 0),
            _usd(paid[month].refunded if month in paid else 0),
            int(posted[month].granted or 0) if month in posted else 0,
            spent.get(month, 0),
            int(posted[month].expired or 0) if month in posted else 0,
            round(seconds.get(month, 0.0), 3),
        )
        for month in _months(first, last)
    ]
    return Revenue(months, int(await session.scalar(_OUTSTANDING) or 0))


def _by_month(usage: Usage) -> tuple[dict[date, int], dict[date, float]]:
    credits: dict[date, int] = {}
    seconds: dict[date, float] = {}
    for row in usage.rows:
        month = row.day.replace(day=1)
        credits[month] = credits.get(month, 0) + row.credits
        seconds[month] = seconds.get(month, 0.0) + row.gpu_seconds
    return credits, seconds


def _months(first: date, last: date) -> list[date]:
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many before."""
    number = max(12, day.year * 12 + day.month - 1 - months)
    return date(number // 12, number % 12 + 1, 1)


def _usd(cents: Decimal | int) -> Decimal:
    return (Decimal(cents) / 100).quantize(_CENT)
