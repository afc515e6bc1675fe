"""The three queues on one embedded PostgreSQL with fsync on, for the length of a benchmark."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench._queue_loop import Loop
from bench._queue_procrastinate import Procrastinate
from bench._queue_studio import Studio
from pingvas.launch import embedded_postgres

PEOPLE = 1000
CLIENTS = 8


@dataclass(frozen=True)
class Systems:
    """Ours, the hand-written loop, and procrastinate. `url` is `postgresql://…` of the database they share."""

    url: str
    studio: Studio
    loop: Loop
    procrastinate: Procrastinate


@asynccontextmanager
async def installed(
    server: embedded_postgres.EmbeddedPostgres, *, people: int = PEOPLE, clients: int = CLIENTS
) -> AsyncIterator[Systems]:
    """All three, each with as many connections as there are clients."""
    url = server.url().replace("+asyncpg", "")
    studio = await Studio.install(server.url(), people=people, connections=clients)
    loop = await Loop.install(url, connections=clients)
    procrastinate = await Procrastinate.install(url, connections=clients)
    try:
        yield Systems(url, studio, loop, procrastinate)
    finally:
        await procrastinate.close()
        await loop.close()
        await studio.close()


def on_a_server(measure: Callable[[embedded_postgres.EmbeddedPostgres], Awaitable[None]]) -> None:
    """Run `measure` with a fresh server that is thrown away afterwards, on the event loop that the product uses."""
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        server = embedded_postgres.start(Path(name))
        try:
            uvloop.run(_run(measure, server))
        finally:
            server.stop()


async def _run(
    measure: Callable[[embedded_postgres.EmbeddedPostgres], Awaitable[None]],
    server: embedded_postgres.EmbeddedPostgres,
) -> None:
    await measure(server)
