"""What carries events between processes: PostgreSQL's NOTIFY, or Valkey/Redis where `redis_url` names one.

Both carry hints, at most a few thousand a second, and neither replays: a client that was away reads over HTTP.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import socketio
from redis.exceptions import RedisError
from socketio.async_pubsub_manager import AsyncPubSubManager

from pingvas.base.errors import Unavailable
from pingvas.base.events import EventPayload, Resync
from pingvas.base.notify import Notifier, listen
from pingvas.base.notify_payloads import to_json
from pingvas.base.settings import Settings

Hear = Callable[[str, str | None, Any], None]

CHANNEL = "pingvas_events"

_JSON = SimpleNamespace(dumps=to_json, loads=json.loads)  # UUIDs and times may stand in payloads


class Listening:
    """A manager whose listening is a loop that its owner runs, and that also tells its own process what others sent.

    `hear(event, room, payload)` is called for each event; `listening` is set while there is a connection to listen on.
    """

    hear: Hear | None = None
    listening: asyncio.Event
    _has_listened = False
    _ended_by: Exception | None = None

    def initialize(self) -> None:
        """The library would start a task here that listens, which nobody watches over; see `hear_others`."""

    async def hear_others(self) -> None:
        """Hand what other processes send to this one's sockets, for ever. Raises what listening raises."""
        await self._thread()  # type: ignore[attr-defined]  # of the library: takes what `_listen` yields until it ends
        raise self._ended_by or RuntimeError("listening to the events of others ended by itself")

    async def _listen(self) -> AsyncIterator[Any]:
        """For the library, which would go round and round without a pause if this raised."""
        self._ended_by = None
        try:
            async with aclosing(self._messages()) as messages:
                async for message in messages:
                    yield message
        except Exception as error:  # noqa: BLE001 - `hear_others` raises it
            self._ended_by = error

    def _messages(self) -> AsyncGenerator[Any, None]:
        """What other processes send, over one connection or several; raises when it cannot go on."""
        raise NotImplementedError

    async def _tell_to_resync(self) -> None:
        """Events were missed: everybody who is connected here has to read again."""
        if self.hear is not None:
            self.hear(Resync.event, None, {})
        await self.emit_here(Resync())

    async def emit_here(self, payload: EventPayload, *, room: str | None = None) -> None:
        """Tell this process's own sockets, all of them or those of a room."""
        sent = payload.model_dump(mode="json")
        await self.emit(payload.event, sent, namespace="/", room=room, ignore_queue=True)  # type: ignore[attr-defined]

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        if self.hear is not None and len(message["data"]) == 1:
            self.hear(message["event"], message.get("room"), message["data"][0])
        await super()._handle_emit(message)  # type: ignore[misc]  # stands before a manager of the library


class RedisManager(Listening, socketio.AsyncRedisManager):  # type: ignore[misc]  # the library has no types
    """Shares socket.io emits between processes through Valkey or Redis."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self.listening = asyncio.Event()

    async def _messages(self) -> AsyncGenerator[Any, None]:
        """Raises Unavailable while the server is away."""
        if not self.connected:
            self._redis_connect()
        pubsub = self.redis.pubsub()
        try:
            await pubsub.subscribe(self.channel)
            async for message in pubsub.listen():
                # The client comes back by itself when the connection breaks, and subscribes again.
                if message["type"] == "subscribe":
                    self.listening.set()
                    if self._has_listened:
                        await self._tell_to_resync()
                    self._has_listened = True
                elif message["type"] == "message":
                    yield message["data"]
        except (RedisError, OSError) as error:
            raise Unavailable(f"Valkey or Redis cannot be reached: {error}") from error
        finally:
            self.listening.clear()
            await pubsub.aclose()


class PostgresManager(Listening, AsyncPubSubManager):  # type: ignore[misc]  # the library has no types
    """Shares socket.io emits between processes through one channel of the database.

    With `write_only` it only sends; without, it also listens and hands what others sent to its own sockets.
    """

    name = "postgres"

    def __init__(self, database_url: str, notifier: Notifier, *, write_only: bool = False) -> None:
        super().__init__(channel=CHANNEL, write_only=write_only)
        self.listening = asyncio.Event()
        self._database_url = database_url
        self._notifier = notifier

    async def _publish(self, data: dict[str, Any]) -> None:
        self._notifier.send(self.channel, data)

    async def _messages(self) -> AsyncGenerator[Any, None]:
        again, self._has_listened = self._has_listened, True
        async with aclosing(
            listen(self._database_url, [self.channel], ready=self.listening, again=again)
        ) as notices:
            async for notice in notices:
                if notice.missed:
                    await self._tell_to_resync()
                else:
                    yield notice.message


def open_manager(settings: Settings, notifier: Notifier, *, write_only: bool = False) -> Any:
    """A socket.io client manager on the backbone that the settings name."""
    if settings.redis_url is not None:
        return RedisManager(settings.redis_url, channel=CHANNEL, write_only=write_only, json=_JSON)
    return PostgresManager(backbone_url(settings), notifier, write_only=write_only)


def backbone_url(settings: Settings) -> str:
    """The database's URL; the launcher has put the embedded one into the settings by now."""
    if settings.database_url is None:
        raise ValueError("PINGVAS_DATABASE_URL is not set: events have no database to go through.")
    return settings.database_url
