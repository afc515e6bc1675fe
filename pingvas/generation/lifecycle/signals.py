"""What is told of a job's life: the event for its owner's devices, the count for operators, the call to the workers.

Each is told once the transaction has committed. Nothing else publishes `job:*` events.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import Resync, publish_later, wake_workers_later
from pingvas.generation import metrics
from pingvas.generation.events import (
    ImagePayload,
    JobCanceled,
    JobCompleted,
    JobFailed,
    JobPending,
    JobProgress,
    JobQueued,
    JobStarted,
)

# Of one person's jobs that are canceled together, so many are told one by one. Of more, the devices read everything anew:
# thousands of events would be in everybody's way.
TOLD_ONE_BY_ONE = 100


def accepted(
    session: AsyncSession,
    user_id: UUID,
    job_id: UUID,
    status: str,
    *,
    position: int | None,
    eta_seconds: float | None,
) -> None:
    """A job was accepted, and waits as `pending` or `queued`."""
    kind = JobPending if status == "pending" else JobQueued
    publish_later(session, user_id, kind(job_id=job_id, position=position, eta_seconds=eta_seconds))


def promoted(
    session: AsyncSession, user_id: UUID | None, job_id: UUID, *, plan: str | None, model: str
) -> None:
    """A job got a slot."""
    _queued(session, user_id, job_id)
    metrics.promoted(session, plan=plan, model=model)


def claimed(
    session: AsyncSession,
    user_id: UUID | None,
    job_id: UUID,
    *,
    worker_id: str,
    total_steps: Any,
    waited_seconds: float,
    plan: str | None,
    model: str,
) -> None:
    """A worker took a job."""
    publish_later(session, user_id, JobStarted(job_id=job_id, worker_id=worker_id, total_steps=total_steps))
    metrics.claimed(session, plan=plan, model=model, waited_seconds=waited_seconds)


def progressed(session: AsyncSession, user_id: UUID | None, progress: JobProgress) -> None:
    """A job has done a step."""
    publish_later(session, user_id, progress)


def handed_back(
    session: AsyncSession, user_id: UUID | None, job_id: UUID, *, plan: str | None, model: str
) -> None:
    """A worker put a job back into the queue, which is no fault of the job."""
    _queued(session, user_id, job_id)
    metrics.handed_back(session, plan=plan, model=model)


def crashed(
    session: AsyncSession, user_id: UUID | None, job_id: UUID, *, plan: str | None, model: str
) -> None:
    """A job is tried again after an error nobody foresaw."""
    _queued(session, user_id, job_id)
    metrics.crashed(session, plan=plan, model=model)


def requeued(
    session: AsyncSession, user_id: UUID | None, job_id: UUID, *, plan: str | None, model: str
) -> None:
    """A lease ran out, and the job waits again."""
    _queued(session, user_id, job_id)
    metrics.lapsed(session, plan=plan, model=model)


def completed(
    session: AsyncSession, user_id: UUID | None, job_id: UUID, *, image: ImagePayload, charged: int
) -> None:
    """A job's image is there."""
    publish_later(session, user_id, JobCompleted(job_id=job_id, image=image, actual_credits=charged))


def failed(
    session: AsyncSession, user_id: UUID | None, job_id: UUID, *, code: str, message: str, refunded: int
) -> None:
    """A job failed, and costs nothing."""
    told = JobFailed(job_id=job_id, code=code, message=message, refunded_credits=refunded)
    publish_later(session, user_id, told)


def canceled(session: AsyncSession, user_id: UUID | None, refunded: Mapping[UUID, int]) -> None:
    """Jobs of one person were canceled, and this is what came back for each."""
    if len(refunded) > TOLD_ONE_BY_ONE:
        publish_later(session, user_id, Resync())
        return
    for job_id, credits in refunded.items():
        publish_later(session, user_id, JobCanceled(job_id=job_id, refunded_credits=credits))


def _queued(session: AsyncSession, user_id: UUID | None, job_id: UUID) -> None:
    publish_later(session, user_id, JobQueued(job_id=job_id))
    wake_workers_later(session)
