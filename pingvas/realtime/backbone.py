"""What carries events between processes: PostgreSQL's NOTIFY, or Valkey/Redis where `redis_url` names one.

Both carry hints, at most a few thousand a second, and neither replays: a client that was away reads over HTTP.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

from pingvas.base.notify import Notifier, listen
from pingvas.base.notify_payloads import to_json
from pingvas.base.settings import Settings

Hear = Callable[[str, str | None, Any], None]

CHANNEL = "pingvas_events"
RESYNC = "system:resync"
"""Sent to the sockets of an API process that was cut off from events for a while: read again what you show."""

_JSON = SimpleNamespace(dumps=to_json, loads=json.loads)  # UUIDs and times may stand in payloads


class Hearing:
    """A manager that also tells its own process what others sent: `hear(event, room, payload)`."""

    hear: Hear | None = None

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        if self.hear is not None and len(message["data"]) == 1:
            self.hear(message["event"], message.get("room"), message["data"][0])
        await super()._handle_emit(message)  # type: ignore[misc]  # stands before a manager of the library


class RedisManager(Hearing, socketio.AsyncRedisManager):  # type: ignore[misc]  # the library has no types
    """Shares socket.io emits between processes through Valkey or Redis."""


class PostgresManager(Hearing, AsyncPubSubManager):  # type: ignore[misc]  # the library has no types
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

    async def _listen(self) -> AsyncIterator[Any]:
        async for notice in listen(self._database_url, [self.channel], ready=self.listening):
            if notice.missed:
                if self.hear is not None:
                    self.hear(RESYNC, None, {})
                await self.emit(RESYNC, {}, namespace="/", ignore_queue=True)
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
