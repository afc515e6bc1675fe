"""Plans, balances, ledger rows, models, jobs and steps as bare rows: these tests ask the tables, not the rooms."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.clock import now
from pingvas.base.ids import new_id
from pingvas.billing.tables import CreditTransaction, Subscription, SubscriptionPlan
from pingvas.catalog.tables import AiModel, UserModel
from pingvas.generation.tables import GenerationJob, GenerationStep


async def add_subscription(session: AsyncSession, user_id: UUID | None, **changes: Any) -> Subscription:
    """A current subscription without credits, on a plan of its own."""
    plan = SubscriptionPlan(
        id=new_id(),
        name=f"plan-{new_id().hex}",
        display_name="A plan",
        credits_per_month=0,
        storage_bytes=0,
        max_queues=1,
    )
    session.add(plan)
    await session.flush()
    today = now().date()
    facts: dict[str, Any] = {
        "current_period_start": today,
        "current_period_end": today + timedelta(days=30),
    }
    subscription = Subscription(id=new_id(), user_id=user_id, plan_id=plan.id, **(facts | changes))
    session.add(subscription)
    await session.flush()
    return subscription


async def add_ledger_row(
    session: AsyncSession,
    subscription: Subscription,
    *,
    transaction_type: str = "bonus",
    amount: int = 100,
    job_id: UUID | None = None,
) -> CreditTransaction:
    """A row of the ledger, without moving the balance."""
    row = CreditTransaction(
        id=new_id(),
        user_id=subscription.user_id,
        subscription_id=subscription.id,
        job_id=job_id,
        transaction_type=transaction_type,
        amount=amount,
        balance_after=max(amount, 0),
    )
    session.add(row)
    await session.flush()
    return row


async def add_user_model(session: AsyncSession, user_id: UUID, **changes: Any) -> UserModel:
    """A person's own model, ready, with a file."""
    facts: dict[str, Any] = {"model_type": "lora", "s3_path": "mine", "size_bytes": 1, "status": "ready"}
    model = UserModel(id=new_id(), user_id=user_id, name=new_id().hex, **(facts | changes))
    session.add(model)
    await session.flush()
    return model


async def add_job(session: AsyncSession, user_id: UUID | None, **changes: Any) -> GenerationJob:
    """A queued job nobody has paid for, on a model of its own."""
    model = AiModel(
        id=new_id(),
        name=f"model-{new_id().hex}",
        display_name="A model",
        model_type="checkpoint",
        version="1",
        s3_path="nowhere",
        size_bytes=1,
    )
    session.add(model)
    await session.flush()
    facts: dict[str, Any] = {
        "batch_id": new_id(),
        "job_type": "txt2img",
        "status": "queued",
        "priority": 10,
        "estimated_credits": 10,
        "queued_at": now(),
        "turn": 100_000,
    }
    job = GenerationJob(id=new_id(), user_id=user_id, model_id=model.id, **(facts | changes))
    session.add(job)
    await session.flush()
    return job


async def add_step(
    session: AsyncSession, job: GenerationJob, step_number: int, **changes: Any
) -> GenerationStep:
    """A step of the job's current attempt, without a preview."""
    facts: dict[str, Any] = {"attempt": job.attempt, "total_steps": 20, "progress_percent": 5.0 * step_number}
    step = GenerationStep(
        id=new_id(), job_id=job.id, step_number=step_number, step_name="Denoising", **(facts | changes)
    )
    session.add(step)
    await session.flush()
    return step
