"""Sends committed events to their owner's devices, from any process, and wakes idle workers.

The way out is the same for the API, the workers and the chores: a write-only socket.io manager on the backbone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pingvas.base.events import Event
from pingvas.base.loops import BackgroundLoops, end
from pingvas.base.notify import WAKE_WORKERS, Notifier
from pingvas.base.settings import Settings
from pingvas.realtime.backbone import backbone_url, open_manager
from pingvas.realtime.rooms import EVERYBODY, user_room

log = logging.getLogger(__name__)

_MAX_WAITING = 20_000


class SocketPublisher:
    """Implements `base.events.Publisher`. Call it from the loop that `start` ran in.

    While the backbone is away events wait; beyond 20,000 the oldest are dropped, for events are hints.
    """

    def __init__(self, settings: Settings, loops: BackgroundLoops | None = None) -> None:
        self._loops = loops or BackgroundLoops("")
        self._notifier = Notifier(backbone_url(settings), loops=self._loops)
        self._manager: Any = open_manager(settings, self._notifier, write_only=True)
        self._waiting: deque[Event] = deque(maxlen=_MAX_WAITING)
        self._something = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin sending. Does not wait for the database or Valkey to be there."""
        await self._notifier.start()
        self._task = self._loops.start("event publisher", self._run, essential=True)

    async def close(self, *, timeout: float = 2.0) -> None:
        """Send what still waits, at most `timeout` seconds, and stop."""
        if self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_sent.wait(), timeout)
            await end(self._task)
            self._task = None
        await self._notifier.close(timeout=timeout)
        redis = getattr(self._manager, "redis", None)
        if redis is not None:
            await redis.aclose()

    def publish(self, events: Sequence[Event], *, wake_workers: bool) -> None:
        """Queue events and, if asked, a wake-up. Returns at once and never raises."""
        if wake_workers:
            self._notifier.wake(WAKE_WORKERS)
        if events:
            self._waiting.extend(events)
            self._all_sent.clear()
            self._something.set()

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            while self._waiting:
                await self._send(self._waiting.popleft())
            self._something.clear()
            self._all_sent.set()

    async def _send(self, event: Event) -> None:
        try:
            room = EVERYBODY if event.user_id is None else user_room(event.user_id)
            await self._manager.emit(event.name, event.payload, room=room)
        except (TypeError, ValueError):  # a payload that is no JSON: a bug of its maker, not worth the others
            log.exception("event %s cannot be sent", event.name)


def open_publisher(settings: Settings, loops: BackgroundLoops | None = None) -> SocketPublisher:
    """The publisher for this process; `await start()` it, and `await close()` it last."""
    return SocketPublisher(settings, loops)
