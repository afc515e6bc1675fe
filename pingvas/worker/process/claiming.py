"""Taking jobs from the queue: as many at once as can share the engine, more whenever a seat is free, none without need.

The next jobs are claimed as soon as the engine has seats, while the last pictures are still decoded and stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import DatabaseUnavailable
from pingvas.base.tracing import past_span
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.worker.process.backoff import pauses
from pingvas.worker.process.job_context import Workplace
from pingvas.worker.process.wakeup import Alarm
from pingvas.worker.running.job_run import JobRun

log = logging.getLogger(__name__)

# How often, at most, a worker that finds nothing looks behind the clock for jobs that were left there.
REWIND_SECONDS = 0.5


@dataclass(frozen=True)
class Room:
    """Seats that are free: for jobs of `batch_key`, or, when nobody is on the engine, for any."""

    seats: int
    batch_key: str | None = None


class Hands:
    """The jobs in this worker's hands: some aboard the engine, the others on their way into storage.

    `alarm` rings whenever a seat or a hand becomes free.
    """

    def __init__(self, place: Workplace, alarm: Alarm) -> None:
        self._place = place
        self._alarm = alarm
        self._tasks: dict[asyncio.Task[None], JobRun] = {}

    def take(self, job: ClaimedJob) -> None:
        """Run the job, beside the others."""
        run = JobRun(job, self._place, self._alarm.ring)
        task = asyncio.create_task(run.live(), name=f"job {job.id}")
        self._tasks[task] = run
        task.add_done_callback(self._forget)

    def room(self) -> Room | None:
        """What may be claimed now."""
        most = self._place.settings.worker_batch
        aboard = [run for run in self._tasks.values() if run.aboard]
        if len(self._tasks) - len(aboard) > 2 * most:
            return None  # the storage is away, and whatever is made would only wait here
        if not aboard:
            return Room(most)
        keys = {run.batch_key for run in aboard}
        free = min(run.seats for run in aboard) - len(aboard)
        (key,) = keys if len(keys) == 1 else (None,)
        return Room(free, key) if key is not None and free > 0 else None

    def __len__(self) -> int:
        return len(self._tasks)

    async def drain(self) -> None:
        """Let the jobs in hand end; what does not in time goes back into the queue, its step given up."""
        if not self._tasks:
            return
        patience = self._place.patience
        log.info("stopping: %d jobs in hand", len(self))
        await self._wait(patience.drain)
        for run in self._tasks.values():
            run.hand_back()
        await self._wait(patience.let_go)
        if self._tasks:
            log.warning("stopping with %d jobs in hand; their leases will lapse", len(self))

    async def _wait(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _forget(self, task: asyncio.Task[None]) -> None:
        run = self._tasks.pop(task)
        self._alarm.ring()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("job %s: its end could not be written", run.job.id, exc_info=error)


class Taking:
    """Claims for one worker, filling its hands."""

    def __init__(self, place: Workplace, alarm: Alarm) -> None:
        self.hands = Hands(place, alarm)
        self._place = place
        self._alarm = alarm
        self._rewound_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and run jobs until told to stop, or until the engine is broken; those in hand then are left there."""
        stopping = asyncio.create_task(stop.wait(), name="told to stop")
        retry = pauses()
        poll_seconds = self._place.settings.worker_poll_seconds
        while not stop.is_set() and not self._place.engine.broken:
            polled = not self._alarm.rung
            self._alarm.reset()
            room = self.hands.room()
            if room is None:
                await _unless(stopping, self._alarm.wait(None))
                continue
            began = time.time()
            try:
                jobs = await self._claim(room, polled=polled)
            except DatabaseUnavailable:
                log.warning("the database is away; no jobs are taken until it is back")
                await _unless(stopping, asyncio.sleep(next(retry)))
                continue
            except Exception:  # a bug in claiming must not cost the jobs in hand
                log.exception("no jobs could be taken")
                await _unless(stopping, asyncio.sleep(next(retry)))
                continue
            retry = pauses()
            for job in jobs:
                waited = (job.started_at - job.queued_at).total_seconds()
                past_span(
                    "claim", parent=job.traceparent, began=began, ended=time.time(), waited_seconds=waited
                )
                self.hands.take(job)
            if len(jobs) < room.seats:
                # Whatever else there is does not fit, for now; what comes from now on rings.
                await _unless(stopping, self._alarm.wait(poll_seconds))
        stopping.cancel()

    async def _claim(self, room: Room, *, polled: bool) -> list[ClaimedJob]:
        place, lease = self._place, self._place.settings.lease_seconds
        async with place.database.autocommit() as session:
            if room.batch_key is not None:
                return await claims.claim_more(
                    session,
                    worker_id=place.worker_id,
                    lease_seconds=lease,
                    batch_key=room.batch_key,
                    limit=room.seats,
                )
            if not (polled and self._may_rewind()):
                jobs = await self._claim_any(session, room, rewind=False)
                if jobs or not self._may_rewind():
                    return jobs
            return await self._claim_any(session, room, rewind=True)

    async def _claim_any(self, session: AsyncSession, room: Room, *, rewind: bool) -> list[ClaimedJob]:
        return await claims.claim(
            session,
            worker_id=self._place.worker_id,
            lease_seconds=self._place.settings.lease_seconds,
            limit=room.seats,
            holds=list(self._place.engine.loaded),
            rewind=rewind,
        )

    def _may_rewind(self) -> bool:
        """Looking behind the clock finds what a late commit left there; it is dearer, and seldom finds more."""
        now = time.monotonic()
        if now - self._rewound_at < REWIND_SECONDS:
            return False
        self._rewound_at = now
        return True


async def _unless(stopping: asyncio.Task[Any], wait: Coroutine[Any, Any, object]) -> None:
    """Wait for something, but not longer than until told to stop."""
    waiting = asyncio.create_task(wait)
    await asyncio.wait({stopping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
