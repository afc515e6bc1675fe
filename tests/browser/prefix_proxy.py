"""A reverse proxy that publishes a studio below a path, as many have one: it takes the path off, or leaves it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_HEAD_BYTES = 64 * 1024


class PrefixProxy:
    """One connection to the studio for each request. Whatever is not below the path is not found, as with a host of many sites."""

    def __init__(self, upstream_port: int, path: str, *, takes_off: bool) -> None:
        self._upstream_port = upstream_port
        self._path = path.encode()
        self._takes_off = takes_off
        self._serving: set[asyncio.Task[None]] = set()
        self.outside: list[str] = []

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        # A stream holds its task only until the client leaves, and the loop never does.
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._one(reader, writer)
        finally:
            await _close(writer)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.split(b" ")
        below = target[len(self._path) :]
        if not target.startswith(self._path) or below[:1] not in (b"", b"/", b"?"):
            self.outside.append(target.decode())
            writer.write(_NOT_FOUND)
            await writer.drain()
            return
        if self._takes_off:
            target = below if below.startswith(b"/") else b"/" + below
        headers = [each for each in rest.split(b"\r\n") if each]
        if not any(each.lower().startswith(b"upgrade:") for each in headers):
            headers = [each for each in headers if not each.lower().startswith(b"connection:")]
            headers.append(b"Connection: close")
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        upstream.write(b"\r\n".join([b" ".join((method, target, version)), *headers, b"", b""]))
        ways = {
            asyncio.create_task(_pump(reader, upstream)),
            asyncio.create_task(_pump(upstream_reader, writer)),
        }
        try:
            # Whichever side leaves, the other has nobody to speak to.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await _close(upstream)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(_HEAD_BYTES):
            sink.write(data)
            await sink.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


@contextmanager
def prefix_proxy(port: int, upstream_port: int, path: str, *, takes_off: bool) -> Iterator[PrefixProxy]:
    """The proxy at this port of this machine while the block lasts."""
    proxy = PrefixProxy(upstream_port, path, takes_off=takes_off)
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(over.set))
        server = await asyncio.start_server(proxy.take, "127.0.0.1", port, limit=_HEAD_BYTES)
        ready.set()
        await over.wait()
        server.close()
        while True:
            # One that was accepted a moment ago has a task only in the next round of the loop.
            await asyncio.sleep(0)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if not others:
                return
            # Canceled before its first step it would not close what it was given.
            await asyncio.sleep(0)
            for connection in others:
                connection.cancel()
            await asyncio.wait(others)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield proxy
    finally:
        stop[0]()
        thread.join(30)
