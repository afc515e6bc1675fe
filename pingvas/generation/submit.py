"""Taking a request: check it, price it, take the credits, put the jobs into the queue: one transaction."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import Invalid
from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.ids import new_id
from pingvas.billing.credits import InsufficientCredits, Posting, post
from pingvas.billing.plans import PRIORITIES
from pingvas.billing.subscriptions import get_current_subscription, lock_current_subscription
from pingvas.catalog.models import find_model, require_available
from pingvas.catalog.tables import AiModel
from pingvas.generation.jobs import JobView
from pingvas.generation.price import Quote, quote
from pingvas.generation.tables import GenerationJob
from pingvas.generation.wishes import Wish, complete, seeds

# Slots are counted by a statement that starts after the subscription was locked, so it sees every job of the person.
# `ordinality` is the place in the batch: the first ones go into free slots, the others wait as pending.
_INSERT = text("""
    WITH taken AS (
        SELECT count(*) AS slots FROM generation_jobs
         WHERE user_id = :user_id AND status IN ('queued', 'processing')
    )
    INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, batch_index, job_type, status,
                                 priority, parameters, estimated_credits, queued_at)
    SELECT new.id, :user_id, :model_id, :subscription_id, :batch_id, new.place - 1, 'txt2img',
           CASE WHEN taken.slots + new.place <= :max_queues THEN 'queued' ELSE 'pending' END,
           :priority, CAST(:parameters AS jsonb) || jsonb_build_object('seed', new.seed), :credits,
           CASE WHEN taken.slots + new.place <= :max_queues THEN clock_timestamp() END
      FROM taken, unnest(CAST(:ids AS uuid[]), CAST(:seeds AS bigint[])) WITH ORDINALITY AS new (id, seed, place)
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


async def estimate(session: AsyncSession, actor: Actor, wish: Wish) -> Estimate:
    """What `submit` would hold for the same wish. Nothing is spent. Raises what `submit` raises but for the credits."""
    subscription = await get_current_subscription(session, actor.user_id)
    _, _, price = await _prepare(session, wish, subscription.plan_name)
    return Estimate(price.credits * wish.count, price.seconds * wish.count)


async def submit(session: AsyncSession, actor: Actor, wish: Wish) -> Submitted:
    """Accept a request for `wish.count` pictures.

    Raises Invalid (unknown model, or what the model cannot do), ModelLocked, InsufficientCredits; then nothing
    has changed.
    """
    subscription = await lock_current_subscription(session, actor.user_id)
    model, parameters, price = await _prepare(session, wish, subscription.plan_name)
    total = price.credits * wish.count
    if total > subscription.remaining_credits:
        raise InsufficientCredits(
            f"This costs {total} credits and {subscription.remaining_credits} are left.",
            extra={"required": total, "balance": subscription.remaining_credits},
        )
    batch_id = new_id()
    job_ids = [new_id() for _ in range(wish.count)]
    inserted = await session.execute(
        _INSERTED,
        {
            "user_id": actor.user_id,
            "model_id": model.id,
            "subscription_id": subscription.id,
            "batch_id": batch_id,
            "max_queues": subscription.max_queues,
            "priority": PRIORITIES[subscription.plan_name],
            "parameters": json.dumps(parameters),
            "credits": price.credits,
            "ids": job_ids,
            "seeds": seeds(wish),
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
    session: AsyncSession, wish: Wish, plan_name: str
) -> tuple[AiModel, dict[str, Any], Quote]:
    model = await find_model(session, wish.model)
    if model is None or model.model_type != "checkpoint":
        raise Invalid(
            f"There is no model named {wish.model!r}.",
            errors=[{"loc": ["body", "model"], "msg": "no such model; GET /api/v1/models lists them"}],
        )
    require_available(model, plan_name)
    parameters = complete(wish, model.config)
    return model, parameters, quote(model.config, parameters)


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
