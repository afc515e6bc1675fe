"""The queue is the jobs table: a worker claims with SKIP LOCKED, holds a lease, and carries the attempt as its fence.

Every later write names (job, attempt, worker); a worker whose lease lapsed and whose job went on can write nothing.
"""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later, wake_workers_later

Hold = Literal["held", "cancel_requested", "lost"]

# Statuses are literals, not parameters, so that the plan may use idx_jobs_status_priority and partial indexes.
_CLAIM = text("""
    WITH next AS (
        SELECT id FROM generation_jobs
         WHERE status = 'queued' AND (not_before IS NULL OR not_before <= now())
         ORDER BY priority DESC, queued_at
         LIMIT :limit
           FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE generation_jobs AS job
           SET status = 'processing', worker_id = :worker_id, attempt = attempt + 1, started_at = now(),
               lease_expires_at = now() + make_interval(secs => :lease_seconds), not_before = NULL
          FROM next WHERE job.id = next.id
        RETURNING job.*
    )
    SELECT claimed.id, claimed.user_id, claimed.subscription_id, claimed.attempt, claimed.job_type,
           claimed.parameters, claimed.estimated_credits, claimed.batch_id,
           model.name AS model_name, model.efs_cache_path AS model_path,
           model.s3_path AS model_origin, model.config AS model_config
      FROM claimed JOIN ai_models AS model ON model.id = claimed.model_id
     ORDER BY claimed.priority DESC, claimed.queued_at
""")
_RENEW = text("""
    UPDATE generation_jobs SET lease_expires_at = now() + make_interval(secs => :lease_seconds)
     WHERE id = :job_id AND attempt = :attempt AND worker_id = :worker_id AND status = 'processing'
    RETURNING cancel_requested_at
""")
_HAND_BACK = text("""
    UPDATE generation_jobs
       SET status = 'queued', worker_id = NULL, lease_expires_at = NULL, started_at = NULL,
           not_before = now() + make_interval(secs => :delay_seconds)
     WHERE id = :job_id AND attempt = :attempt AND worker_id = :worker_id AND status = 'processing'
    RETURNING user_id
""")


@dataclass(frozen=True)
class ClaimedJob:
    """A job in a worker's hands. `attempt` is the fence; `user_id` is None when the account was deleted.

    `model_origin` is where the model's files come from; `model_path` where they lie on this machine, if that is known.
    """

    id: UUID
    user_id: UUID | None
    subscription_id: UUID | None
    attempt: int
    job_type: str
    parameters: dict[str, Any]
    estimated_credits: int
    batch_id: UUID
    model_name: str
    model_path: str | None
    model_origin: str
    model_config: dict[str, Any]


async def claim(
    session: AsyncSession, *, worker_id: str, lease_seconds: float, limit: int = 1
) -> list[ClaimedJob]:
    """Take up to `limit` queued jobs, highest priority first, oldest first within one; jobs others hold are skipped."""
    row = {"worker_id": worker_id, "lease_seconds": lease_seconds, "limit": limit}
    jobs = [ClaimedJob(**found._mapping) for found in await session.execute(_CLAIM, row)]
    for job in jobs:
        started = {"job_id": str(job.id), "worker_id": worker_id, "total_steps": job.parameters.get("steps")}
        publish_later(session, "job:started", job.user_id, started)
    return jobs


async def renew(
    session: AsyncSession, *, worker_id: str, job_id: UUID, attempt: int, lease_seconds: float
) -> Hold:
    """Keep the lease for another `lease_seconds`, and learn whether the job is still wanted and still ours."""
    row = {"worker_id": worker_id, "job_id": job_id, "attempt": attempt, "lease_seconds": lease_seconds}
    return hold_of((await session.execute(_RENEW, row)).one_or_none())


async def hand_back(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, delay_seconds: float = 0
) -> bool:
    """Put a job back into its old place in the queue, not to be taken before `delay_seconds` from now.

    For a worker that stops or cannot store a picture: it does not count as a lost attempt. False: it was not ours.
    """
    row = {"job_id": job.id, "attempt": job.attempt, "worker_id": worker_id, "delay_seconds": delay_seconds}
    found = (await session.execute(_HAND_BACK, row)).one_or_none()
    if found is None:
        return False
    publish_later(session, "job:queued", found.user_id, {"job_id": str(job.id)})
    wake_workers_later(session)
    return True


def hold_of(row: Any) -> Hold:
    """What a fenced statement says: no row means that the job is no longer ours."""
    if row is None:
        return "lost"
    return "cancel_requested" if row.cancel_requested_at is not None else "held"
