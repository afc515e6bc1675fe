"""What is kept of a job once it has ended: its previews for hours, its steps for days, the job itself for as long as its
image is kept, and for weeks where there is none. What it cost stays in the ledger, which loses the job's id alone.

Rows are found by age through their ids, which sort by time, and go in batches, so that no transaction lasts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, TextClause, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.ids import first_id_of
from pingvas.generation.lifecycle.statements import FORGET, FORGET_WORDS
from pingvas.generation.statuses import IS_ENDED
from pingvas.generation.usage.roll_up import roll_up

BATCH = 1000
_FIRST = UUID(int=0)

_NOW = text("SELECT now()")
# Both read on from the last id of the batch before: what has to stay is looked at once.
_OLD_STEPS = text(f"""
    SELECT step.id, job.{IS_ENDED} AS ended
      FROM (SELECT id, job_id FROM generation_steps WHERE id > :after AND id < :before ORDER BY id LIMIT :limit) AS step
      JOIN generation_jobs AS job ON job.id = step.job_id
     ORDER BY step.id
""")  # noqa: S608 - our own constants
_OLD_PREVIEWS = text(f"""
    SELECT step.id, job.{IS_ENDED} AS ended
      FROM (SELECT id, job_id FROM generation_steps
             WHERE preview_url IS NOT NULL AND id > :after AND id < :before ORDER BY id LIMIT :limit) AS step
      JOIN generation_jobs AS job ON job.id = step.job_id
     ORDER BY step.id
""")  # noqa: S608 - our own constants
_OLD_JOBS = text(f"""
    SELECT job.id, job.{IS_ENDED} AND image.id IS NULL AS ended
      FROM (SELECT id, status FROM generation_jobs WHERE id > :after AND id < :before ORDER BY id LIMIT :limit) AS job
      LEFT JOIN images AS image ON image.job_id = job.id
     ORDER BY job.id
""")  # noqa: S608 - our own constants
# A trigger writes down the keys of their previews, for the chore that deletes stored objects.
_FORGET = text("DELETE FROM generation_steps WHERE id = ANY(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_DROP_PREVIEWS = text("""
    WITH shown AS (
        SELECT id, preview_url FROM generation_steps WHERE id = ANY(:ids) AND preview_url IS NOT NULL FOR UPDATE
    ), dropped AS (
        UPDATE generation_steps AS step SET preview_url = NULL FROM shown WHERE step.id = shown.id
        RETURNING shown.preview_url
    )
    INSERT INTO storage_deletions (key, reason) SELECT preview_url, 'preview of an ended job' FROM dropped
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def forget_words(session: AsyncSession, user_id: UUID) -> None:
    """Of somebody who leaves: what they asked for and were told goes from their jobs, whose figures are kept."""
    await session.execute(FORGET_WORDS, {"user_id": user_id})


async def forget_steps(database: Database, keep: timedelta) -> int:
    """Delete the steps of ended jobs that are older than `keep`; how many. Their previews go with them."""
    return await _sweep(database, _OLD_STEPS, _FORGET, keep)


async def drop_previews(database: Database, keep: timedelta) -> int:
    """Give the previews of ended jobs that are older than `keep` to the storage's clean-up; how many."""
    return await _sweep(database, _OLD_PREVIEWS, _DROP_PREVIEWS, keep)


async def forget_jobs(database: Database, keep: timedelta) -> int:
    """Delete the ended jobs that were asked for longer than `keep` ago and have no image; how many. Their steps go too. What they used is
    counted before."""
    await roll_up(database)
    return await _sweep(database, _OLD_JOBS, FORGET, keep)


async def _sweep(database: Database, find: TextClause, remove: TextClause, keep: timedelta) -> int:
    before = first_id_of(await _now(database) - keep)
    after, removed = _FIRST, 0
    while True:
        async with database.transaction() as session:
            row = {"after": after, "before": before, "limit": BATCH}
            found = (await session.execute(find, row)).all()
            removed += await _remove(session, remove, [step.id for step in found if step.ended])
        if len(found) < BATCH:
            return removed
        after = found[-1].id


async def _remove(session: AsyncSession, remove: TextClause, ids: Sequence[UUID]) -> int:
    if ids:
        await session.execute(remove, {"ids": list(ids)})
    return len(ids)


async def _now(database: Database) -> datetime:
    """By the database's clock, like every time in it."""
    async with database.read() as session:
        now: datetime = (await session.execute(_NOW)).scalar_one()
    return now
