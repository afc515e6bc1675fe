"""What keys have spent: taken together with a job's credits, given back together with them.

A key's jobs are its owner's, so whoever calls holds the owner's current subscription: of two submits at once the second sees what
the first has taken, and together they never pass a cap.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, Date, Integer, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.refusals import InvalidToken
from pingvas.base.errors import PaymentRequired
from pingvas.base.statements import fetch_one

# A day is one of UTC. That of a submit is the start of its transaction, as is the `created_at` of the jobs it makes.
TODAY = "CAST(now() AT TIME ZONE 'UTC' AS date)"
_SPEND = text(f"""
    WITH key AS (
        SELECT id, total_cap, daily_cap FROM api_keys
         WHERE id = :key_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ), spent AS (
        SELECT COALESCE(SUM(credits), 0)::bigint AS total,
               COALESCE(SUM(credits) FILTER (WHERE day = {TODAY}), 0)::bigint AS today
          FROM api_key_spending WHERE api_key_id = :key_id
    ), taken AS (
        INSERT INTO api_key_spending (api_key_id, day, credits)
        SELECT key.id, {TODAY}, :credits FROM key, spent
         WHERE (key.total_cap IS NULL OR spent.total + :credits <= key.total_cap)
           AND (key.daily_cap IS NULL OR spent.today + :credits <= key.daily_cap)
        ON CONFLICT (api_key_id, day) DO UPDATE SET credits = api_key_spending.credits + EXCLUDED.credits
        RETURNING api_key_id
    )
    SELECT key.total_cap, key.daily_cap, spent.total, spent.today, (SELECT count(*) FROM taken) AS taken FROM key, spent
""").bindparams(bindparam("credits", type_=Integer))  # noqa: S608 - our own constants
_GIVE_BACK = text("""
    UPDATE api_key_spending AS spent SET credits = GREATEST(0, spent.credits - back.credits)
      FROM unnest(:key_ids, :days, :credits) AS back (key_id, day, credits)
     WHERE spent.api_key_id = back.key_id AND spent.day = back.day
""").bindparams(
    bindparam("key_ids", type_=ARRAY(Uuid)),
    bindparam("days", type_=ARRAY(Date)),
    bindparam("credits", type_=ARRAY(Integer)),
)


class KeyCapReached(PaymentRequired):
    """The key may not spend so much. `cap`, `spent` and `required` are credits; `period` is `total` or `day` (of UTC)."""

    code = "key_cap_reached"
    default_detail = "This API key has spent what it may."


async def spend(session: AsyncSession, key_id: UUID, credits: int) -> None:
    """Note that a key's jobs hold so many credits. Raises KeyCapReached, and InvalidToken for a key that works no more."""
    row = await fetch_one(session, _SPEND, {"key_id": key_id, "credits": credits})
    if row is None:
        raise InvalidToken
    if row.taken:
        return
    if row.total_cap is not None and row.total + credits > row.total_cap:
        raise _reached("total", row.total_cap, row.total, credits)
    raise _reached("day", row.daily_cap, row.today, credits)


async def give_back(session: AsyncSession, returned: Mapping[tuple[UUID, date], int]) -> None:
    """Take off what a key spent on a day: the jobs of that day cost less, or nothing."""
    await session.execute(
        _GIVE_BACK,
        {
            "key_ids": [key_id for key_id, _ in returned],
            "days": [day for _, day in returned],
            "credits": list(returned.values()),
        },
    )


def _reached(period: str, cap: int, spent: int, required: int) -> KeyCapReached:
    when = "in all" if period == "total" else "a day"
    return KeyCapReached(
        f"This API key may spend {cap} credits {when} and has spent {spent}; this costs {required}.",
        extra={"period": period, "cap": cap, "spent": spent, "required": required},
    )
