"""What waits to be sent to a client: bounded, for a client may stop to read. One that falls so far behind is dropped; its
page reads again over HTTP when it is back, as after any lost connection."""

import asyncio
from collections.abc import Callable
from typing import Any

import engineio
import socketio

MAX_WAITING = 1_000
MAX_WAITING_BYTES = 2 * 1024 * 1024
_SMALL_PACKET = 64  # what a packet without text is counted as


class OutgoingQueue(asyncio.Queue[Any]):
    """A queue of packets that knows how many characters wait in it."""

    size = 0

    @property
    def is_too_long(self) -> bool:
        """Whether nothing more should be put into it."""
        return self.qsize() >= MAX_WAITING or self.size >= MAX_WAITING_BYTES

    def throw_away(self) -> None:
        """Forget all that waits, and end whoever waits for more."""
        while not self.empty():
            self.get_nowait()
            self.task_done()
        self.put_nowait(None)  # the library's sign for: no more

    def _put(self, item: Any) -> None:
        super()._put(item)  # asyncio leaves these two to subclasses
        self.size += _size_of(item)

    def _get(self) -> Any:
        item = super()._get()
        self.size -= _size_of(item)
        return item


def _size_of(item: Any) -> int:
    data = getattr(item, "data", None)
    return len(data) if isinstance(data, str | bytes) else _SMALL_PACKET


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """The library's transport with bounded queues. `too_slow(session)` is called for a client that does not keep up."""

    too_slow: Callable[[str], None]

    def create_queue(self, *_args: Any, **_options: Any) -> OutgoingQueue:
        """For each session that the library opens."""
        return OutgoingQueue()

    async def send_packet(self, sid: str, pkt: Any) -> None:
        """Every packet to a client passes here."""
        socket = self.sockets.get(sid)
        if socket is not None and socket.queue.is_too_long:
            self.too_slow(sid)
            return
        await super().send_packet(sid, pkt)


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """The library's server over that transport."""

    def _engineio_server_class(self) -> type[Engine]:
        return Engine
