"""Jobs whose worker fell silent: back into the queue, and given up after `max_attempts` lost workers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.events import publish_later, wake_workers_later
from pingvas.generation.finish import Settlement, settle, tell_failed
from pingvas.generation.slots import lock_person, promote

LOST_MESSAGE = "The workers that took this job stopped before it was done."

_REQUEUE = text("""
    WITH lapsed AS (
        SELECT id FROM generation_jobs
         WHERE status = 'processing' AND lease_expires_at < now() AND lost_attempts + 1 < :max_attempts
           FOR UPDATE SKIP LOCKED
    )
    UPDATE generation_jobs AS job
       SET status = 'queued', worker_id = NULL, lease_expires_at = NULL, started_at = NULL, not_before = NULL,
           lost_attempts = lost_attempts + 1
      FROM lapsed WHERE job.id = lapsed.id
    RETURNING job.id, job.user_id
""")
_WORN_OUT = text("""
    SELECT id, user_id FROM generation_jobs
     WHERE status = 'processing' AND lease_expires_at < now() AND lost_attempts + 1 >= :max_attempts
""")
_GIVE_UP = text("""
    UPDATE generation_jobs
       SET status = 'failed', completed_at = clock_timestamp(), lease_expires_at = NULL,
           lost_attempts = lost_attempts + 1, actual_credits = 0, failure_code = 'worker_lost',
           error_message = :message
     WHERE id = :job_id AND status = 'processing' AND lease_expires_at < now()
    RETURNING subscription_id, estimated_credits
""")


@dataclass(frozen=True)
class Swept:
    """What one sweep did."""

    requeued: int
    failed: int


async def sweep_leases(database: Database, *, max_attempts: int) -> Swept:
    """Requeue every job whose lease lapsed; fail, with `worker_lost` and all credits back, those that lapsed too often.

    Any number of processes may sweep at once.
    """
    async with database.transaction() as session:
        requeued = await _requeue(session, max_attempts)
    async with database.read() as session:
        worn_out = (await session.execute(_WORN_OUT, {"max_attempts": max_attempts})).all()
    failed = 0
    for job in worn_out:
        async with database.transaction() as session:
            failed += await _give_up(session, job)
    return Swept(requeued, failed)


async def _requeue(session: AsyncSession, max_attempts: int) -> int:
    jobs = (await session.execute(_REQUEUE, {"max_attempts": max_attempts})).all()
    for job in jobs:
        publish_later(session, "job:queued", job.user_id, {"job_id": str(job.id)})
        wake_workers_later(session)
    return len(jobs)


async def _give_up(session: AsyncSession, job: Any) -> bool:
    job_id: UUID = job.id
    person = await lock_person(session, job.user_id)
    ended = (await session.execute(_GIVE_UP, {"job_id": job_id, "message": LOST_MESSAGE})).one_or_none()
    if ended is None:
        return False
    held = ended.estimated_credits
    await settle(session, Settlement(job_id, job.user_id, ended.subscription_id, held, 0, "worker_lost"))
    await promote(session, person)
    tell_failed(session, job_id, job.user_id, code="worker_lost", message=LOST_MESSAGE, refunded=held)
    return True
