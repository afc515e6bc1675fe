"""Plans that an admin agrees with somebody: sold by nobody, with an end or without, with the plan's credits each month or not."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.base.errors import Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.statements import fetch, fetch_one
from pingvas.billing.sold.copies import STUDIO
from pingvas.billing.sold.settle import settle
from pingvas.billing.subscriptions import lock_current_subscription

_PLAN = text("SELECT id FROM subscription_plans WHERE name = :name")
_OPEN = text(f"""
    SELECT sold.id, plan.name AS plan, sold.ends_at, sold.gives_credits
      FROM sold_subscriptions AS sold LEFT JOIN subscription_plans AS plan ON plan.id = sold.plan_id
     WHERE sold.user_id = :user_id AND sold.provider = '{STUDIO}' AND sold.status = 'active'
""")  # noqa: S608 - our own constant
_END = text(f"""
    UPDATE sold_subscriptions SET status = 'expired', ends_at = now(), seller_updated_at = now()
     WHERE user_id = :user_id AND provider = '{STUDIO}' AND status = 'active'
""")  # noqa: S608 - our own constant
_PROLONG = text("""
    UPDATE sold_subscriptions SET ends_at = :ends_at, seller_updated_at = now() WHERE id = :id
""")
_AGREE = text(f"""
    INSERT INTO sold_subscriptions (id, provider, provider_id, user_id, plan_id, billing_cycle, status, began_at, ends_at,
                                    gives_credits, test_mode, seller_updated_at)
    SELECT CAST(:id AS uuid), '{STUDIO}', CAST(:id AS text), :user_id, plan.id, 'monthly', 'active', now(), :ends_at, :gives_credits,
           false, now()
      FROM subscription_plans AS plan WHERE plan.name = :plan
""")  # noqa: S608 - our own constant


class NothingAgreed(NotFound):
    default_detail = "Nothing is agreed with this person."


async def agree(
    session: AsyncSession,
    doer: Doer,
    user_id: UUID,
    plan: str,
    reason: str,
    *,
    ends_at: datetime | None = None,
    gives_credits: bool = False,
) -> None:
    """Give somebody a plan, instead of what was agreed before. The same once more only moves its end, so that no month comes twice.

    Raises Invalid and NoSubscription.
    """
    reason = accept_reason(reason)
    await lock_current_subscription(session, user_id)
    now: datetime = await session.scalar(text("SELECT now()"))
    if ends_at is not None and ends_at <= now:
        raise Invalid("The end has to lie in the future.", field="ends_at")
    if plan == "free" or await fetch_one(session, _PLAN, {"name": plan}) is None:
        raise Invalid("There is no such plan to agree on.", field="plan")
    before = await fetch(session, _OPEN, {"user_id": user_id})
    same = [row for row in before if row["plan"] == plan and row["gives_credits"] == gives_credits]
    if same and len(before) == 1:
        await session.execute(_PROLONG, {"ends_at": ends_at, "id": same[0]["id"]})
    else:
        await session.execute(_END, {"user_id": user_id})
        await add_agreement(session, user_id, plan, ends_at=ends_at, gives_credits=gives_credits)
    await settle(session, user_id)
    after = {"plan": plan, "ends_at": _written(ends_at), "gives_credits": gives_credits}
    told = _told(before[0]) if before else None
    await record(session, doer, "user.agree_plan", "user", user_id, before=told, after=after, reason=reason)


async def end_agreement(session: AsyncSession, doer: Doer, user_id: UUID, reason: str | None = None) -> None:
    """Take back what was agreed. What they bought stays. Raises Invalid, NothingAgreed and NoSubscription."""
    if reason is not None:
        reason = accept_reason(reason)
    await lock_current_subscription(session, user_id)
    before = await fetch(session, _OPEN, {"user_id": user_id})
    if not before:
        raise NothingAgreed
    await session.execute(_END, {"user_id": user_id})
    await settle(session, user_id)
    await record(
        session, doer, "user.end_plan", "user", user_id, before=_told(before[0]), after={}, reason=reason
    )


async def add_agreement(
    session: AsyncSession,
    user_id: UUID,
    plan: str,
    *,
    ends_at: datetime | None = None,
    gives_credits: bool = False,
) -> None:
    """The row alone."""
    agreed = {"id": str(new_id()), "user_id": user_id, "plan": plan, "ends_at": ends_at}
    await session.execute(_AGREE, {**agreed, "gives_credits": gives_credits})


def _told(row: Any) -> dict[str, Any]:
    return {
        "plan": row["plan"],
        "ends_at": _written(row["ends_at"]),
        "gives_credits": row["gives_credits"],
    }


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
