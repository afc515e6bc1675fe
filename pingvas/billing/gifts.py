"""Credits that an admin gives, with the reason: in the ledger, where their owner reads it, and in the audit log."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.billing.credits import Posting, post
from pingvas.billing.subscriptions import lock_current_subscription

MOST_AT_ONCE = 10_000_000


async def give_bonus(session: AsyncSession, doer: Doer, user_id: UUID, credits: int, reason: str) -> int:
    """Give somebody credits; their balance then. Raises Invalid and NoSubscription."""
    reason = accept_reason(reason)
    subscription = await lock_current_subscription(session, user_id)
    balance = await post(session, Posting(user_id, subscription.id, "bonus", credits, reason))
    await record(
        session,
        doer,
        "user.give_credits",
        "user",
        user_id,
        before={"balance": subscription.remaining_credits},
        after={"balance": balance, "given": credits},
        reason=reason,
    )
    return balance
