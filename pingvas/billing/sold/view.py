"""What a person holds, as they are shown it, and what they would get by changing it: worked out from their copies when asked."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from pingvas.adapters.sellers.seller import Cycle
from pingvas.base.errors import Conflict
from pingvas.base.read_session import ReadSession
from pingvas.billing.sold.copies import STUDIO, Copies, PlanRow, SoldCopy, load_copies
from pingvas.billing.sold.due_now import estimate_due
from pingvas.billing.sold.periods import Period, current_period, periods_of
from pingvas.billing.sold.plan_held import Held, plan_held
from pingvas.billing.subscriptions import NoSubscription
from pingvas.billing.tables import Subscription, SubscriptionPlan

Can = Literal["checkout", "change", "cancel", "resume", "portal"]
Action = Literal["checkout", "upgrade", "downgrade", "current", "none"]
CYCLES: tuple[Cycle, ...] = ("monthly", "yearly")


class NothingSold(Conflict):
    code = "nothing_sold"
    default_detail = "There is no subscription that was bought here, so there is nothing to change."


@dataclass(frozen=True)
class SubscriptionView:
    """`ends_at`: when it stops for good. `can`: what one may ask for now."""

    plan: SubscriptionPlan
    status: Literal["active", "trial", "past_due", "canceled"]
    billing_cycle: Cycle
    current_period_start: date
    current_period_end: date | None
    renews_at: datetime | None
    ends_at: datetime | None
    trial_ends_at: datetime | None
    grace_ends_at: datetime | None
    next_plan: str | None
    card: str | None
    is_sold: bool
    can: tuple[Can, ...]


@dataclass(frozen=True)
class ChangeOption:
    """What one plan in one cycle would mean. `starts_at=None`: at once. `at_once`: whether the seller is told to charge now, and
    `due_now` about how many cents that are, without taxes; None where only the seller knows."""

    plan: PlanRow
    cycle: Cycle
    price: int
    action: Action
    starts_at: datetime | None
    credits_now: int
    at_once: bool
    due_now: int | None = None


async def view_subscription(session: ReadSession, user_id: UUID) -> SubscriptionView:
    """Raises NoSubscription."""
    copies = await _load(session, user_id)
    held = plan_held(copies)
    if held is None:
        return await _as_it_stands(session, user_id)
    starts, ends = held.period
    by = held.by
    is_sold = by is not None and by.provider != STUDIO
    return SubscriptionView(
        plan=await _plan(session, held.plan.id),
        status="trial" if held.trial_ends_at else held.status,
        billing_cycle=held.cycle,
        current_period_start=starts,
        current_period_end=None if ends is None else max(starts, ends),
        renews_at=by.renews_at if by and is_sold and held.status == "active" else None,
        ends_at=by.ends_at if by and (held.status == "canceled" or not is_sold) else None,
        trial_ends_at=held.trial_ends_at,
        grace_ends_at=held.grace_ends_at,
        next_plan=held.next_plan.name if held.next_plan else None,
        card=by.card if by else None,
        is_sold=is_sold,
        can=_can(copies, held),
    )


async def find_managed(session: ReadSession, user_id: UUID) -> SoldCopy:
    """The subscription that changing, canceling and the portal are about: that which brings the plan, else the newest that has not
    ended. Raises NothingSold and NoSubscription."""
    copies = await _load(session, user_id)
    managed = _managed(copies, plan_held(copies))
    if managed is None:
        raise NothingSold
    return managed


async def list_options(session: ReadSession, user_id: UUID) -> list[ChangeOption]:
    """Every plan with a price in both cycles, the cheapest first, and what it would change for this person. Raises NoSubscription."""
    copies = await _load(session, user_id)
    held = plan_held(copies)
    if held is None:
        row = await _as_it_stands(session, user_id)
        held = Held(copies.plans[row.plan.id], "active", "monthly", None, copies.now, None)
    return [
        _option(copies, held, plan, cycle)
        for plan in sorted(copies.plans.values(), key=lambda each: each.rank)
        for cycle in CYCLES
        if plan.is_active and plan.price(cycle)
    ]


async def get_option(session: ReadSession, user_id: UUID, plan: str, cycle: Cycle) -> ChangeOption:
    """What one plan would mean, of those that have a price. Raises NothingSold and NoSubscription."""
    for option in await list_options(session, user_id):
        if option.plan.name == plan and option.cycle == cycle:
            return option
    raise NothingSold


def _option(copies: Copies, held: Held, plan: PlanRow, cycle: Cycle) -> ChangeOption:
    price = int((plan.price(cycle) or 0) * 100)

    def option(
        action: Action,
        starts_at: datetime | None = None,
        credits: int = 0,
        *,
        at_once: bool = False,
        due_now: int | None = None,
    ) -> ChangeOption:
        return ChangeOption(plan, cycle, price, action, starts_at, credits, at_once, due_now)

    by = held.by
    if by is None or by.provider == STUDIO:
        if by is not None and plan.rank <= held.plan.rank:
            return option("none")  # what is agreed is as good
        return option("checkout", None, plan.credits_per_month, at_once=True, due_now=price)
    if (plan, cycle) == (by.plan, by.cycle):
        return option("current")
    if held.status != "active":
        return option("none")  # resumed or paid first
    if held.trial_ends_at is not None:
        better = by.plan is None or plan.rank > by.plan.rank
        return option("upgrade" if better else "downgrade")
    period = current_period(periods_of(copies, by), copies.now)
    ends_at = period.ends_at if period else by.renews_at
    if cycle == "monthly" and held.cycle == "yearly":
        return option("downgrade", ends_at)
    if held.next_plan is not None and plan.rank > held.plan.rank:
        return option(
            "none"
        )  # the seller would count from the lower one: what was lowered is taken back first
    if plan.rank > held.plan.rank or (plan == held.plan and cycle != held.cycle):
        due = estimate_due(period, held.plan, plan, cycle, copies.now)
        return option("upgrade", None, _difference(held, plan, period), at_once=True, due_now=due)
    # What is paid for already stays until its end: going back to it costs nothing now.
    return option("upgrade" if plan == held.plan else "downgrade", ends_at)


def _difference(held: Held, plan: PlanRow, period: Period | None) -> int:
    """The credits of a better plan that come at once: what the month under way has not brought yet."""
    return max(0, plan.credits_per_month - (held.plan.credits_per_month if period else 0))


def _can(copies: Copies, held: Held) -> tuple[Can, ...]:
    by = held.by
    if by is None or by.provider == STUDIO:
        return ("checkout",) if _managed(copies, held) is None else ("checkout", "portal")
    if held.status == "canceled":
        return "resume", "portal"
    if held.status == "past_due":
        return "cancel", "portal"
    return "change", "cancel", "portal"


def _managed(copies: Copies, held: Held | None) -> SoldCopy | None:
    if held is not None and held.by is not None and held.by.provider != STUDIO:
        return held.by
    alive = [each for each in copies.sold if each.provider != STUDIO and each.status != "expired"]
    return max(alive, key=lambda each: each.seller_updated_at, default=None)


async def _load(session: ReadSession, user_id: UUID) -> Copies:
    copies = await load_copies(session, user_id)
    if copies is None:
        raise NoSubscription
    return copies


async def _as_it_stands(session: ReadSession, user_id: UUID) -> SubscriptionView:
    """Of somebody to whom nothing was ever sold."""
    current = select(Subscription).where(Subscription.user_id == user_id, Subscription.status != "expired")
    row = await session.scalar(current)
    if row is None:
        raise NoSubscription
    return SubscriptionView(
        plan=await _plan(session, row.plan_id),
        status="active",
        billing_cycle="yearly" if row.billing_cycle == "yearly" else "monthly",
        current_period_start=row.current_period_start,
        current_period_end=None,
        renews_at=None,
        ends_at=None,
        trial_ends_at=None,
        grace_ends_at=None,
        next_plan=None,
        card=None,
        is_sold=False,
        can=("checkout",),
    )


async def _plan(session: ReadSession, plan_id: UUID) -> SubscriptionPlan:
    plan = await session.get(SubscriptionPlan, plan_id)
    assert plan is not None  # noqa: S101 - a foreign key leads to it
    return plan
