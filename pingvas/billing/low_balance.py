"""Telling a person that few credits are left: when the balance falls past a fifth of a month's, and when it falls to nothing."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later
from pingvas.billing.events import CreditsLow

# Percent of what the plan brings in a month; of a plan that brings none, of these many credits.
LOW_PERCENT: Final = 20
WITHOUT_A_MONTH: Final = 500


def threshold_of(credits_per_month: int) -> int:
    """From how many credits on a balance is low."""
    return (credits_per_month or WITHOUT_A_MONTH) * LOW_PERCENT // 100


def tell_if_low(
    session: AsyncSession, user_id: UUID, *, before: int, after: int, credits_per_month: int
) -> None:
    """Tell it where the balance has just crossed one of the two: by whoever takes credits, in that transaction, and not again below."""
    low = threshold_of(credits_per_month)
    if before > 0 >= after:
        told = CreditsLow(user_id=user_id, balance=after, threshold=low, level="empty")
    elif before > low >= after:
        told = CreditsLow(user_id=user_id, balance=after, threshold=low, level="low")
    else:
        return
    publish_later(session, user_id, told)
