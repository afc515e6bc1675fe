"""Trying an ended job again: a new job, with a price of its own, that points at the old one."""

from uuid import UUID

from sqlalchemy import select

from pingvas.accounts.actor import Actor
from pingvas.base.errors import Conflict, Invalid, NotFound
from pingvas.base.read_session import ReadSession
from pingvas.generation.job_parameters import UnreadableParameters, read_parameters
from pingvas.generation.requests.job_request import JobRequest, read_request
from pingvas.generation.statuses import RETRYABLE
from pingvas.generation.tables import GenerationJob


class NotRetryable(Conflict):
    default_detail = "Only a job that failed or was canceled can be tried again."


async def get_retryable(session: ReadSession, actor: Actor, job_id: UUID) -> GenerationJob:
    """One of the actor's jobs that ended without an image. Raises NotFound and NotRetryable."""
    query = select(GenerationJob).where(GenerationJob.id == job_id, GenerationJob.user_id == actor.user_id)
    job = await session.scalar(query)
    if job is None:
        raise NotFound("There is no such job here.")
    if job.status not in RETRYABLE:
        raise NotRetryable(
            f"This job is {job.status}; only one that failed or was canceled can be tried again."
        )
    return job


def request_again(job: GenerationJob) -> JobRequest:
    """The request that asks for the same image, same seed and all. Raises Invalid when the job does not say enough."""
    try:
        asked = read_parameters(job.job_type, job.parameters).model_dump()
        return read_request({**asked, "lane": job.lane, "collection_id": job.collection_id})
    except (UnreadableParameters, Invalid) as error:
        raise Invalid(
            "This job does not say enough about itself to be tried again; ask for it anew."
        ) from error
