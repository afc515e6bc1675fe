"""What the invoices of one subscription paid: periods of a month or a year, each with its plan, its months of credits and the better
plans that were reached in it.

An invoice names no plan. What it paid is told by three things that each may be missing: the plans that the subscription was seen with
around it, its amount, and the newest word. Where two of them disagree the better plan counts: nobody loses what they have paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise, takewhile

from pingvas.adapters.sellers.seller import Cycle
from pingvas.billing.sold.copies import Copies, Paid, PlanRow, SeenVariant, SoldCopy
from pingvas.billing.sold.months import Month, add_months, is_last_day, months_from

# The word about a change may be stamped a little before the invoice for it.
_JUST_BEFORE = timedelta(minutes=5)
# What comes along with an invoice is stamped so near to it.
_ALONG_WITH = timedelta(minutes=1)
# How far an amount may be from what is expected, in cents for each dollar: sellers count the days of a month in ways of their own.
_TOLERANCE = 3
# How long an invoice waits for a word that is not older than itself before the newest that is there has to do.
PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class Reached:
    """A better plan, by an invoice for the difference."""

    by: Paid
    plan: PlanRow


@dataclass(frozen=True)
class Period:
    """Paid from `starts_at` until `ends_at`; what is paid on `cut_at` and later belongs to the next one. `months` bring credits of
    their own; they are counted from `step`, each on that `day`, and named after `root`, whose step that was. The upgrades are in the order in which they were paid."""

    base: Paid
    root: Paid
    plan: PlanRow
    cycle: Cycle
    starts_at: datetime
    ends_at: datetime
    cut_at: datetime
    step: datetime
    day: int
    months: tuple[Month, ...]
    upgrades: tuple[Reached, ...] = ()

    def best_plan(self, at: datetime) -> PlanRow:
        """The best that is paid for at a moment and was not given back."""
        kept = [each.plan for each in self.upgrades if each.by.is_kept and each.by.paid_at <= at]
        return max([self.plan, *kept], key=lambda plan: plan.rank)


def periods_of(copies: Copies, sold: SoldCopy) -> tuple[Period, ...]:
    """Those of one subscription, oldest first, also those whose invoice was given back."""
    if sold.id not in copies.periods:
        copies.periods[sold.id] = tuple(_periods(copies, sold))
    known: tuple[Period, ...] = copies.periods[sold.id]
    return known


def _periods(copies: Copies, sold: SoldCopy) -> list[Period]:
    invoices = copies.invoices_of(sold)
    # Nothing was asked for the days of a trial, whatever its invoice is called.
    bases = [each for each in invoices if each.reason in ("initial", "renewal") and each.subtotal > 0]
    updates = [each for each in invoices if each.reason == "updated"]
    periods: list[Period] = []
    for base, following in pairwise([*bases, None]):
        assert base is not None  # noqa: S101 - only the last is None
        until = None if following is None else following.paid_at
        period = _period(copies, sold, base, bases[0], until)
        if period is not None:
            theirs = [each for each in updates if _within(each.paid_at, base.paid_at, until)]
            periods += _with_updates(copies, sold, period, theirs, until)
    return periods


def current_period(periods: Sequence[Period], now: datetime) -> Period | None:
    """That which is paid for now."""
    running = [each for each in periods if each.starts_at <= now < each.ends_at]
    return running[-1] if running else None


def _period(copies: Copies, sold: SoldCopy, base: Paid, first: Paid, until: datetime | None) -> Period | None:
    variant = _paid_by(copies, sold, base, until)
    if variant is None:
        return None
    plan, cycle = variant
    day = _anchor_day(sold, base, first)
    ends_at = add_months(base.paid_at, _length(cycle), day=day)
    cut_at = _cut_at(sold, ends_at, until)
    months = takewhile(
        lambda month: month.number == 0 or month.starts_at < cut_at, months_from(base.paid_at, day=day)
    )
    # A year has twelve, however the days fall.
    kept = tuple(month for month in months if month.number < _length(cycle))
    return Period(base, base, plan, cycle, base.paid_at, ends_at, cut_at, base.paid_at, day, kept)


def _length(cycle: Cycle) -> int:
    return 12 if cycle == "yearly" else 1


def _cut_at(sold: SoldCopy, ends_at: datetime, until: datetime | None) -> datetime:
    """What stops for good earns no further months, nor does what was replaced."""
    stops = [ends_at, *([until] if until else [])]
    if sold.status == "expired" and sold.ends_at is not None:
        stops.append(sold.ends_at)
    return min(stops)


def _anchor_day(sold: SoldCopy, base: Paid, first: Paid) -> int:
    """The day of the month on which it renews: what began on a 31st was renewed on a 28th because February has no more."""
    day = base.paid_at.day
    if not is_last_day(base.paid_at):
        return day
    known = [first.paid_at, sold.began_at, *([sold.trial_ends_at] if sold.trial_ends_at else [])]
    return max([day, *(each.day for each in known)])


def _paid_by(
    copies: Copies, sold: SoldCopy, base: Paid, until: datetime | None
) -> tuple[PlanRow, Cycle] | None:
    """The plan and cycle that an invoice for a whole period paid. None: nothing is known of that yet."""
    seen = _nearest(sold, base.paid_at, base.paid_at, until)
    priced = _of_price(copies, base)
    if priced:
        plan, cycle = max(priced, key=lambda each: each[0].rank)
        # Prices change, and who has subscribed keeps the old one: what was seen with the invoice counts where it is better.
        if seen is None or abs(seen.seen_at - base.paid_at) > _ALONG_WITH:
            return plan, cycle
        if (seen.plan, seen.cycle) in priced:
            return seen.plan, seen.cycle
        return max(plan, seen.plan, key=lambda each: each.rank), cycle
    if seen is not None:
        return seen.plan, seen.cycle
    is_newer = sold.seller_updated_at >= base.paid_at - _JUST_BEFORE
    if sold.plan is not None and (is_newer or copies.now >= base.paid_at + PATIENCE):
        return sold.plan, sold.cycle
    return None


def _of_price(copies: Copies, base: Paid) -> list[tuple[PlanRow, Cycle]]:
    cycles: tuple[Cycle, ...] = ("monthly", "yearly")
    return [
        (plan, cycle)
        for plan in copies.plans.values()
        for cycle in cycles
        if base.currency == "USD"
        and (price := plan.price(cycle)) is not None
        and price * 100 == base.subtotal
    ]


def _nearest(
    sold: SoldCopy, moment: datetime, after: datetime, before: datetime | None
) -> SeenVariant | None:
    """The variant seen nearest to a moment, between two; of two that are as near, the later one."""
    seen = [each for each in sold.seen if _within(each.seen_at, after, before)]
    return min(reversed(seen), key=lambda each: abs(each.seen_at - moment), default=None)


def _within(moment: datetime, after: datetime, before: datetime | None) -> bool:
    """Between two invoices for whole periods, whose words may be stamped a little before."""
    return after - _JUST_BEFORE <= moment and (before is None or moment < before - _JUST_BEFORE)


def _with_updates(
    copies: Copies, sold: SoldCopy, period: Period, updates: list[Paid], until: datetime | None
) -> list[Period]:
    """The period with the plans reached in it. One that is paid from now on for another length of time begins a new one, whose
    months go on in step with those of the old: who changes often gets no more of them."""
    done: list[Period] = []
    reached: list[Reached] = []
    best = period.plan
    for update in updates:
        if update.paid_at >= period.ends_at:
            continue  # of no period: what was paid before it had ended
        to = _changed_to(copies, sold, period, best, update, until)
        if to is None:
            continue
        plan, cycle = to
        if cycle != period.cycle:
            reached.append(Reached(update, plan))
            done.append(_cut(period, reached, update.paid_at))
            period, reached, best = _in_step(sold, period, update, plan, cycle, until), [], plan
        elif plan.rank > best.rank:
            reached.append(Reached(update, plan))
            best = plan
    return _sharing_months([*done, replace(period, upgrades=tuple(reached))])


def _sharing_months(periods: list[Period]) -> list[Period]:
    """The month in which one period was replaced by another is the first one's: what was reached later in it counts there too."""
    for index in reversed(range(len(periods) - 1)):
        earlier, later = periods[index], periods[index + 1]
        more = [
            each
            for each in later.upgrades
            if not earlier.months or each.by.paid_at < earlier.months[-1].ends_at
        ]
        periods[index] = replace(earlier, upgrades=(*earlier.upgrades, *more))
    return periods


def _cut(period: Period, reached: list[Reached], at: datetime) -> Period:
    months = tuple(month for month in period.months if month.number == 0 or month.starts_at <= at)
    return replace(period, cut_at=at, ends_at=at, months=months, upgrades=tuple(reached))


def _in_step(
    sold: SoldCopy, old: Period, update: Paid, plan: PlanRow, cycle: Cycle, until: datetime | None
) -> Period:
    ends_at = add_months(update.paid_at, _length(cycle))
    cut_at = _cut_at(sold, ends_at, until)
    steps = takewhile(lambda month: month.starts_at < cut_at, months_from(old.step, day=old.day, first=1))
    months = tuple(month for month in steps if month.starts_at > update.paid_at)
    return Period(update, old.root, plan, cycle, update.paid_at, ends_at, cut_at, old.step, old.day, months)


def _changed_to(
    copies: Copies, sold: SoldCopy, period: Period, best: PlanRow, update: Paid, until: datetime | None
) -> tuple[PlanRow, Cycle] | None:
    """The plan and cycle that an invoice for a change was for. None: nothing is known of that yet."""
    seen = _nearest(sold, update.paid_at, period.base.paid_at, until)
    priced = _of_difference(copies, period, best, update)
    if seen is not None and abs(seen.seen_at - update.paid_at) <= _ALONG_WITH:
        if priced is None:
            return seen.plan, seen.cycle
        # What was seen may be the next change already; what was paid is beyond doubt.
        plan, cycle = priced
        return (max(plan, seen.plan, key=lambda each: each.rank) if cycle == seen.cycle else plan), cycle
    if priced is None and seen is not None and copies.now >= update.paid_at + PATIENCE:
        return seen.plan, seen.cycle
    return priced


def _of_difference(
    copies: Copies, period: Period, best: PlanRow, update: Paid
) -> tuple[PlanRow, Cycle] | None:
    """The better plan, or the same or a better one for a year, whose price less what is left of the present one's makes up this
    amount. None: it is that of none."""
    whole = (period.ends_at - period.starts_at).total_seconds()
    left = Decimal((period.ends_at - update.paid_at).total_seconds() / whole)
    paid = best.price(period.cycle)
    if paid is None or update.currency != "USD" or left <= 0:
        return None
    found: list[tuple[Decimal, PlanRow, Cycle]] = []
    for plan in copies.plans.values():
        expected: list[tuple[Decimal, Cycle]] = []
        if plan.rank > best.rank and (price := plan.price(period.cycle)) is not None:
            expected.append(((price - paid) * left, period.cycle))
        if plan.rank >= best.rank and period.cycle == "monthly" and plan.yearly_price is not None:
            expected.append((plan.yearly_price - paid * left, "yearly"))
        for dollars, cycle in expected:
            off = abs(update.subtotal - dollars * 100)
            if off <= max(Decimal(2), dollars * _TOLERANCE):
                found.append((off, plan, cycle))
    if not found:
        return None
    _, plan, cycle = min(found, key=lambda each: each[0])
    return plan, cycle
