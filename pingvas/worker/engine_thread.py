"""The one thread that torch runs on. Everything else in the worker is asyncio and never waits for a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pingvas.engine.engine import Engine
from pingvas.engine.requests import LOADING_MODEL, PictureRequest, Result, Setup, StepReport
from pingvas.generation.queue import ClaimedJob


class EngineThread:
    """One engine and its thread. Calls queue up; one runs at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loaded: list[str] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")

    async def load(self, name: str, path: str, config: dict[str, object]) -> None:
        """Have this model in memory. Raises what `Engine.load` raises."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load, name, path, config)

    async def make(
        self,
        job: ClaimedJob,
        request: PictureRequest,
        on_step: Callable[[StepReport], None],
        is_stopped: Callable[[], bool],
    ) -> Result:
        """Load the job's model if need be and make its picture. Raises EngineError.

        `on_step` and `is_stopped` are called on the engine's thread.
        """

        def work() -> Result:
            if not self.engine.has(Setup(Path(job.model_path), job.model_config)):
                on_step(StepReport(0, request.steps, LOADING_MODEL))
                self._load(job.model_name, job.model_path, job.model_config)
            return self.engine.run(request, on_step, is_stopped)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Take no more work. A step under way ends by itself; nothing can stop a thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _load(self, name: str, path: str, config: dict[str, object]) -> None:
        self.loaded.clear()
        self.engine.load(path, config)
        self.loaded.append(name)
