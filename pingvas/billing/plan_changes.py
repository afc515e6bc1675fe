"""Changing a plan's row: its price, credits, slots, weight, room and features. Whoever holds it has the new figures from the next request on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.base.errors import BadField, Conflict, Invalid, NotFound
from pingvas.base.events import Resync, publish_later, publish_to_all_later
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import accept_name
from pingvas.billing.events import SubscriptionUpdated
from pingvas.billing.tables import SubscriptionPlan

FREE = "free"
FEATURES: Final = ("flux_models", "external_api", "lora_training")
# The least and the most of each figure; what is more would not fit its column, or nobody means it.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "credits_per_month": (0, 1_000_000_000),
    "rollover_credits": (0, 1_000_000_000),
    "trial_credits": (0, 1_000_000_000),
    "storage_bytes": (0, 2**60),
    "max_queues": (1, 10_000),
    "max_open_jobs": (1, 1_000_000),
    "queue_weight": (1, 100),
    "requests_per_minute": (1, 1_000_000),
    "generations_per_minute": (1, 1_000_000),
}
MOST_PRICE: Final = Decimal("99999999.99")
PRICES: Final = ("monthly_price", "yearly_price")
MAY_BE_NULL: Final = (*PRICES, "requests_per_minute", "generations_per_minute")
LONGEST_NAME: Final = 60
MOST_TOLD: Final = 1000

_HOLDERS = text("""
    SELECT plan.id, count(held.id) AS holders
      FROM subscription_plans AS plan
      LEFT JOIN subscriptions AS held
        ON held.plan_id = plan.id AND held.status <> 'expired' AND held.user_id IS NOT NULL
     GROUP BY plan.id
""")
# Whoever has more than before already has no more than they had.
_TOUCHED = text("""
    SELECT count(*) AS holders,
           count(*) FILTER (WHERE used.used_bytes > :storage_bytes AND used.used_bytes <= plan.storage_bytes) AS over_storage
      FROM subscriptions AS held JOIN subscription_plans AS plan ON plan.id = held.plan_id
      LEFT JOIN storage_use AS used ON used.user_id = held.user_id
     WHERE plan.name = :name AND held.status <> 'expired' AND held.user_id IS NOT NULL
""")


_WHO_HOLDS = text("""
    SELECT held.user_id, held.status
      FROM subscriptions AS held JOIN subscription_plans AS plan ON plan.id = held.plan_id
     WHERE plan.name = :name AND held.status <> 'expired' AND held.user_id IS NOT NULL
     LIMIT :most
""")


class NoSuchPlan(NotFound):
    default_detail = "There is no plan of this name."


@dataclass(frozen=True)
class HeldPlan:
    """A plan and how many people hold it."""

    plan: SubscriptionPlan
    holders: int


@dataclass(frozen=True)
class Touched:
    """Whom a change would touch: all who hold the plan, those whose pictures would no longer fit, and the features that they all lose."""

    holders: int
    over_storage: int
    losing: Sequence[str]


async def list_all_plans(session: ReadSession) -> list[HeldPlan]:
    """Every plan, on sale or not, by its weight in the queue."""
    holders = {row.id: int(row.holders) for row in await session.execute(_HOLDERS)}
    order = (SubscriptionPlan.queue_weight, SubscriptionPlan.name)
    plans = await session.scalars(select(SubscriptionPlan).order_by(*order))
    return [HeldPlan(plan, holders.get(plan.id, 0)) for plan in plans]


async def get_plan(session: ReadSession, name: str) -> HeldPlan:
    """One plan. Raises NoSuchPlan."""
    for held in await list_all_plans(session):
        if held.plan.name == name:
            return held
    raise NoSuchPlan


async def preview_change(session: ReadSession, name: str, changes: Mapping[str, Any]) -> Touched:
    """Whom a change would touch, without making it. Raises NoSuchPlan, Invalid and Conflict."""
    plan = (await get_plan(session, name)).plan
    changed = _checked(plan, changes)
    room = changed.get("storage_bytes", plan.storage_bytes)
    row = (await session.execute(_TOUCHED, {"name": name, "storage_bytes": room})).one()
    features = changed.get("features", plan.features)
    losing = [each for each, has in plan.features.items() if has and not features.get(each)]
    return Touched(int(row.holders), int(row.over_storage), sorted(losing))


async def change_plan(
    session: AsyncSession, doer: Doer, name: str, changes: Mapping[str, Any], reason: str
) -> HeldPlan:
    """Change the figures that are named. `features` is merged, feature by feature. Raises NoSuchPlan, Invalid and Conflict."""
    reason = accept_reason(reason)
    query = select(SubscriptionPlan).where(SubscriptionPlan.name == name)
    plan = await session.scalar(query.with_for_update(key_share=True))
    if plan is None:
        raise NoSuchPlan
    changed = _checked(plan, changes)
    before = {each: getattr(plan, each) for each in changed}
    for each, value in changed.items():
        setattr(plan, each, value)
    await session.flush()
    differing = [each for each in changed if before[each] != changed[each]]
    if differing:
        await _tell_holders(session, name)
        await record(
            session,
            doer,
            "plan.change",
            "plan",
            name,
            before={each: _told(before[each]) for each in differing},
            after={each: _told(changed[each]) for each in differing},
            reason=reason,
        )
    return await get_plan(session, name)


async def _tell_holders(session: AsyncSession, name: str) -> None:
    """Their open pages read anew what the plan is; where they are very many, everybody's do."""
    holders = (await session.execute(_WHO_HOLDS, {"name": name, "most": MOST_TOLD + 1})).all()
    if len(holders) > MOST_TOLD:
        publish_to_all_later(session, Resync())
        return
    for held in holders:
        told = SubscriptionUpdated(user_id=held.user_id, plan=name, status=held.status)
        publish_later(session, held.user_id, told)


def _checked(plan: SubscriptionPlan, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the columns take. Raises Invalid naming each field that is wrong, and Conflict."""
    changed = dict(changes)
    errors = [
        BadField(each, "must not be null")
        for each, value in changed.items()
        if value is None and each not in MAY_BE_NULL
    ]
    for each, (least, most) in BOUNDS.items():
        value = changed.get(each)
        if value is not None and not least <= value <= most:
            errors.append(BadField(each, f"must lie between {least} and {most}"))
    for each in PRICES:
        price = changed.get(each)
        if price is not None and not (price.is_finite() and 0 <= price <= MOST_PRICE):
            errors.append(BadField(each, f"must lie between 0 and {MOST_PRICE}"))
        elif price is not None and price != round(price, 2):
            errors.append(BadField(each, "must be whole cents"))
    if errors:
        raise Invalid("The plan cannot have these figures.", errors=errors)
    if changed.get("display_name") is not None:
        changed["display_name"] = accept_name(
            changed["display_name"], field="display_name", longest=LONGEST_NAME
        )
    if "features" in changed:
        changed["features"] = {**plan.features, **changed["features"]}
    if plan.name == FREE:
        if changed.get("is_active") is False:
            raise Conflict("The free plan is what everybody starts with: it cannot be taken off.")
        if any(changed.get(each) for each in PRICES):
            raise Conflict("The free plan costs nothing: whoever holds it pays nowhere.")
    return changed


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
