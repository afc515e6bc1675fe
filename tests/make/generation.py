"""Jobs in every state, made by the functions the product uses."""

from typing import Any

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.gallery.storage_keys import image_key, thumbnail_key
from pingvas.generation.job_parameters import stored_parameters
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End, FinishedImage, end
from pingvas.generation.requests import submit
from pingvas.generation.requests.job_request import ImageRequest, JobRequest
from tests.make.billing import make_person
from tests.make.catalog import make_model

WORKER = "worker-of-the-tests"


def image_request(**changes: Any) -> ImageRequest:
    """A request for one small image by the model `toy`."""
    asked: dict[str, Any] = {"model": "toy", "prompt": "a red house at sunset", "seed": 7}
    return ImageRequest(**(asked | changes))


async def submit_jobs(database: Database, actor: Actor, **changes: Any) -> submit.Submitted:
    """Submit and commit."""
    return await submit_request(database, actor, image_request(**changes))


async def submit_request(database: Database, actor: Actor, asked: JobRequest) -> submit.Submitted:
    """Submit any kind of request, tell of it as the API does, and commit."""
    async with database.transaction() as session:
        accepted = await submit.submit(session, actor, asked)
        submit.tell_accepted(session, actor.user_id, accepted.jobs)
    return accepted


async def claim_job(database: Database, *, worker_id: str = WORKER, lease_seconds: float = 30) -> ClaimedJob:
    """Claim the next job and commit; there has to be one."""
    async with database.transaction() as session:
        (job,) = await claims.claim(session, worker_id=worker_id, lease_seconds=lease_seconds)
    return job


async def make_running_job(database: Database) -> ClaimedJob:
    """The first job of somebody new, claimed."""
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor)
    return await claim_job(database)


def finished_image_of(job: ClaimedJob) -> FinishedImage:
    """What a worker hands over when it has stored the picture."""
    image_id = new_id()
    return FinishedImage(
        image_id=image_id,
        s3_key=image_key(job.user_id, image_id, "png"),
        thumbnail_key=thumbnail_key(job.user_id, image_id),
        width=job.parameters.width,
        height=job.parameters.height,
        format="png",
        file_size=1000,
        generation_params={
            **{
                name: value
                for name, value in stored_parameters(job.parameters).items()
                if name != "visibility"
            },
            "job_type": job.job_type,
            "model": job.model_name,
            "model_version": "1",
            "engine": {"torch": "2"},
        },
    )


async def complete_job(
    database: Database, job: ClaimedJob, *, worker_id: str = WORKER, gpu_seconds: float = 1.2
) -> bool:
    """Finish a claimed job and commit."""
    async with database.transaction() as session:
        return await end(session, worker_id, End(job, "completed", gpu_seconds, finished_image_of(job)))
