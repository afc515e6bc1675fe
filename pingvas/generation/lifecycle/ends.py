"""How jobs end: outcome, image and settlement in one transaction, as a set, fenced by worker and attempt.

Every end is written here: those of workers, of people who cancel, and of sweeps.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.api_keys.spending import give_back
from pingvas.base.ids import new_id
from pingvas.base.statements import Row, fetch
from pingvas.billing.credits import tell_balance
from pingvas.billing.subscriptions import CurrentSubscription, lock_current_subscriptions
from pingvas.gallery.collection_order import add_made
from pingvas.gallery.tags import NewTags, tag_new_images
from pingvas.generation import metrics
from pingvas.generation.events import ImagePayload, KeyPayload
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.claims import OpenJob
from pingvas.generation.lifecycle.slots import whose_slots
from pingvas.generation.lifecycle.statements import END
from pingvas.generation.pricing.price import charge
from pingvas.generation.statuses import EndStatus

REFUND = "Held credits that the job did not use"


@dataclass(frozen=True)
class FinishedImage:
    """An image whose bytes are in storage already. URLs are signed, for the event that shows it."""

    image_id: UUID
    s3_key: str
    thumbnail_key: str
    width: int
    height: int
    format: str
    file_size: int
    generation_params: dict[str, Any]
    visibility: str = "private"
    tags: tuple[str, ...] = ()
    file_url: str = ""
    thumbnail_url: str | None = None
    thumbnail_large_url: str | None = None
    thumbnail_large_key: str | None = None
    # Of a ThumbHash, in base64.
    thumbhash: str | None = None
    # Of the stored bytes, in hexadecimal digits; and of what it looks like, in binary ones.
    content_hash: str | None = None
    look_hash: str | None = None


@dataclass(frozen=True)
class End:
    """How a job ends. Only a completed one has an image; only a failed one a code and a message.

    `gpu_seconds`: what was measured, and what large images took beside that; None when nobody measured. `lost`: this attempt counts as lost.
    """

    job: OpenJob
    status: EndStatus
    gpu_seconds: float | None = 0.0
    image: FinishedImage | None = None
    code: str | None = None
    message: str | None = None
    lost: bool = False

    @cached_property
    def charged(self) -> int:
        """Credits: what was used, never more than was quoted; what failed costs nothing."""
        if self.status == "failed":
            return 0
        return charge(gpu_seconds=self.gpu_seconds or 0.0, quoted=self.job.estimated_credits)

    @property
    def returned(self) -> int:
        return self.job.estimated_credits - self.charged


async def end_all(session: AsyncSession, worker_id: str, ends: Sequence[End]) -> list[bool]:
    """Write the ends of jobs that this worker has, with images and settlements, and let others into their slots.

    For each whether it was written. It was not when the lease was lost; nor was an image when the person has deleted
    the account: there is nobody to keep it for, or to charge, and the stored bytes belong to nobody.
    """
    people = await lock_people(session, {end.job.user_id for end in ends})
    writing = [end if end.job.user_id in people else _without_person(end) for end in ends]
    ended = await _write(session, worker_id, writing, people)
    return [ended.get(end.job.id) is end for end in ends]


async def end(session: AsyncSession, worker_id: str, ending: End) -> bool:
    """Write the end of one job. False: see `end_all`."""
    return all(await end_all(session, worker_id, [ending]))


async def end_locked(
    session: AsyncSession, ends: Sequence[End], people: Mapping[UUID, CurrentSubscription]
) -> None:
    """Write the ends of jobs whose rows this transaction has locked, after `people`: no worker is asked."""
    if ends:
        await _write(session, None, ends, people)


async def lock_people(
    session: AsyncSession, user_ids: Collection[UUID | None]
) -> dict[UUID, CurrentSubscription]:
    """The current subscriptions of these people, locked. Who is not there has none any more."""
    named = {user_id for user_id in user_ids if user_id is not None}
    return await lock_current_subscriptions(session, named) if named else {}


async def _write(
    session: AsyncSession,
    worker_id: str | None,
    ends: Sequence[End],
    people: Mapping[UUID, CurrentSubscription],
) -> dict[UUID, End]:
    """Write and tell the ends; those that were written, by job. Of two attempts at one job the later one may end it."""
    latest = {end.job.id: end for end in sorted(ends, key=lambda end: end.job.attempt)}
    writing = [end for end in ends if latest[end.job.id] is end]
    values = {
        "worker_id": worker_id,
        "ending": _json({str(end.job.id): _facts(end) for end in writing}),
        "people": _json([whose_slots(person) for person in people.values()]),
        "description": REFUND,
    }
    rows: dict[UUID, Row] = {}
    for row in await fetch(session, END, values):
        if row.model_name is None:
            rows[row.id] = row
        else:
            signals.promoted(session, row.user_id, row.id, plan=row.plan_name, model=row.model_name)
    written = [end for end in writing if end.job.id in rows]
    await _give_back_to_keys(session, written, rows)
    await _put_into_collections(session, written, rows)
    # The last: it locks in the order of the gallery.
    await _tag_images(session, written, rows)
    _tell(session, written, rows)
    return {end.job.id: end for end in written}


async def _give_back_to_keys(session: AsyncSession, ends: Sequence[End], ended: Mapping[UUID, Row]) -> None:
    """What jobs cost less than they held, their keys have not spent. Of jobs without a key nothing is asked."""
    returned: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    for end in ends:
        row = ended[end.job.id]
        if row.api_key_id is not None and end.returned:
            returned[row.api_key_id, row.asked_on] += end.returned
    if returned:
        await give_back(session, returned)


async def _put_into_collections(
    session: AsyncSession, ends: Sequence[End], ended: Mapping[UUID, Row]
) -> None:
    """Images whose jobs were asked for with a collection go to its end. For other jobs nothing is done."""
    made = []
    for end in ends:
        user_id, collection_id = ended[end.job.id].user_id, end.job.collection_id
        if end.image is not None and collection_id is not None and user_id is not None:
            made.append((end.image.image_id, collection_id, user_id))
    await add_made(session, made)


async def _tag_images(session: AsyncSession, ends: Sequence[End], ended: Mapping[UUID, Row]) -> None:
    """Put on images what was asked for with their jobs. Of those without tags nothing is asked."""
    new = [
        NewTags(end.image.image_id, ended[end.job.id].user_id, end.image.tags)
        for end in ends
        if end.image is not None and end.image.tags
    ]
    if new:
        await tag_new_images(session, new)


def _without_person(end: End) -> End:
    """The end of a job whose account is gone."""
    return End(end.job, "canceled") if end.status == "completed" else end


def _facts(end: End) -> dict[str, Any]:
    posting: dict[str, Any] = {"reason": end.code or end.status, "charged": end.charged}
    if end.gpu_seconds is not None:
        posting["gpu_seconds"] = round(end.gpu_seconds, 3)
    return {
        "attempt": end.job.attempt,
        "status": end.status,
        "charged": end.charged,
        "gpu_seconds": end.gpu_seconds,
        "lost": int(end.lost),
        "code": end.code,
        "message": end.message,
        "wallet_id": end.job.subscription_id,
        "returned": end.returned,
        "posting_id": new_id(),
        "posting": posting,
        **({} if end.image is None else end.image.__dict__),
    }


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()  # the driver's ids are of a class of its own


def _tell(session: AsyncSession, ends: Sequence[End], ended: Mapping[UUID, Row]) -> None:
    """The counts and events of ends, in the order of their postings. The person of a row is not the one known at claim:
    the account may be gone since."""
    balances: dict[tuple[UUID | None, UUID | None], tuple[int, int]] = {}
    canceled: defaultdict[UUID | None, dict[UUID, int]] = defaultdict(dict)
    for end in ends:
        job, row = end.job, ended[end.job.id]
        _count(session, end, row)
        if row.balance_after is not None:
            wallet = (row.user_id, job.subscription_id)
            _, change = balances.get(wallet, (0, 0))
            balances[wallet] = (row.balance_after, change + end.returned)
        if end.status == "canceled":
            canceled[row.user_id][job.id] = end.returned
    for (user_id, _), (balance, change) in balances.items():
        tell_balance(session, user_id, balance, change=change, reason="refund")
    for end in ends:
        job, user_id = end.job, ended[end.job.id].user_id
        if end.status == "failed":
            code, message = end.code or "", end.message or ""
            signals.failed(session, user_id, job.id, code=code, message=message, refunded=end.returned)
        elif end.image is not None:
            image = _image_payload(job.id, end.image, ended[job.id])
            signals.completed(session, user_id, job.id, image=image, charged=end.charged)
    for user_id, refunded in canceled.items():
        signals.canceled(session, user_id, refunded)


def _count(session: AsyncSession, end: End, row: Row) -> None:
    if end.lost:
        metrics.lapsed(session, plan=end.job.plan_name, model=end.job.model_name)
    metrics.ended(
        session,
        plan=end.job.plan_name,
        model=end.job.model_name,
        outcome=end.status,
        code=end.code,
        attempts=end.job.attempt,
        ran_seconds=None if end.gpu_seconds is None else float(row.ran_seconds),
        gpu_seconds=end.gpu_seconds or 0.0,
        charged=end.charged,
        returned=end.returned,
    )


def _image_payload(job_id: UUID, image: FinishedImage, row: Row) -> ImagePayload:
    created_at: datetime = row.created_at
    key = None if row.api_key_id is None else KeyPayload(id=row.api_key_id, name=row.key_name or "")
    return ImagePayload(
        id=image.image_id,
        job_id=job_id,
        width=image.width,
        height=image.height,
        format=image.format,
        file_size=image.file_size,
        visibility=image.visibility,
        is_favorite=False,
        rating=0,
        tags=sorted(image.tags),
        generation_params=image.generation_params,
        thumbnail_url=image.thumbnail_url,
        thumbnail_large_url=image.thumbnail_large_url,
        thumbhash=image.thumbhash,
        file_url=image.file_url,
        api_key=key,
        created_at=created_at,
        trashed_at=None,
    )
