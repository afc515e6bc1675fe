"""Credits of a job that come back after it was settled, because what it made is lost. They go back where they came from."""

from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.base.statements import fetch_one
from pingvas.billing.credits import RETURN_DAYS, NoSuchWallet, tell_balance

UNDELIVERED = "The picture was lost, so it costs nothing"

# `parts`: what was drawn for the job, the last first, as refunds take it; `upto`: how much has come back when that part has. What came back
# when it was settled is passed over.
_REFUND = text(f"""
    WITH parts AS MATERIALIZED (
        SELECT CAST(part.value ->> 0 AS uuid) AS grant_id, CAST(part.value ->> 1 AS integer) AS credits,
               SUM(CAST(part.value ->> 1 AS integer)) OVER (ORDER BY part.ordinality DESC) AS upto
          FROM credit_transactions AS taken
         CROSS JOIN LATERAL jsonb_array_elements(
                   COALESCE(taken.metadata -> 'from', jsonb_build_array(jsonb_build_array(NULL, -taken.amount)))
               ) WITH ORDINALITY AS part
         WHERE taken.job_id = :job_id AND taken.transaction_type = 'consume'
    ), settled AS MATERIALIZED (
        SELECT COALESCE(SUM(amount), 0) AS back FROM credit_transactions
         WHERE job_id = :job_id AND transaction_type = 'refund'
    ), due AS MATERIALIZED (
        SELECT grant_id, LEAST(upto, back + :credits) - GREATEST(upto - credits, back) AS credits FROM parts, settled
         WHERE upto > back AND upto - credits < back + :credits
    ), refilled AS (
        UPDATE credit_grants AS kept SET remaining = kept.remaining + due.credits
          FROM (SELECT grant_id, SUM(credits) AS credits FROM due GROUP BY grant_id) AS due
         WHERE kept.id = due.grant_id AND (kept.expires_at IS NULL OR kept.expires_at > now())
        RETURNING kept.id, kept.expires_at
    ), given_anew AS (
        INSERT INTO credit_grants (id, user_id, subscription_id, kind, source_key, amount, remaining, expires_at)
        SELECT gen_random_uuid(), CAST(:user_id AS uuid), CAST(:wallet_id AS uuid), 'return',
               'return:undelivered:' || CAST(:job_id AS uuid), SUM(credits), SUM(credits),
               CASE WHEN bool_or(grant_id IS NOT NULL) THEN clock_timestamp() + interval '{RETURN_DAYS} days' END
          FROM due WHERE grant_id IS NULL OR grant_id NOT IN (SELECT id FROM refilled)
        HAVING count(*) > 0
        RETURNING expires_at
    ), moved AS (
        UPDATE subscriptions
           SET remaining_credits = remaining_credits + :credits,
               credits_expire_at = LEAST(credits_expire_at, (
                   SELECT MIN(expires_at)
                     FROM (SELECT expires_at FROM refilled UNION ALL SELECT expires_at FROM given_anew) AS filled))
         WHERE id = :wallet_id AND (SELECT SUM(credits) FROM due) = :credits
        RETURNING remaining_credits
    )
    INSERT INTO credit_transactions (id, user_id, subscription_id, job_id, transaction_type, amount, balance_after, description,
                                     metadata, created_at)
    SELECT :id, CAST(:user_id AS uuid), :wallet_id, :job_id, 'refund', :credits, moved.remaining_credits, :description,
           CAST(:metadata AS jsonb), clock_timestamp()
      FROM moved
    RETURNING balance_after
""")  # noqa: S608 - our own constants


async def refund_undelivered(
    session: AsyncSession, user_id: UUID, wallet_id: UUID, job_id: UUID, credits: int
) -> int:
    """Give back all that a settled job cost; the balance then. Once: the database refuses a second time. The caller has locked the
    subscription. Raises NoSuchWallet where the wallet, or what the job was paid with, is not there."""
    values = {
        "id": new_id(),
        "user_id": user_id,
        "wallet_id": wallet_id,
        "job_id": job_id,
        "credits": credits,
        "description": UNDELIVERED,
        "metadata": orjson.dumps({"undelivered": True, "reason": "undelivered", "charged": 0}).decode(),
    }
    posted = await fetch_one(session, _REFUND, values)
    if posted is None:
        raise NoSuchWallet
    balance: int = posted.balance_after
    tell_balance(session, user_id, balance, change=credits, reason="refund")
    return balance
