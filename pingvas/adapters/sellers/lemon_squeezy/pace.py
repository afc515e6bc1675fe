"""Not more calls than a seller bears: 300 a minute for one key, from all processes together."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from math import ceil

from pingvas.adapters.sellers.seller import SellerUnavailable

WINDOW_SECONDS = 60.0
# Of the 300: some are left for people who wait for an answer while lists are read, and for other processes.
OF_LISTS, OF_ALL = 150, 270
_FEW_LEFT = 60
_PAUSE_SECONDS = 5.0
# Somebody who waits for an answer is told to come back rather than kept for longer.
LONGEST_WAIT = 5.0

Sleep = Callable[[float], Awaitable[None]]


class Pace:
    """Waits before a call until it may go out. `few_left` is what the seller itself said last."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._calls: deque[float] = deque()
        self._few_left_until = 0.0

    async def turn(self, *, in_a_list: bool) -> None:
        """Wait for a turn, and take it. Raises SellerUnavailable where somebody would wait too long for it."""
        most = OF_LISTS if in_a_list else OF_ALL
        while (wait := self._wait(most, in_a_list=in_a_list)) > 0:
            if wait > LONGEST_WAIT and not in_a_list:
                raise SellerUnavailable(retry_after=ceil(wait))
            await self._sleep(wait)
        self._calls.append(self._clock())

    def note(self, headers: Mapping[str, str]) -> None:
        """What the answer says of calls that are left: other processes have the same key."""
        left = headers.get("x-ratelimit-remaining", "")
        if left.isdecimal() and int(left) < _FEW_LEFT:
            self._few_left_until = self._clock() + _PAUSE_SECONDS

    def _wait(self, most: int, *, in_a_list: bool) -> float:
        now = self._clock()
        while self._calls and self._calls[0] <= now - WINDOW_SECONDS:
            self._calls.popleft()
        of_others = max(0.0, self._few_left_until - now) if in_a_list else 0.0
        if len(self._calls) < most:
            return of_others
        return max(of_others, self._calls[len(self._calls) - most] + WINDOW_SECONDS - now)
