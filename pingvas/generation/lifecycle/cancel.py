"""Taking jobs back: at once while they wait, within a step while they run. Any number of jobs takes four statements."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import NotFound
from pingvas.base.statements import Row, fetch, fetch_one
from pingvas.generation.lifecycle.claims import OpenJob
from pingvas.generation.lifecycle.ends import End, end_locked, lock_people
from pingvas.generation.lifecycle.statements import ASK_TO_STOP, LOCK_ALL_OPEN, LOCK_ONE
from pingvas.generation.statuses import WAITING


async def request_cancel(session: AsyncSession, actor: Actor, job_id: UUID) -> None:
    """Cancel one of the actor's jobs. A job that ended already stays as it is. Raises NotFound.

    A waiting job ends here, with all its credits back; of a running one the worker is told, and the job ends
    when its present step does, paying for the seconds used. Where it would go back into the queue instead, it ends
    unpaid.
    """
    people = await lock_people(session, {actor.user_id})
    row = await fetch_one(session, LOCK_ONE, {"job_id": job_id, "user_id": actor.user_id})
    if row is None:
        raise NotFound("There is no such job here.")
    waiting = [row] if row.status in WAITING else []
    await end_locked(session, [End(open_job(job), "canceled", None) for job in waiting], people)
    if row.status == "processing":
        await _ask_to_stop(session, [row])


async def cancel_all(session: AsyncSession, actor: Actor) -> list[UUID]:
    """Cancel every job of the actor that has not ended; returns their ids, the newest first."""
    people = await lock_people(session, {actor.user_id})
    jobs = await fetch(session, LOCK_ALL_OPEN, {"user_id": actor.user_id})
    waiting = [job for job in jobs if job.status in WAITING]
    running = [job for job in jobs if job.status not in WAITING]
    await end_locked(session, [End(open_job(job), "canceled", None) for job in waiting], people)
    if running:
        await _ask_to_stop(session, running)
    return [job.id for job in reversed(jobs)]


def open_job(row: Row) -> OpenJob:
    """A locked row as what can end."""
    return OpenJob(
        id=row.id,
        user_id=row.user_id,
        subscription_id=row.subscription_id,
        attempt=row.attempt,
        estimated_credits=row.estimated_credits,
        plan_name=row.plan_name,
        model_name=row.model_name,
        collection_id=row.collection_id,
    )


async def _ask_to_stop(session: AsyncSession, jobs: Sequence[Row]) -> None:
    await fetch(session, ASK_TO_STOP, {"job_ids": [job.id for job in jobs]})
