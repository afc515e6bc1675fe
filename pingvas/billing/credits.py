"""The only code that changes a balance. Each change is one ledger row, made with the subscription's row locked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import NotFound, PaymentRequired
from pingvas.base.events import publish_later
from pingvas.base.ids import new_id
from pingvas.base.statements import fetch_one

# One statement: the balance moves and the ledger row says so, or neither. The UPDATE locks the row, and the time is
# read after it (clock_timestamp, not now), so that the postings of one wallet are in the order of their times.
_POST = text("""
    WITH moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits + :amount
         WHERE id = :subscription_id AND remaining_credits + :amount >= 0
        RETURNING remaining_credits
    )
    INSERT INTO credit_transactions (id, user_id, subscription_id, job_id, transaction_type, amount,
                                     balance_after, description, metadata, created_at)
    SELECT :id, CAST(:user_id AS uuid), :subscription_id, CAST(:job_id AS uuid), :transaction_type, :amount,
           moved.remaining_credits, :description, CAST(:metadata AS jsonb), clock_timestamp()
      FROM moved
    RETURNING balance_after
""")
_BALANCE = text("SELECT remaining_credits FROM subscriptions WHERE id = :subscription_id")


class InsufficientCredits(PaymentRequired):
    code = "insufficient_credits"
    default_detail = "There are not enough credits left for this."


class NoSuchWallet(NotFound):
    default_detail = "The subscription these credits belong to is gone."


@dataclass(frozen=True)
class Posting:
    """One change of one balance. `amount` is signed: grant, bonus, refund +; consume, expire −."""

    user_id: UUID | None
    subscription_id: UUID
    transaction_type: str
    amount: int
    description: str
    job_id: UUID | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


async def post(session: AsyncSession, posting: Posting) -> int:
    """Write one posting and return the new balance. Raises InsufficientCredits when it would fall below zero."""
    row = {**posting.__dict__, "id": new_id(), "metadata": json.dumps(dict(posting.metadata))}
    posted = await fetch_one(session, _POST, row)
    if posted is None:
        left = await session.scalar(_BALANCE, {"subscription_id": posting.subscription_id})
        if left is None:
            raise NoSuchWallet
        raise InsufficientCredits(
            f"This costs {-posting.amount} credits and {left} are left.",
            extra={"required": -posting.amount, "balance": left},
        )
    balance: int = posted.balance_after
    publish_later(
        session,
        "credits:updated",
        posting.user_id,
        {"balance": balance, "change": posting.amount, "reason": posting.transaction_type},
    )
    return balance
