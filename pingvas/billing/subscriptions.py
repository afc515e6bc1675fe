"""The one current subscription everybody holds: how it starts, and how a transaction takes hold of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import NotFound
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import fetch, fetch_one
from pingvas.billing.credits import Grant, expire, give
from pingvas.billing.entitlements import PLAN_THAT_COUNTS
from pingvas.billing.low_balance import tell_if_low

_START = text("""
    INSERT INTO subscriptions (id, user_id, plan_id, status, billing_cycle, remaining_credits,
                               current_period_start, current_period_end)
    SELECT :id, :user_id, id, 'active', 'monthly', 0, CURRENT_DATE, CURRENT_DATE + 30
      FROM subscription_plans WHERE name = :plan
    RETURNING id
""")
# A plan that is handed out here was sold by nobody.
_AGREED = text("""
    INSERT INTO sold_subscriptions (id, provider, provider_id, user_id, plan_id, billing_cycle, status, began_at, test_mode,
                                    seller_updated_at)
    SELECT CAST(:id AS uuid), 'studio', CAST(CAST(:id AS uuid) AS text), user_id, plan_id, 'monthly', 'active', now(), false, now()
      FROM subscriptions WHERE id = :subscription_id
""")
_CURRENT = f"""
    SELECT s.id, s.user_id, s.status, s.current_period_start, s.current_period_end,
           s.remaining_credits - CASE WHEN s.credits_expire_at <= now() THEN (
               SELECT COALESCE(SUM(remaining), 0) FROM credit_grants
                WHERE subscription_id = s.id AND is_open AND expires_at <= now()) ELSE 0 END AS remaining_credits,
           s.credits_expire_at <= now() IS TRUE AS has_expired_credits,
           p.name AS plan_name, p.display_name AS plan_display_name, p.max_queues, p.max_open_jobs,
           p.queue_weight, p.generations_per_minute, p.storage_bytes, p.features, p.credits_per_month
      FROM subscriptions s JOIN subscription_plans p ON p.id = {PLAN_THAT_COUNTS}
     WHERE s.user_id = :user_id AND s.status <> 'expired'
"""  # noqa: S608 - our own constants
_FIND = text(_CURRENT)
_LOCK = text(_CURRENT + " FOR NO KEY UPDATE OF s")
# In one order, so that two who lock several people never wait for each other.
_LOCK_EACH = text(
    _CURRENT.replace("= :user_id", "= ANY(:user_ids)") + " ORDER BY s.user_id FOR NO KEY UPDATE OF s"
).bindparams(bindparam("user_ids", type_=ARRAY(Uuid)))


class NoSubscription(NotFound):
    default_detail = "This account holds no current subscription."


@dataclass(frozen=True)
class CurrentSubscription:
    """What a person's plan allows and how many credits are left, as one transaction sees it."""

    id: UUID
    user_id: UUID
    status: str
    remaining_credits: int
    has_expired_credits: bool
    current_period_start: Any
    current_period_end: Any
    plan_name: str
    plan_display_name: str
    max_queues: int
    max_open_jobs: int
    queue_weight: int
    generations_per_minute: int | None
    storage_bytes: int
    features: dict[str, Any]
    credits_per_month: int


async def start_subscription(
    session: AsyncSession, user_id: UUID, bonus_credits: int, *, plan: str = "free"
) -> UUID:
    """Give a new person a plan and a bonus. Raises NoSubscription when the plan is not in the database."""
    subscription_id = await session.scalar(_START, {"id": new_id(), "user_id": user_id, "plan": plan})
    if subscription_id is None:
        raise NoSubscription(f"The plan {plan!r} is missing; run `pingvas migrate` to add the plans.")
    if plan != "free":
        agreed = {"id": new_id(), "subscription_id": subscription_id}
        await fetch(session, _AGREED, agreed)
    if bonus_credits:
        await give_welcome(session, user_id, subscription_id, bonus_credits)
    return UUID(str(subscription_id))


async def give_welcome(session: AsyncSession, user_id: UUID, subscription_id: UUID, credits: int) -> None:
    """The bonus of a new person, which comes once."""
    welcome = Grant(user_id, subscription_id, "bonus", f"signup:{user_id}", credits, "Welcome to the studio")
    await give(session, welcome)


async def get_current_subscription(session: ReadSession, user_id: UUID) -> CurrentSubscription:
    """The current subscription, unlocked. Raises NoSubscription."""
    return _one((await session.execute(_FIND, {"user_id": user_id})).one_or_none())


async def lock_current_subscription(session: AsyncSession, user_id: UUID) -> CurrentSubscription:
    """The current subscription with its row locked until the transaction ends.

    Whoever changes a person's credits or slots takes this lock first, so that these changes follow one another. What has expired
    of the credits is taken away before anybody spends it.
    """
    row = await fetch_one(session, _LOCK, {"user_id": user_id})
    if row is None:
        raise NoSubscription
    if row.has_expired_credits:
        taken = await expire(session, row.id)
        left = row.remaining_credits
        tell_if_low(
            session, user_id, before=left + taken, after=left, credits_per_month=row.credits_per_month
        )
    return CurrentSubscription(**row)


async def lock_current_subscriptions(
    session: AsyncSession, user_ids: Collection[UUID]
) -> dict[UUID, CurrentSubscription]:
    """The same of several people, by person. Who is not there has none any more."""
    if len(user_ids) == 1:
        rows = await fetch(session, _LOCK, {"user_id": next(iter(user_ids))})
    else:
        rows = await fetch(session, _LOCK_EACH, {"user_ids": list(user_ids)})
    return {row.user_id: CurrentSubscription(**row) for row in rows}


def _one(row: Any) -> CurrentSubscription:
    if row is None:
        raise NoSubscription
    return CurrentSubscription(**row._mapping)
