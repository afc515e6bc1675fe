"""The workers that say they live. Jobs do not depend on these rows: leases decide what happens to work."""

from datetime import timedelta

from sqlalchemy import CursorResult, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.generation.tables import Worker

LIVE = timedelta(seconds=30)
FORGOTTEN = timedelta(minutes=10)


async def list_live_workers(session: AsyncSession) -> list[Worker]:
    """Workers that were heard from lately and still take jobs."""
    heard = Worker.heartbeat_at > func.now() - LIVE
    return list(await session.scalars(select(Worker).where(heard, Worker.stopping.is_(False))))


async def largest_memory(session: AsyncSession) -> int | None:
    """Bytes of the live worker that has most; None when there is none, or one that does not say."""
    heard = Worker.heartbeat_at > func.now() - LIVE
    all_say = func.bool_and(Worker.memory_bytes.is_not(None))
    most = select(case((all_say, func.max(Worker.memory_bytes)))).where(heard, Worker.stopping.is_(False))
    largest: int | None = await session.scalar(most)
    return largest


async def forget_silent_workers(session: AsyncSession) -> int:
    """Remove the rows of workers that ended without saying so; how many."""
    result = await session.execute(delete(Worker).where(Worker.heartbeat_at < func.now() - FORGOTTEN))
    assert isinstance(result, CursorResult)  # noqa: S101 - what a DELETE gives
    return result.rowcount
