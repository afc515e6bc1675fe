"""Jobs that time has overtaken: back into the queue when their worker fell silent, given up after too many lost workers,
and ended when their deadline has passed."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.events import publish_later, wake_workers_later
from pingvas.generation import metrics
from pingvas.generation.events import JobQueued
from pingvas.generation.outcome.finish import Settlement, settle, tell_failed
from pingvas.generation.queue.fairness import TURN_AGAIN
from pingvas.generation.queue.slots import lock_person, promote

LOST_MESSAGE = "The workers that took this job stopped before it was done."
LATE_MESSAGE = "The job had not ended by its deadline. Try it again, or ask for less."
SLOW_MESSAGE = "The job ran longer than a job may. Ask for a smaller picture or fewer steps."

_REQUEUE = text(f"""
    WITH lapsed AS (
        SELECT id FROM generation_jobs
         WHERE status = 'processing' AND lease_expires_at < now() AND lost_attempts + 1 < :max_attempts
           FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE generation_jobs AS job
       SET status = 'queued', worker_id = NULL, lease_expires_at = NULL, started_at = NULL, not_before = NULL,
           lost_attempts = lost_attempts + 1, turn = {TURN_AGAIN}
      FROM lapsed WHERE job.id = lapsed.id
    RETURNING job.id, job.user_id, job.priority, (SELECT name FROM ai_models WHERE id = job.model_id) AS model
""")  # noqa: S608 - our own constants
_LAPSED = text("""
    SELECT id, user_id, lost_attempts + 1 >= :max_attempts AS worn_out FROM generation_jobs
     WHERE status = 'processing' AND lease_expires_at < now()
""")
_GIVE_UP = text("""
    UPDATE generation_jobs AS job
       SET status = 'failed', completed_at = clock_timestamp(), lease_expires_at = NULL,
           lost_attempts = lost_attempts + 1, actual_credits = 0, failure_code = 'worker_lost',
           error_message = :message
     WHERE id = :job_id AND status = 'processing' AND lease_expires_at < now()
    RETURNING subscription_id, estimated_credits, priority, attempt, (SELECT name FROM ai_models WHERE id = job.model_id) AS model
""")
# A worker ends what runs too long by itself; `grace` later it is taken to be stuck in a step.
_LATE = text("""
    SELECT id, user_id, status = 'processing' AND deadline_at >= now() AS slow FROM generation_jobs
     WHERE (status IN ('pending', 'queued', 'processing') AND deadline_at < now() - make_interval(secs => :grace))
        OR (status = 'processing' AND started_at < now() - make_interval(secs => :run_seconds + :grace))
""")
_END_LATE = text("""
    UPDATE generation_jobs AS job
       SET status = 'failed', completed_at = clock_timestamp(), lease_expires_at = NULL, not_before = NULL,
           actual_credits = 0, failure_code = 'timeout', error_message = :message
     WHERE id = :job_id AND status IN ('pending', 'queued', 'processing')
       AND (deadline_at < now() OR started_at < now() - make_interval(secs => :run_seconds))
    RETURNING subscription_id, estimated_credits, priority, attempt, (SELECT name FROM ai_models WHERE id = job.model_id) AS model
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
    async with database.read() as session:
        lapsed = (await session.execute(_LAPSED, {"max_attempts": max_attempts})).all()
    requeued = failed = 0
    if not all(job.worn_out for job in lapsed):
        async with database.transaction() as session:
            requeued = await _requeue(session, max_attempts)
    for job in filter(lambda job: job.worn_out, lapsed):
        async with database.transaction() as session:
            failed += await _give_up(session, job)
    return Swept(requeued, failed)


async def _requeue(session: AsyncSession, max_attempts: int) -> int:
    jobs = (await session.execute(_REQUEUE, {"max_attempts": max_attempts})).all()
    for job in jobs:
        publish_later(session, job.user_id, JobQueued(job_id=job.id))
        metrics.lapsed(session, priority=job.priority, model=job.model)
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
    metrics.lapsed(session, priority=ended.priority, model=ended.model)
    metrics.ended_unpaid(session, ended, outcome="failed", code="worker_lost")
    await promote(session, person)
    tell_failed(session, job_id, job.user_id, code="worker_lost", message=LOST_MESSAGE, refunded=held)
    return True


async def sweep_deadlines(database: Database, *, run_seconds: float, grace_seconds: float = 30.0) -> int:
    """Fail, with `timeout` and all credits back, what has not ended by its deadline, and what has been running for more
    than `run_seconds`; how many. The grace is for the workers, which end such jobs themselves and better.

    Any number of processes may sweep at once.
    """
    row = {"run_seconds": run_seconds, "grace": grace_seconds}
    async with database.read() as session:
        late = (await session.execute(_LATE, row)).all()
    ended = 0
    for job in late:
        async with database.transaction() as session:
            ended += await _end_late(session, job, run_seconds)
    return ended


async def _end_late(session: AsyncSession, job: Any, run_seconds: float) -> bool:
    person = await lock_person(session, job.user_id)
    message = SLOW_MESSAGE if job.slow else LATE_MESSAGE
    row = {"job_id": job.id, "run_seconds": run_seconds, "message": message}
    ended = (await session.execute(_END_LATE, row)).one_or_none()
    if ended is None:
        return False
    held = ended.estimated_credits
    await settle(session, Settlement(job.id, job.user_id, ended.subscription_id, held, 0, "timeout"))
    metrics.ended_unpaid(session, ended, outcome="failed", code="timeout")
    await promote(session, person)
    tell_failed(session, job.id, job.user_id, code="timeout", message=message, refunded=held)
    return True
