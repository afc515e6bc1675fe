"""Trying an ended job again: a new job, with a price of its own, that points at the old one."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import Conflict, NotFound
from pingvas.generation.tables import GenerationJob

RETRYABLE = ("failed", "canceled")


class NotRetryable(Conflict):
    default_detail = "Only a job that failed or was canceled can be tried again."


async def get_retryable(session: AsyncSession, actor: Actor, job_id: UUID) -> GenerationJob:
    """One of the actor's jobs that ended without a picture. Raises NotFound and NotRetryable."""
    query = select(GenerationJob).where(GenerationJob.id == job_id, GenerationJob.user_id == actor.user_id)
    job = await session.scalar(query)
    if job is None:
        raise NotFound("There is no such job here.")
    if job.status not in RETRYABLE:
        raise NotRetryable(
            f"This job is {job.status}; only one that failed or was canceled can be tried again."
        )
    return job
