"""A database whose transactions are told what time it is, and in which the studio can be killed between two statements: for lives of
many people side by side, each with a clock of its own. Nothing of the studio's knows of it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

import pingvas.base.db
from harness.clock import ADD_HERE
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.read_session import ReadSession
from pingvas.base.session import LazySession

TICK = timedelta(milliseconds=20)

_CLOCK: ContextVar[Clock | None] = ContextVar("clock of a history", default=None)
_DEATH: ContextVar[Death | None] = ContextVar("when the studio is killed", default=None)


class Killed(BaseException):
    """The studio is gone between two statements, as if by `kill -9`."""


@dataclass
class Clock:
    moment: datetime
    told_at: float = field(default_factory=time.monotonic)

    def pass_to(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)


@dataclass
class Death:
    """After so many statements; `by_cut`: the connection breaks, rather than the process."""

    statements: int
    by_cut: bool
    after_commit: bool

    def comes(self) -> bool:
        self.statements -= 1
        return self.statements == 0


class _MortalSession(LazySession):
    async def driver(self) -> Any:
        connection = await super().driver()
        death = _DEATH.get()
        if death is not None and not death.after_commit and death.comes():
            if not death.by_cut:
                raise Killed
            connection.terminate()
        return connection

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        _die_if_due()
        return await super().execute(*args, **kwargs)


def _die_if_due() -> None:
    death = _DEATH.get()
    if death is not None and not death.after_commit and death.comes():
        raise Killed


class TimedDatabase(Database):
    """Every transaction is told what time it is in the history that it belongs to."""

    _peeks: asyncpg.Pool | None = None

    async def peek(self, statement: str, *values: Any) -> Any:
        """A value, read beside all transactions."""
        if self._peeks is None:
            self._peeks = asyncpg.create_pool(
                for_asyncpg(self.url.render_as_string(hide_password=False)), min_size=0, max_size=4
            )
        await self._peeks
        return await self._peeks.fetchval(statement, *values)

    async def dispose(self) -> None:
        if self._peeks is not None:
            await self._peeks.close()
        await super().dispose()

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[AsyncSession]:
        async with super().transaction(durable=durable) as session:
            await _tell_time(session)
            yield session
        death = _DEATH.get()
        if death is not None and death.after_commit and death.comes():
            raise Killed

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with super().read() as session:
            await _tell_time(session)
            yield session


async def _tell_time(session: Any) -> None:
    clock = _CLOCK.get()
    if clock is not None:
        # At least as much as really passed, so that what is posted later has the later time.
        passed = timedelta(seconds=time.monotonic() - clock.told_at)
        clock.moment, clock.told_at = clock.moment + passed + TICK, time.monotonic()
        added = repr(clock.moment.timestamp() - time.time())
        await (await LazySession.driver(session)).fetch(ADD_HERE, added)


def make_mortal() -> None:
    """From here on, transactions of this process may be killed."""
    vars(pingvas.base.db)["LazySession"] = _MortalSession


@contextmanager
def dying(statements: int, *, by_cut: bool, after_commit: bool) -> Iterator[None]:
    """The studio dies after so many statements of the block (or commits, then), if it has as many. `by_cut`: the connection breaks."""
    _DEATH.set(Death(statements, by_cut, after_commit))
    try:
        yield
    except (Killed, DatabaseUnavailable):
        pass
    finally:
        _DEATH.set(None)


def set_clock(moment: datetime) -> None:
    """What time it is for this task, and those that it starts: another life begins."""
    _CLOCK.set(Clock(moment))


def pass_time_to(moment: datetime) -> None:
    """For whoever does by hand what is due on the way."""
    running_clock().pass_to(moment)


def running_clock() -> Clock:
    clock = _CLOCK.get()
    assert clock is not None
    return clock
