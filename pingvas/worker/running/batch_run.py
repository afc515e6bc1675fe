"""A batch under way on the engine's thread: jobs join between two steps, and each ends with its own outcome.

It never waits for the network: jobs that are ready join, the others join later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pingvas.engine.batch import Batch, BatchEntry
from pingvas.engine.engine import Engine
from pingvas.engine.errors import Canceled, EngineError
from pingvas.engine.requests import LOADING_MODEL, StepReport
from pingvas.worker.running.engine_queue import EngineQueue, QueuedJob

log = logging.getLogger(__name__)


@dataclass
class EngineStats:
    """What an engine has done so far. `busy_seconds` is the time worked on pictures, loading not among it."""

    batches: int = 0
    pictures: int = 0
    largest_batch: int = 0
    busy_seconds: float = 0.0

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Counts the time within."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.busy_seconds += time.monotonic() - began


class BatchRun:
    """One batch, from the job that opens it until the last one has ended.

    `prepare` loads what a job needs. `note_bug` is called before anybody is told of a bug in the engine, and raises nothing.
    """

    def __init__(
        self,
        engine: Engine,
        queue: EngineQueue,
        stats: EngineStats,
        prepare: Callable[[QueuedJob], None],
        note_bug: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._queue = queue
        self._stats = stats
        self._prepare = prepare
        self._note_bug = note_bug
        self._jobs: dict[BatchEntry, QueuedJob] = {}

    def run(self, first: QueuedJob) -> None:
        """Raises nothing: a bug in the engine ends every job of the batch, and each is told of it."""
        joining = [first, *self._queue.take_for_batch(first, first.max_batch - 1)]
        try:
            joining = self._without_stopped(joining)
            if not joining or not self._load(joining):
                return
            batch = self._engine.open_batch()
            self._stats.batches += 1
            while True:
                self._join(batch, joining)
                joining = []
                if not self._jobs:
                    return
                with self._stats.busy():
                    ended = self._engine.step(batch)
                for entry in ended:
                    self._finish(entry)
                joining = self._without_stopped(self._queue.take_for_batch(first, self._free(first)))
        except Exception as error:
            log.exception("a batch of %d pictures ended by a bug", len(self._jobs))
            self._note_bug()
            for job in [*joining, *self._jobs.values()]:
                job.finish(error)

    def _load(self, joining: list[QueuedJob]) -> bool:
        """False, and every job told, when what they share cannot be loaded."""
        setup = joining[0].input.setup
        if setup is None or self._engine.has(setup):
            return True
        for job in joining:
            if job.input.request is not None:
                job.on_step(StepReport(0, job.input.request.steps_to_run, LOADING_MODEL))
        try:
            self._prepare(joining[0])
        except EngineError as error:
            for job in joining:
                job.finish(error)
            return False
        return True

    def _without_stopped(self, joining: list[QueuedJob]) -> list[QueuedJob]:
        """Those of them that were not stopped while they waited."""
        for job in joining:
            if job.is_stopped():
                job.finish(Canceled("The job was stopped before its turn."))
        return [job for job in joining if not job.result.done()]

    def _join(self, batch: Batch, joining: list[QueuedJob]) -> None:
        for job in joining:
            if job.input.request is None:
                raise ValueError("a batch is of pictures")
            try:
                with self._stats.busy():
                    entry = self._engine.join(batch, job.input.request, job.on_step, job.is_stopped)
            except EngineError as error:
                job.finish(error)
            except Exception as error:  # met before it took part: no bug of the others
                log.exception("a picture could not begin")
                self._note_bug()
                job.finish(error)
            else:
                self._jobs[entry] = job
        self._stats.pictures += len(joining)
        self._stats.largest_batch = max(self._stats.largest_batch, len(self._denoising()))

    def _finish(self, entry: BatchEntry) -> None:
        if entry.outcome is not None:
            self._jobs.pop(entry).finish(entry.outcome)

    def _denoising(self) -> list[QueuedJob]:
        """Those that take part in the steps; a picture that is being decoded counts no more."""
        return [job for entry, job in self._jobs.items() if entry.decoding is None]

    def _free(self, first: QueuedJob) -> int:
        """How many more may join."""
        going = self._denoising()
        return max(0, min((job.max_batch for job in going), default=first.max_batch) - len(going))
