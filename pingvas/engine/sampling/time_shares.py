"""Whose time it is: every moment that a device works is shared out among the pictures it works for, and none twice."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Share:
    """One picture's part, in seconds. Only its meter writes it."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0


class TimeMeter:
    """For several threads. Shares add up to the time during which anything was under way.

    What two threads do at once, as a picture being decoded beside the others' step, gets equal parts of each moment:
    it is one device, and each slows down the other.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # What each thread is at, the innermost last.
        self._under_way: dict[int, list[Sequence[tuple[Share, float]]]] = defaultdict(list)
        self._settled = clock()

    @contextmanager
    def work(self, *shares: tuple[Share, float]) -> Iterator[None]:
        """The time of the block belongs to these shares, by weight (above 0); without any, to nobody.

        Within another block of the same thread, that one's time stands still.
        """
        with self._lock:
            self._settle()
            thread = self._under_way[threading.get_ident()]
            thread.append(shares)
        try:
            yield
        finally:
            with self._lock:
                self._settle()
                thread.pop()

    def settle(self) -> None:
        """Bring the shares up to now, in the middle of work."""
        with self._lock:
            self._settle()

    def _settle(self) -> None:
        now = self._clock()
        at_work = [blocks[-1] for blocks in self._under_way.values() if blocks and blocks[-1]]
        for shares in at_work:
            whole = (now - self._settled) / len(at_work) / sum(weight for _, weight in shares)
            for share, weight in shares:
                share.seconds += weight * whole
        self._settled = now
