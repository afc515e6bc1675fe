"""Messages between processes over PostgreSQL's NOTIFY: coalesced, of any size, on connections of their own.

A NOTIFY inside every transaction makes commits five times slower, because it takes a lock of the whole database;
so a `Notifier` gathers what is sent and notifies at most once per interval. Messages are hints: those sent while a
listener was away are lost to it, and it is told so (`Notice.missed`). Nothing here may be used to carry state.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg

from pingvas.base.backoff import pauses
from pingvas.base.database_away import connect, is_unavailable
from pingvas.base.database_url import for_asyncpg
from pingvas.base.loops import BackgroundLoops, end
from pingvas.base.notify_payloads import Assembly, in_batches, pack, to_json

log = logging.getLogger(__name__)

WAKE_WORKERS = "pingvas_jobs"
"""The channel on which idle workers hear that there is work."""

_MAX_WAITING = 20_000
_CONNECT_SECONDS = 5
_PING_SECONDS = 15
# The longest pause between two tries to reach a database that is away.
_LONGEST_PAUSE = 2.0

_NOTIFY = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS t(channel, payload)"


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

    def __init__(
        self, database_url: str, *, interval: float = 0.005, loops: BackgroundLoops | None = None
    ) -> None:
        self._url = for_asyncpg(database_url)
        self._loops = loops or BackgroundLoops("")
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
        self._task = self._loops.start("notifier", self._run, essential=True, longest_pause=_LONGEST_PAUSE)

    async def close(self, *, timeout: float = 2.0) -> None:
        """Send what still waits, at most `timeout` seconds, and stop."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_sent.wait(), timeout)
        await end(self._task)
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
        # A NOTIFY holds its database-wide lock until its commit is on disk, unless told not to wait for that.
        connection = await _connect(self._url, "pingvas notifier", synchronous_commit="off")
        try:
            while True:
                await self._something.wait()
                began = monotonic()
                await self._flush(connection)
                await asyncio.sleep(max(0.0, began + self._interval - monotonic()))
        finally:
            connection.terminate()

    async def _flush(self, connection: asyncpg.Connection) -> None:
        self._unsent = self._unsent or self._payloads()
        try:
            if self._unsent:
                await connection.execute(_NOTIFY, *map(list, zip(*self._unsent, strict=True)))
        except (
            Exception
        ) as error:  # whatever it is, the payloads that met it must not stand in the way of the next
            if is_unavailable(error):
                raise
            # Its queue is full because some listener sleeps, say. These were hints, and holding them helps nobody.
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
    database_url: str, channels: Sequence[str], *, ready: asyncio.Event | None = None, again: bool = False
) -> AsyncGenerator[Notice, None]:
    """Every notice on these channels, for ever, over reconnections; after one, a `missed` notice per channel.

    `ready` is set while the listener is connected. `again`: there was a listener before this one, and what was sent in
    between is missed. Needs a direct connection: a transaction pooler loses LISTEN.
    """
    url = for_asyncpg(database_url)
    pause, missed = pauses(longest=_LONGEST_PAUSE), again
    while True:
        try:
            async with aclosing(_listen_once(url, channels, ready, missed=missed)) as notices:
                async for notice in notices:
                    pause, missed = pauses(longest=_LONGEST_PAUSE), True
                    if notice is not None:
                        yield notice
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("listener: the database is away (%s); trying again", error)
        await asyncio.sleep(next(pause))


async def _listen_once(
    url: str, channels: Sequence[str], ready: asyncio.Event | None, *, missed: bool
) -> AsyncGenerator[Notice | None, None]:
    """The notices of one connection: None as soon as it listens. Ends by an error when the connection does."""
    notices: asyncio.Queue[Notice | None] = asyncio.Queue()
    connection = await _connect(url, "pingvas listener")
    keeper: asyncio.Task[None] | None = None
    try:
        receive = _receiver(notices)
        connection.add_termination_listener(lambda _: notices.put_nowait(None))
        for channel in channels:
            await connection.add_listener(channel, receive)
        keeper = asyncio.create_task(_keep_alive(connection), name="listener keep-alive")
        if ready is not None:
            ready.set()
        yield None
        if missed:
            for channel in channels:
                yield Notice(channel, missed=True)
        while (notice := await notices.get()) is not None:
            yield notice
        raise ConnectionResetError("the server closed the connection")
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
        except (ValueError, RecursionError):
            messages = None
        if not isinstance(messages, list):
            log.warning("listener: a payload on %s is not ours and was ignored", channel)
            return
        for message in messages:
            notices.put_nowait(Notice(channel, message))

    return receive


async def _connect(url: str, name: str, **settings: str) -> asyncpg.Connection:
    return await connect(
        url,
        timeout=_CONNECT_SECONDS,
        command_timeout=10,
        server_settings={"application_name": name, **settings},
    )


async def _keep_alive(connection: asyncpg.Connection) -> None:
    """Ask for a sign of life now and then: a cut cable closes nothing by itself."""
    try:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            await connection.execute("SELECT 1", timeout=_CONNECT_SECONDS)
    except Exception as error:  # whatever it is, a connection that nobody watches is given up
        if not is_unavailable(error):
            log.exception("listener: its sign of life could not be asked for")
        connection.terminate()
