"""How a job ends: outcome, picture and settlement in one transaction, fenced by worker and attempt.

Order of locks: the person's current subscription, then the job, then the wallet that paid. Submitting and
canceling take them in the same order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.ids import new_id
from pingvas.base.statements import Row, fetch
from pingvas.billing.credits import GIVE_BACK, Posting, post, tell_balance
from pingvas.billing.subscriptions import lock_current_subscriptions
from pingvas.generation import metrics
from pingvas.generation.events import FinishedImage, JobCanceled, JobCompleted, JobFailed, JobQueued
from pingvas.generation.pricing.price import charge
from pingvas.generation.queue.claims import ClaimedJob
from pingvas.generation.queue.fairness import TURN_AGAIN
from pingvas.generation.queue.slots import PROMOTION, tell_promoted, whose_slots

Ending = Literal["completed", "failed", "canceled"]

REFUND = "Held credits that the job did not use"
# `ending` is what is to be written, `mine` what may be: each by its own fence, locked in one order, so that a renewal of
# the same leases and this never wait for each other. By the primary key, whatever the plan thought when it was made.
_END = text(f"""
    WITH ending AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(CAST(:ending AS jsonb)) AS ending
            (id uuid, attempt integer, status text, charged integer, gpu_seconds float8, code text, message text,
             wallet_id uuid, returned integer, posting_id uuid, posting jsonb, image_id uuid, s3_key text,
             thumbnail_key text, width integer, height integer, format text, file_size bigint, generation_params jsonb,
             visibility text)
    ), mine AS MATERIALIZED (
        SELECT job.id FROM (SELECT id, attempt FROM ending ORDER BY id) AS next CROSS JOIN LATERAL (
            SELECT id FROM generation_jobs
             WHERE id = next.id AND attempt = next.attempt AND worker_id = :worker_id AND lease_expires_at IS NOT NULL
               FOR NO KEY UPDATE
        ) AS job
    ), ended AS (
        UPDATE generation_jobs AS job
           SET (status, actual_credits, gpu_seconds, failure_code, error_message) =
               (SELECT status, charged, gpu_seconds, code, message FROM ending WHERE ending.id = job.id),
               completed_at = clock_timestamp(), lease_expires_at = NULL, not_before = NULL
         WHERE job.id = ANY(ARRAY(SELECT id FROM mine))
        RETURNING id, user_id, lane, EXTRACT(EPOCH FROM completed_at - started_at) AS ran_seconds
    ), kept AS (
        INSERT INTO images (id, user_id, job_id, s3_key, thumbnail_url, width, height, format, file_size,
                            generation_params, visibility)
        SELECT image_id, user_id, id, s3_key, thumbnail_key, width, height, format, file_size, generation_params,
               visibility
          FROM ending JOIN ended USING (id) WHERE image_id IS NOT NULL
        RETURNING job_id AS id, created_at
    ), slots AS (
        SELECT person.*, ended.lane, count(*) AS freed
          FROM jsonb_to_recordset(CAST(:people AS jsonb)) AS person (user_id uuid, max_queues integer, weight integer)
          JOIN ended USING (user_id)
         GROUP BY person.user_id, person.max_queues, person.weight, ended.lane
    ), {GIVE_BACK}, {PROMOTION}
    SELECT id, user_id, ran_seconds, created_at, balance_after, NULL AS priority, NULL AS model
      FROM ended LEFT JOIN kept USING (id) LEFT JOIN posted USING (id)
     UNION ALL
    SELECT id, user_id, NULL, NULL, NULL, priority, model FROM promoted
""")  # noqa: S608 - our own constants
_TRY_AGAIN = text(f"""
    UPDATE generation_jobs
       SET status = 'queued', worker_id = NULL, lease_expires_at = NULL, started_at = NULL, not_before = NULL,
           lost_attempts = lost_attempts + 1, turn = {TURN_AGAIN}
     WHERE id = :job_id AND attempt = :attempt AND worker_id = :worker_id AND lease_expires_at IS NOT NULL
       AND lost_attempts + 1 < :max_attempts
    RETURNING id
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class FinishedPicture:
    """A picture whose bytes are in storage already. URLs are signed, for the event that shows it."""

    image_id: UUID
    s3_key: str
    thumbnail_key: str
    width: int
    height: int
    format: str
    file_size: int
    generation_params: dict[str, Any]
    visibility: str = "private"
    file_url: str = ""
    thumbnail_url: str | None = None


@dataclass(frozen=True)
class End:
    """How a job ends. Only a completed one has a picture; only a failed one a code and a message."""

    job: ClaimedJob
    status: Ending
    gpu_seconds: float = 0.0
    picture: FinishedPicture | None = None
    code: str | None = None
    message: str | None = None

    @cached_property
    def charged(self) -> int:
        """Credits: what was used, never more than was quoted; what failed costs nothing."""
        if self.status == "failed":
            return 0
        return charge(gpu_seconds=self.gpu_seconds, quoted=self.job.estimated_credits)

    @property
    def returned(self) -> int:
        return self.job.estimated_credits - self.charged


@dataclass(frozen=True)
class Settlement:
    """What an ended job held, pays and gets back, in credits, and who gets it."""

    job_id: UUID
    user_id: UUID | None
    subscription_id: UUID | None
    held: int
    charged: int
    reason: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def returned(self) -> int:
        return self.held - self.charged


async def end_all(session: AsyncSession, worker_id: str, ends: Sequence[End]) -> list[bool]:
    """Write the ends of jobs that this worker has, with pictures and settlements, and let others into their slots.

    For each whether it was written. It was not when the lease was lost; nor was a picture when the person has deleted
    the account: there is nobody to keep it for, or to charge, and the stored bytes belong to nobody.
    """
    users = {end.job.user_id for end in ends if end.job.user_id is not None}
    people = await lock_current_subscriptions(session, users) if users else {}
    writing = [end if end.job.user_id in people else _without_person(end) for end in ends]
    values = {
        "worker_id": worker_id,
        "ending": _json([_row(end) for end in writing]),
        "people": _json([whose_slots(person) for person in people.values()]),
        "description": REFUND,
    }
    ended: dict[UUID, Row] = {}
    for row in await fetch(session, _END, values):
        if row.model is None:
            ended[row.id] = row
        else:
            tell_promoted(session, row.user_id, row.id, priority=row.priority, model=row.model)
    for end in writing:
        if end.job.id in ended:
            _tell_ended(session, end, ended[end.job.id])
    return [end.job.id in ended and end is written for end, written in zip(ends, writing, strict=True)]


async def end(session: AsyncSession, worker_id: str, ending: End) -> bool:
    """Write the end of one job. False: see `end_all`."""
    return all(await end_all(session, worker_id, [ending]))


async def crashed(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, message: str, max_attempts: int
) -> bool:
    """Something nobody foresaw: try the job again, up to `max_attempts` lost ones, then fail it and give all back."""
    row = {"job_id": job.id, "attempt": job.attempt, "worker_id": worker_id, "max_attempts": max_attempts}
    if (await session.execute(_TRY_AGAIN, row)).one_or_none() is not None:
        publish_later(session, job.user_id, JobQueued(job_id=job.id))
        metrics.crashed(session, priority=job.priority, model=job.model_name)
        wake_workers_later(session)
        return True
    return await end(session, worker_id, End(job, "failed", code="internal_error", message=message))


async def settle(session: AsyncSession, settlement: Settlement) -> None:
    """Give back what was held and not charged. The jobs row says the rest; the ledger takes one refund per job."""
    if settlement.returned == 0 or settlement.subscription_id is None:
        return
    await post(
        session,
        Posting(
            user_id=settlement.user_id,
            subscription_id=settlement.subscription_id,
            transaction_type="refund",
            amount=settlement.returned,
            description=REFUND,
            job_id=settlement.job_id,
            metadata={"reason": settlement.reason, "charged": settlement.charged, **settlement.metadata},
        ),
    )


def tell_failed(
    session: AsyncSession, job_id: UUID, user_id: UUID | None, *, code: str, message: str, refunded: int
) -> None:
    """The event of a failed job."""
    told = JobFailed(job_id=job_id, code=code, message=message, refunded_credits=refunded)
    publish_later(session, user_id, told)


def tell_canceled(session: AsyncSession, job_id: UUID, user_id: UUID | None, *, refunded: int) -> None:
    """The event of a canceled job."""
    publish_later(session, user_id, JobCanceled(job_id=job_id, refunded_credits=refunded))


def _without_person(end: End) -> End:
    """The end of a job whose account is gone."""
    return End(end.job, "canceled") if end.status == "completed" else end


def _row(end: End) -> dict[str, Any]:
    posting = {
        "reason": end.code or end.status,
        "charged": end.charged,
        "gpu_seconds": round(end.gpu_seconds, 3),
    }
    return {
        "id": end.job.id,
        "attempt": end.job.attempt,
        "status": end.status,
        "charged": end.charged,
        "gpu_seconds": end.gpu_seconds,
        "code": end.code,
        "message": end.message,
        "wallet_id": end.job.subscription_id,
        "returned": end.returned,
        "posting_id": new_id(),
        "posting": posting,
        **({} if end.picture is None else end.picture.__dict__),
    }


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()  # the driver's ids are of a class of its own


def _tell_ended(session: AsyncSession, end: End, row: Row) -> None:
    """Its count and its events. `row.user_id` is not the one known at claim: the account may be gone since."""
    job = end.job
    metrics.ended(
        session,
        priority=job.priority,
        model=job.model_name,
        outcome=end.status,
        code=end.code,
        attempts=job.attempt,
        ran_seconds=float(row.ran_seconds),
        gpu_seconds=end.gpu_seconds,
        charged=end.charged,
        returned=end.returned,
    )
    if row.balance_after is not None:
        tell_balance(session, row.user_id, row.balance_after, change=end.returned, reason="refund")
    if end.status == "failed":
        code, message = end.code or "", end.message or ""
        tell_failed(session, job.id, row.user_id, code=code, message=message, refunded=end.returned)
    elif end.status == "canceled":
        tell_canceled(session, job.id, row.user_id, refunded=end.returned)
    elif end.picture is not None:
        image = _finished_image(job.id, end.picture, row.created_at)
        told = JobCompleted(job_id=job.id, image=image, actual_credits=end.charged)
        publish_later(session, row.user_id, told)


def _finished_image(job_id: UUID, picture: FinishedPicture, created_at: datetime) -> FinishedImage:
    return FinishedImage(
        id=picture.image_id,
        job_id=job_id,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        file_size=picture.file_size,
        visibility=picture.visibility,
        is_favorite=False,
        tags=[],
        generation_params=picture.generation_params,
        thumbnail_url=picture.thumbnail_url,
        file_url=picture.file_url,
        created_at=created_at,
    )
