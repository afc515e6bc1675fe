"""A person's slots: `max_queues` of the plan bounds the jobs that are queued or processing; the rest stay pending.

The idle lane has as many slots of its own, so that work that may wait is in nobody's way. Whoever calls holds the lock of
the person's current subscription, so that slots are counted one after another.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.statements import fetch
from pingvas.billing.plans import priority_of
from pingvas.billing.subscriptions import CurrentSubscription, NoSubscription, lock_current_subscription
from pingvas.generation import metrics
from pingvas.generation.events import JobQueued
from pingvas.generation.queue.fairness import IDLE_TURN, TURNS_PER_CREDIT

# Parts of a statement. `slots`, of user_id, lane, max_queues, weight and freed, is where jobs may go: `freed` are the slots
# that the statement frees itself, which it still sees taken. `promoted` is what came into them.
PROMOTION = f"""
    next AS MATERIALIZED (
        SELECT waiting.id, slots.user_id, slots.lane, slots.weight, waiting.estimated_credits,
               COALESCE(SUM(waiting.estimated_credits) OVER (PARTITION BY slots.user_id, slots.lane ORDER BY waiting.id
                            ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS before
          FROM slots,
               LATERAL (SELECT id, estimated_credits FROM generation_jobs
                         WHERE user_id = slots.user_id AND lane = slots.lane AND status = 'pending'
                         ORDER BY id
                         LIMIT GREATEST(0, slots.max_queues + slots.freed - (
                             SELECT count(*) FROM generation_jobs
                              WHERE user_id = slots.user_id AND lane = slots.lane
                                AND status IN ('queued', 'processing')))
                       ) AS waiting
    ), share AS MATERIALIZED (
        SELECT next.*, GREATEST(clock.last_value, COALESCE((
                   SELECT served_until FROM queue_shares WHERE user_id = next.user_id), 0)) AS begins
          FROM next, queue_clock AS clock
    ), use_up AS (
        INSERT INTO queue_shares (user_id, served_until)
        SELECT user_id, begins + SUM(estimated_credits) * {TURNS_PER_CREDIT} / weight
          FROM share WHERE lane = 'normal' GROUP BY user_id, begins, weight
        ON CONFLICT (user_id) DO UPDATE SET served_until = EXCLUDED.served_until
    ), promoted AS (
        UPDATE generation_jobs AS job
           SET status = 'queued', queued_at = clock_timestamp(),
               (priority, turn) = (
                   SELECT weight, CASE lane WHEN 'normal' THEN begins + (before + 1) * {TURNS_PER_CREDIT} / weight
                                            ELSE {IDLE_TURN} END
                     FROM share WHERE share.id = job.id)
         WHERE job.id = ANY(ARRAY(SELECT id FROM next))
        RETURNING job.id, job.user_id, job.priority, (SELECT name FROM ai_models WHERE id = job.model_id) AS model
    )
"""  # noqa: S608 - our own constants
_PROMOTE = text(f"""
    WITH slots AS (
        SELECT CAST(:user_id AS uuid) AS user_id, lane, CAST(:max_queues AS integer) AS max_queues,
               CAST(:weight AS integer) AS weight, 0 AS freed
          FROM (VALUES ('normal'), ('idle')) AS lanes (lane)
    ), {PROMOTION}
    SELECT id, priority, model FROM promoted
""")  # noqa: S608 - our own constants
# Somebody has a free slot and a job that waits for one: the plan was changed, or `max_queues` of it. The people with open
# jobs are found by jumping along the index, one probe for each of them, however many jobs they have.
_OVERLOOKED = text("""
    WITH RECURSIVE people AS (
        (SELECT user_id FROM generation_jobs
          WHERE status IN ('pending', 'queued', 'processing') AND user_id IS NOT NULL ORDER BY user_id LIMIT 1)
        UNION ALL
        SELECT (SELECT later.user_id FROM generation_jobs AS later
                 WHERE later.status IN ('pending', 'queued', 'processing') AND later.user_id > people.user_id
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
                                      AND taken.status IN ('queued', 'processing')))
""")


async def lock_person(session: AsyncSession, user_id: UUID | None) -> CurrentSubscription | None:
    """Lock a person's current subscription; None when the person, or the subscription, is gone."""
    if user_id is None:
        return None
    try:
        return await lock_current_subscription(session, user_id)
    except NoSubscription:
        return None


async def promote(session: AsyncSession, subscription: CurrentSubscription | None) -> int:
    """Let the person's oldest pending jobs into the slots that are free, each with its turn in the line; how many."""
    if subscription is None:
        return 0
    promoted = await fetch(session, _PROMOTE, whose_slots(subscription))
    for job in promoted:
        tell_promoted(session, subscription.user_id, job.id, priority=job.priority, model=job.model)
    return len(promoted)


def whose_slots(subscription: CurrentSubscription) -> dict[str, Any]:
    """What a promotion has to know of the person."""
    return {
        "user_id": subscription.user_id,
        "max_queues": subscription.max_queues,
        "weight": priority_of(subscription.plan_name),
    }


def tell_promoted(session: AsyncSession, user_id: UUID, job_id: UUID, *, priority: int, model: str) -> None:
    """The event of a job that came into a slot, its count, and word to the workers."""
    publish_later(session, user_id, JobQueued(job_id=job_id))
    metrics.promoted(session, priority=priority, model=model)
    wake_workers_later(session)


async def promote_overlooked(database: Database) -> int:
    """Fill slots that became free without a job ending: a plan was changed, here or by an operator. How many jobs."""
    async with database.read() as session:
        people = list(await session.scalars(_OVERLOOKED))
    promoted = 0
    for user_id in people:
        async with database.transaction() as session:
            promoted += await promote(session, await lock_person(session, user_id))
    return promoted
