"""The row by which others know that this worker lives. It is a hint: nobody's job depends on it."""

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
from pingvas.base.loops import BackgroundLoops
from pingvas.generation.tables import Worker

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0


@dataclass
class WorkerRegistration:
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
    database: Database,
    worker: WorkerRegistration,
    loops: BackgroundLoops,
    *,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[None]:
    """The worker's row exists, and its heartbeat goes on, while the block lasts."""
    try:
        async with loops.running("heartbeat", lambda: _beat(database, worker, heartbeat_seconds)):
            yield
    finally:
        await _delete_row(database, worker)


async def say_stopping(database: Database, worker: WorkerRegistration) -> None:
    """Tell the others that this worker takes no more jobs."""
    worker.stopping = True
    try:
        await _write_row(database, worker)
    except Exception:  # nobody's job depends on it, and the stop least of all
        log.exception("this worker stops without saying so")


async def _beat(database: Database, worker: WorkerRegistration, seconds: float) -> None:
    while True:
        await _write_row(database, worker)
        await asyncio.sleep(seconds)


async def _write_row(database: Database, worker: WorkerRegistration) -> None:
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
    async with database.transaction(durable=False) as session:
        await session.execute(statement)


async def _delete_row(database: Database, worker: WorkerRegistration) -> None:
    try:
        async with database.transaction(durable=False) as session:
            await session.execute(delete(Worker).where(Worker.id == worker.id))
    except DatabaseUnavailable:
        log.warning("the database is away; this worker's row is left to the chores")
