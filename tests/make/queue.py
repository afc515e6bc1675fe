"""Workers that say they live, and lines of any length, for tests of waiting."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_WORKER = text("""
    INSERT INTO workers (id, host, device, models) VALUES (:id, 'host-of-the-tests', 'cpu', :models)
    ON CONFLICT (id) DO UPDATE SET models = EXCLUDED.models, heartbeat_at = now()
""")
_LIKE = text("""
    INSERT INTO generation_jobs (id, user_id, model_id, batch_id, job_type, status, lane, priority, parameters,
                                 estimated_credits, estimated_seconds, queued_at, turn)
    SELECT gen_random_uuid(), user_id, model_id, batch_id, job_type, 'queued', lane, priority, parameters,
           estimated_credits, estimated_seconds, now(), turn - place
      FROM generation_jobs, generate_series(1, :count) AS place
     WHERE generation_jobs.id = :job_id
""")


async def make_worker(session: AsyncSession, worker_id: str, *models: str) -> None:
    """A live worker with these models in memory; again: with others."""
    await session.execute(_WORKER, {"id": worker_id, "models": list(models)})


async def stand_in_front(session: AsyncSession, job_id: UUID, count: int) -> None:
    """So many jobs like this queued one, each just before the other, all before it."""
    await session.execute(_LIKE, {"job_id": job_id, "count": count})
    await session.execute(text("ANALYZE generation_jobs"))
