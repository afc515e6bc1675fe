"""Taking a request: check it, price it, take the credits, put the jobs into the queue: one transaction."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.ids import new_id
from pingvas.billing.credits import InsufficientCredits, Posting, post
from pingvas.billing.plans import PRIORITIES
from pingvas.billing.subscriptions import get_current_subscription, lock_current_subscription
from pingvas.catalog.tables import AiModel
from pingvas.generation.fitting import refuse_what_fits_no_worker
from pingvas.generation.ingredients import find_for_pictures, find_for_upscale
from pingvas.generation.jobs import JobView
from pingvas.generation.parameters import OutputLimits, complete, complete_upscale, of_one_picture, resolve
from pingvas.generation.price import Quote, quote
from pingvas.generation.tables import GenerationJob
from pingvas.generation.wishes import UpscaleWish, Wish, seeds

_LARGEST = OutputLimits()

# Slots are counted by a statement that starts after the subscription was locked, so it sees every job of the person.
# `ordinality` is the place in the batch: the first ones go into free slots, the others wait as pending.
_INSERT = text("""
    WITH taken AS (
        SELECT count(*) AS slots FROM generation_jobs
         WHERE user_id = :user_id AND status IN ('queued', 'processing')
    )
    INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, batch_index, job_type, status,
                                 priority, parameters, estimated_credits, queued_at)
    SELECT new.id, :user_id, :model_id, :subscription_id, :batch_id, new.place - 1, :job_type,
           CASE WHEN taken.slots + new.place <= :max_queues THEN 'queued' ELSE 'pending' END,
           :priority, CAST(new.parameters AS jsonb), :credits,
           CASE WHEN taken.slots + new.place <= :max_queues THEN clock_timestamp() END
      FROM taken, unnest(CAST(:ids AS uuid[]), CAST(:parameters AS text[])) WITH ORDINALITY
                  AS new (id, parameters, place)
    RETURNING *, CASE WHEN status = 'queued' THEN batch_index + 1 + (
        SELECT count(*) FROM (SELECT 1 FROM generation_jobs AS ahead
                               WHERE ahead.status = 'queued' AND ahead.priority >= :priority LIMIT 1000) AS counted
    ) END AS position, now() AS read_at
""")
_POSITION, _READ_AT = column("position", Integer), column("read_at", DateTime(timezone=True))
_INSERTED = select(GenerationJob, _POSITION, _READ_AT).from_statement(
    _INSERT.columns(*GenerationJob.__table__.columns, _POSITION, _READ_AT)
)


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
    """What `submit` would hold for the same wish. Nothing is spent. Raises what `submit` raises but for the credits."""
    subscription = await get_current_subscription(session, actor.user_id)
    prepared = await _prepare(session, actor, wish, subscription.plan_name, largest)
    return Estimate(prepared.price.credits * wish.count, prepared.price.seconds * wish.count)


async def submit(
    session: AsyncSession, actor: Actor, wish: Wish | UpscaleWish, *, largest: OutputLimits = _LARGEST
) -> Submitted:
    """Accept a request for `wish.count` pictures.

    Raises Invalid (what it names is not there, cannot be used or is too large), ModelLocked, InsufficientCredits;
    then nothing has changed.
    """
    subscription = await lock_current_subscription(session, actor.user_id)
    prepared = await _prepare(session, actor, wish, subscription.plan_name, largest)
    price, total = prepared.price, prepared.price.credits * wish.count
    if total > subscription.remaining_credits:
        raise InsufficientCredits(
            f"This costs {total} credits and {subscription.remaining_credits} are left.",
            extra={"required": total, "balance": subscription.remaining_credits},
        )
    batch_id = new_id()
    inserted = await session.execute(
        _INSERTED,
        {
            "user_id": actor.user_id,
            "model_id": prepared.model.id,
            "subscription_id": subscription.id,
            "batch_id": batch_id,
            "job_type": wish.job_type,
            "max_queues": subscription.max_queues,
            "priority": PRIORITIES[subscription.plan_name],
            "credits": price.credits,
            "ids": [new_id() for _ in prepared.pictures],
            "parameters": [json.dumps(parameters) for parameters in prepared.pictures],
        },
    )
    jobs = [JobView(job, None, None, None, position, read_at) for job, position, read_at in inserted]
    for view in jobs:
        event = {"job_id": str(view.job.id), "position": view.position}
        publish_later(session, f"job:{view.job.status}", actor.user_id, event)
        await post(session, _hold(actor.user_id, subscription.id, view.job.id, price))
    wake_workers_later(session)
    return Submitted(batch_id, sorted(jobs, key=lambda view: view.job.batch_index), total)


async def _prepare(
    session: AsyncSession, actor: Actor, wish: Wish | UpscaleWish, plan_name: str, largest: OutputLimits
) -> Prepared:
    if isinstance(wish, UpscaleWish):
        found = await find_for_upscale(session, actor.user_id, wish, plan_name)
        pictures = [complete_upscale(wish, found, largest)]
        price = quote(
            found.model.config, pictures[0], refine_config=found.refine.config if found.refine else None
        )
    else:
        resolved = resolve(wish, seeds(wish))
        loras = {name for picture in resolved for name in picture.loras}
        found = await find_for_pictures(session, actor.user_id, wish, loras, plan_name)
        shared = complete(wish, found)
        pictures = [of_one_picture(shared, wish, picture) for picture in resolved]
        price = quote(found.model.config, shared)  # a seed and a prompt cost nothing, so all cost the same
    await refuse_what_fits_no_worker(session, found, pictures[0])
    return Prepared(found.model, pictures, price)


def _hold(user_id: UUID, subscription_id: UUID, job_id: UUID, price: Quote) -> Posting:
    return Posting(
        user_id=user_id,
        subscription_id=subscription_id,
        transaction_type="consume",
        amount=-price.credits,
        description="Picture, held until it is made",
        job_id=job_id,
        metadata={"quoted_seconds": round(price.seconds, 3)},
    )
