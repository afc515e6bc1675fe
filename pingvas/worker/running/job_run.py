"""The run of one job in this worker: have its picture made, and see the outcome written down.

No transaction is open while the engine works. The lease and the attempt decide whether anything may be written;
this file never assumes that it still holds either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

from pingvas.adapters.model_download import NoRoomForModel
from pingvas.adapters.model_source import ModelFilesDamaged, ModelFilesMissing, ModelFilesUnavailable
from pingvas.adapters.storage import StorageUnavailable
from pingvas.base.db import DatabaseUnavailable
from pingvas.base.tracing import span
from pingvas.engine import errors
from pingvas.engine.requests import VAE_DECODE, Result, StepReport
from pingvas.generation.lifecycle.claims import ClaimedJob, Hold
from pingvas.generation.pricing.large_sources import NO_MORE
from pingvas.generation.requests.job_inputs import NoLongerInPlan
from pingvas.worker.running.capacity import max_batch_for, may_share_batch
from pingvas.worker.running.engine_input import EngineInput
from pingvas.worker.running.engine_queue import QueuedJob
from pingvas.worker.running.job_context import JobContext
from pingvas.worker.running.load_inputs import load_inputs
from pingvas.worker.running.outcome import Canceled, Crashed, Failed, HandedBack, Lost, Made, Outcome
from pingvas.worker.running.progress_reporter import Reporter
from pingvas.worker.running.store_image import store_image
from pingvas.worker.running.write_outcome import write_outcome

log = logging.getLogger(__name__)

StopReason = Literal["canceled", "handed_back", "lost", "took_too_long", "too_late"]
UNFORESEEN = "The worker met an error nobody foresaw."


class JobRun:
    """Runs one claimed job. `on_change` is called when it leaves the engine, and may look at `on_engine` then."""

    def __init__(self, job: ClaimedJob, context: JobContext, on_change: Callable[[], None]) -> None:
        self.job = job
        # Jobs with the same key may join it; None: nobody may.
        self.batch_key = job.batch_key if may_share_batch(job) else None
        self.max_batch = max_batch_for(
            job, most=context.settings.worker_batch, memory_bytes=context.memory_bytes
        )
        # Whether it takes part, or is about to take part, in a batch of the engine. Decoding and storing do not count.
        self.on_engine = True
        self._context = context
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._reporter: Reporter | None = None
        self._stop: StopReason | None = None
        self._stopped = asyncio.Event()
        self._watch: asyncio.TimerHandle | None = None
        # Set when waiting for anything makes no sense any more: the job is lost, or must be given away.
        self._give_up = asyncio.Event()

    def hand_back(self) -> None:
        """Stop within a step and give the job back to the queue; a picture that is made already is still kept."""
        self._stop_for("handed_back")

    async def run(self) -> None:
        """Everything, to the end. Raises nothing: a job that goes wrong is written down as such."""
        with self._traced(), self._context.leases.holding(self.job, self._on_hold):
            try:
                await self._end(await self._make())
            except Exception:  # a bug in one job must not end the others; the job is told of it
                log.exception("job %s: unforeseen", self.job.id)
                await self._end(Crashed(UNFORESEEN))
            finally:
                self._release_engine()
                await self._finish_reporting()

    def _traced(self) -> AbstractContextManager[object]:
        """Goes on with the trace of the request that asked for the job."""
        job = self.job
        facts: dict[str, str | int] = {
            "job.id": str(job.id),
            "job.attempt": job.attempt,
            "job.model": job.model_name,
        }
        return span("job", parent=job.traceparent, mode="consumer", worker=self._context.worker_id, **facts)

    async def _make(self) -> Outcome:
        """The part that needs the engine."""
        job, settings = self.job, self._context.settings
        if job.user_id is None:
            return Canceled(0.0)  # the account was deleted: there is nobody to make it for
        self._reporter = reporter = Reporter(
            job,
            self._context.worker_id,
            self._context.database,
            self._context.storage,
            interval=settings.progress_interval_seconds,
            preview_every=settings.preview_every_steps,
            on_hold=self._on_hold,
        )
        inputs = None
        try:
            with self._in_time():
                with span("gather"):
                    inputs = await self._load_inputs()
                with span("engine"):
                    result = await self._on_the_engine(inputs, reporter)
        except (ModelFilesMissing, ModelFilesDamaged, NoRoomForModel) as error:
            return Failed(error.job_code, error.detail, 0.0)
        except NoLongerInPlan as error:
            return Failed(error.code, error.message, 0.0)
        except (StorageUnavailable, ModelFilesUnavailable) as error:
            log.warning("job %s: what it is made from is out of reach: %s", job.id, error)
            return HandedBack(self._context.timeouts.storage_retry)
        except DatabaseUnavailable:
            return HandedBack()  # which is written when it is back
        except errors.Canceled as error:
            return self._why_stopped(error.gpu_seconds)
        except errors.Unforeseen as error:
            return Crashed(str(error))
        except errors.EngineError as error:
            log.info("job %s: %s: %s", job.id, error.code, error)
            return Failed(error.code, str(error), error.gpu_seconds)
        finally:
            if inputs is not None:
                inputs.close()
            self._release_engine()
            reporter.finish()
        if self._stop in ("canceled", "lost"):
            return self._why_stopped(result.gpu_seconds)
        return Made(result, inputs.more)

    async def _load_inputs(self) -> EngineInput:
        """What the job is made from, unless the job is stopped before all of it is there."""
        loading = asyncio.create_task(load_inputs(self.job, self._context), name=f"inputs of {self.job.id}")
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({loading, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            if not loading.done():
                loading.cancel()
        try:
            return await loading
        except asyncio.CancelledError:
            if not self._stopped.is_set():
                raise
        raise errors.Canceled("The job was stopped while its parts were fetched.")

    async def _on_the_engine(self, inputs: EngineInput, reporter: Reporter) -> Result:
        def on_step(report: StepReport) -> None:
            reporter.note(report)
            if report.step_name == VAE_DECODE:
                self._loop.call_soon_threadsafe(self._release_engine)

        queued = QueuedJob(
            self.job.model_name, inputs, on_step, lambda: self._stop is not None, self.max_batch
        )
        return await self._context.engine.make(queued)

    def _check_released(self) -> None:
        """No step takes so long: the engine's thread is stuck, and only a new process helps."""
        if self.on_engine:
            log.error("job %s: the engine has not answered for too long", self.job.id)
            self._context.engine.broken = True
            self._on_change()

    def _release_engine(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self.on_engine:
            self.on_engine = False
            self._on_change()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Stops the job when its attempt has lasted too long, or when its deadline has passed by the database's clock."""
        job, limit = self.job, self._context.settings.job_run_seconds
        timers = [self._loop.call_later(limit, self._stop_for, "took_too_long")]
        if job.deadline_at is not None:
            left = (job.deadline_at - job.started_at).total_seconds()
            timers.append(self._loop.call_later(left, self._stop_for, "too_late"))
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def _why_stopped(self, gpu_seconds: float) -> Outcome:
        match self._stop:
            case "canceled":
                return Canceled(gpu_seconds)
            case "took_too_long":
                limit = self._context.settings.job_run_seconds
                message = (
                    f"It took longer than {limit:g} seconds, the most a job may run here. "
                    "Ask for fewer steps or a smaller picture."
                )
                return Failed("timeout", message, gpu_seconds)
            case "too_late":
                message = (
                    "It was not done by its deadline. Try again when fewer jobs wait, or ask for fewer steps."
                )
                return Failed("timeout", message, gpu_seconds)
            case "lost":
                return Lost()
        return HandedBack()

    async def _end(self, outcome: Outcome) -> None:
        """Write the outcome down, however long the storage or the database is away."""
        picture = None
        if isinstance(outcome, Made):
            with span("store"):
                picture = await store_image(self.job, outcome.result, self._context, self._give_up)
            if picture is None:
                outcome = self._why_not_stored()
            elif outcome.more == NO_MORE:  # large images take time of their own, which is not the model's
                self._context.measurements.note(self.job, outcome.result.gpu_seconds)
        await self._finish_reporting()
        with span("finish", outcome=type(outcome).__name__):
            await write_outcome(self.job, self._context, outcome, picture, self._give_up)

    async def _finish_reporting(self) -> None:
        """Send the last steps: before the end is told, and while the picture is being stored."""
        reporter, self._reporter = self._reporter, None
        if reporter is not None:
            await reporter.close()

    def _why_not_stored(self) -> Outcome:
        if self._stop == "lost":
            return Lost()
        return HandedBack(0.0 if self._stop == "handed_back" else self._context.timeouts.storage_retry)

    def _on_hold(self, hold: Hold) -> None:
        if hold == "cancel_requested":
            self._stop_for("canceled")
        elif hold == "lost":
            self._stop_for("lost")

    def _stop_for(self, reason: StopReason) -> None:
        if self._stop is None or reason == "lost":
            self._stop = reason
        if not self._stopped.is_set():
            self._stopped.set()
            self._watch = self._loop.call_later(self._context.timeouts.stuck, self._check_released)
        if reason in ("handed_back", "lost"):
            self._give_up.set()
