"""Claiming jobs from the queue: as many at once as can share a batch, more whenever one has left, none without need.

The next jobs are claimed as soon as the engine is free, while the last pictures are still decoded and stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.loops import BackgroundLoops, end
from pingvas.base.tracing import past_span
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.worker.process.wakeup import Wakeup
from pingvas.worker.running.job_context import JobContext
from pingvas.worker.running.job_run import JobRun

log = logging.getLogger(__name__)

# How often, at most, a worker that finds nothing looks behind the clock for jobs that were left there.
REWIND_SECONDS = 0.5


@dataclass(frozen=True)
class ClaimCapacity:
    """How many jobs may be claimed: of `batch_key`, or, when none is on the engine, any."""

    jobs: int
    batch_key: str | None = None


class RunningJobs:
    """The jobs that this worker runs: some on the engine, the others on their way into storage.

    `wakeup` is set whenever a job leaves the engine, or ends.
    """

    def __init__(self, context: JobContext, wakeup: Wakeup) -> None:
        self._context = context
        self._wakeup = wakeup
        self._tasks: dict[asyncio.Task[None], JobRun] = {}

    def start(self, job: ClaimedJob) -> None:
        """Run the job, beside the others."""
        run = JobRun(job, self._context, self._wakeup.set)
        task = asyncio.create_task(run.run(), name=f"job {job.id}")
        self._tasks[task] = run
        task.add_done_callback(self._forget)

    def capacity(self) -> ClaimCapacity | None:
        """What may be claimed now."""
        most = self._context.settings.worker_batch
        on_engine = [run for run in self._tasks.values() if run.on_engine]
        if len(self._tasks) - len(on_engine) > 2 * most:
            return None  # the storage is away, and whatever is made would only wait here
        if not on_engine:
            return ClaimCapacity(most)
        keys = {run.batch_key for run in on_engine}
        free = min(run.max_batch for run in on_engine) - len(on_engine)
        (key,) = keys if len(keys) == 1 else (None,)
        return ClaimCapacity(free, key) if key is not None and free > 0 else None

    def __len__(self) -> int:
        return len(self._tasks)

    async def drain(self) -> None:
        """Let the running jobs end; what does not in time goes back into the queue, its step given up."""
        if not self._tasks:
            return
        timeouts = self._context.timeouts
        log.info("stopping: %d jobs run", len(self))
        await self._wait(timeouts.drain)
        for run in self._tasks.values():
            run.hand_back()
        await self._wait(timeouts.abort)
        if self._tasks:
            log.warning("stopping while %d jobs run; their leases will lapse", len(self))

    async def _wait(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _forget(self, task: asyncio.Task[None]) -> None:
        run = self._tasks.pop(task)
        self._wakeup.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("job %s: its end could not be written", run.job.id, exc_info=error)


class Claimer:
    """Claims jobs for one worker as its capacity allows, and runs them."""

    def __init__(self, context: JobContext, wakeup: Wakeup) -> None:
        self.running = RunningJobs(context, wakeup)
        self._context = context
        self._wakeup = wakeup
        self._rewound_at = float("-inf")
        self._claiming = asyncio.Lock()

    async def run(self, stop: asyncio.Event, loops: BackgroundLoops) -> None:
        """Claim and run jobs until told to stop, or until the engine is broken; those that run then are left running."""
        claiming = loops.start("job claims", lambda: self._claim_until(stop), essential=True)
        stopping = asyncio.create_task(stop.wait(), name="told to stop")
        try:
            await asyncio.wait({claiming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            async with self._claiming:  # whatever is being claimed now is run, and not left to its lease
                pass
        finally:
            stopping.cancel()
            await end(claiming)

    async def _claim_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set() and not self._context.engine.broken:
            polled = not self._wakeup.is_set
            self._wakeup.clear()
            capacity = self.running.capacity()
            if capacity is None:
                await self._wakeup.wait(None)
                continue
            async with self._claiming:
                claimed = await self._claim_and_start(capacity, polled=polled)
            if claimed < capacity.jobs:
                # Whatever else there is does not fit, for now; what comes from now on wakes us.
                await self._wakeup.wait(self._context.settings.worker_poll_seconds)

    async def _claim_and_start(self, capacity: ClaimCapacity, *, polled: bool) -> int:
        began = time.time()
        jobs = await self._claim(capacity, polled=polled)
        for job in jobs:
            waited = (job.started_at - job.queued_at).total_seconds()
            past_span("claim", parent=job.traceparent, began=began, ended=time.time(), waited_seconds=waited)
            self.running.start(job)
        return len(jobs)

    async def _claim(self, capacity: ClaimCapacity, *, polled: bool) -> list[ClaimedJob]:
        context = self._context
        async with context.database.autocommit() as session:
            if capacity.batch_key is not None:
                return await claims.claim_more(
                    session,
                    worker_id=context.worker_id,
                    lease_seconds=context.settings.lease_seconds,
                    batch_key=capacity.batch_key,
                    limit=capacity.jobs,
                )
            if not (polled and self._may_rewind()):
                jobs = await self._claim_any(session, capacity, rewind=False)
                if jobs or not self._may_rewind():
                    return jobs
            return await self._claim_any(session, capacity, rewind=True)

    async def _claim_any(
        self, session: AsyncSession, capacity: ClaimCapacity, *, rewind: bool
    ) -> list[ClaimedJob]:
        return await claims.claim(
            session,
            worker_id=self._context.worker_id,
            lease_seconds=self._context.settings.lease_seconds,
            limit=capacity.jobs,
            holds=list(self._context.engine.loaded),
            rewind=rewind,
        )

    def _may_rewind(self) -> bool:
        """Looking behind the clock finds what a late commit left there; it is dearer, and seldom finds more."""
        now = time.monotonic()
        if now - self._rewound_at < REWIND_SECONDS:
            return False
        self._rewound_at = now
        return True
