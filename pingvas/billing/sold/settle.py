"""Bringing a person's plan and credits into step with what was sold to them. It may run at any time and any number of times."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later
from pingvas.base.statements import fetch_one
from pingvas.billing.credits import RETURN_DAYS, Grant, give, take_back
from pingvas.billing.events import SubscriptionUpdated
from pingvas.billing.sold.copies import Copies, Paid, load_copies
from pingvas.billing.sold.credits_due import (
    Due,
    credits_due,
    credits_of_payments,
    next_change,
    own_keys,
)
from pingvas.billing.sold.plan_held import Held, plan_held
from pingvas.billing.subscriptions import lock_current_subscription

_KNOWN = text("""
    SELECT plan_id, status, billing_cycle, current_period_start, current_period_end, canceled_at IS NOT NULL AS is_canceled,
           trial_ends_at, grace_ends_at, next_plan_id
      FROM subscriptions WHERE id = :subscription_id
""")
_HOLD = text("""
    UPDATE subscriptions
       SET plan_id = :plan_id, status = :status, billing_cycle = :billing_cycle,
           current_period_start = :current_period_start, current_period_end = :current_period_end,
           canceled_at = CASE WHEN :is_canceled THEN COALESCE(canceled_at, now()) END,
           trial_ends_at = :trial_ends_at, grace_ends_at = :grace_ends_at, next_plan_id = :next_plan_id
     WHERE id = :subscription_id
""")
_SETTLE_AT = text("""
    UPDATE subscriptions SET settle_at = :settle_at
     WHERE id = :subscription_id AND settle_at IS DISTINCT FROM CAST(:settle_at AS timestamptz)
""")
_BROUGHT = text("UPDATE payments SET credits_given = :credits WHERE id = :payment_id")
_TAKEN_BACK = text("""
    UPDATE payments SET taken_back = taken_back + :taken, not_taken_back = not_taken_back + :spent WHERE id = :payment_id
""")
_LIVES_UNTIL = text("""
    SELECT GREATEST(CAST(:least AS timestamptz), (SELECT MAX(expires_at) FROM credit_grants WHERE source_key = ANY(:keys)))
""")
_STATUS_OF_NOTHING = ("pending", "void", "failed")


async def settle(session: AsyncSession, user_id: UUID) -> None:
    """The plan held, the credits due and what refunds take back, under the lock of the person's subscription. Raises NoSubscription."""
    await lock_current_subscription(session, user_id)
    copies = await load_copies(session, user_id)
    assert copies is not None  # noqa: S101 - it is locked
    if not copies.sold and not copies.payments:
        return
    held = plan_held(copies)
    if held is not None:
        await _hold(session, copies, held)
    given = [await _give(session, copies, due) for due in credits_due(copies)]
    if any(given):
        # Looked at again: what was given just now may have to go back in part.
        copies = await load_copies(session, user_id) or copies
    brought = credits_of_payments(copies)
    await _note_brought(session, copies, brought)
    await _take_back(session, copies, brought)
    await session.execute(_SETTLE_AT, {"subscription_id": copies.wallet_id, "settle_at": next_change(copies)})


async def _hold(session: AsyncSession, copies: Copies, held: Held) -> None:
    """Write down what is held, and tell the person's devices where that is something new."""
    starts, ends = held.period
    wanted: dict[str, Any] = {
        "plan_id": held.plan.id,
        "status": held.status,
        "billing_cycle": held.cycle,
        "current_period_start": starts,
        "current_period_end": _not_before(starts, ends),
        "is_canceled": held.status == "canceled",
        "trial_ends_at": held.trial_ends_at,
        "grace_ends_at": held.grace_ends_at,
        "next_plan_id": held.next_plan.id if held.next_plan else None,
    }
    wallet = {"subscription_id": copies.wallet_id}
    known = await fetch_one(session, _KNOWN, wallet)
    if known is None or dict(known) == wanted:
        return
    await session.execute(_HOLD, wanted | wallet)
    told = SubscriptionUpdated(user_id=copies.user_id, plan=held.plan.name, status=held.status)
    publish_later(session, copies.user_id, told)


def _not_before(starts: date, ends: date | None) -> date | None:
    return None if ends is None else max(starts, ends)


async def _give(session: AsyncSession, copies: Copies, due: Due) -> bool:
    grant = Grant(
        copies.user_id,
        copies.wallet_id,
        due.kind,
        due.source_key,
        due.amount,
        due.description,
        due.expires_at,
    )
    return await give(session, grant) is not None


async def _note_brought(session: AsyncSession, copies: Copies, brought: Mapping[UUID, int]) -> None:
    """Also where nothing was given: a payment that is heard of late takes its part of what a later one had brought alone."""
    for payment in copies.payments:
        if brought[payment.id] != payment.credits_given:
            await session.execute(_BROUGHT, {"credits": brought[payment.id], "payment_id": payment.id})


async def _take_back(session: AsyncSession, copies: Copies, brought: Mapping[UUID, int]) -> None:
    """Of each refunded payment the credits that it gave, in the same proportion, down to zero; the rest is noted beside it.

    What went back with a payment before its part was known to be smaller comes again first: another payment had brought it.
    """
    due = {
        each.id: _goes_back(each, brought[each.id]) - each.taken_back - each.not_taken_back
        for each in copies.payments
    }
    for payment in copies.payments:
        if due[payment.id] < 0:
            await _give_again(session, copies, payment, -due[payment.id])
    for payment in copies.payments:
        if (credits := due[payment.id]) <= 0:
            continue
        taken = await take_back(
            session,
            copies.user_id,
            copies.wallet_id,
            credits,
            "Taken back with a payment that was refunded",
            own=own_keys(copies, payment),
            payment_id=payment.id,
        )
        noted = {"taken": taken, "spent": credits - taken, "payment_id": payment.id}
        await session.execute(_TAKEN_BACK, noted)


def _goes_back(payment: Paid, brought: int) -> int:
    """How many of the credits that a payment has brought its refund takes."""
    if payment.status == "refunded" or payment.status in _STATUS_OF_NOTHING:
        return brought
    return brought * min(payment.refunded, payment.total) // payment.total if payment.total > 0 else 0


async def _give_again(session: AsyncSession, copies: Copies, payment: Paid, credits: int) -> None:
    """What was only noted is forgotten first; what was taken lives as long as it would have, and some days at least."""
    spent = min(credits, payment.not_taken_back)
    taken = credits - spent
    if taken > 0:
        lives = {"keys": own_keys(copies, payment), "least": copies.now + timedelta(days=RETURN_DAYS)}
        expires_at = (await session.execute(_LIVES_UNTIL, lives)).scalar_one()
        # With the sum so far, which goes down: the same credits come again once.
        key = f"return:{payment.id}:{payment.taken_back}"
        words = "Was taken back with a payment that had not brought it"
        again = Grant(copies.user_id, copies.wallet_id, "return", key, taken, words, expires_at)
        await give(session, again)
    noted = {"taken": -taken, "spent": -spent, "payment_id": payment.id}
    await session.execute(_TAKEN_BACK, noted)
