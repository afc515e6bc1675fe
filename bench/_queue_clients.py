"""Clients that do one thing over and over for some seconds, and systems that take turns at it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

Done = Callable[[int], None]
"""Called with the number of jobs that were just brought to their end."""

Step = Callable[[Done], Awaitable[None]]
"""Something a client does again and again."""


@dataclass(frozen=True)
class Turn:
    """How many jobs ended in each second of a turn."""

    per_second: list[int]

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return sum(self.per_second) / len(self.per_second)

    def rate_of(self, first: int, last: int) -> float:
        """Jobs a second from second `first` up to `last`."""
        part = self.per_second[first:last]
        return sum(part) / len(part)


async def take_turn(step: Step, *, clients: int, seconds: int) -> Turn:
    """Let `clients` do the step side by side for `seconds`."""
    done = [0] * seconds
    began = time.perf_counter()

    def count(jobs: int) -> None:
        second = int(time.perf_counter() - began)
        if second < seconds:
            done[second] += jobs

    async def client() -> None:
        while time.perf_counter() - began < seconds:
            await step(count)

    await asyncio.gather(*(client() for _ in range(clients)))
    return Turn(done)


async def alternate(
    systems: Mapping[str, Step], *, clients: int, seconds: int, turns: int
) -> dict[str, list[Turn]]:
    """Each system's turns; every round begins with another system, so that none always follows the same one."""
    names = list(systems)
    taken: dict[str, list[Turn]] = {name: [] for name in names}
    for number in range(turns):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            taken[name].append(await take_turn(systems[name], clients=clients, seconds=seconds))
    return taken


def median_rate(turns: Sequence[Turn]) -> float:
    """Jobs a second in the middle one of the turns."""
    return statistics.median(turn.rate for turn in turns)
