"""The only code that changes a balance: the grants it consists of, their sum, and the row of the ledger that says so change in one
statement, or none of them does.

Credits have an age. What expires first is drawn first; of the same date what was given before what was paid, then the oldest.
A refund goes back into the grants it was drawn from; where one has expired meanwhile, it lives seven days more.

`TAKE` and `GIVE_BACK` are parts of others' statements, where every round trip counts.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import NotFound, PaymentRequired
from pingvas.base.events import publish_later
from pingvas.base.ids import new_id
from pingvas.base.statements import fetch, fetch_one
from pingvas.billing.events import CreditsUpdated

GrantKind = Literal["monthly", "trial", "bonus", "pack", "gift", "return"]

# How long what comes back lives where that which it was drawn from has expired.
RETURN_DAYS = 7

_ROLLOVER = "rollover:"

# What is there to be spent, in the order in which it is. Read by a statement that begins after the subscription was locked, so that
# nobody else is drawing; a grant that expired since is for the next transaction to see, as `now()` stands still in this one.
_OPEN = """SELECT id, remaining, SUM(remaining) OVER (
                   ORDER BY expires_at NULLS LAST, kind IN ('monthly', 'pack'), starts_at, id) - remaining AS before
          FROM credit_grants
         WHERE subscription_id = :subscription_id AND is_open AND (expires_at IS NULL OR expires_at > now())"""
# The time is read after the balance was moved, which locks its row (clock_timestamp, not now), so that the postings of one
# wallet are in the order of their times.
_LEDGER_ROW = """INSERT INTO credit_transactions (id, user_id, subscription_id, job_id, transaction_type, amount,
                                         balance_after, description, metadata, created_at)"""
_GIVE = text(f"""
    WITH given AS (
        INSERT INTO credit_grants (id, user_id, subscription_id, kind, source_key, amount, remaining, expires_at)
        SELECT CAST(:grant_id AS uuid), CAST(:user_id AS uuid), id, CAST(:kind AS text), CAST(:source_key AS text),
               CAST(:amount AS integer), :amount, CAST(:expires_at AS timestamptz)
          FROM subscriptions WHERE id = :subscription_id
        ON CONFLICT (source_key) DO NOTHING
        RETURNING id, expires_at
    ), moved AS (
        UPDATE subscriptions
           SET remaining_credits = remaining_credits + :amount,
               credits_expire_at = LEAST(credits_expire_at, given.expires_at)
          FROM given WHERE subscriptions.id = :subscription_id
        RETURNING remaining_credits
    )
    {_LEDGER_ROW}
    SELECT :id, CAST(:user_id AS uuid), :subscription_id, NULL,
           CASE WHEN :kind IN ('monthly', 'pack') THEN 'grant' ELSE 'bonus' END, :amount, moved.remaining_credits,
           :description, jsonb_build_object('grant', :grant_id), clock_timestamp()
      FROM moved
    RETURNING balance_after, transaction_type
""")  # noqa: S608 - our own constants
_DRAW = text(f"""
    WITH open AS MATERIALIZED (
        {_OPEN}
    ), moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits - :amount
         WHERE id = :subscription_id AND (SELECT SUM(remaining) FROM open) >= :amount
        RETURNING remaining_credits
    ), drawn AS (
        UPDATE credit_grants AS kept SET remaining = kept.remaining - LEAST(open.remaining, :amount - open.before)
          FROM open, moved WHERE kept.id = open.id AND open.before < :amount
    )
    {_LEDGER_ROW}
    SELECT :id, CAST(:user_id AS uuid), :subscription_id, NULL, 'consume', -:amount, moved.remaining_credits, :description,
           jsonb_build_object('from', (
               SELECT jsonb_agg(jsonb_build_array(open.id, LEAST(open.remaining, :amount - open.before)) ORDER BY open.before)
                 FROM open WHERE open.before < :amount)),
           clock_timestamp()
      FROM moved
    RETURNING balance_after
""")  # noqa: S608 - our own constants
_TAKE_BACK = text(f"""
    WITH open AS MATERIALIZED (
        SELECT id, remaining, SUM(remaining) OVER (
                   ORDER BY source_key = ANY(CAST(:own AS text[])) DESC, expires_at NULLS LAST, starts_at, id) - remaining AS before
          FROM credit_grants
         WHERE subscription_id = :subscription_id AND is_open AND (expires_at IS NULL OR expires_at > now())
    ), due AS MATERIALIZED (
        SELECT LEAST(:amount, COALESCE(SUM(remaining), 0)) AS credits FROM open
    ), moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits - due.credits
          FROM due WHERE subscriptions.id = :subscription_id AND due.credits > 0
        RETURNING remaining_credits, due.credits
    ), drawn AS (
        UPDATE credit_grants AS kept SET remaining = kept.remaining - LEAST(open.remaining, moved.credits - open.before)
          FROM open, moved WHERE kept.id = open.id AND open.before < moved.credits
    )
    {_LEDGER_ROW}
    SELECT :id, CAST(:user_id AS uuid), :subscription_id, NULL, 'consume', -moved.credits, moved.remaining_credits, :description,
           CAST(:metadata AS jsonb) || jsonb_build_object('from', (
               SELECT jsonb_agg(jsonb_build_array(open.id, LEAST(open.remaining, moved.credits - open.before)) ORDER BY open.before)
                 FROM open WHERE open.before < moved.credits)),
           clock_timestamp()
      FROM moved
    RETURNING -amount AS taken, balance_after
""")  # noqa: S608 - our own constants
_EXPIRED = text("""
    SELECT credit.id, credit.user_id, credit.kind, credit.source_key, credit.remaining, credit.expires_at,
           (credit.expires_at AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' AS kept_until, now() AS now,
           plan.rollover_credits
      FROM credit_grants AS credit JOIN subscriptions AS held ON held.id = credit.subscription_id
      JOIN subscription_plans AS plan ON plan.id = held.plan_id
     WHERE credit.subscription_id = :subscription_id AND credit.is_open AND credit.expires_at <= now()
     ORDER BY credit.expires_at, credit.id
""")
_EXPIRE = text(f"""
    WITH emptied AS (
        UPDATE credit_grants SET remaining = 0 WHERE id = :grant_id
    ), moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits - :amount WHERE id = :subscription_id
        RETURNING remaining_credits
    )
    {_LEDGER_ROW}
    SELECT :id, CAST(:user_id AS uuid), :subscription_id, NULL, 'expire', -:amount, moved.remaining_credits, :description,
           jsonb_build_object('from', jsonb_build_array(jsonb_build_array(:grant_id, :amount))), clock_timestamp()
      FROM moved
    RETURNING balance_after
""")  # noqa: S608 - our own constants
_NEXT_EXPIRY = text("""
    UPDATE subscriptions
       SET credits_expire_at = (SELECT MIN(expires_at) FROM credit_grants WHERE subscription_id = subscriptions.id AND is_open)
     WHERE id = :subscription_id
""")
# Drawing as a part of the statement that puts jobs into the queue: `held`, of job_id, posting_id and place (from 1 on), is what it
# made; `:credits` are taken from `:subscription_id` for each. `posted` is empty when they are not there. The caller has
# locked the subscription, and so taken away what had expired.
TAKE = f"""
    open AS MATERIALIZED (
        {_OPEN}
    ), moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits - :credits * made.jobs
          FROM (SELECT count(*) AS jobs FROM held) AS made
         WHERE id = :subscription_id AND made.jobs > 0 AND remaining_credits >= :credits * made.jobs
        RETURNING remaining_credits, made.jobs
    ), drawn AS (
        UPDATE credit_grants AS kept
           SET remaining = kept.remaining - LEAST(open.remaining, :credits * moved.jobs - open.before)
          FROM open, moved WHERE kept.id = open.id AND open.before < :credits * moved.jobs
    ), posted AS (
        {_LEDGER_ROW}
        SELECT held.posting_id, :user_id, :subscription_id, held.job_id, 'consume', -:credits,
               moved.remaining_credits + :credits * (moved.jobs - held.place), :posting,
               CAST(:posting_metadata AS jsonb) || jsonb_build_object('from', (
                   SELECT jsonb_agg(jsonb_build_array(open.id,
                              LEAST(open.before + open.remaining, :credits * held.place)
                              - GREATEST(open.before, :credits * (held.place - 1))) ORDER BY open.before)
                     FROM open
                    WHERE open.before < :credits * held.place AND open.before + open.remaining > :credits * (held.place - 1))),
               clock_timestamp()
          FROM moved, held ORDER BY held.place
        RETURNING balance_after
    )
"""  # noqa: S608 - our own constants
# And of the one that ends jobs: `ended`, of id and user_id, are those that ended; `ending`, of id, wallet_id, returned,
# posting_id and posting, says how many credits each brings back, and to which wallet. What was drawn last comes back first.
GIVE_BACK = f"""
    back AS MATERIALIZED (
        SELECT ending.*, ended.user_id FROM ending JOIN ended USING (id)
         WHERE ending.returned > 0 AND ending.wallet_id IS NOT NULL
    ), paid AS MATERIALIZED (
        SELECT back.id, back.user_id, back.wallet_id, CAST(part.value ->> 0 AS uuid) AS grant_id,
               CAST(part.value ->> 1 AS integer) AS credits,
               back.returned + CAST(part.value ->> 1 AS integer) - SUM(CAST(part.value ->> 1 AS integer))
                   OVER (PARTITION BY back.id ORDER BY part.ordinality DESC) AS still
          FROM back LEFT JOIN credit_transactions AS taken ON taken.job_id = back.id AND taken.transaction_type = 'consume'
         CROSS JOIN LATERAL jsonb_array_elements(
                   -- before credits had an age nobody noted where they came from
                   COALESCE(taken.metadata -> 'from', jsonb_build_array(jsonb_build_array(NULL, back.returned)))
               ) WITH ORDINALITY AS part
    ), due AS MATERIALIZED (
        SELECT id, user_id, wallet_id, grant_id, LEAST(credits, still) AS credits FROM paid WHERE still > 0
    ), refilled AS (
        UPDATE credit_grants AS kept SET remaining = kept.remaining + due.credits
          FROM (SELECT grant_id, SUM(credits) AS credits FROM due GROUP BY grant_id) AS due
         WHERE kept.id = due.grant_id AND (kept.expires_at IS NULL OR kept.expires_at > now())
        RETURNING kept.id, kept.subscription_id, kept.expires_at
    ), given_anew AS (
        INSERT INTO credit_grants (id, user_id, subscription_id, kind, source_key, amount, remaining, expires_at)
        SELECT gen_random_uuid(), user_id, wallet_id, 'return', 'return:' || due.id, SUM(credits), SUM(credits),
               CASE WHEN bool_or(grant_id IS NOT NULL) THEN clock_timestamp() + interval '{RETURN_DAYS} days' END
          FROM due WHERE grant_id IS NULL OR grant_id NOT IN (SELECT id FROM refilled)
         GROUP BY due.id, user_id, wallet_id
        RETURNING id, subscription_id, expires_at
    ), moved AS (
        UPDATE subscriptions
           SET remaining_credits = remaining_credits
               + (SELECT SUM(returned) FROM back WHERE back.wallet_id = subscriptions.id),
               credits_expire_at = LEAST(credits_expire_at, (
                   SELECT MIN(expires_at)
                     FROM (SELECT subscription_id, expires_at FROM refilled
                           UNION ALL SELECT subscription_id, expires_at FROM given_anew) AS filled
                    WHERE filled.subscription_id = subscriptions.id))
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
_GIVEN = text("SELECT 1 FROM credit_grants WHERE source_key = :source_key")


class InsufficientCredits(PaymentRequired):
    code = "insufficient_credits"
    default_detail = "There are not enough credits left for this."


class NoSuchWallet(NotFound):
    default_detail = "The subscription these credits belong to is gone."


@dataclass(frozen=True)
class Grant:
    """Credits that somebody gets. `source_key` says for what: with the same key they come once, however often they are given.

    `expires_at=None`: never. Shown in the ledger as `grant` where they are paid for, else as `bonus`.
    """

    user_id: UUID | None
    subscription_id: UUID
    kind: GrantKind
    source_key: str
    amount: int
    description: str
    expires_at: datetime | None = None


async def give(session: AsyncSession, grant: Grant) -> int | None:
    """The new balance; None where these were given before. Raises NoSuchWallet."""
    row = {
        **grant.__dict__,
        "id": new_id(),
        "grant_id": new_id(),
    }
    given = await fetch_one(session, _GIVE, row)
    if given is None:
        if await session.scalar(_GIVEN, {"source_key": grant.source_key}) is None:
            raise NoSuchWallet
        return None
    balance: int = given.balance_after
    tell_balance(session, grant.user_id, balance, change=grant.amount, reason=given.transaction_type)
    return balance


async def draw(
    session: AsyncSession, user_id: UUID | None, subscription_id: UUID, amount: int, description: str
) -> int:
    """Take credits away for what is no job; the new balance. The caller has locked the subscription. Raises InsufficientCredits and
    NoSuchWallet."""
    row = {
        "id": new_id(),
        "user_id": user_id,
        "subscription_id": subscription_id,
        "amount": amount,
        "description": description,
    }
    drawn = await fetch_one(session, _DRAW, row)
    if drawn is None:
        left = await session.scalar(_BALANCE, {"subscription_id": subscription_id})
        if left is None:
            raise NoSuchWallet
        raise InsufficientCredits(
            f"This costs {amount} credits and {left} are left.", extra={"required": amount, "balance": left}
        )
    balance: int = drawn.balance_after
    tell_balance(session, user_id, balance, change=-amount, reason="consume")
    return balance


async def take_back(
    session: AsyncSession,
    user_id: UUID | None,
    subscription_id: UUID,
    amount: int,
    description: str,
    *,
    own: Collection[str],
    payment_id: UUID,
) -> int:
    """Take back what was given for a payment that was refunded, down to zero at most; how many credits it were.

    What is left of its `own` grants (source keys) goes first, then the rest. The caller has locked the subscription.
    """
    row = {
        "id": new_id(),
        "user_id": user_id,
        "subscription_id": subscription_id,
        "amount": amount,
        "description": description,
        "own": list(own),
        "metadata": json.dumps({"payment": str(payment_id)}),
    }
    taken = await fetch_one(session, _TAKE_BACK, row)
    if taken is None:
        return 0
    credits: int = taken.taken
    tell_balance(session, user_id, taken.balance_after, change=-credits, reason="consume")
    return credits


async def expire(session: AsyncSession, subscription_id: UUID) -> int:
    """Take away what has expired; how many credits. The caller has locked the subscription.

    Of a month's credits as many come back for one month more as the plan keeps, once.
    """
    wallet = {"subscription_id": subscription_id}
    taken = 0
    kept: dict[datetime, int] = {}
    for due in await fetch(session, _EXPIRED, wallet):
        row = {
            **wallet,
            "id": new_id(),
            "grant_id": due.id,
            "user_id": due.user_id,
            "amount": due.remaining,
            "description": "Credits that were not used in their time",
        }
        posted = await fetch_one(session, _EXPIRE, row)
        if posted is None:
            raise NoSuchWallet
        taken += due.remaining
        tell_balance(session, due.user_id, posted.balance_after, change=-due.remaining, reason="expire")
        keeps = min(due.remaining, due.rollover_credits - kept.get(due.expires_at, 0))
        was_kept = due.source_key.startswith(_ROLLOVER)
        if due.kind == "monthly" and not was_kept and keeps > 0 and due.kept_until > due.now:
            # All grants of one month together keep that many.
            kept[due.expires_at] = kept.get(due.expires_at, 0) + keeps
            words = "Kept for one month more"
            again = Grant(
                due.user_id, subscription_id, "monthly", f"{_ROLLOVER}{due.id}", keeps, words, due.kept_until
            )
            await give(session, again)
            taken -= keeps
    await session.execute(_NEXT_EXPIRY, wallet)
    return taken


def tell_balance(
    session: AsyncSession, user_id: UUID | None, balance: int, *, change: int, reason: str
) -> None:
    """The event of a changed balance."""
    if user_id is not None:
        told = CreditsUpdated(user_id=user_id, balance=balance, change=change, reason=reason)
        publish_later(session, user_id, told)
