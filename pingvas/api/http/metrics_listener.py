"""The page of metrics on a port of its own: `GET /metrics` and nothing else, where people and proxies do not come.

It is bounded as the public port is, and lives beside it: whoever fills that one up takes nothing from here. Several API
processes listen on one port together, and whichever of them is asked shows what all of them counted.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST

from pingvas.base.settings import Settings

log = logging.getLogger(__name__)

PATH = "/metrics"
MAX_CONNECTIONS = 16
HEAD_SECONDS = 5.0
HEAD_BYTES = 8 * 1024
# For an answer that the client takes slowly.
WRITE_SECONDS = 10.0

Page = Callable[[], Awaitable[bytes]]


def tell_taken(settings: Settings, why: object) -> None:
    """Say that the port cannot be had. It is no reason not to work, and `pingvas up` asks before it starts anything."""
    log.error(
        "metrics are not shown: port %s on %s: %s; choose another with PINGVAS_METRICS_PORT (0: none)",
        settings.api_metrics_port,
        settings.metrics_host,
        why,
    )


@asynccontextmanager
async def metrics_listener(settings: Settings, page: Page) -> AsyncIterator[None]:
    """Listen while the block lasts, unless the port is 0."""
    if settings.api_metrics_port == 0:
        yield
        return
    answering = _Answering(page)
    try:
        server = await asyncio.start_server(
            answering.take,
            settings.metrics_host,
            settings.api_metrics_port,
            limit=HEAD_BYTES,
            # Without the option nobody else can have the port, and with it only processes of the same user.
            reuse_port=settings.api_processes > 1 or None,
        )
    except OSError as error:
        tell_taken(settings, error.strerror or error)
        yield
        return
    try:
        yield
    finally:
        server.close()
        await answering.stop()
        await server.wait_closed()


class _Answering:
    """One answer a connection."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._answer(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # Who is too slow, sends no head or one without an end, or leaves early, is hung up on.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(HEAD_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer_to(head))
                async with asyncio.timeout(WRITE_SECONDS):
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        finally:
            writer.transport.abort()

    async def _answer_to(self, head: bytes) -> bytes:
        request = head.partition(b"\r\n")[0].split(b" ")
        if len(request) != 3 or not request[2].startswith(b"HTTP/1."):
            return _answer(HTTPStatus.BAD_REQUEST)
        method, target, _ = request
        if target.partition(b"?")[0] != PATH.encode():
            return _answer(HTTPStatus.NOT_FOUND)
        if method not in (b"GET", b"HEAD"):
            return _answer(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: GET, HEAD\r\n")
        try:
            page = await self._page()
        except Exception:
            log.exception("the page of metrics could not be made")
            return _answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        whole = _answer(HTTPStatus.OK, f"Content-Type: {CONTENT_TYPE_LATEST}\r\n", page)
        return whole if method == b"GET" else whole[: len(whole) - len(page)]


def _answer(status: HTTPStatus, headers: str = "", body: bytes = b"") -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n{headers}Content-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
