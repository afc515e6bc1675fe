"""Which plan a person holds, from the copies of what was sold to them: a function of these and the time, of nothing else."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pingvas.adapters.sellers.seller import Cycle
from pingvas.billing.sold.copies import STUDIO, Copies, PlanRow, SoldCopy
from pingvas.billing.sold.periods import Period, current_period, periods_of

# How long what was not paid in time may still be used.
GRACE_DAYS = 7


@dataclass(frozen=True)
class Held:
    """A plan, why and how long. `by`: the subscription that brings it; None: none does, it is `free`. `period_ends_at` is None where no
    end is known. `next_plan` begins then."""

    plan: PlanRow
    status: Literal["active", "canceled", "past_due"]
    cycle: Cycle
    by: SoldCopy | None
    period_starts_at: datetime
    period_ends_at: datetime | None
    trial_ends_at: datetime | None = None
    grace_ends_at: datetime | None = None
    next_plan: PlanRow | None = None

    @property
    def period(self) -> tuple[date, date | None]:
        return self.period_starts_at.date(), self.period_ends_at.date() if self.period_ends_at else None


def plan_held(copies: Copies) -> Held | None:
    """The best plan that counts now. None: nothing was ever sold to them, so nothing is said about the plan they hold."""
    if not copies.sold:
        return None
    held = [found for sold in copies.sold if (found := _held_by(copies, sold)) is not None]
    if held:
        # Of two of one plan, bought in two tabs, say, that which goes on: it can be canceled in its turn.
        return max(held, key=lambda each: (each.plan.rank, each.status == "active", each.period_starts_at))
    ended = max(_ended_at(copies, sold) for sold in copies.sold)
    return Held(copies.free, "active", "monthly", None, ended, None)


def counts_until(copies: Copies, sold: SoldCopy) -> datetime | None:
    """Up to when this subscription counts as it stands; None: no end is known. What counts no more ended in the past."""
    if _is_given_back(copies, sold):
        return copies.invoices_of(sold)[-1].paid_at
    match sold.status:
        case "active" | "paused_free":
            return sold.ends_at if sold.provider == STUDIO else None
        case "trial":
            return sold.trial_ends_at
        case "canceled":
            return sold.ends_at
        case "past_due":
            return grace_ends_at(copies, sold)
        case _:
            return min(sold.ends_at or sold.seller_updated_at, copies.now)


def grace_ends_at(copies: Copies, sold: SoldCopy) -> datetime:
    """Of what is past due: some days after what was paid is over, or the trial; where neither was, after the word of it."""
    ends = [period.ends_at for period in periods_of(copies, sold) if period.base.is_kept]
    since = ends[-1] if ends else sold.trial_ends_at or sold.past_due_since or sold.seller_updated_at
    return since + timedelta(days=GRACE_DAYS)


def _held_by(copies: Copies, sold: SoldCopy) -> Held | None:
    until = counts_until(copies, sold)
    if until is not None and until <= copies.now:
        return None
    period = current_period(periods_of(copies, sold), copies.now)
    covered = period.best_plan(copies.now) if period is not None and period.base.is_kept else None
    plans = [plan for plan in (sold.plan, covered) if plan is not None]
    if not plans:
        return None
    plan = max(plans, key=lambda each: each.rank)
    starts_at, ends_at = _bounds(sold, period)
    is_lower = sold.plan is not None and sold.plan.rank < plan.rank
    is_over = sold.status == "canceled"
    return Held(
        plan=plan,
        status="canceled" if is_over else "past_due" if sold.status == "past_due" else "active",
        cycle=sold.cycle if period is None else period.cycle,
        by=sold,
        period_starts_at=starts_at,
        period_ends_at=ends_at,
        trial_ends_at=sold.trial_ends_at if sold.status == "trial" else None,
        grace_ends_at=until if sold.status == "past_due" else None,
        next_plan=sold.plan if is_lower and not is_over else None,
    )


def _bounds(sold: SoldCopy, period: Period | None) -> tuple[datetime, datetime | None]:
    if sold.status == "canceled" and sold.ends_at is not None:
        return (period.starts_at if period else sold.began_at), sold.ends_at
    if period is not None:
        return period.starts_at, period.ends_at
    if sold.status == "trial":
        return sold.began_at, sold.trial_ends_at
    return sold.began_at, sold.ends_at


def _ended_at(copies: Copies, sold: SoldCopy) -> datetime:
    return max(counts_until(copies, sold) or sold.began_at, sold.began_at)


def _is_given_back(copies: Copies, sold: SoldCopy) -> bool:
    """Whether the newest invoice for a whole period was refunded in full."""
    bases = [each.base for each in periods_of(copies, sold)]
    bases = bases or [
        each for each in copies.invoices_of(sold) if each.reason != "updated" and each.subtotal > 0
    ]
    return bool(bases) and bases[-1].status == "refunded"
