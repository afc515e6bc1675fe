"""Waking an idle worker: a notice from the database when there is one, the clock otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pingvas.base.notify import WAKE_WORKERS, listen
from pingvas.worker.process.background import beside


class Alarm:
    """Rings when somebody says that there is work. Notices may be missed, so nobody waits for one alone."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    @property
    def rung(self) -> bool:
        """Whether it has rung since it was reset."""
        return self._rung.is_set()

    def reset(self) -> None:
        """Before looking for work, so that what comes while looking rings again."""
        self._rung.clear()

    async def wait(self, seconds: float | None) -> None:
        """Until it rings, at most `seconds`; None: however long that takes."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)


@asynccontextmanager
async def alarm_on_new_jobs(database_url: str) -> AsyncIterator[Alarm]:
    """An alarm that every notice of new work rings while the block lasts."""
    alarm = Alarm()

    async def hear() -> None:
        async for _ in listen(database_url, [WAKE_WORKERS]):
            alarm.ring()

    async with beside(hear(), name="hear of new jobs"):
        yield alarm
