"""Adding up the jobs that have ended, each exactly once: what has been counted is in `usage_days`, what ended since is read from the
jobs themselves.

`usage_rolled_up` says where one ends and the other begins. It moves only past what can no longer change: a job's end is timed
while its transaction runs, and may be seen later than one that was timed after it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.ids import first_id_of
from pingvas.base.statements import fetch_one
from pingvas.generation.statuses import IS_OPEN

NO_KEY: Final = UUID(int=0)
"""In place of an API key's id, where a person asked by themselves."""

# Ids are made by the clocks of other hosts, and their rows seen when their transactions have ended.
_CLOCKS = timedelta(hours=1)
# How often, and how long, ends that are being written are waited for.
_LOOKS, _PAUSE = 50, 0.1

# What was asked for first among what is open: an inner query, so that nobody looks for it along all ids there are.
_MARK = text(f"""
    WITH open AS MATERIALIZED (
        SELECT id FROM generation_jobs WHERE {IS_OPEN}
    )
    SELECT clock_timestamp() AS mark, (SELECT id FROM open ORDER BY id LIMIT 1) AS oldest
""")  # noqa: S608 - our own constants
# Whoever writes an end has a transaction id, and so a lock on it, before the clock is read: once all that are held after the mark was made
# have been let go of, every end that is timed before the mark is there to be seen.
_WRITING = text("""
    SELECT CAST(held.transactionid AS text)
      FROM pg_locks AS held JOIN pg_stat_activity AS writer ON writer.pid = held.pid
     WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND writer.datname = current_database()
""")
_LOCK = text("SELECT until, from_id FROM usage_rolled_up FOR UPDATE")
_ADD = text("""
    WITH ended AS (
        SELECT user_id, CAST(completed_at AT TIME ZONE 'UTC' AS date) AS day, model_id, job_type,
               COALESCE(api_key_id, :no_key) AS api_key_id, count(*) FILTER (WHERE status = 'completed') AS completed,
               count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'canceled') AS canceled,
               COALESCE(SUM(actual_credits), 0) AS credits, COALESCE(SUM(gpu_seconds), 0) AS gpu_seconds
          FROM generation_jobs
         WHERE id >= :from_id AND completed_at >= :until AND completed_at < :mark AND user_id IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5
    ), added AS (
        INSERT INTO usage_days AS kept (user_id, day, model_id, job_type, api_key_id, completed, failed, canceled, credits,
                                        gpu_seconds)
        SELECT * FROM ended
        ON CONFLICT (user_id, day, model_id, job_type, api_key_id) DO UPDATE
           SET completed = kept.completed + EXCLUDED.completed, failed = kept.failed + EXCLUDED.failed,
               canceled = kept.canceled + EXCLUDED.canceled, credits = kept.credits + EXCLUDED.credits,
               gpu_seconds = kept.gpu_seconds + EXCLUDED.gpu_seconds
    ), moved AS (
        UPDATE usage_rolled_up SET until = :mark, from_id = :next_from_id
    )
    SELECT COALESCE(SUM(completed + failed + canceled), 0) AS jobs FROM ended
""")
_HOLD = text("SELECT until FROM usage_rolled_up FOR SHARE")
_TAKE_OFF = text("""
    UPDATE usage_days SET credits = credits - :credits
     WHERE user_id = :user_id AND day = CAST(CAST(:ended_at AS timestamptz) AT TIME ZONE 'UTC' AS date)
       AND model_id = :model_id AND job_type = :job_type AND api_key_id = COALESCE(CAST(:api_key_id AS uuid), :no_key)
""")


async def roll_up(database: Database) -> int:
    """Count what has ended since the last time; how many jobs. Nothing, while an end from before has not been written."""
    async with database.read() as session:
        row = (await session.execute(_MARK)).one()
        writing = set(await session.scalars(_WRITING))
    for _ in range(_LOOKS):
        if not writing:
            break
        await asyncio.sleep(_PAUSE)
        async with database.read() as session:
            writing &= set(await session.scalars(_WRITING))
    if writing:
        return 0  # a long one: the next turn
    sure = first_id_of(row.mark - _CLOCKS)
    async with database.transaction() as session:
        rolled = (await session.execute(_LOCK)).one()
        if rolled.until >= row.mark:
            return 0  # another process was quicker
        values = {
            "from_id": rolled.from_id,
            "until": rolled.until,
            "mark": row.mark,
            "next_from_id": sure if row.oldest is None else min(sure, UUID(str(row.oldest))),
            "no_key": NO_KEY,
        }
        added = await fetch_one(session, _ADD, values)
    assert added is not None  # noqa: S101 - a sum has one row
    return int(added.jobs)


async def take_off(
    session: AsyncSession,
    user_id: UUID,
    *,
    ended_at: datetime,
    model_id: UUID,
    job_type: str,
    api_key_id: UUID | None,
    credits: int,
) -> None:
    """A job costs so much less than when it ended. Where it is counted already that is put right; the job's own row is the caller's to change,
    in this transaction: nobody counts meanwhile."""
    until = await session.scalar(_HOLD)
    if ended_at >= until:
        return
    values = {
        "user_id": user_id,
        "ended_at": ended_at,
        "model_id": model_id,
        "job_type": job_type,
        "api_key_id": api_key_id,
        "credits": credits,
        "no_key": NO_KEY,
    }
    await session.execute(_TAKE_OFF, values)
