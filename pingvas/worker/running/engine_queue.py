"""The engine's queue: jobs whose inputs are loaded, and other calls, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from pingvas.engine.errors import Canceled, EngineError
from pingvas.engine.requests import Result, StepReport
from pingvas.worker.running.engine_input import EngineInput


@dataclass(eq=False)
class QueuedJob:
    """A job on its way through the engine, by the model of this name.

    `on_step` and `is_stopped` are called on the engine's thread. `max_batch` is how many pictures of this kind the device
    makes at once; 1 is for a job that shares with no other. `result` has the picture, or why there is none.
    """

    model: str
    input: EngineInput
    on_step: Callable[[StepReport], None]
    is_stopped: Callable[[], bool]
    max_batch: int = 1
    result: Future[Result] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.result.set_running_or_notify_cancel()  # from now on nobody who waits for it can cancel it

    def finish(self, outcome: Result | BaseException) -> None:
        """Tell whoever waits what has become of it; only the first outcome counts."""
        if self.result.done():
            return
        if isinstance(outcome, Result):
            self.result.set_result(outcome)
        else:
            self.result.set_exception(outcome)

    def can_share_batch(self, other: QueuedJob) -> bool:
        """Whether the two can share a batch: the same weights, the same size, and neither has to be alone."""
        mine, theirs = self.input.request, other.input.request
        if mine is None or theirs is None or min(self.max_batch, other.max_batch) < 2:
            return False
        same_size = (mine.width, mine.height) == (theirs.width, theirs.height)
        return same_size and self.input.setup == other.input.setup


@dataclass(eq=False)
class PendingCall:
    """Something else to be done on the engine's thread that nobody's picture waits for: loading a model beforehand."""

    run: Callable[[], None]
    done: Future[None] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.done.set_running_or_notify_cancel()

    def finish(self, error: BaseException | None = None) -> None:
        """Tell whoever waits that it is done, or what went wrong; only the first outcome counts."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class EngineQueue:
    """Between the worker's event loop, which puts, and the engine's thread, which takes."""

    def __init__(self) -> None:
        self._waiting: deque[QueuedJob | PendingCall] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: QueuedJob | PendingCall) -> None:
        """Returns at once. What is put into a closed queue is refused as canceled."""
        with self._changed:
            if not self._closed:
                self._waiting.append(item)
                self._changed.notify()
                return
        _refuse(item)

    def take(self) -> QueuedJob | PendingCall | None:
        """The next one, waiting for it; None once the queue is closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def take_for_batch(self, first: QueuedJob, most: int) -> list[QueuedJob]:
        """Up to `most` jobs from the front that can share a batch with `first`, without waiting.

        A job that cannot is not overtaken, or a batch that never empties would keep it waiting for ever. A call is: it may
        wait until the engine has nothing to make, and would else keep everybody out of the batch meanwhile.
        """
        found: list[QueuedJob] = []
        with self._changed:
            for following in list(self._waiting):
                if isinstance(following, PendingCall):
                    continue
                if len(found) == most or not following.can_share_batch(first):
                    break
                self._waiting.remove(following)
                found.append(following)
        return found

    def close(self) -> None:
        """Nothing is taken in any more, and what waits is refused."""
        with self._changed:
            self._closed = True
            refused = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for item in refused:
            _refuse(item)


def _refuse(item: QueuedJob | PendingCall) -> None:
    error: EngineError = Canceled("The engine was closed.")
    item.finish(error)
