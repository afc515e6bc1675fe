"""Failures of background loops on record: a row for each loop of each kind of process and host, for the doctor.

Nothing is written while all is well. Each line is written over a connection of its own, for the pool may be the trouble.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.database_away import connect
from pingvas.base.database_url import for_asyncpg
from pingvas.base.read_session import ReadSession

# So many characters of an error are kept.
_ERROR_LENGTH = 500
_CONNECT_SECONDS = 2.0

_FAILED = """
    INSERT INTO loop_failures AS kept (process, host, loop, error, failed_at, gave_up)
    VALUES ($1, $2, $3, $4, now(), $5)
    ON CONFLICT (process, host, loop) DO UPDATE
       SET failures = kept.failures + 1, error = excluded.error, failed_at = excluded.failed_at,
           gave_up = excluded.gave_up, recovered_at = NULL
"""
_RECOVERED = """
    UPDATE loop_failures SET recovered_at = now() WHERE process = $1 AND host = $2 AND loop = $3
"""
_READ = text("""
    SELECT process, host, loop, failures, error, failed_at, recovered_at, gave_up,
           EXTRACT(EPOCH FROM now() - failed_at) AS seconds_ago
      FROM loop_failures ORDER BY failed_at DESC
""")
_FORGET = text("DELETE FROM loop_failures WHERE failed_at < now() - interval '7 days'")


@dataclass(frozen=True)
class LoopReport:
    """What became of a loop: it met `error` (and the process gave it up), or it has recovered."""

    process: str
    loop: str
    error: str = ""
    gave_up: bool = False
    recovered: bool = False


@dataclass(frozen=True)
class LoopState:
    """A loop that has failed in the last days. `failures` are all since it was last forgotten."""

    process: str
    host: str
    loop: str
    failures: int
    error: str
    failed_at: datetime
    recovered_at: datetime | None
    gave_up: bool
    seconds_ago: float


async def record(database_url: str, report: LoopReport) -> None:
    """Write it down. Raises what the driver raises."""
    where = (report.process, socket.gethostname(), report.loop)
    connection = await connect(
        for_asyncpg(database_url),
        timeout=_CONNECT_SECONDS,
        command_timeout=_CONNECT_SECONDS,
        server_settings={"application_name": "pingvas loops"},
    )
    try:
        if report.recovered:
            await connection.execute(_RECOVERED, *where)
        else:
            error = report.error.replace("\0", "")[:_ERROR_LENGTH]
            await connection.execute(_FAILED, *where, error, report.gave_up)
    finally:
        connection.terminate()


async def read_loop_failures(session: ReadSession) -> list[LoopState]:
    """Every loop that has failed in the last week, the latest first."""
    rows = (await session.execute(_READ)).mappings()
    return [LoopState(**{**row, "seconds_ago": float(row["seconds_ago"])}) for row in rows]


async def forget_loop_failures(session: AsyncSession) -> None:
    """Remove what is older than a week."""
    await session.execute(_FORGET)
