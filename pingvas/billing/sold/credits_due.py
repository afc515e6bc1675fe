"""Which credits a person is due, from the copies of what they paid: all that there ever were, less those that they were given.

Each has a key of its own, so it comes once. Within one month of credits the sum is that of the best plan paid for in it, whatever the
order in which one hears of the invoices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal
from uuid import UUID

from pingvas.billing.credits import RETURN_DAYS
from pingvas.billing.sold.copies import STUDIO, Copies, Paid, PlanRow, SoldCopy
from pingvas.billing.sold.months import Month, add_months, months_from
from pingvas.billing.sold.periods import PATIENCE, Period, periods_of
from pingvas.billing.sold.plan_held import counts_until
from pingvas.billing.sold.shares import Share, shares_of

# A pack of credits lives a year.
PACK_MONTHS = 12


@dataclass(frozen=True)
class Due:
    """Credits to be given. `payment_id`: what they were paid by."""

    kind: Literal["monthly", "trial", "pack"]
    source_key: str
    amount: int
    expires_at: datetime
    description: str
    payment_id: UUID | None = None


def credits_due(copies: Copies) -> list[Due]:
    """What is still to be given, in the order in which it began."""
    found = [due for sold in copies.sold for due in _of_sold(copies, sold)]
    found += [due for payment in copies.payments for due in _of_order(copies, payment)]
    late = copies.now + timedelta(days=RETURN_DAYS)
    due = []
    for each in found:
        # What was over before they had an account was never for this studio.
        if each.amount <= 0 or each.source_key in copies.given or each.expires_at <= copies.member_since:
            continue
        # Heard of too late, which is our failure: it lives some days, as what comes back does.
        is_over = each.expires_at <= copies.now
        due.append(_expiring(each, late) if is_over else each)
    return due


def credits_of_payments(copies: Copies) -> dict[UUID, int]:
    """How many credits each payment has brought: what goes back with it if it is refunded."""
    brought: dict[UUID, int] = {payment.id: 0 for payment in copies.payments}
    for payment in copies.payments:
        if payment.kind == "order":
            brought[payment.id] = copies.given.get(_order_key(payment), 0)
    for share in _all_shares(copies):
        brought[share.payment.id] += share.had
    return brought


def _all_shares(copies: Copies) -> Iterator[Share]:
    for sold in copies.sold:
        for period in periods_of(copies, sold):
            for month in period.months:
                yield from shares_of(copies, period, month)


def own_keys(copies: Copies, payment: Paid) -> list[str]:
    """The keys of what was given for this payment."""
    if payment.kind == "order":
        return [_order_key(payment)]
    theirs = f":by:{payment.provider_id}"
    ours = {share.key for share in _all_shares(copies) if share.payment.id == payment.id}
    return [key for key in copies.given if key in ours or key.endswith(theirs)]


def next_change(copies: Copies) -> datetime | None:
    """When something changes by itself: a month begins, a period, a trial or a time of grace ends."""
    return min((each for each in _changes(copies) if each > copies.now), default=None)


def _changes(copies: Copies) -> Iterator[datetime]:
    for sold in copies.sold:
        if until := counts_until(copies, sold):
            yield until
        if sold.trial_ends_at is not None:
            yield sold.trial_ends_at
        if _is_agreed(sold):
            yield next(month.ends_at for month in months_from(sold.began_at) if month.ends_at > copies.now)
        for invoice in copies.invoices_of(sold):
            yield invoice.paid_at + PATIENCE
        for period in periods_of(copies, sold):
            yield period.ends_at
            yield from (month.starts_at for month in period.months)


def _of_sold(copies: Copies, sold: SoldCopy) -> Iterator[Due]:
    if _is_agreed(sold):
        yield from _of_agreement(copies, sold)
    if sold.trial_ends_at is not None and sold.trial_ends_at > sold.began_at:
        yield from _of_trial(sold, sold.trial_ends_at)
    for period in periods_of(copies, sold):
        for month in period.months:
            # What is paid is there, whatever the seller's clock says.
            if month.number == 0 or month.starts_at <= copies.now:
                yield from _of_month(copies, period, month)


def _is_agreed(sold: SoldCopy) -> bool:
    return sold.provider == STUDIO and sold.gives_credits and sold.plan is not None


def _of_agreement(copies: Copies, sold: SoldCopy) -> Iterator[Due]:
    assert sold.plan is not None  # noqa: S101 - asked before
    until = min(copies.now, counts_until(copies, sold) or copies.now)
    began = takewhile(
        lambda month: month.starts_at <= copies.now and month.starts_at < max(until, sold.began_at),
        months_from(sold.began_at),
    )
    for month in began:
        key = f"agreed:{sold.id}:{month.number}"
        yield Due("monthly", key, sold.plan.credits_per_month, month.ends_at, _words(sold.plan, "as agreed"))


def _of_trial(sold: SoldCopy, ends_at: datetime) -> Iterator[Due]:
    seen = [each.plan for each in sold.seen if each.seen_at < ends_at]
    plan = seen[0] if seen else sold.plan
    if plan is not None:
        key = f"trial:{sold.provider}:{sold.provider_id}"
        yield Due("trial", key, plan.trial_credits, ends_at, f"Trial of {plan.name}")


def _of_month(copies: Copies, period: Period, month: Month) -> Iterator[Due]:
    for share in shares_of(copies, period, month):
        if share.payment.is_kept:
            amount = share.entitled - share.had
            yield Due("monthly", share.key, amount, month.ends_at, share.words, share.payment.id)


def _of_order(copies: Copies, payment: Paid) -> Iterator[Due]:
    if payment.kind != "order" or payment.pack_credits is None or not payment.is_kept:
        return
    expires_at = add_months(payment.paid_at, PACK_MONTHS)
    yield Due("pack", _order_key(payment), payment.pack_credits, expires_at, "Pack of credits", payment.id)


def _order_key(payment: Paid) -> str:
    return f"order:{payment.provider}:{payment.provider_id}"


def _expiring(due: Due, expires_at: datetime) -> Due:
    return Due(due.kind, due.source_key, due.amount, expires_at, due.description, due.payment_id)


def _words(plan: PlanRow, what: str) -> str:
    return f"{plan.display_name}, {what}"
