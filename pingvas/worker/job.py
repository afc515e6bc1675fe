"""One job's life in this worker: make the picture, keep the lease, and see the outcome written down.

No transaction is open while the engine works. The lease and the attempt decide whether anything may be written;
this file never assumes that it still holds either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.model_download import NoRoomForModel
from pingvas.adapters.model_source import ModelFilesDamaged, ModelFilesMissing, ModelFilesUnavailable
from pingvas.adapters.storage import StorageUnavailable
from pingvas.base.db import DatabaseUnavailable
from pingvas.engine import errors
from pingvas.generation import finish, queue
from pingvas.generation.queue import ClaimedJob, Hold
from pingvas.worker.gather import gather
from pingvas.worker.outcome import Canceled, Crashed, Failed, HandedBack, Lost, Made, Outcome
from pingvas.worker.pauses import pauses
from pingvas.worker.reporting import Reporter
from pingvas.worker.store_picture import store_picture
from pingvas.worker.workplace import Workplace

log = logging.getLogger(__name__)

StopReason = Literal["canceled", "handed_back", "lost"]
Ending = Callable[[AsyncSession, ClaimedJob, str], Awaitable[bool]]
"""Writes a job's end for a worker; False: the job was no longer that worker's."""


class JobRun:
    """Runs one claimed job. `engine_free` is set once the engine is done with it and only the ending is left."""

    def __init__(self, job: ClaimedJob, place: Workplace) -> None:
        self.job = job
        self.engine_free = asyncio.Event()
        self._place = place
        self._reporter: Reporter | None = None
        self._stop: StopReason | None = None
        # Set when waiting for anything makes no sense any more: the job is lost, or must be given away.
        self._give_up = asyncio.Event()

    def hand_back(self) -> None:
        """Stop within a step and give the job back to the queue; a picture that is made already is still kept."""
        self._stop_for("handed_back")

    async def live(self) -> None:
        """Everything, to the end. Raises nothing: a job that goes wrong is written down as such."""
        keeping = asyncio.create_task(self._keep_lease(), name=f"lease of {self.job.id}")
        try:
            await self._end(await self._make())
        except Exception:  # a bug in one job must not end the others: it is logged, and the job is told of it
            log.exception("job %s: unforeseen", self.job.id)
            await self._end(Crashed("The worker met an error nobody foresaw."))
        finally:
            self.engine_free.set()
            await self._finish_reporting()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _make(self) -> Outcome:
        """The part that needs the engine."""
        job, settings = self.job, self._place.settings
        if job.user_id is None:
            return Canceled(0.0)  # the account was deleted: there is nobody to make it for
        self._reporter = reporter = Reporter(
            job,
            self._place.worker_id,
            self._place.database,
            self._place.storage,
            interval=settings.progress_interval_seconds,
            preview_every=settings.preview_every_steps,
            on_hold=self._heed,
        )
        work = None
        try:
            work = await gather(job, self._place)
            result = await self._place.engine.make(
                job.model_name, work, reporter.note, lambda: self._stop is not None
            )
        except (ModelFilesMissing, ModelFilesDamaged, NoRoomForModel) as error:
            return Failed(error.job_code, error.detail, 0.0)
        except (StorageUnavailable, ModelFilesUnavailable, DatabaseUnavailable) as error:
            log.warning("job %s: what it is made from is out of reach: %s", job.id, error)
            return HandedBack(self._place.patience.after_storage)
        except errors.Canceled as error:
            return self._why_stopped(error.gpu_seconds)
        except errors.EngineError as error:
            log.info("job %s: %s: %s", job.id, error.code, error)
            return Failed(error.code, str(error), error.gpu_seconds)
        finally:
            if work is not None:
                work.close()
            self.engine_free.set()
            reporter.finish()
        if self._stop in ("canceled", "lost"):
            return self._why_stopped(result.gpu_seconds)
        return Made(result)

    def _why_stopped(self, gpu_seconds: float) -> Outcome:
        if self._stop == "canceled":
            return Canceled(gpu_seconds)
        return HandedBack() if self._stop == "handed_back" else Lost()

    async def _end(self, outcome: Outcome) -> None:
        """Write the outcome down, however long the storage or the database is away."""
        job = self.job
        ending: Ending
        match outcome:
            case Made(result):
                picture = await store_picture(job, result, self._place, self._give_up)
                if picture is None:
                    await self._end(self._why_not_stored())
                    return
                ending = partial(finish.complete, gpu_seconds=result.gpu_seconds, picture=picture)
            case Failed(code, message, seconds):
                ending = partial(finish.fail, code=code, message=message, gpu_seconds=seconds)
            case Canceled(seconds):
                ending = partial(finish.canceled, gpu_seconds=seconds)
            case HandedBack(delay):
                ending = partial(queue.hand_back, delay_seconds=delay)
            case Crashed(message):
                limit = self._place.settings.max_attempts
                ending = partial(finish.crashed, message=message, max_attempts=limit)
            case Lost():
                log.warning("job %s: the lease was lost; somebody else has it now", job.id)
                return
        await self._finish_reporting()
        await self._write(ending)

    async def _finish_reporting(self) -> None:
        """Send the last steps: before the end is told, and while the picture is being stored."""
        reporter, self._reporter = self._reporter, None
        if reporter is not None:
            await reporter.close()

    def _why_not_stored(self) -> Outcome:
        if self._stop == "lost":
            return Lost()
        return HandedBack(0.0 if self._stop == "handed_back" else self._place.patience.after_storage)

    async def _write(self, ending: Ending) -> None:
        """One transaction, tried until the database is there. The fence in it decides whether it counts.

        An attempt whose commit was cut off may have gone through; then the next one finds the job ended, and
        writes nothing.
        """
        for pause in pauses():
            try:
                async with self._place.database.transaction() as session:
                    written = await ending(session, self.job, self._place.worker_id)
            except DatabaseUnavailable:
                if self._give_up.is_set():
                    log.warning("job %s: its end goes unwritten; the lease will lapse", self.job.id)
                    return
                log.warning("job %s: the database is away; its end is written when it is back", self.job.id)
                await self._wait(pause)
                continue
            if not written:
                log.warning("job %s: it was no longer ours at its end; nothing was written", self.job.id)
            return

    async def _keep_lease(self) -> None:
        """Renew the lease in good time, and hear whether the job is still wanted and ours."""
        seconds = self._place.settings.lease_seconds
        pause = seconds / 3
        while True:
            await asyncio.sleep(pause)
            try:
                async with self._place.database.transaction(durable=False) as session:
                    hold = await queue.renew(
                        session,
                        worker_id=self._place.worker_id,
                        job_id=self.job.id,
                        attempt=self.job.attempt,
                        lease_seconds=seconds,
                    )
            except DatabaseUnavailable:
                pause = min(1.0, seconds / 3)
                continue
            pause = seconds / 3
            self._heed(hold)

    def _heed(self, hold: Hold) -> None:
        if hold == "cancel_requested":
            self._stop_for("canceled")
        elif hold == "lost":
            self._stop_for("lost")

    def _stop_for(self, reason: StopReason) -> None:
        if self._stop is None or reason == "lost":
            self._stop = reason
        if reason != "canceled":
            self._give_up.set()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._give_up.wait(), seconds)
