"""The one thread that torch runs on. Everything else in the worker is asyncio and never waits for a picture."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import replace

from PIL import Image

from pingvas.engine.engine import Engine
from pingvas.engine.errors import EngineError
from pingvas.engine.families.family import pad_to
from pingvas.engine.requests import LOADING_MODEL, EngineRequest, Result, Setup, StepReport
from pingvas.worker.running.batch_run import BatchRun, EngineStats
from pingvas.worker.running.engine_input import Enlarge
from pingvas.worker.running.engine_queue import EngineQueue, PendingCall, QueuedJob

log = logging.getLogger(__name__)


class EngineThread:
    """One engine and its thread, which takes from a queue: pictures that share a batch at once, all else in turn.

    `loaded` are the names of the models in memory, the latest first. `broken`: nothing can be made any more in this process.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loaded: list[str] = []
        self.broken = False
        self.stats = EngineStats()
        self._models: dict[str, Setup] = {}
        self._queue = EngineQueue()
        # A daemon: a step that never ends must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    async def load(self, model: str, setup: Setup) -> None:
        """Have this model in memory. Raises what `Engine.prepare` raises."""
        call = PendingCall(lambda: self._load(model, setup))
        self._queue.put(call)
        await asyncio.wrap_future(call.done)

    async def make(self, job: QueuedJob) -> Result:
        """Make the job's picture, in a batch with others where it can. Raises EngineError, and whatever a bug raises."""
        self._queue.put(job)
        return await asyncio.wrap_future(job.result)

    async def close(self, seconds: float) -> None:
        """Take no more work, and wait for a step under way to end, at most `seconds`; nothing can stop a thread."""
        self._queue.close()
        await asyncio.to_thread(self._thread.join, seconds)

    def _work(self) -> None:
        while (item := self._queue.take()) is not None:
            try:
                self._do(item)
            except Exception as error:  # the thread must outlive any bug, and nobody may wait for ever
                log.exception("the engine's thread met a bug")
                item.finish(error)

    def _do(self, item: QueuedJob | PendingCall) -> None:
        if isinstance(item, PendingCall):
            item.run()
            item.finish()
        elif item.input.enlarge is not None:
            self._enlarge(item, item.input.enlarge)
        else:
            BatchRun(self.engine, self._queue, self.stats, self._prepare, self._note_bug).run(item)

    def _enlarge(self, job: QueuedJob, task: Enlarge) -> None:
        """An enlarged picture, with a light pass of a model over it if that is asked for: alone."""
        try:
            result = self._enlarged(job, task)
        except EngineError as error:
            self.stats.busy_seconds += error.gpu_seconds
            job.finish(error)
        except Exception as error:
            log.exception("a picture could not be enlarged")
            self._note_bug()
            job.finish(error)
        else:
            self.stats.pictures += 1
            self.stats.busy_seconds += result.gpu_seconds
            job.finish(result)

    def _enlarged(self, job: QueuedJob, task: Enlarge) -> Result:
        larger = self.engine.upscale(task.path, task.source, task.scale, job.on_step, job.is_stopped)
        if job.input.request is None or job.input.setup is None:
            return larger
        return self._refine(job, job.input.setup, job.input.request, larger)

    def _refine(self, job: QueuedJob, setup: Setup, request: EngineRequest, larger: Result) -> Result:
        """A light pass over an enlarged picture; its transparency is none of the model's business and stays."""
        size = larger.image.size
        source = pad_to(larger.image.convert("RGB"), request.width, request.height)
        try:
            if not self.engine.has(setup):
                job.on_step(StepReport(0, request.steps_to_run, LOADING_MODEL))
                self.engine.prepare(setup)
                self._refresh_loaded()
            done = self.engine.run(replace(request, source=source), job.on_step, job.is_stopped)
        except EngineError as error:
            error.gpu_seconds += larger.gpu_seconds
            raise
        image = _middle(done.image, size)
        if larger.image.mode == "RGBA":
            image.putalpha(larger.image.getchannel("A"))
        return Result(image, larger.gpu_seconds + done.gpu_seconds)

    def _prepare(self, job: QueuedJob) -> None:
        if job.input.setup is not None:
            self._load(job.model, job.input.setup)

    def _load(self, model: str, setup: Setup) -> None:
        try:
            self.engine.prepare(setup)
            self._models.pop(model, None)
            self._models[model] = setup
        finally:
            self._refresh_loaded()

    def _note_bug(self) -> None:
        """After a bug: see whether the device still does anything. Raises nothing."""
        try:
            self.broken = self.broken or not self.engine.works()
        except Exception:
            log.exception("the device could not be tried")
            self.broken = True
        if self.broken:
            log.error("the device refuses everything")

    def _refresh_loaded(self) -> None:
        """Note which models are in memory still: one that was loaded may have taken the place of others."""
        self._models = {model: setup for model, setup in self._models.items() if self.engine.keeps(setup)}
        self.loaded[:] = reversed(self._models)


def _middle(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """What is left when the margins of `pad_to` are cut off again."""
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image.crop((left, top, left + size[0], top + size[1]))
