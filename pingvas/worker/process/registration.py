"""The row by which others know that this worker lives. Its row says so at most; nobody's job depends on it."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.generation.tables import Worker
from pingvas.worker.process.background import beside

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0


@dataclass
class Self:
    """What this worker says of itself. `models` are those in memory; another thread may replace the list.

    `memory_bytes` is what its device has, for telling beforehand what cannot be made here.
    """

    id: str
    device: str
    memory_bytes: int | None = None
    host: str = field(default_factory=socket.gethostname)
    models: list[str] = field(default_factory=list)
    stopping: bool = False


def new_worker_id() -> str:
    """Host, process and chance: a process that starts again is another worker."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


@asynccontextmanager
async def registered(
    database: Database, worker: Self, *, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> AsyncIterator[None]:
    """The worker's row exists, and its heartbeat goes on, while the block lasts."""
    try:
        async with beside(_beat(database, worker, heartbeat_seconds), name="heartbeat"):
            yield
    finally:
        await _leave(database, worker)


async def say_stopping(database: Database, worker: Self) -> None:
    """Tell the others that this worker takes no more jobs."""
    worker.stopping = True
    await _say(database, worker)


async def _beat(database: Database, worker: Self, seconds: float) -> None:
    while True:
        await _say(database, worker)
        await asyncio.sleep(seconds)


async def _say(database: Database, worker: Self) -> None:
    row = {
        "host": worker.host,
        "device": worker.device,
        "memory_bytes": worker.memory_bytes,
        "models": list(worker.models),
        "heartbeat_at": func.now(),
        "stopping": worker.stopping,
    }
    # An upsert each time: chores remove the rows of the silent, and this one may have been only cut off.
    statement = (
        insert(Worker).values(id=worker.id, **row).on_conflict_do_update(index_elements=["id"], set_=row)
    )
    try:
        async with database.transaction(durable=False) as session:
            await session.execute(statement)
    except DatabaseUnavailable:
        log.warning("the database is away; this worker's heartbeat goes unheard")
    except Exception:  # nobody's job depends on it
        log.exception("this worker's heartbeat goes unheard")


async def _leave(database: Database, worker: Self) -> None:
    try:
        async with database.transaction(durable=False) as session:
            await session.execute(delete(Worker).where(Worker.id == worker.id))
    except DatabaseUnavailable:
        log.warning("the database is away; this worker's row is left to the chores")
