"""Tells connected people how their places in the queue change: `queue:position`, to this process's own sockets.

Nothing is asked of the database while nobody connected has a waiting job. Who may have one is known from the events
that pass through here; the events of a burst lead to one look, and a look tells only what has changed.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pingvas.base.db import Database
from pingvas.base.events import Resync
from pingvas.generation.events import JobPending, JobQueued
from pingvas.generation.status.waiting import Wait, read_waits
from pingvas.realtime.events import QueuePosition
from pingvas.realtime.rooms import user_of

LOOK_SECONDS = 2.0
# Looking takes at most this share of the time, whatever the number of people.
_LOOKING_SHARE = 0.1
# Of somebody's jobs that wait for a slot so many are followed, the first ones; the others are read over HTTP.
_FOLLOWED = 20
# So many people are looked at in one go, so that a crowd does not keep this process from everything else.
_AT_ONCE = 50
# A forecast that is off by less than this, or by less than this share, is left to run down by itself.
_SAME_SECONDS, _SAME_SHARE = 2.0, 0.2

Tell = Callable[[UUID, QueuePosition], Awaitable[None]]


@dataclass(frozen=True)
class _Told:
    """What was last said about a job, and when, in seconds of the loop's clock."""

    wait: Wait
    at: float


class Positions:
    """Looks every `LOOK_SECONDS` while somebody who is connected has waiting jobs, and tells them by `tell`."""

    def __init__(self, database: Database, tell: Tell) -> None:
        self._database = database
        self._tell = tell
        self._sockets: dict[str, UUID] = {}
        self._connected: Counter[UUID] = Counter()
        self._may_wait: set[UUID] = set()
        self._told: dict[UUID, _Told] = {}
        self._somebody = asyncio.Event()

    def joined(self, sid: str, user_id: UUID) -> None:
        """A socket of this person was opened here."""
        self._sockets[sid] = user_id
        self._connected[user_id] += 1
        self._look_at({user_id})

    def left(self, sid: str) -> None:
        """A socket was closed; not an error when it was not known."""
        user_id = self._sockets.pop(sid, None)
        if user_id is not None:
            self._connected[user_id] -= 1
            self._connected += Counter()  # forgets those at zero

    def hear(self, event: str, room: str | None, _payload: Any) -> None:
        """An event passed through this process: somebody's job may wait from now on."""
        if event in (JobPending.event, JobQueued.event):
            user_id = user_of(room)
            if user_id is not None and user_id in self._connected:
                self._look_at({user_id})
        elif event == Resync.event:
            self.look_at_everybody()

    def look_at_everybody(self) -> None:
        """Whoever is connected may have waiting jobs; for after events were missed, and now and then."""
        self._look_at(set(self._connected))

    async def run(self) -> None:
        """Look and tell, for ever; raises what looking raises, and then whoever was not looked at is still to be."""
        clock = asyncio.get_running_loop().time
        while True:
            await self._somebody.wait()
            began = clock()
            await self._look()
            await asyncio.sleep(max(LOOK_SECONDS, (clock() - began) / _LOOKING_SHARE))

    def _look_at(self, people: set[UUID]) -> None:
        self._may_wait |= people
        if self._may_wait:
            self._somebody.set()

    async def _look(self) -> None:
        people = [user_id for user_id in self._may_wait if user_id in self._connected]
        self._may_wait = set()
        self._somebody.clear()
        told, self._told = self._told, {}
        while people:
            some, people = people[:_AT_ONCE], people[_AT_ONCE:]
            try:
                async with self._database.read() as session:
                    waits = await read_waits(session, some, most_each=_FOLLOWED)
                for wait in waits.values():
                    await self._tell_what_is_new(wait, told.get(wait.job_id))
            except Exception:
                self._look_at({*some, *people})
                raise

    async def _tell_what_is_new(self, wait: Wait, last: _Told | None) -> None:
        if wait.user_id is None:
            return
        self._look_at({wait.user_id})
        now = asyncio.get_running_loop().time()
        if last is not None and _as_told(wait, last, now):
            self._told[wait.job_id] = last
        else:
            self._told[wait.job_id] = _Told(wait, now)
            await self._tell(wait.user_id, _payload(wait))


def _as_told(wait: Wait, last: _Told, now: float) -> bool:
    """Whether what was said still holds; a forecast is expected to run down by itself."""
    was = last.wait
    if (was.position, was.waiting_for) != (wait.position, wait.waiting_for):
        return False
    if was.eta_seconds is None or wait.eta_seconds is None:
        return was.eta_seconds == wait.eta_seconds
    expected = max(0.0, was.eta_seconds - (now - last.at))
    return abs(expected - wait.eta_seconds) <= max(_SAME_SECONDS, _SAME_SHARE * wait.eta_seconds)


def _payload(wait: Wait) -> QueuePosition:
    return QueuePosition(
        job_id=wait.job_id,
        position=wait.position,
        eta_seconds=wait.eta_seconds,
        waiting_for=wait.waiting_for,
    )
