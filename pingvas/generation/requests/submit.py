"""Taking a request: check it, price it, take the credits, put the jobs into the queue: one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import TooMany
from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.ids import new_id
from pingvas.base.statements import entity, fetch
from pingvas.base.tracing import current_traceparent, span
from pingvas.billing.credits import TAKE, InsufficientCredits, tell_balance
from pingvas.billing.plans import priority_of
from pingvas.billing.subscriptions import (
    CurrentSubscription,
    get_current_subscription,
    lock_current_subscription,
)
from pingvas.catalog.tables import AiModel
from pingvas.generation import metrics
from pingvas.generation.events import JobPending, JobQueued
from pingvas.generation.pricing.price import Quote, quote
from pingvas.generation.pricing.speeds import ratio_for
from pingvas.generation.queue.batch_key import batch_key
from pingvas.generation.queue.fairness import SHARE, head_start, used_by
from pingvas.generation.requests.job_request import UpscaleWish, Wish, seeds
from pingvas.generation.requests.lookup import find_for_pictures, find_for_upscale
from pingvas.generation.requests.memory_check import refuse_what_fits_no_worker
from pingvas.generation.requests.parameters import (
    OutputLimits,
    complete,
    complete_upscale,
    of_one_picture,
    resolve,
)
from pingvas.generation.requests.storage_room import require_room_for_batch
from pingvas.generation.status.jobs import JobView
from pingvas.generation.tables import GenerationJob

_LARGEST = OutputLimits()
DAY_SECONDS = 86_400.0

# By name: a migrated table has its columns in another order than the class.
_COLUMNS = ", ".join(column.name for column in GenerationJob.__table__.columns)
# Slots are counted by a statement that starts after the subscription was locked, so it sees every job of the person.
# `place` is the place in the batch: the first ones go into free slots and get their turn, the others wait as pending.
_INSERT = text(f"""
    WITH {SHARE}, taken AS (
        SELECT count(*) AS slots FROM generation_jobs
         WHERE user_id = :user_id AND lane = :lane AND status IN ('queued', 'processing')
    ), has_open AS (
        SELECT count(*) AS jobs FROM generation_jobs
         WHERE user_id = :user_id AND status IN ('pending', 'queued', 'processing')
    ), new AS (
        SELECT asked.id, asked.posting_id, asked.parameters, asked.batch_key, asked.place,
               taken.slots + asked.place <= :max_queues AS in_line,
               CASE :lane WHEN 'normal' THEN share.begins + (asked.place - 1) * :used + :head_start
                          ELSE share.idle_begins END AS turn
          FROM unnest(CAST(:ids AS uuid[]), CAST(:posting_ids AS uuid[]), CAST(:parameters AS text[]),
                      CAST(:batch_keys AS text[]))
               WITH ORDINALITY AS asked (id, posting_id, parameters, batch_key, place), share, taken, has_open
         WHERE has_open.jobs + :count <= :max_open_jobs
    ), held AS (
        SELECT id AS job_id, posting_id, place FROM new
    ), {TAKE}, use_up AS (
        INSERT INTO queue_shares (user_id, served_until)
        SELECT :user_id, share.begins + count(*) * :used FROM new, share
         WHERE new.in_line AND :lane = 'normal' GROUP BY share.begins
        ON CONFLICT (user_id) DO UPDATE SET served_until = EXCLUDED.served_until
    )
    INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, batch_index, job_type, status,
                                 priority, turn, lane, batch_key, parameters, estimated_credits, estimated_seconds,
                                 deadline_at, retry_of, traceparent, queued_at)
    SELECT new.id, :user_id, :model_id, :subscription_id, :batch_id, new.place - 1, :job_type,
           CASE WHEN new.in_line THEN 'queued' ELSE 'pending' END,
           :priority, CASE WHEN new.in_line THEN new.turn END, :lane, new.batch_key, CAST(new.parameters AS jsonb),
           :credits, :seconds, now() + make_interval(secs => :deadline_seconds), CAST(:retry_of AS uuid),
           CAST(:traceparent AS text), CASE WHEN new.in_line THEN clock_timestamp() END
      FROM new
    RETURNING {_COLUMNS}, now() AS read_at, (SELECT MIN(balance_after) FROM posted) AS balance
""")  # noqa: S608 - our own constants


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
    """An accepted request: its jobs in order, and the credits taken for them."""

    batch_id: UUID
    jobs: list[JobView]
    estimated_credits: int

    @property
    def job_ids(self) -> list[UUID]:
        return [view.job.id for view in self.jobs]


@dataclass(frozen=True)
class Prepared:
    """A request that can be done: the complete parameters of each picture, and the price of one."""

    model: AiModel
    pictures: list[dict[str, Any]]
    price: Quote


async def estimate(
    session: AsyncSession, actor: Actor, wish: Wish | UpscaleWish, *, largest: OutputLimits = _LARGEST
) -> Estimate:
    """What `submit` would hold for the same wish. Nothing is spent. Raises what `submit` raises but for credits, queue and room."""
    subscription = await get_current_subscription(session, actor.user_id)
    prepared = await _prepare(session, actor, wish, subscription.plan_name, largest)
    return Estimate(prepared.price.credits * wish.count, prepared.price.seconds * wish.count)


async def submit(
    session: AsyncSession,
    actor: Actor,
    wish: Wish | UpscaleWish,
    *,
    largest: OutputLimits = _LARGEST,
    deadline_seconds: float = DAY_SECONDS,
    retry_of: UUID | None = None,
    traceparent: str | None = None,
) -> Submitted:
    """Accept a request for `wish.count` pictures, each of which has to end within `deadline_seconds`.

    `retry_of` is the ended job that is tried again; `traceparent` carries a trace to the worker.

    Raises Invalid (what it names is not there, cannot be used or is too large), ModelLocked, InsufficientCredits,
    QueueFull, StorageExceeded; then the transaction is to be rolled back.
    """
    with span("submit", parent=traceparent, job_type=wish.job_type, count=wish.count):
        subscription = await lock_current_subscription(session, actor.user_id)
        prepared = await _prepare(session, actor, wish, subscription.plan_name, largest)
        submitted = await _enqueue(
            session,
            subscription,
            prepared,
            wish,
            deadline_seconds=deadline_seconds,
            retry_of=retry_of,
            traceparent=current_traceparent() or traceparent,
        )
        await require_room_for_batch(session, subscription, submitted.batch_id, largest_pixels=largest.pixels)
        return submitted


def tell_accepted(session: AsyncSession, user_id: UUID, jobs: Sequence[JobView]) -> None:
    """The events of accepted jobs, with the place of those that were explained."""
    for view in jobs:
        kind = JobPending if view.job.status == "pending" else JobQueued
        told = kind(job_id=view.job.id, position=view.position, eta_seconds=view.starts_in_seconds)
        publish_later(session, user_id, told)


async def _enqueue(
    session: AsyncSession,
    subscription: CurrentSubscription,
    prepared: Prepared,
    wish: Wish | UpscaleWish,
    *,
    deadline_seconds: float,
    retry_of: UUID | None,
    traceparent: str | None,
) -> Submitted:
    """Take the credits and put the jobs into the line. The person's subscription is locked. Raises InsufficientCredits
    and QueueFull."""
    user_id, price, weight = subscription.user_id, prepared.price, priority_of(subscription.plan_name)
    total = price.credits * len(prepared.pictures)
    if total > subscription.remaining_credits:
        raise InsufficientCredits(
            f"This costs {total} credits and {subscription.remaining_credits} are left.",
            extra={"required": total, "balance": subscription.remaining_credits},
        )
    batch_id = new_id()
    inserted = await fetch(
        session,
        _INSERT,
        {
            "user_id": user_id,
            "model_id": prepared.model.id,
            "subscription_id": subscription.id,
            "batch_id": batch_id,
            "job_type": wish.job_type,
            "lane": wish.lane,
            "max_queues": subscription.max_queues,
            "max_open_jobs": subscription.max_open_jobs,
            "priority": weight,
            "head_start": head_start(weight),
            "used": used_by(price.credits, weight),
            "credits": price.credits,
            "seconds": price.seconds,
            "deadline_seconds": deadline_seconds,
            "retry_of": retry_of,
            "traceparent": traceparent,
            "count": len(prepared.pictures),
            "ids": [new_id() for _ in prepared.pictures],
            "posting_ids": [new_id() for _ in prepared.pictures],
            "posting": "Picture, held until it is made",
            "posting_metadata": json.dumps({"quoted_seconds": round(price.seconds, 3)}),
            "parameters": [json.dumps(parameters) for parameters in prepared.pictures],
            "batch_keys": [batch_key(wish.job_type, parameters) for parameters in prepared.pictures],
        },
    )
    if not inserted:
        raise QueueFull(
            f"Your plan allows {subscription.max_open_jobs} jobs that have not ended; wait for some, or cancel some.",
            extra={"max_open_jobs": subscription.max_open_jobs},
        )
    if inserted[0].balance is None:
        raise RuntimeError("the credits that were there a moment ago could not be taken")
    tell_balance(session, user_id, inserted[0].balance, change=-total, reason="consume")
    jobs = [JobView(entity(GenerationJob, row), None, None, None, None, row.read_at) for row in inserted]
    jobs.sort(key=lambda view: view.job.batch_index)
    metrics.submitted(session, priority=weight, model=prepared.model.name, jobs=len(jobs), credits=total)
    wake_workers_later(session)
    return Submitted(batch_id, jobs, total)


async def _prepare(
    session: AsyncSession, actor: Actor, wish: Wish | UpscaleWish, plan_name: str, largest: OutputLimits
) -> Prepared:
    if isinstance(wish, UpscaleWish):
        found = await find_for_upscale(session, actor.user_id, wish, plan_name)
        pictures = [complete_upscale(wish, found, largest)]
        refine = found.refine
        price = quote(
            found.model.config,
            pictures[0],
            refine_config=refine.config if refine else None,
            ratio=ratio_for(found.ratios.get(found.model.id), pictures[0]),
            refine_ratio=ratio_for(found.ratios.get(refine.id), pictures[0]) if refine else 1.0,
        )
    else:
        resolved = resolve(wish, seeds(wish))
        loras = {name for picture in resolved for name in picture.loras}
        found = await find_for_pictures(session, actor.user_id, wish, loras, plan_name)
        shared = complete(wish, found)
        pictures = [of_one_picture(shared, wish, picture) for picture in resolved]
        # A seed and a prompt cost nothing, so all cost the same.
        price = quote(found.model.config, shared, ratio=ratio_for(found.ratios.get(found.model.id), shared))
    await refuse_what_fits_no_worker(session, found, pictures[0])
    return Prepared(found.model, pictures, price)
