"""The engine's inbox: jobs that are gathered and wait for the engine's thread, first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from pingvas.engine.errors import Canceled, EngineError
from pingvas.engine.requests import Result, StepReport
from pingvas.worker.running.load_inputs import Work


@dataclass(eq=False)
class Guest:
    """A job's work on its way through the engine, by the model of this name.

    `on_step` and `is_stopped` are called on the engine's thread. `seats` is how many pictures of this kind the device
    takes at once; 1 is for a job that shares with nobody. `left` has the result, or why there is none.
    """

    model: str
    work: Work
    on_step: Callable[[StepReport], None]
    is_stopped: Callable[[], bool]
    seats: int = 1
    left: Future[Result] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.left.set_running_or_notify_cancel()  # from now on nobody who waits for it can cancel it

    def leave(self, outcome: Result | BaseException) -> None:
        """Tell whoever waits what has become of it; only the first outcome counts."""
        if self.left.done():
            return
        if isinstance(outcome, Result):
            self.left.set_result(outcome)
        else:
            self.left.set_exception(outcome)

    def goes_with(self, other: Guest) -> bool:
        """Whether the two can share a batch: the same weights, the same size, and neither has to be alone."""
        mine, theirs = self.work.request, other.work.request
        if mine is None or theirs is None or min(self.seats, other.seats) < 2:
            return False
        same_size = (mine.width, mine.height) == (theirs.width, theirs.height)
        return same_size and self.work.setup == other.work.setup


@dataclass(eq=False)
class Errand:
    """Something else to be done on the engine's thread."""

    run: Callable[[], None]
    done: Future[None] = field(default_factory=Future)


class Inbox:
    """A queue between the worker's loop, which puts, and the engine's thread, which takes."""

    def __init__(self) -> None:
        self._waiting: deque[Guest | Errand] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: Guest | Errand) -> None:
        """Returns at once. What is put into a closed inbox is refused as canceled."""
        with self._changed:
            if not self._closed:
                self._waiting.append(item)
                self._changed.notify()
                return
        _refuse(item)

    def take(self) -> Guest | Errand | None:
        """The next one, waiting for it; None once the inbox is closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def take_for(self, host: Guest, most: int) -> list[Guest]:
        """Up to `most` guests from the front that can share a batch with `host`, without waiting.

        Whoever cannot is not overtaken, or a batch that never empties would keep them waiting for ever.
        """
        found: list[Guest] = []
        with self._changed:
            while self._waiting and len(found) < most:
                first = self._waiting[0]
                if not isinstance(first, Guest) or not first.goes_with(host):
                    break
                self._waiting.popleft()
                found.append(first)
        return found

    def close(self) -> None:
        """Nobody is let in any more, and those who wait are refused."""
        with self._changed:
            self._closed = True
            refused = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for item in refused:
            _refuse(item)


def _refuse(item: Guest | Errand) -> None:
    error: EngineError = Canceled("The engine was closed.")
    if isinstance(item, Guest):
        item.leave(error)
    else:
        item.done.set_exception(error)
