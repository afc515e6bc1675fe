"""Taking a request: check it, price it, take the credits, put the jobs into the queue: one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.spending import spend
from pingvas.base.errors import Invalid, TooMany
from pingvas.base.events import wake_workers_later
from pingvas.base.ids import new_id
from pingvas.base.rate_limits import Allowance
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import entity, fetch
from pingvas.base.tracing import current_traceparent, span
from pingvas.billing.credits import InsufficientCredits, tell_balance
from pingvas.billing.entitlements import entitlements_of
from pingvas.billing.low_balance import tell_if_low
from pingvas.billing.subscriptions import (
    CurrentSubscription,
    get_current_subscription,
    lock_current_subscription,
)
from pingvas.catalog.tables import AiModel
from pingvas.gallery.collections import CollectionIsSearch, CollectionNotFound, require_own
from pingvas.generation import metrics
from pingvas.generation.job_parameters import JobParameters, stored_parameters
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.statements import INSERT
from pingvas.generation.pricing.large_sources import more_pixels
from pingvas.generation.pricing.price import Quote, quote
from pingvas.generation.pricing.speeds import ratio_for
from pingvas.generation.queue.batch_key import batch_key
from pingvas.generation.queue.fairness import head_start, used_by
from pingvas.generation.queue.submits_lately import allowance_after, refuse_if_too_often, values_of
from pingvas.generation.requests.job_request import JobRequest, UpscaleRequest, check_request
from pingvas.generation.requests.lookup import MayUse, find_for_images, find_for_upscale
from pingvas.generation.requests.memory_check import refuse_what_fits_no_worker
from pingvas.generation.requests.parameters import OutputLimits, complete, complete_upscale, resolve
from pingvas.generation.requests.storage_room import expected_bytes, require_room
from pingvas.generation.status.jobs import JobView
from pingvas.generation.tables import GenerationJob

_LARGEST = OutputLimits()
DAY_SECONDS = 86_400.0


class QueueFull(TooMany):
    code = "queue_full"
    default_detail = "Too many of your jobs have not ended yet; wait for some of them, or cancel some."


@dataclass(frozen=True)
class Estimate:
    """What a request would cost: `credits` for all its pictures, `seconds` of work."""

    credits: int
    seconds: float


@dataclass(frozen=True)
class Submitted:
    """An accepted request: its jobs in order, and the credits taken for them. `allowance`: how many more the plan's limit of a
    minute leaves, where it has one."""

    batch_id: UUID
    jobs: list[JobView]
    estimated_credits: int
    allowance: Allowance | None = None

    @property
    def job_ids(self) -> list[UUID]:
        return [view.job.id for view in self.jobs]


@dataclass(frozen=True)
class PreparedRequest:
    """A request that can be done: the complete parameters of each image, and the price and the room of one."""

    model: AiModel
    images: Sequence[JobParameters]
    price: Quote
    expected_bytes: int


async def estimate(
    session: ReadSession, actor: Actor, request: JobRequest, *, largest: OutputLimits = _LARGEST
) -> Estimate:
    """What `submit` would hold for the same request. Nothing is spent. Raises what `submit` raises but
    for credits, queue and room."""
    request = check_request(request)
    subscription = await get_current_subscription(session, actor.user_id)
    prepared = await _prepare(session, actor, request, subscription, largest)
    return Estimate(prepared.price.credits * request.count, prepared.price.seconds * request.count)


async def submit(
    session: AsyncSession,
    actor: Actor,
    request: JobRequest,
    *,
    largest: OutputLimits = _LARGEST,
    deadline_seconds: float = DAY_SECONDS,
    retry_of: UUID | None = None,
    traceparent: str | None = None,
    rate_limited: bool = False,
) -> Submitted:
    """Accept a request for `request.count` pictures, each of which has to end within `deadline_seconds`.

    `retry_of` is the ended job that is tried again; `traceparent` carries a trace to the worker. `rate_limited`: the plan's limit
    of a minute counts.

    Raises Invalid (a value is beyond what is taken; what it names is not there, cannot be used or is too large),
    ModelLocked, FeatureLocked, InsufficientCredits, KeyCapReached, TooManyGenerations, QueueFull, StorageExceeded; then the transaction is to be
    rolled back.
    """
    request = check_request(request)
    with span("submit", parent=traceparent, job_type=request.job_type, count=request.count):
        subscription = await lock_current_subscription(session, actor.user_id)
        prepared = await _prepare(session, actor, request, subscription, largest)
        collection_id = await _collection_of(session, actor, request, is_retry=retry_of is not None)
        return await _enqueue(
            session,
            actor,
            subscription,
            prepared,
            request,
            collection_id,
            per_minute=subscription.generations_per_minute if rate_limited else None,
            deadline_seconds=deadline_seconds,
            retry_of=retry_of,
            traceparent=current_traceparent() or traceparent,
        )


def tell_accepted(session: AsyncSession, user_id: UUID, jobs: Sequence[JobView]) -> None:
    """The events of accepted jobs, with the place of those that were explained."""
    for view in jobs:
        signals.accepted(
            session,
            user_id,
            view.job.id,
            view.job.status,
            position=view.position,
            eta_seconds=view.starts_in_seconds,
        )


async def _enqueue(
    session: AsyncSession,
    actor: Actor,
    subscription: CurrentSubscription,
    prepared: PreparedRequest,
    request: JobRequest,
    collection_id: UUID | None,
    *,
    per_minute: int | None,
    deadline_seconds: float,
    retry_of: UUID | None,
    traceparent: str | None,
) -> Submitted:
    """Take the credits and put the jobs into the queue. The person's subscription is locked. Raises InsufficientCredits,
    KeyCapReached, TooManyGenerations, QueueFull and StorageExceeded."""
    user_id, price, weight = subscription.user_id, prepared.price, subscription.queue_weight
    total = price.credits * len(prepared.images)
    if total > subscription.remaining_credits:
        raise InsufficientCredits(
            f"This costs {total} credits and {subscription.remaining_credits} are left.",
            extra={"required": total, "balance": subscription.remaining_credits},
        )
    if actor.key is not None:
        await spend(session, actor.key.id, total)
    batch_id = new_id()
    pace = values_of(per_minute)
    inserted = await fetch(
        session,
        INSERT,
        {
            "user_id": user_id,
            "model_id": prepared.model.id,
            "subscription_id": subscription.id,
            "batch_id": batch_id,
            "job_type": request.job_type,
            "lane": request.lane,
            "max_queues": subscription.max_queues,
            "max_open_jobs": subscription.max_open_jobs,
            "weight": weight,
            "plan_name": subscription.plan_name,
            "head_start": head_start(weight),
            "used": used_by(price.credits, weight),
            "credits": price.credits,
            "seconds": price.seconds,
            "bytes": prepared.expected_bytes,
            "deadline_seconds": deadline_seconds,
            "retry_of": retry_of,
            "traceparent": traceparent,
            "api_key_id": None if actor.key is None else actor.key.id,
            "collection_id": collection_id,
            **pace,
            "count": len(prepared.images),
            "ids": [new_id() for _ in prepared.images],
            "posting_ids": [new_id() for _ in prepared.images],
            "posting": "Picture, held until it is made",
            "posting_metadata": orjson.dumps({"quoted_seconds": round(price.seconds, 3)}).decode(),
            "parameters": [_json(parameters) for parameters in prepared.images],
            "batch_keys": [batch_key(parameters) for parameters in prepared.images],
        },
    )
    if not inserted:
        await refuse_if_too_often(session, user_id, pace)
        raise QueueFull(
            f"Your plan allows {subscription.max_open_jobs} jobs that have not ended; wait for some, or cancel some.",
            extra={"max_open_jobs": subscription.max_open_jobs},
        )
    if inserted[0].balance is None:
        raise RuntimeError("the credits that were there a moment ago could not be taken")
    require_room(
        subscription,
        asked_bytes=prepared.expected_bytes * len(prepared.images),
        open_bytes=inserted[0].open_bytes,
        used_bytes=inserted[0].used_bytes,
    )
    balance: int = inserted[0].balance
    tell_balance(session, user_id, balance, change=-total, reason="consume")
    tell_if_low(
        session,
        user_id,
        before=balance + total,
        after=balance,
        credits_per_month=subscription.credits_per_month,
    )
    key_name = None if actor.key is None else actor.key.name
    jobs = [
        JobView(entity(GenerationJob, row), None, None, None, None, row.read_at, key_name=key_name)
        for row in inserted
    ]
    jobs.sort(key=lambda view: view.job.batch_index)
    metrics.submitted(
        session, plan=subscription.plan_name, model=prepared.model.name, jobs=len(jobs), credits=total
    )
    wake_workers_later(session)
    first = inserted[0]
    allowance = allowance_after(per_minute, first.submits, first.submits_since, first.read_at)
    return Submitted(batch_id, jobs, total, allowance)


async def _prepare(
    session: ReadSession,
    actor: Actor,
    request: JobRequest,
    subscription: CurrentSubscription,
    largest: OutputLimits,
) -> PreparedRequest:
    images: Sequence[JobParameters]
    may = MayUse(entitlements_of(subscription), None if actor.key is None else actor.key.models)
    if isinstance(request, UpscaleRequest):
        found = await find_for_upscale(session, actor.user_id, request, may)
        upscale = complete_upscale(request, found, largest)
        images, refine = [upscale], found.refine
        price = quote(
            found.model.config,
            upscale,
            refine_config=refine.config if refine else None,
            ratio=ratio_for(found.ratios.get(found.model.id), upscale),
            refine_ratio=ratio_for(found.ratios.get(refine.id), upscale) if refine else 1.0,
        )
    else:
        resolved = resolve(request)
        loras = {name for image in resolved for name in image.loras}
        found = await find_for_images(session, actor.user_id, request, loras, may)
        images = complete(request, found, resolved)
        # A seed and a prompt cost nothing, so all cost the same.
        ratio = ratio_for(found.ratios.get(found.model.id), images[0])
        sizes = {image.id: (image.width, image.height) for image in found.images.values()}
        price = quote(found.model.config, images[0], ratio=ratio, more=more_pixels(images[0], sizes))
    await refuse_what_fits_no_worker(session, found, images[0])
    return PreparedRequest(found.model, images, price, expected_bytes(images[0], found.images))


async def _collection_of(
    session: ReadSession, actor: Actor, request: JobRequest, *, is_retry: bool
) -> UUID | None:
    """Where the images are to go. Raises Invalid when that is no collection of the actor's; a retry goes without it then."""
    if request.collection_id is None:
        return None
    try:
        await require_own(session, actor.user_id, request.collection_id)
    except (CollectionNotFound, CollectionIsSearch) as error:
        if is_retry:
            return None
        reason = "names a collection that is not there, or not yours"
        if isinstance(error, CollectionIsSearch):
            reason = "names a saved search, into which nothing can be put"
        raise Invalid(error.detail, field="collection_id", reason=reason) from None
    return request.collection_id


def _json(parameters: JobParameters) -> str:
    return orjson.dumps(stored_parameters(parameters)).decode()
