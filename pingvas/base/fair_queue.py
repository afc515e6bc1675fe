"""A queue for something of which only a few can run at once: fair between keys, bounded, and the well-behaved go first."""

import asyncio
import os
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pingvas.base.budget_figures import FIGURES, Queue
from pingvas.base.budgets import Key, busy, refuse

_Waiter = asyncio.Future[None]


def cores() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class FairQueue:
    """`running` at a time, `of_one` of them of one key. Others wait: a lower `rank` before a higher one, and of one rank the
    keys in turn.

    Beyond what one key may have waiting it is refused with BudgetUsedUp. When the queue is full, a newcomer takes the place of
    the last of a higher rank, else of a key of the same rank that has at least two more waiting; if there is none the newcomer is
    told StudioBusy, and so is who lost the place.
    """

    def __init__(self, name: str, running: int, of_one: int | None = None) -> None:
        figure = FIGURES[name]
        if not isinstance(figure, Queue):
            raise TypeError(f"{name} is no queue")
        self.name = name
        self.figure = figure
        self._limit = running
        self._of_one = running if of_one is None else of_one
        self.running = 0
        self._running_of: dict[Key, int] = {}
        self._queues: dict[int, OrderedDict[Key, deque[_Waiter]]] = {}

    @property
    def waiting(self) -> int:
        return sum(len(queue) for keys in self._queues.values() for queue in keys.values())

    def waiting_of(self, who: Key) -> int:
        return sum(len(keys[who]) for keys in self._queues.values() if who in keys)

    @asynccontextmanager
    async def turn(self, who: Key, rank: int = 0) -> AsyncIterator[None]:
        """Wait for a turn and have it while the block lasts. Raises BudgetUsedUp and StudioBusy."""
        await self._enter(who, rank)
        try:
            yield
        finally:
            self._leave(who)

    async def _enter(self, who: Key, rank: int) -> None:
        # While not all run that may, whoever waits has as many running as one may have.
        if self.running < self._limit and self._may_start(who):
            self._start(who)
            return
        if self.waiting_of(who) >= self.figure.each:
            raise refuse(self.name, self.figure.retry_after)
        if self.waiting >= self.figure.total:
            self._make_room(who, rank)
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._queues.setdefault(rank, OrderedDict()).setdefault(who, deque()).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._leave(who)  # the turn had come at that very moment
            else:
                self._take_out(who, rank, waiter)
            raise

    def _may_start(self, who: Key) -> bool:
        return self._running_of.get(who, 0) < self._of_one

    def _start(self, who: Key) -> None:
        self.running += 1
        self._running_of[who] = self._running_of.get(who, 0) + 1

    def _leave(self, left: Key) -> None:
        self.running -= 1
        self._running_of[left] -= 1
        if not self._running_of[left]:
            del self._running_of[left]
        while self.running < self._limit and (next_one := self._next()) is not None:
            rank, who = next_one
            keys = self._queues[rank]
            waiter = keys[who].popleft()
            keys.move_to_end(who)
            self._drop_if_empty(rank, who)
            if not waiter.done():
                self._start(who)
                waiter.set_result(None)

    def _next(self) -> tuple[int, Key] | None:
        for rank in sorted(self._queues):
            for who in self._queues[rank]:
                if self._may_start(who):
                    return rank, who
        return None

    def _make_room(self, who: Key, rank: int) -> None:
        worst = max(self._queues)
        keys = self._queues[worst]
        longest = max(keys, key=lambda key: len(keys[key]))
        if worst < rank or (worst == rank and len(keys[longest]) < self.waiting_of(who) + 2):
            raise busy(self.name, self.figure.retry_after)
        waiter = keys[longest].pop()
        self._drop_if_empty(worst, longest)
        if not waiter.done():
            waiter.set_exception(busy(self.name, self.figure.retry_after))

    def _take_out(self, who: Key, rank: int, waiter: _Waiter) -> None:
        queue = self._queues.get(rank, OrderedDict()).get(who)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            self._drop_if_empty(rank, who)

    def _drop_if_empty(self, rank: int, who: Key) -> None:
        keys = self._queues[rank]
        if not keys[who]:
            del keys[who]
        if not keys:
            del self._queues[rank]
