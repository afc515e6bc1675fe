"""A way to the database that breaks at a COMMIT: before the server hears of it, or before its answer is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

from sqlalchemy.engine import make_url

Cut = Literal["unheard", "unanswered"]

_COMMIT = b"COMMIT;"


class CommitCutter:
    """Carries connections to the database of `url`; `url` of this object leads through it.

    `cut_next`: the next COMMIT is cut. `unheard`: the server never gets it. `unanswered`: it commits, and its answer is lost.
    """

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self._port = 0
        self.cut_next: Cut | None = None
        self.cuts = 0

    @property
    def url(self) -> str:
        return self._target.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        return server

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(self._target.host, self._target.port)
        answers = asyncio.create_task(_copy(server_reader, writer))
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                cut = self.cut_next if _COMMIT in data else None
                if cut is not None:
                    self.cut_next, self.cuts = None, self.cuts + 1
                    answers.cancel()
                    with suppress(asyncio.CancelledError):
                        await answers
                    if cut == "unanswered":
                        server_writer.write(data)
                        assert await server_reader.read(65536)
                    break
                server_writer.write(data)
                await server_writer.drain()
        for end in (writer, server_writer):
            end.transport.abort()
        answers.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def cutting_commits(url: str) -> AsyncIterator[CommitCutter]:
    cutter = CommitCutter(url)
    server = await cutter.listen()
    try:
        yield cutter
    finally:
        server.close()
