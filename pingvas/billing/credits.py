"""The only code that changes a balance. Each change is one ledger row, made with the subscription's row locked.

`TAKE` and `GIVE_BACK` are parts of others' statements, where every round trip counts.
"""

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
from pingvas.billing.events import CreditsUpdated

# The balance moves and the ledger row says so, or neither. The UPDATE locks the row, and the time is read after it
# (clock_timestamp, not now), so that the postings of one wallet are in the order of their times.
_LEDGER_ROW = """INSERT INTO credit_transactions (id, user_id, subscription_id, job_id, transaction_type, amount,
                                         balance_after, description, metadata, created_at)"""
_POST = text(f"""
    WITH moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits + :amount
         WHERE id = :subscription_id AND remaining_credits + :amount >= 0
        RETURNING remaining_credits
    )
    {_LEDGER_ROW}
    SELECT :id, CAST(:user_id AS uuid), :subscription_id, CAST(:job_id AS uuid), :transaction_type, :amount,
           moved.remaining_credits, :description, CAST(:metadata AS jsonb), clock_timestamp()
      FROM moved
    RETURNING balance_after
""")  # noqa: S608 - our own constants
# The same as a part of the statement that puts jobs into the queue: `held`, of job_id, posting_id and place (from 1 on),
# is what it made; `:credits` are taken from `:subscription_id` for each. `posted` is empty when they are not there.
TAKE = f"""
    moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits - :credits * made.jobs
          FROM (SELECT count(*) AS jobs FROM held) AS made
         WHERE id = :subscription_id AND made.jobs > 0 AND remaining_credits >= :credits * made.jobs
        RETURNING remaining_credits, made.jobs
    ), posted AS (
        {_LEDGER_ROW}
        SELECT held.posting_id, :user_id, :subscription_id, held.job_id, 'consume', -:credits,
               moved.remaining_credits + :credits * (moved.jobs - held.place), :posting, CAST(:posting_metadata AS jsonb),
               clock_timestamp()
          FROM moved, held ORDER BY held.place
        RETURNING balance_after
    )
"""  # noqa: S608 - our own constants
# And of the one that ends jobs: `ended`, of id and user_id, are those that ended; `ending`, of id, wallet_id, returned,
# posting_id and posting, says how many credits each brings back, and to which wallet.
GIVE_BACK = f"""
    back AS MATERIALIZED (
        SELECT ending.*, ended.user_id FROM ending JOIN ended USING (id)
         WHERE ending.returned > 0 AND ending.wallet_id IS NOT NULL
    ), moved AS (
        UPDATE subscriptions
           SET remaining_credits = remaining_credits
               + (SELECT SUM(returned) FROM back WHERE back.wallet_id = subscriptions.id)
         WHERE id = ANY(ARRAY(SELECT wallet_id FROM back))
        RETURNING id AS wallet_id, remaining_credits
    ), posted AS (
        {_LEDGER_ROW}
        SELECT back.posting_id, back.user_id, back.wallet_id, back.id, 'refund', back.returned,
               -- what the wallet has now, without what comes after this posting
               moved.remaining_credits + back.returned - SUM(back.returned) OVER
                   (PARTITION BY back.wallet_id ORDER BY back.posting_id DESC),
               :description, back.posting, clock_timestamp()
          FROM back JOIN moved USING (wallet_id) ORDER BY back.posting_id
        RETURNING job_id AS id, balance_after
    )
"""  # noqa: S608 - our own constants
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
    tell_balance(session, posting.user_id, balance, change=posting.amount, reason=posting.transaction_type)
    return balance


def tell_balance(
    session: AsyncSession, user_id: UUID | None, balance: int, *, change: int, reason: str
) -> None:
    """The event of a changed balance."""
    if user_id is not None:
        told = CreditsUpdated(user_id=user_id, balance=balance, change=change, reason=reason)
        publish_later(session, user_id, told)
