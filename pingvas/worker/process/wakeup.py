"""Waking an idle worker: a notice from the database when there is one, the clock otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

from pingvas.base.loops import BackgroundLoops
from pingvas.base.notify import WAKE_WORKERS, listen


class Wakeup:
    """Set when somebody says that there is work. Notices may be missed, so nobody waits for one alone."""

    def __init__(self) -> None:
        self._set = asyncio.Event()

    def set(self) -> None:
        self._set.set()

    @property
    def is_set(self) -> bool:
        """Whether it was set since it was cleared."""
        return self._set.is_set()

    def clear(self) -> None:
        """Before looking for work, so that what comes while looking sets it again."""
        self._set.clear()

    async def wait(self, seconds: float | None) -> None:
        """Until it is set, at most `seconds`; None: however long that takes."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._set.wait(), seconds)


@asynccontextmanager
async def woken_by_new_jobs(database_url: str, loops: BackgroundLoops) -> AsyncIterator[Wakeup]:
    """A wake-up that every notice of new work sets while the block lasts."""
    wakeup = Wakeup()

    async def hear() -> None:
        wakeup.set()  # what was said before this began to listen is not heard
        async with aclosing(listen(database_url, [WAKE_WORKERS])) as notices:
            async for _ in notices:
                wakeup.set()

    async with loops.running("wake-ups", hear):
        yield wakeup
