"""Credits that an admin gives, with the reason: in the ledger, where their owner reads it, and in the audit log."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.base.ids import new_id
from pingvas.billing.credits import Grant, give
from pingvas.billing.subscriptions import lock_current_subscription

MOST_AT_ONCE = 10_000_000
MOST_DAYS = 3650


async def give_bonus(
    session: AsyncSession,
    doer: Doer,
    user_id: UUID,
    credits: int,
    reason: str,
    *,
    keep_days: int | None = None,
) -> int:
    """Give somebody credits, for good or for so many days; their balance then. Raises Invalid and NoSubscription."""
    reason = accept_reason(reason)
    subscription = await lock_current_subscription(session, user_id)
    bonus = Grant(
        user_id,
        subscription.id,
        "bonus",
        f"admin:{new_id()}",
        credits,
        reason,
        expires_at=None if keep_days is None else datetime.now(UTC) + timedelta(days=keep_days),
    )
    balance = await give(session, bonus)
    assert balance is not None  # noqa: S101 - the key is new
    await record(
        session,
        doer,
        "user.give_credits",
        "user",
        user_id,
        before={"balance": subscription.remaining_credits},
        after={"balance": balance, "given": credits}
        | ({} if keep_days is None else {"keep_days": keep_days}),
        reason=reason,
    )
    return balance
