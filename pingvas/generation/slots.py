"""A person's slots: `max_queues` of the plan bounds the jobs that are queued or processing; the rest stay pending.

Whoever calls holds the lock of the person's current subscription, so that slots are counted one after another.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later, wake_workers_later
from pingvas.billing.subscriptions import CurrentSubscription, NoSubscription, lock_current_subscription

_PROMOTE = text("""
    WITH next AS (
        SELECT id FROM generation_jobs
         WHERE user_id = :user_id AND status = 'pending'
         ORDER BY id
         LIMIT GREATEST(0, :max_queues - (SELECT count(*) FROM generation_jobs
                                           WHERE user_id = :user_id AND status IN ('queued', 'processing')))
    )
    UPDATE generation_jobs AS job SET status = 'queued', queued_at = clock_timestamp()
      FROM next WHERE job.id = next.id
    RETURNING job.id
""")


async def lock_person(session: AsyncSession, user_id: UUID | None) -> CurrentSubscription | None:
    """Lock a person's current subscription; None when the person, or the subscription, is gone."""
    if user_id is None:
        return None
    try:
        return await lock_current_subscription(session, user_id)
    except NoSubscription:
        return None


async def promote(session: AsyncSession, subscription: CurrentSubscription | None) -> None:
    """Let the person's oldest pending jobs into the slots that are free."""
    if subscription is None:
        return
    row = {"user_id": subscription.user_id, "max_queues": subscription.max_queues}
    for job_id in await session.scalars(_PROMOTE, row):
        publish_later(session, "job:queued", subscription.user_id, {"job_id": str(job_id)})
        wake_workers_later(session)
