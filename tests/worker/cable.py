"""A cable between a worker and the database that a test can cut and mend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.engine import make_url


class Cable:
    """Carries TCP connections to the database of `url`; `worker_url` is the worker's end.

    Cut, it ends them all; held, it lets nothing through and says nothing, until it is released.
    """

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._port = 0
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def worker_url(self) -> str:
        return self._target.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in list(self._ends):
            end.transport.abort()
        self._ends.clear()

    def hold(self) -> None:
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = asyncio.create_task(self._connect(reader, writer))
        # A stream holds its task only until the client leaves, and the loop never does.
        self._carrying.add(carrying)
        carrying.add_done_callback(self._carrying.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._target.host, self._target.port)
        self._ends |= {writer, there_writer}
        async with asyncio.TaskGroup() as both:
            both.create_task(self._carry(reader, there_writer))
            both.create_task(self._carry(there_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[Cable]:
    cable = Cable(url)
    await cable.mend()
    try:
        yield cable
    finally:
        await cable.cut()
