"""Jobs that time has overtaken: back into the queue when their worker fell silent, given up after too many lost workers,
and ended when their deadline has passed or nobody wants them any more.

Any number of processes may sweep at once; what a sweep finds is looked at again under its locks.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.events import wake_workers_later
from pingvas.base.statements import Row, fetch
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.cancel import open_job
from pingvas.generation.lifecycle.ends import End, end_locked, lock_people
from pingvas.generation.lifecycle.statements import LIFT, LOCK_LAPSED, LOCK_LATE, REQUEUE_LAPSED
from pingvas.generation.statuses import IS_OPEN, IS_WAITING

LOST_MESSAGE = "The workers that took this job stopped before it was done."
LATE_MESSAGE = "The job had not ended by its deadline. Try it again, or ask for less."
SLOW_MESSAGE = "The job ran longer than a job may. Ask for a smaller picture or fewer steps."
# Ended in one transaction: its people can neither submit nor cancel while it lasts.
BATCH = 100

# `ends`: it does not wait again. A job that waits although its owner took it back comes from an older version.
_LAPSED = text(f"""
    SELECT id, user_id, lost_attempts + 1 >= :max_attempts OR cancel_requested_at IS NOT NULL AS ends
      FROM generation_jobs WHERE status = 'processing' AND lease_expires_at < now()
     UNION ALL
    SELECT id, user_id, true FROM generation_jobs WHERE {IS_WAITING} AND cancel_requested_at IS NOT NULL
""")  # noqa: S608 - our own constants
# A worker ends what runs too long by itself; `grace` later it is taken to be stuck in a step.
_LATE = text(f"""
    SELECT id, user_id FROM generation_jobs
     WHERE ({IS_OPEN} AND deadline_at < now() - make_interval(secs => :grace))
        OR (status = 'processing' AND started_at < now() - make_interval(secs => :run_seconds + :grace))
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class SweepResult:
    """What one sweep of leases did."""

    requeued: int = 0
    failed: int = 0
    canceled: int = 0


async def sweep_leases(database: Database, *, max_attempts: int) -> SweepResult:
    """Requeue every job whose lease lapsed; fail, with `worker_lost` and all credits back, those that lapsed too often;
    cancel, unpaid, those that their owner has taken back."""
    async with database.read() as session:
        found = await fetch(session, _LAPSED, {"max_attempts": max_attempts})
    requeued = 0
    if not all(job.ends for job in found):
        async with database.transaction() as session:
            requeued = await _requeue(session, max_attempts)

    async def lock(session: AsyncSession, job_ids: list[UUID]) -> list[End]:
        row = {"job_ids": job_ids, "max_attempts": max_attempts}
        return [_lapsed(job) for job in await fetch(session, LOCK_LAPSED, row)]

    ends = await _end_in_batches(database, [job for job in found if job.ends], lock)
    canceled = sum(end.status == "canceled" for end in ends)
    return SweepResult(requeued, len(ends) - canceled, canceled)


async def sweep_deadlines(database: Database, *, run_seconds: float, grace_seconds: float = 30.0) -> int:
    """Fail, with `timeout` and all credits back, what has not ended by its deadline, and what has been running for more
    than `run_seconds`; how many ended. The grace is for the workers, which end such jobs themselves and better.
    """
    async with database.read() as session:
        found = await fetch(session, _LATE, {"run_seconds": run_seconds, "grace": grace_seconds})

    async def lock(session: AsyncSession, job_ids: list[UUID]) -> list[End]:
        row = {"job_ids": job_ids, "run_seconds": run_seconds}
        return [_late(job) for job in await fetch(session, LOCK_LATE, row)]

    return len(await _end_in_batches(database, found, lock))


async def lift_stragglers(database: Database) -> int:
    """Bring to the front what fell behind the clock; how many.

    A job falls behind when its transaction commits after the clock has gone past the turn that it read, or when it
    had to wait for a time of day.
    """
    async with database.transaction() as session:
        lifted = len((await session.execute(LIFT)).all())
        if lifted:
            wake_workers_later(session)
    return lifted


async def _requeue(session: AsyncSession, max_attempts: int) -> int:
    jobs = await fetch(session, REQUEUE_LAPSED, {"max_attempts": max_attempts})
    for job in jobs:
        signals.requeued(session, job.user_id, job.id, plan=job.plan_name, model=job.model_name)
    return len(jobs)


def _lapsed(job: Row) -> End:
    lost = job.status == "processing"
    if job.canceled:
        return End(open_job(job), "canceled", None, lost=lost)
    return End(open_job(job), "failed", None, code="worker_lost", message=LOST_MESSAGE, lost=lost)


def _late(job: Row) -> End:
    if job.canceled:
        return End(open_job(job), "canceled", None)
    message = SLOW_MESSAGE if job.slow else LATE_MESSAGE
    return End(open_job(job), "failed", None, code="timeout", message=message)


async def _end_in_batches(
    database: Database,
    found: Sequence[Any],
    lock: Callable[[AsyncSession, list[UUID]], Awaitable[list[End]]],
) -> list[End]:
    """End those of the found jobs that `lock` still finds so; how they ended."""
    ended: list[End] = []
    for first in range(0, len(found), BATCH):
        batch = found[first : first + BATCH]
        async with database.transaction() as session:
            people = await lock_people(session, {job.user_id for job in batch})
            ends = await lock(session, [job.id for job in batch])
            await end_locked(session, ends, people)
        ended += ends
    return ended
