"""Supervised background loops: what a process does beside its main work, kept going whatever goes wrong in it.

A loop that raises is logged, counted, put on record and started again after a pause. While the database or another part
is away it waits for that part, and nothing is counted. When an essential loop fails again and again without having lived
in between, the process is told to end (`on_give_up`), so that its supervisor starts another.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import Counter

from pingvas.base.backoff import LONGEST_SECONDS, pauses
from pingvas.base.database_away import is_unavailable
from pingvas.base.errors import Unavailable
from pingvas.base.loop_failures import LoopReport, record
from pingvas.base.metrics import REGISTRY
from pingvas.base.withheld import without_values

log = logging.getLogger(__name__)

# A loop that lived so long has got over what was wrong.
STEADY_SECONDS = 60.0
# An essential loop that fails so often, never steady in between, cannot live in this process.
MOST_FAILURES = 8

Work = Callable[[], Awaitable[None]]

_FAILURES = Counter(
    "pingvas_loop_failures",
    "Times that a background loop met an error nobody foresaw and was started again",
    ("loop",),
    registry=REGISTRY,
)


class LoopGaveUp(Exception):
    """An essential background loop cannot live in this process: a new process has to take over."""


@dataclass(frozen=True)
class _Loop:
    name: str
    work: Work
    essential: bool
    longest_pause: float


class BackgroundLoops:
    """The background loops of one process of the kind `process`: api, worker, chores.

    With a `database_url`, failures are put on record for the doctor. `on_give_up` is called when an essential loop
    cannot live; `raise_if_gave_up` then says which.
    """

    def __init__(
        self,
        process: str,
        database_url: str | None = None,
        *,
        on_give_up: Callable[[], None] = lambda: None,
        steady_seconds: float | None = None,
    ) -> None:
        self.process = process
        self.on_give_up = on_give_up
        self._database_url = database_url
        self._steady_seconds = STEADY_SECONDS if steady_seconds is None else steady_seconds
        self._gave_up: LoopGaveUp | None = None

    def start(
        self, name: str, work: Work, *, essential: bool = False, longest_pause: float = LONGEST_SECONDS
    ) -> asyncio.Task[None]:
        """Keep `work` going until the task is canceled (see `end`) or `work` returns."""
        loop = _Loop(name, work, essential, longest_pause)
        return asyncio.create_task(self._keep(loop), name=name)

    @asynccontextmanager
    async def running(
        self, name: str, work: Work, *, essential: bool = False, longest_pause: float = LONGEST_SECONDS
    ) -> AsyncIterator[None]:
        """`work` is kept going while the block lasts; it has ended when this returns."""
        task = self.start(name, work, essential=essential, longest_pause=longest_pause)
        try:
            yield
        finally:
            await end(task)

    def raise_if_gave_up(self) -> None:
        """Raises LoopGaveUp when an essential loop could not live."""
        if self._gave_up is not None:
            raise self._gave_up

    async def _keep(self, loop: _Loop) -> None:
        failures, is_away, pause = 0, False, pauses(longest=loop.longest_pause)
        while True:
            began = time.monotonic()
            try:
                await self._live(loop, failures)
                return
            except Exception as error:
                if time.monotonic() - began >= self._steady_seconds:
                    failures, is_away, pause = 0, False, pauses(longest=loop.longest_pause)
                if isinstance(error, Unavailable) or is_unavailable(error):
                    log.log(
                        logging.DEBUG if is_away else logging.WARNING, "%s waits: %s", loop.name, _say(error)
                    )
                    is_away = True
                else:
                    failures, is_away = failures + 1, False
                    log.exception("%s failed (%d in a row) and is started again", loop.name, failures)
                    await self._note_failure(loop, error, failures)
                    if loop.essential and failures >= MOST_FAILURES:
                        self._give_up(loop, error)
                        return
            await asyncio.sleep(next(pause))

    async def _live(self, loop: _Loop, failures: int) -> None:
        """Do the work. Raises what it raises; RuntimeError when something else canceled it."""
        working = asyncio.ensure_future(loop.work())
        try:
            if failures:
                done, _ = await asyncio.wait({working}, timeout=self._steady_seconds)
                if not done:
                    log.info("%s is well again", loop.name)
                    await self._record(LoopReport(self.process, loop.name, recovered=True))
            await asyncio.wait({working})
        finally:
            await end(working)
        if working.cancelled():
            raise RuntimeError("it was canceled from within")
        working.result()

    async def _note_failure(self, loop: _Loop, error: Exception, failures: int) -> None:
        _FAILURES.labels(loop.name).inc()
        gave_up = loop.essential and failures >= MOST_FAILURES
        await self._record(LoopReport(self.process, loop.name, error=_say(error), gave_up=gave_up))

    async def _record(self, report: LoopReport) -> None:
        if self._database_url is None:
            return
        try:
            await record(self._database_url, report)
        except Exception as error:  # noqa: BLE001 - the record is for people; the loop goes on without it
            log.log(
                logging.DEBUG if is_unavailable(error) else logging.ERROR,
                "%s: not put on record: %s",
                report.loop,
                _say(error),
            )

    def _give_up(self, loop: _Loop, error: Exception) -> None:
        log.critical("%s cannot live in this process, which ends", loop.name)
        if self._gave_up is None:
            self._gave_up = LoopGaveUp(f"{loop.name} failed {MOST_FAILURES} times in a row: {_say(error)}")
            self._gave_up.__cause__ = error
        self.on_give_up()


async def end(task: asyncio.Future[None]) -> None:
    """Cancel a task and wait until it has ended. What it raised meanwhile stays with it."""
    task.cancel()
    while not task.done():
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # so that nobody complains that it was never asked for


def _say(error: BaseException) -> str:
    detail = error.detail if isinstance(error, Unavailable) else without_values(str(error))
    return f"{type(error).__name__}: {detail}"
