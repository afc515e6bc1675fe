"""The one thread that torch runs on. Everything else in the worker is asyncio and never waits for a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from PIL import Image

from pingvas.engine.engine import Engine
from pingvas.engine.errors import EngineError
from pingvas.engine.families.family import pad_to
from pingvas.engine.requests import LOADING_MODEL, PictureRequest, Result, Setup, StepReport
from pingvas.worker.gather import Work


class EngineThread:
    """One engine and its thread. Calls queue up; one runs at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loaded: list[str] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")

    async def load(self, name: str, setup: Setup) -> None:
        """Have this model in memory. Raises what `Engine.prepare` raises."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load, name, setup)

    async def make(
        self,
        name: str,
        work: Work,
        on_step: Callable[[StepReport], None],
        is_stopped: Callable[[], bool],
    ) -> Result:
        """Make the job's picture with its model, called `name`. Raises EngineError.

        `on_step` and `is_stopped` are called on the engine's thread.
        """

        def run() -> Result:
            larger = self._enlarge(work, on_step, is_stopped)
            if work.request is None or work.setup is None:
                assert larger is not None  # noqa: S101 - there is one or the other
                return larger
            if larger is None:
                return self._paint(name, work.setup, work.request, on_step, is_stopped)
            return self._refine(name, work.setup, work.request, larger, on_step, is_stopped)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def close(self) -> None:
        """Take no more work. A step under way ends by itself; nothing can stop a thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _paint(
        self,
        name: str,
        setup: Setup,
        request: PictureRequest,
        on_step: Callable[[StepReport], None],
        is_stopped: Callable[[], bool],
    ) -> Result:
        if not self.engine.has(setup):
            on_step(StepReport(0, request.steps_to_run, LOADING_MODEL))
            self._load(name, setup)
        return self.engine.run(request, on_step, is_stopped)

    def _enlarge(
        self, work: Work, on_step: Callable[[StepReport], None], is_stopped: Callable[[], bool]
    ) -> Result | None:
        if work.enlarge is None:
            return None
        task = work.enlarge
        return self.engine.upscale(task.path, task.source, task.scale, on_step, is_stopped)

    def _refine(
        self,
        name: str,
        setup: Setup,
        request: PictureRequest,
        larger: Result,
        on_step: Callable[[StepReport], None],
        is_stopped: Callable[[], bool],
    ) -> Result:
        """A light pass over an enlarged picture; its transparency is none of the model's business and stays."""
        size = larger.image.size
        source = pad_to(larger.image.convert("RGB"), request.width, request.height)
        try:
            done = self._paint(name, setup, replace(request, source=source), on_step, is_stopped)
        except EngineError as error:
            error.gpu_seconds += larger.gpu_seconds
            raise
        image = _middle(done.image, size)
        if larger.image.mode == "RGBA":
            image.putalpha(larger.image.getchannel("A"))
        return Result(image, larger.gpu_seconds + done.gpu_seconds)

    def _load(self, name: str, setup: Setup) -> None:
        self.loaded.clear()
        self.engine.prepare(setup)
        self.loaded.append(name)


def _middle(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """What is left when the margins of `pad_to` are cut off again."""
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image.crop((left, top, left + size[0], top + size[1]))
