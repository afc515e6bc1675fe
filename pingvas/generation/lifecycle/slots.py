"""A person's slots: `max_queues` of the plan bounds the jobs that are queued or processing; the rest stay pending.

The idle lane has as many slots of its own, so that work that may wait is in nobody's way. Whoever calls holds the lock of
the person's current subscription, so that slots are counted one after another.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.statements import fetch
from pingvas.billing.subscriptions import (
    CurrentSubscription,
    NoSubscription,
    lock_current_subscription,
)
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.statements import PROMOTE
from pingvas.generation.statuses import IS_IN_SLOT, IS_OPEN

# Somebody has a free slot and a job that waits for one: the plan was changed, or `max_queues` of it. The people with open
# jobs are found by jumping along the index, one probe for each of them, however many jobs they have.
_OVERLOOKED = text(f"""
    WITH RECURSIVE people AS (
        (SELECT user_id FROM generation_jobs
          WHERE {IS_OPEN} AND user_id IS NOT NULL ORDER BY user_id LIMIT 1)
        UNION ALL
        SELECT (SELECT later.user_id FROM generation_jobs AS later
                 WHERE later.{IS_OPEN} AND later.user_id > people.user_id
                 ORDER BY later.user_id LIMIT 1)
          FROM people WHERE people.user_id IS NOT NULL
    )
    SELECT people.user_id
      FROM people
      JOIN subscriptions AS held ON held.user_id = people.user_id AND held.status <> 'expired'
      JOIN subscription_plans AS plan ON plan.id = held.plan_id
     WHERE EXISTS (
         SELECT FROM (VALUES ('normal'), ('idle')) AS lanes (lane)
          WHERE EXISTS (SELECT FROM generation_jobs AS waiting
                         WHERE waiting.user_id = people.user_id AND waiting.lane = lanes.lane
                           AND waiting.status = 'pending')
            AND plan.max_queues > (SELECT count(*) FROM generation_jobs AS taken
                                    WHERE taken.user_id = people.user_id AND taken.lane = lanes.lane
                                      AND taken.{IS_IN_SLOT}))
""")  # noqa: S608 - our own constants


async def lock_person(session: AsyncSession, user_id: UUID | None) -> CurrentSubscription | None:
    """Lock a person's current subscription; None when the person, or the subscription, is gone."""
    if user_id is None:
        return None
    try:
        return await lock_current_subscription(session, user_id)
    except NoSubscription:
        return None


async def promote(session: AsyncSession, subscription: CurrentSubscription | None) -> int:
    """Let the person's oldest pending jobs into the slots that are free, each with its turn; how many."""
    if subscription is None:
        return 0
    promoted = await fetch(session, PROMOTE, whose_slots(subscription))
    for job in promoted:
        signals.promoted(session, subscription.user_id, job.id, plan=job.plan_name, model=job.model_name)
    return len(promoted)


def whose_slots(subscription: CurrentSubscription) -> dict[str, Any]:
    """What a promotion has to know of the person."""
    return {
        "user_id": subscription.user_id,
        "max_queues": subscription.max_queues,
        "weight": subscription.queue_weight,
        "plan_name": subscription.plan_name,
    }


async def promote_overlooked(database: Database) -> int:
    """Fill slots that became free without a job ending: a plan was changed, here or by an operator. How many jobs."""
    async with database.read() as session:
        people = list(await session.scalars(_OVERLOOKED))
    promoted = 0
    for user_id in people:
        async with database.transaction() as session:
            promoted += await promote(session, await lock_person(session, user_id))
    return promoted
