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
from pingvas.engine.requests import LOADING_MODEL, PictureRequest, Result, Setup, StepReport
from pingvas.worker.running.batch_run import BatchRun, Tally
from pingvas.worker.running.engine_queue import Errand, Guest, Inbox

log = logging.getLogger(__name__)


class EngineThread:
    """One engine and its thread, which takes from an inbox: pictures that fit together at once, all else in turn.

    `loaded` are the names of the models in memory, the latest first. `broken`: nothing can be made any more in this process.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loaded: list[str] = []
        self.broken = False
        self.tally = Tally()
        self._models: dict[str, Setup] = {}
        self._inbox = Inbox()
        # A daemon: a step that never ends must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    async def load(self, model: str, setup: Setup) -> None:
        """Have this model in memory. Raises what `Engine.prepare` raises."""
        errand = Errand(lambda: self._load(model, setup))
        errand.done.set_running_or_notify_cancel()
        self._inbox.put(errand)
        await asyncio.wrap_future(errand.done)

    async def make(self, guest: Guest) -> Result:
        """Make the guest's picture, in a batch with whoever fits. Raises EngineError, and whatever a bug raises."""
        self._inbox.put(guest)
        return await asyncio.wrap_future(guest.left)

    async def close(self, seconds: float) -> None:
        """Take no more work, and wait for a step under way to end, at most `seconds`; nothing can stop a thread."""
        self._inbox.close()
        await asyncio.to_thread(self._thread.join, seconds)

    def _work(self) -> None:
        while (item := self._inbox.take()) is not None:
            if isinstance(item, Errand):
                self._run(item)
            elif item.work.enlarge is not None:
                self._enlarge(item)
            else:
                BatchRun(self.engine, self._inbox, self.tally, self._prepare, self._note_bug).run(item)

    def _run(self, errand: Errand) -> None:
        try:
            errand.run()
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            errand.done.set_exception(error)
        else:
            errand.done.set_result(None)

    def _enlarge(self, guest: Guest) -> None:
        """An enlarged picture, with a light pass of a model over it if that is asked for: alone."""
        try:
            result = self._enlarged(guest)
        except EngineError as error:
            self.tally.busy_seconds += error.gpu_seconds
            guest.leave(error)
        except Exception as error:
            log.exception("a picture could not be enlarged")
            self._note_bug()
            guest.leave(error)
        else:
            self.tally.pictures += 1
            self.tally.busy_seconds += result.gpu_seconds
            guest.leave(result)

    def _enlarged(self, guest: Guest) -> Result:
        task, work = guest.work.enlarge, guest.work
        assert task is not None  # noqa: S101 - or it would not have come here
        larger = self.engine.upscale(task.path, task.source, task.scale, guest.on_step, guest.is_stopped)
        if work.request is None or work.setup is None:
            return larger
        return self._refine(guest, work.setup, work.request, larger)

    def _refine(self, guest: Guest, setup: Setup, request: PictureRequest, larger: Result) -> Result:
        """A light pass over an enlarged picture; its transparency is none of the model's business and stays."""
        size = larger.image.size
        source = pad_to(larger.image.convert("RGB"), request.width, request.height)
        try:
            if not self.engine.has(setup):
                guest.on_step(StepReport(0, request.steps_to_run, LOADING_MODEL))
                self.engine.prepare(setup)
                self._look_around()
            done = self.engine.run(replace(request, source=source), guest.on_step, guest.is_stopped)
        except EngineError as error:
            error.gpu_seconds += larger.gpu_seconds
            raise
        image = _middle(done.image, size)
        if larger.image.mode == "RGBA":
            image.putalpha(larger.image.getchannel("A"))
        return Result(image, larger.gpu_seconds + done.gpu_seconds)

    def _prepare(self, guest: Guest) -> None:
        if guest.work.setup is not None:
            self._load(guest.model, guest.work.setup)

    def _load(self, model: str, setup: Setup) -> None:
        try:
            self.engine.prepare(setup)
            self._models.pop(model, None)
            self._models[model] = setup
        finally:
            self._look_around()

    def _note_bug(self) -> None:
        if not self.engine.works():
            log.error("the device refuses everything")
            self.broken = True

    def _look_around(self) -> None:
        """Note which models are in memory still: one that was loaded may have taken the place of others."""
        self._models = {model: setup for model, setup in self._models.items() if self.engine.keeps(setup)}
        self.loaded[:] = reversed(self._models)


def _middle(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """What is left when the margins of `pad_to` are cut off again."""
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image.crop((left, top, left + size[0], top + size[1]))
