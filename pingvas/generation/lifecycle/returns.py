"""How a job goes back into the queue before its time: handed back by its worker, or tried again after a crash.

A job whose owner has asked for it to be canceled does not go back: it ends as canceled, and costs nothing.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.statements import fetch_one
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.lifecycle.slots import lock_person
from pingvas.generation.lifecycle.statements import RETURN

_IS_CANCELED = text("SELECT cancel_requested_at IS NOT NULL FROM generation_jobs WHERE id = :job_id")


async def hand_back(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, delay_seconds: float = 0
) -> bool:
    """Put a job back into its old place in the queue, not to be taken before `delay_seconds` from now.

    For a worker that stops or cannot store an image: it does not count as a lost attempt. False: it was not ours.
    """
    if await _return(session, job, worker_id, delay_seconds=delay_seconds):
        signals.handed_back(session, job.user_id, job.id, plan=job.plan_name, model=job.model_name)
        return True
    return await end(session, worker_id, End(job, "canceled"))


async def crashed(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, message: str, max_attempts: int
) -> bool:
    """Something nobody foresaw: try the job again, up to `max_attempts` lost ones, then fail it and give all back.

    False: it was not ours.
    """
    if await _return(session, job, worker_id, lost=1, max_attempts=max_attempts):
        signals.crashed(session, job.user_id, job.id, plan=job.plan_name, model=job.model_name)
        return True
    canceled = await session.scalar(_IS_CANCELED, {"job_id": job.id})
    ending = End(job, "canceled") if canceled else End(job, "failed", code="internal_error", message=message)
    return await end(session, worker_id, ending)


async def _return(
    session: AsyncSession,
    job: ClaimedJob,
    worker_id: str,
    *,
    delay_seconds: float = 0,
    lost: int = 0,
    max_attempts: int = 0,
) -> bool:
    """Whether the job waits again. The person is locked first, as for an end, which may follow; so nobody asks for the
    job to be canceled in between."""
    await lock_person(session, job.user_id)
    row = {
        "job_id": job.id,
        "attempt": job.attempt,
        "worker_id": worker_id,
        "delay_seconds": delay_seconds,
        "lost": lost,
        "max_attempts": max_attempts,
    }
    return await fetch_one(session, RETURN, row) is not None
