"""How a job ends: outcome, picture and settlement in one transaction, fenced by worker and attempt.

Order of locks: the person's current subscription, then the job, then the wallet that paid. Submitting and
canceling take them in the same order.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.ids import new_id
from pingvas.base.statements import Row, fetch
from pingvas.billing.credits import GIVE_BACK, Posting, post, tell_balance
from pingvas.billing.subscriptions import CurrentSubscription
from pingvas.generation import metrics
from pingvas.generation.line import TURN_AGAIN
from pingvas.generation.price import charge
from pingvas.generation.queue import ClaimedJob
from pingvas.generation.slots import PROMOTION, lock_person, tell_promoted, whose_slots

Ending = Literal["completed", "failed", "canceled"]

REFUND = "Held credits that the job did not use"
# Of a deleted account no job waits for a slot.
_NOBODY = {"user_id": None, "max_queues": 0, "weight": 1}

_KEEP = """
    INSERT INTO images (id, user_id, job_id, s3_key, thumbnail_url, width, height, format, file_size, generation_params,
                        visibility)
    SELECT :image_id, ended.user_id, ended.id, :s3_key, :thumbnail_key, :width, :height, :format, :file_size,
           CAST(:params AS jsonb), :visibility
      FROM ended
    RETURNING created_at
"""
_KEEP_NOTHING = "SELECT NULL::timestamptz AS created_at WHERE false"


def _end_statement(keep: str) -> TextClause:
    """End, picture, settlement and promotion in one; the lock on the person came before it."""
    return text(f"""
    WITH ended AS (
        UPDATE generation_jobs
           SET status = :status, completed_at = clock_timestamp(), lease_expires_at = NULL, not_before = NULL,
               actual_credits = :charged, gpu_seconds = :gpu_seconds, failure_code = :code, error_message = :message
         WHERE id = :job_id AND attempt = :attempt AND worker_id = :worker_id AND lease_expires_at IS NOT NULL
        RETURNING id, user_id, lane, EXTRACT(EPOCH FROM completed_at - started_at) AS ran_seconds
    ), kept AS ({keep}), {GIVE_BACK}, {PROMOTION}
    SELECT ended.user_id, ended.ran_seconds, (SELECT created_at FROM kept) AS created_at,
           (SELECT balance_after FROM posted) AS balance, promoted.id AS promoted, promoted.priority, promoted.model
      FROM ended LEFT JOIN promoted ON true
""")  # noqa: S608 - our own constants


_END = _end_statement(_KEEP_NOTHING)
_END_WITH_PICTURE = _end_statement(_KEEP)
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
    file_url: str | None = None
    thumbnail_url: str | None = None


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


async def complete(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, gpu_seconds: float, picture: FinishedPicture
) -> bool:
    """The picture is made and stored: write its row, charge the seconds, give the rest back.

    False: the lease was lost (or the person deleted the account), so nothing was written and the stored bytes
    belong to nobody.
    """
    person = await lock_person(session, job.user_id)
    if person is None:  # the account was deleted meanwhile: nobody to keep a picture for, or to charge
        await _end(session, job, worker_id, "canceled", None, gpu_seconds=gpu_seconds, charged=0)
        return False
    charged = charge(gpu_seconds=gpu_seconds, quoted=job.estimated_credits)
    ended = await _end(
        session,
        job,
        worker_id,
        "completed",
        person,
        gpu_seconds=gpu_seconds,
        charged=charged,
        picture=picture,
    )
    if ended is None:
        return False
    publish_later(
        session,
        "job:completed",
        job.user_id,
        {"job_id": str(job.id), "image": _image_payload(job.id, picture, ended), "actual_credits": charged},
    )
    return True


async def fail(
    session: AsyncSession,
    job: ClaimedJob,
    worker_id: str,
    *,
    code: str,
    message: str,
    gpu_seconds: float = 0.0,
) -> bool:
    """The job cannot be done: it ends as failed, and every credit goes back. False: the lease was lost."""
    person = await lock_person(session, job.user_id)
    ended = await _end(
        session,
        job,
        worker_id,
        "failed",
        person,
        gpu_seconds=gpu_seconds,
        charged=0,
        code=code,
        message=message,
    )
    if ended is None:
        return False
    tell_failed(session, job.id, job.user_id, code=code, message=message, refunded=job.estimated_credits)
    return True


async def canceled(session: AsyncSession, job: ClaimedJob, worker_id: str, *, gpu_seconds: float) -> bool:
    """The person took the job back while it ran: it pays for the seconds it used. False: the lease was lost."""
    person = await lock_person(session, job.user_id)
    charged = charge(gpu_seconds=gpu_seconds, quoted=job.estimated_credits)
    ended = await _end(session, job, worker_id, "canceled", person, gpu_seconds=gpu_seconds, charged=charged)
    if ended is None:
        return False
    tell_canceled(session, job.id, job.user_id, refunded=job.estimated_credits - charged)
    return True


async def crashed(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, message: str, max_attempts: int
) -> bool:
    """Something nobody foresaw: try the job again, up to `max_attempts` lost ones, then fail it and give all back."""
    row = {"job_id": job.id, "attempt": job.attempt, "worker_id": worker_id, "max_attempts": max_attempts}
    if (await session.execute(_TRY_AGAIN, row)).one_or_none() is not None:
        publish_later(session, "job:queued", job.user_id, {"job_id": str(job.id)})
        metrics.crashed(session, priority=job.priority, model=job.model_name)
        wake_workers_later(session)
        return True
    return await fail(session, job, worker_id, code="internal_error", message=message)


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
    payload = {"job_id": str(job_id), "code": code, "message": message, "refunded_credits": refunded}
    publish_later(session, "job:failed", user_id, payload)


def tell_canceled(session: AsyncSession, job_id: UUID, user_id: UUID | None, *, refunded: int) -> None:
    """The event of a canceled job."""
    publish_later(session, "job:canceled", user_id, {"job_id": str(job_id), "refunded_credits": refunded})


async def _end(
    session: AsyncSession,
    job: ClaimedJob,
    worker_id: str,
    status: Ending,
    person: CurrentSubscription | None,
    *,
    gpu_seconds: float,
    charged: int,
    code: str | None = None,
    message: str | None = None,
    picture: FinishedPicture | None = None,
) -> Row | None:
    """Write the end of the job, with its picture and settlement, and let the next of the person into the slot.

    None, and nothing written, when the job is no longer this worker's.
    """
    returned = job.estimated_credits - charged
    reason = {"reason": code or status, "charged": charged, "gpu_seconds": round(gpu_seconds, 3)}
    values = {
        **(_NOBODY if person is None else whose_slots(person)),
        "job_id": job.id,
        "attempt": job.attempt,
        "worker_id": worker_id,
        "status": status,
        "charged": charged,
        "gpu_seconds": gpu_seconds,
        "code": code,
        "message": message,
        "subscription_id": job.subscription_id,
        "returned": returned,
        "posting_id": new_id(),
        "posting": REFUND,
        "posting_metadata": json.dumps(reason),
    }
    if picture is None:
        rows = await fetch(session, _END, values)
    else:
        kept = {**picture.__dict__, "params": json.dumps(picture.generation_params)}
        rows = await fetch(session, _END_WITH_PICTURE, values | kept)
    if not rows:
        return None
    ended = rows[0]
    metrics.ended(
        session,
        priority=job.priority,
        model=job.model_name,
        outcome=status,
        code=code,
        attempts=job.attempt,
        ran_seconds=float(ended.ran_seconds),
        gpu_seconds=gpu_seconds,
        charged=charged,
        returned=returned,
    )
    if ended.balance is not None:  # the account may be gone since the claim, and with it the one to tell
        tell_balance(session, ended.user_id, ended.balance, change=returned, reason="refund")
    for row in rows:
        if row.promoted is not None:
            tell_promoted(session, row.user_id, row.promoted, priority=row.priority, model=row.model)
    return ended


def _image_payload(job_id: UUID, picture: FinishedPicture, kept: Any) -> dict[str, Any]:
    return {
        "id": str(picture.image_id),
        "job_id": str(job_id),
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "file_size": picture.file_size,
        "visibility": picture.visibility,
        "is_favorite": False,
        "tags": [],
        "generation_params": picture.generation_params,
        "thumbnail_url": picture.thumbnail_url,
        "file_url": picture.file_url,
        "created_at": kept.created_at.isoformat(),
    }
