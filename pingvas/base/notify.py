"""Messages between processes over PostgreSQL's NOTIFY: coalesced, of any size, on connections of their own.

A NOTIFY inside every transaction makes commits five times slower, because it takes a lock of the whole database;
so a `Notifier` gathers what is sent and notifies at most once per interval. Messages are hints: those sent while a
listener was away are lost to it, and it is told so (`Notice.missed`). Nothing here may be used to carry state.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg

from pingvas.base.database_url import for_asyncpg
from pingvas.base.notify_payloads import Assembly, in_batches, pack, to_json

log = logging.getLogger(__name__)

WAKE_WORKERS = "pingvas_jobs"
"""The channel on which idle workers hear that there is work."""

_MAX_WAITING = 20_000
_CONNECT_SECONDS = 5
_PING_SECONDS = 15
_RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)

_NOTIFY = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS t(channel, payload)"

# Away, going away, or cut off in the middle: all of these mean "try again", none means "the message was wrong".
CONNECTION_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)


@dataclass(frozen=True)
class Notice:
    """What came over a channel: a message, or None for a bare wake-up.

    `missed` stands for an unknown number of messages sent while the listener was not connected.
    """

    channel: str
    message: Any = None
    missed: bool = False


class Notifier:
    """Sends to channels of one database. `send` and `wake` return at once; call them from the loop of `start`.

    While the database is away messages wait, the oldest giving way beyond 20,000. A message may arrive twice
    when the connection breaks in mid-send.
    """

    def __init__(self, database_url: str, *, interval: float = 0.005) -> None:
        self._url = for_asyncpg(database_url)
        self._interval = interval
        self._waiting: deque[tuple[str, str]] = deque(maxlen=_MAX_WAITING)
        self._waking: set[str] = set()
        self._unsent: list[tuple[str, str]] = []
        self._something = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._task: asyncio.Task[None] | None = None
        self._id = uuid4().hex[:12]
        self._number = 0

    async def start(self) -> None:
        """Begin sending. Does not wait for the database."""
        self._task = asyncio.create_task(self._run(), name="notifier")

    async def close(self, *, timeout: float = 2.0) -> None:
        """Send what still waits, at most `timeout` seconds, and stop."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_sent.wait(), timeout)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None

    def send(self, channel: str, message: Any) -> None:
        """Queue a JSON message (UUIDs, times and decimals are written as text)."""
        if len(self._waiting) == _MAX_WAITING:
            log.warning("notifier: more than %d messages wait; the oldest is dropped", _MAX_WAITING)
        self._waiting.append((channel, to_json(message)))
        self._has_work()

    def wake(self, channel: str) -> None:
        """Queue a bare wake-up; any number of them within one interval is one."""
        self._waking.add(channel)
        self._has_work()

    def _has_work(self) -> None:
        self._all_sent.clear()
        self._something.set()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                # A NOTIFY holds its database-wide lock until its commit is on disk, unless told not to wait for that.
                connection = await _connect(self._url, "pingvas notifier", synchronous_commit="off")
            except CONNECTION_ERRORS as error:
                failures = await _pause(failures, "notifier", error)
                continue
            try:
                while True:
                    await self._something.wait()
                    begun = monotonic()
                    await self._flush(connection)
                    failures = 0
                    await asyncio.sleep(max(0.0, begun + self._interval - monotonic()))
            except CONNECTION_ERRORS as error:
                failures = await _pause(failures, "notifier", error)
            finally:
                connection.terminate()

    async def _flush(self, connection: asyncpg.Connection) -> None:
        self._unsent = self._unsent or self._payloads()
        try:
            if self._unsent:
                await connection.execute(_NOTIFY, *map(list, zip(*self._unsent, strict=True)))
        except asyncpg.PostgresError as error:
            if isinstance(error, CONNECTION_ERRORS):
                raise
            # Its queue is full because some listener sleeps: these were hints, and holding them helps nobody.
            log.error("notifier: %d payloads dropped: %s", len(self._unsent), error)
        self._unsent = []
        if not self._waiting and not self._waking:
            self._something.clear()
            self._all_sent.set()

    def _payloads(self) -> list[tuple[str, str]]:
        """Everything that waits as (channel, payload), each payload small enough to be notified."""
        by_channel: dict[str, list[str]] = {}
        while self._waiting:
            channel, text = self._waiting.popleft()
            by_channel.setdefault(channel, []).append(text)
        payloads = [
            (channel, part) for channel, texts in by_channel.items() for part in self._pack_channel(texts)
        ]
        payloads += [(channel, "") for channel in self._waking - by_channel.keys()]
        self._waking.clear()
        return payloads

    def _pack_channel(self, texts: Sequence[str]) -> list[str]:
        packed: list[str] = []
        for batch in in_batches(texts):
            # The number also keeps equal payloads of one transaction apart, which PostgreSQL would merge.
            self._number += 1
            packed += pack(f"{self._id}.{self._number}", "[" + ",".join(batch) + "]")
        return packed


async def listen(
    database_url: str, channels: Sequence[str], *, ready: asyncio.Event | None = None
) -> AsyncIterator[Notice]:
    """Every notice on these channels, for ever, over reconnections; after one, a `missed` notice per channel.

    `ready` is set while the listener is connected. Needs a direct connection: a transaction pooler loses LISTEN.
    """
    url = for_asyncpg(database_url)
    failures, first = 0, True
    while True:
        notices: asyncio.Queue[Notice | None] = asyncio.Queue()
        try:
            connection = await _connect(url, "pingvas listener")
        except CONNECTION_ERRORS as error:
            failures = await _pause(failures, "listener", error)
            continue
        keeper: asyncio.Task[None] | None = None
        try:
            receive = _receiver(notices)
            connection.add_termination_listener(lambda _, notices=notices: notices.put_nowait(None))
            for channel in channels:
                await connection.add_listener(channel, receive)
            keeper = asyncio.create_task(_keep_alive(connection), name="listener keep-alive")
            if ready is not None:
                ready.set()
            if not first:
                for channel in channels:
                    yield Notice(channel, missed=True)
            failures, first = 0, False
            while (notice := await notices.get()) is not None:
                yield notice
            raise ConnectionResetError("the server closed the connection")
        except CONNECTION_ERRORS as error:
            failures = await _pause(failures, "listener", error)
        finally:
            if ready is not None:
                ready.clear()
            if keeper is not None:
                keeper.cancel()
            connection.terminate()


def _receiver(notices: asyncio.Queue[Notice | None]) -> Callable[[object, int, str, str], None]:
    """What asyncpg calls for each payload: unpacks it into the queue."""
    assembly = Assembly()

    def receive(_connection: object, pid: int, channel: str, payload: str) -> None:
        if not payload:
            notices.put_nowait(Notice(channel))
            return
        text = assembly.add(pid, payload)
        if text is None:
            return
        try:
            messages = json.loads(text)
        except ValueError:
            messages = None
        if not isinstance(messages, list):
            log.warning("listener: a payload on %s is not ours and was ignored", channel)
            return
        for message in messages:
            notices.put_nowait(Notice(channel, message))

    return receive


async def _connect(url: str, name: str, **settings: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        url,
        timeout=_CONNECT_SECONDS,
        command_timeout=10,
        server_settings={"application_name": name, **settings},
    )


async def _keep_alive(connection: asyncpg.Connection) -> None:
    """Ask for a sign of life now and then: a cut cable closes nothing by itself."""
    while True:
        await asyncio.sleep(_PING_SECONDS)
        try:
            await connection.execute("SELECT 1", timeout=_CONNECT_SECONDS)
        except CONNECTION_ERRORS:
            connection.terminate()
            return


async def _pause(failures: int, who: str, error: BaseException) -> int:
    """Wait a little longer after each failure; the new count."""
    seconds = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
    (log.warning if failures == 0 else log.debug)("%s: the database is away (%s); trying again", who, error)
    await asyncio.sleep(seconds)
    return failures + 1
