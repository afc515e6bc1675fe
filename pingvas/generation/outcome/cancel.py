"""Taking a job back: at once while it waits, within a step while it runs."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import NotFound
from pingvas.generation import metrics
from pingvas.generation.outcome.finish import Settlement, settle, tell_canceled
from pingvas.generation.queue.fairness import give_share_back
from pingvas.generation.queue.slots import lock_person, promote

_CANCEL_WAITING = text("""
    WITH waiting AS (
        SELECT id, status FROM generation_jobs
         WHERE id = :job_id AND user_id = :user_id AND status IN ('pending', 'queued')
           FOR NO KEY UPDATE
    )
    UPDATE generation_jobs AS job
       SET status = 'canceled', completed_at = clock_timestamp(), actual_credits = 0, not_before = NULL
      FROM waiting WHERE job.id = waiting.id
    RETURNING job.subscription_id, job.estimated_credits, job.priority, job.attempt,
              (SELECT name FROM ai_models WHERE id = job.model_id) AS model,
              waiting.status = 'queued' AND job.lane = 'normal' AS stood_in_line
""")
_ASK_WORKER = text("""
    UPDATE generation_jobs SET cancel_requested_at = COALESCE(cancel_requested_at, now())
     WHERE id = :job_id AND user_id = :user_id AND status = 'processing'
""")
_EXISTS = text("SELECT 1 FROM generation_jobs WHERE id = :job_id AND user_id = :user_id")
_WAITING_OR_RUNNING = text("""
    SELECT id FROM generation_jobs
     WHERE user_id = :user_id AND status IN ('pending', 'queued', 'processing')
     ORDER BY id DESC
""")


async def request_cancel(session: AsyncSession, actor: Actor, job_id: UUID) -> None:
    """Cancel one of the actor's jobs. A job that ended already stays as it is. Raises NotFound.

    A waiting job ends here, with all its credits back; of a running one the worker is told, and the job ends
    when its present step does, paying for the seconds used.
    """
    person = await lock_person(session, actor.user_id)
    row = {"job_id": job_id, "user_id": actor.user_id}
    ended = (await session.execute(_CANCEL_WAITING, row)).one_or_none()
    if ended is not None:
        held = ended.estimated_credits
        if ended.stood_in_line and ended.attempt == 0:
            await give_share_back(session, actor.user_id, credits=held, weight=ended.priority)
        await settle(session, Settlement(job_id, actor.user_id, ended.subscription_id, held, 0, "canceled"))
        metrics.ended_unpaid(session, ended, outcome="canceled", code=None)
        await promote(session, person)
        tell_canceled(session, job_id, actor.user_id, refunded=held)
        return
    await session.execute(_ASK_WORKER, row)
    if await session.scalar(_EXISTS, row) is None:
        raise NotFound("There is no such job here.")


async def cancel_all(session: AsyncSession, actor: Actor) -> list[UUID]:
    """Cancel every job of the actor that has not ended; returns their ids. The newest goes first, so that a freed
    slot is not given to a job that is canceled next."""
    await lock_person(session, actor.user_id)
    job_ids = list(await session.scalars(_WAITING_OR_RUNNING, {"user_id": actor.user_id}))
    for job_id in job_ids:
        await request_cancel(session, actor, job_id)
    return job_ids
