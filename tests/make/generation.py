"""Jobs in every state, made by the functions the product uses."""

from typing import Any

from harness.catalog import make_model
from harness.jobs import finished_image_of, image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.requests import submit
from pingvas.generation.requests.job_request import JobRequest
from tests.make.billing import make_person

WORKER = "worker-of-the-tests"


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


async def complete_job(
    database: Database, job: ClaimedJob, *, worker_id: str = WORKER, gpu_seconds: float = 1.2
) -> bool:
    """Finish a claimed job and commit."""
    async with database.transaction() as session:
        return await end(session, worker_id, End(job, "completed", gpu_seconds, finished_image_of(job)))
