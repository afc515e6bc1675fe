"""The app behind a real server on a free port, people with devices, and socket.io clients that write down what they hear."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import socketio
import uvicorn

from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.realtime.messages import MAX_BYTES
from pingvas.realtime.publisher import SocketPublisher, open_publisher
from pingvas.realtime.websocket_protocol import BoundedWebSocket
from tests.make.accounts import make_device, make_user


@dataclass(frozen=True)
class Person:
    user_id: UUID
    token: str


class Ears:
    """A connected client and every event it heard, in order."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.heard: list[tuple[str, Any]] = []
        self.changed = asyncio.Event()
        self.client.on("*", self._hear)

    async def _hear(self, event: str, data: Any = None) -> None:
        self.heard.append((event, data))
        self.changed.set()

    async def until(self, event: str, *, seconds: float = 30) -> Any:
        """The payload of the first such event."""
        async with asyncio.timeout(seconds):
            while True:
                for name, data in self.heard:
                    if name == event:
                        return data
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """The whole app over HTTP at this address while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            create_app(settings),
            log_config=None,
            lifespan="on",
            ws=BoundedWebSocket,
            ws_max_size=MAX_BYTES,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(20):
                while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag and tells nobody
                    await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@pytest.fixture
async def address(settings: Settings) -> AsyncIterator[str]:
    """Where the app of this test listens."""
    async with serving(settings) as url:
        yield url


@pytest.fixture
async def publisher(settings: Settings) -> AsyncIterator[SocketPublisher]:
    """A publisher as a worker has one: its own connections, nothing shared with the API."""
    made = open_publisher(settings)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def worker_database(settings: Settings, publisher: SocketPublisher) -> AsyncIterator[Database]:
    """A database whose committed events go out by that publisher."""
    assert settings.database_url is not None
    made = Database(settings.database_url, pool_size=2, publisher=publisher)
    yield made
    await made.dispose()


@pytest.fixture
def make_person(database: Database, settings: Settings) -> Callable[..., Awaitable[Person]]:
    """Somebody with a signed-in device."""

    async def make(role: str = "user") -> Person:
        async with database.transaction() as session:
            user = await make_user(session, role=role)
            tokens = await make_device(session, settings, user)
        return Person(user.id, tokens.access_token)

    return make


@pytest.fixture
async def connect(address: str) -> AsyncIterator[Callable[..., Awaitable[Ears]]]:
    """Connects a client as somebody; all of them are disconnected at the end."""
    made: list[Ears] = []

    async def connect_as(person: Person | None, **options: Any) -> Ears:
        ears = Ears()
        auth = None if person is None else {"token": person.token}
        transports = options.pop("transports", ["websocket"])
        await ears.client.connect(address, auth=auth, socketio_path="/ws", transports=transports, **options)
        made.append(ears)
        return ears

    yield connect_as
    for ears in made:
        # A polling client would first wait for its open poll, which the server ends only with its next ping.
        await ears.client.eio.disconnect(abort=ears.client.transport() == "polling")
