"""Delivered or not charged: a completed job whose image cannot be read any more costs nothing. What it cost comes back once."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.api_keys.spending import give_back
from pingvas.base.statements import fetch, fetch_one
from pingvas.billing.late_refunds import refund_undelivered
from pingvas.billing.subscriptions import lock_current_subscription
from pingvas.generation.lifecycle.statements import LOCK_DELIVERED, UNDELIVERED
from pingvas.generation.usage.roll_up import take_off


async def pay_back(session: AsyncSession, user_id: UUID, job_id: UUID, key: str) -> bool:
    """Give back what a job cost whose image, stored at `key`, is lost, and write that down. False: it was given back before, the image is
    deleted or lies elsewhere by now, or there is no such job of this person's. Raises NoSubscription and NoSuchWallet."""
    await lock_current_subscription(session, user_id)
    job = await fetch_one(session, LOCK_DELIVERED, {"user_id": user_id, "job_id": job_id, "key": key})
    if job is None:
        return False
    cost: int = job.actual_credits
    await take_off(
        session,
        user_id,
        ended_at=job.completed_at,
        model_id=job.model_id,
        job_type=job.job_type,
        api_key_id=job.api_key_id,
        credits=cost,
    )
    await fetch(session, UNDELIVERED, {"job_id": job_id})
    if cost and job.subscription_id is not None:
        await refund_undelivered(session, user_id, job.subscription_id, job_id, cost)
    if cost and job.api_key_id is not None:
        await give_back(session, {(job.api_key_id, job.asked_on): cost})
    return True
