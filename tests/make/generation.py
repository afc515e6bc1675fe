"""Jobs in every state, made by the functions the product uses."""

from typing import Any

from harness.jobs import picture_of, wish
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.generation.outcome.finish import End, end
from pingvas.generation.queue import claims
from pingvas.generation.queue.claims import ClaimedJob
from pingvas.generation.requests import submit
from pingvas.generation.requests.job_request import UpscaleWish, Wish
from tests.make.billing import make_person
from tests.make.catalog import make_model

__all__ = [
    "WORKER",
    "claim_job",
    "complete_job",
    "make_running_job",
    "picture_of",
    "submit_jobs",
    "submit_wish",
    "wish",
]

WORKER = "worker-of-the-tests"


async def submit_jobs(database: Database, actor: Actor, **changes: Any) -> submit.Submitted:
    """Submit and commit."""
    return await submit_wish(database, actor, wish(**changes))


async def submit_wish(database: Database, actor: Actor, asked: Wish | UpscaleWish) -> submit.Submitted:
    """Submit any kind of wish, tell of it as the API does, and commit."""
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
        return await end(session, worker_id, End(job, "completed", gpu_seconds, picture_of(job)))
