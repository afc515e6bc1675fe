"""The queue is the jobs table: a worker claims with SKIP LOCKED, holds a lease, and carries the attempt as its fence.

Every later write names (job, attempt, worker); a worker whose lease lapsed and whose job went on can write nothing.
Who is next is decided in `queue/fairness.py`; here a worker takes from the front, as many at once as can share its
engine, and may prefer what its memory already holds, within bounds. What its owner has taken back is not taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.statements import fetch
from pingvas.generation.job_parameters import JobParameters, read_parameters
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.statements import RENEW, claim_statement

Hold = Literal["held", "cancel_requested", "lost"]


@dataclass(frozen=True)
class OpenJob:
    """A job that can end: whose it is, who paid, how much is held for it. `attempt` is the fence.

    `user_id` and `subscription_id` are None when the account was deleted. `collection_id`: where its image is to go.
    """

    id: UUID
    user_id: UUID | None
    subscription_id: UUID | None
    attempt: int
    estimated_credits: int
    plan_name: str | None
    model_name: str
    collection_id: UUID | None


@dataclass(frozen=True)
class ClaimedJob(OpenJob):
    """A job that a worker holds by a lease.

    `batch_key`: jobs with the same one may share an engine batch; None runs alone.
    `model_origin` is where the model's files come from; `model_path` where they lie on this machine, if that is known.
    """

    model_id: UUID
    lost_attempts: int
    job_type: str
    stored_parameters: dict[str, Any]
    estimated_seconds: float | None
    batch_id: UUID
    batch_key: str | None
    lane: str
    queued_at: datetime
    started_at: datetime
    deadline_at: datetime | None
    traceparent: str | None
    model_path: str | None
    model_origin: str
    model_config: dict[str, Any]
    model_tiers: list[str]

    @cached_property
    def parameters(self) -> JobParameters:
        """What is to be made. Raises UnreadableParameters, which ends this job and must not keep others from being taken."""
        return read_parameters(self.job_type, self.stored_parameters)


async def claim(
    session: AsyncSession,
    *,
    worker_id: str,
    lease_seconds: float,
    limit: int = 1,
    holds: Sequence[str] = (),
    rewind: bool = False,
) -> list[ClaimedJob]:
    """Take the next job, and up to `limit` in all that may share a batch with it; jobs that others take are skipped.

    A job of a model that `holds` names is preferred to those before it in the queue, unless one of them has been passed
    over too often. `rewind` looks behind the clock as well; a worker does so now and then, and when it finds nothing.
    """
    return await _claim(session, worker_id, lease_seconds, limit, holds=holds, rewind=rewind)


async def claim_more(
    session: AsyncSession, *, worker_id: str, lease_seconds: float, batch_key: str, limit: int
) -> list[ClaimedJob]:
    """Take up to `limit` jobs that may join a running batch of `batch_key`.

    None, when somebody who has been passed over too often stands in front: the batch then has to come to an end.
    """
    return await _claim(session, worker_id, lease_seconds, limit, batch_key=batch_key)


async def renew(
    session: AsyncSession, *, worker_id: str, jobs: Mapping[UUID, int], lease_seconds: float
) -> dict[UUID, Hold]:
    """Keep the leases of `jobs` (id → attempt) for another `lease_seconds`; which are still wanted and still ours."""
    row = {
        "worker_id": worker_id,
        "job_ids": list(jobs),
        "attempts": list(jobs.values()),
        "lease_seconds": lease_seconds,
    }
    held = {found.id: hold_of(found) for found in await fetch(session, RENEW, row)}
    return {job_id: held.get(job_id, "lost") for job_id in jobs}


def hold_of(row: Any) -> Hold:
    """What a fenced statement says: no row means that the job is no longer ours."""
    if row is None:
        return "lost"
    return "cancel_requested" if row.cancel_requested_at is not None else "held"


async def _claim(
    session: AsyncSession,
    worker_id: str,
    lease_seconds: float,
    limit: int,
    *,
    holds: Sequence[str] = (),
    rewind: bool = False,
    batch_key: str | None = None,
) -> list[ClaimedJob]:
    row = {
        "worker_id": worker_id,
        "lease_seconds": lease_seconds,
        "holds": list(holds),
        "rewind": rewind,
        "key": batch_key,
    }
    jobs = []
    for found in await fetch(session, claim_statement(limit), row):
        facts: dict[str, Any] = dict(found)
        del facts["ticks"], facts["soon"]  # selected only so that they are run
        jobs.append(ClaimedJob(**facts))
    for job in jobs:
        signals.claimed(
            session,
            job.user_id,
            job.id,
            worker_id=worker_id,
            total_steps=job.stored_parameters.get("steps"),
            waited_seconds=(job.started_at - job.queued_at).total_seconds(),
            plan=job.plan_name,
            model=job.model_name,
        )
    return jobs
