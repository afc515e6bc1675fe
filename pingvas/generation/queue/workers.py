"""The workers that say they live. Jobs do not depend on these rows: leases decide what happens to work."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.read_session import ReadSession

LIVE_SECONDS: Final = 30
"""A worker that was not heard from for so long is taken to be gone."""

# Conditions on the columns of `workers`.
IS_HEARD: Final = f"heartbeat_at > now() - interval '{LIVE_SECONDS} seconds'"
TAKES_JOBS: Final = f"NOT stopping AND {IS_HEARD}"

_LARGEST = text(f"""
    SELECT CASE WHEN bool_and(memory_bytes IS NOT NULL) THEN max(memory_bytes) END FROM workers WHERE {TAKES_JOBS}
""")  # noqa: S608 - our own constants
_COUNT = text(f"SELECT count(*) FROM workers WHERE {TAKES_JOBS}")  # noqa: S608 - our own constants
_FORGET = text("DELETE FROM workers WHERE heartbeat_at < now() - interval '10 minutes' RETURNING id")


async def count_live_workers(session: ReadSession) -> int:
    """How many workers were heard from lately and still take jobs."""
    return int(await session.scalar(_COUNT) or 0)


async def largest_memory(session: ReadSession) -> int | None:
    """Bytes of the live worker that has most; None when there is none, or one that does not say."""
    largest: int | None = await session.scalar(_LARGEST)
    return largest


async def forget_silent_workers(session: AsyncSession) -> int:
    """Remove the rows of workers that ended without saying so; how many."""
    return len((await session.execute(_FORGET)).all())
