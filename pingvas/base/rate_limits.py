"""How often somebody may ask in a minute, as their plan or a key has it: counted for all processes together.

`budgets` keep one person from being in everybody's way, and answer from memory; these limits are what was agreed.
"""

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, floor
from typing import Any

from limits import RateLimitItemPerMinute
from limits.errors import StorageError

from pingvas.base.errors import TooMany, Unavailable
from pingvas.base.rate_limit_store import PostgresStorage, SlidingWindowStore, Window

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60
# After a failure nobody is counted for so long, so that a store that is away slows nobody down.
_LEFT_ALONE_SECONDS = 5.0
_MAX_REFUSED = 10_000


@dataclass(frozen=True)
class Allowance:
    """How a limit stands: `remaining` of `limit`, and in `reset` seconds there is more."""

    policy: str
    limit: int
    remaining: int
    reset: float


class RateUsedUp(TooMany):
    """More calls in a minute than are allowed. `policy` says which limit, `limit` how many it is."""

    default_detail = "You ask more often than is allowed. Try again a little later."

    def __init__(self, allowance: Allowance, detail: str | None = None) -> None:
        seconds = max(1, ceil(allowance.reset))
        extra: dict[str, Any] = {"policy": allowance.policy, "limit": allowance.limit}
        super().__init__(detail, extra=extra, retry_after=seconds)
        self.allowance = allowance


class RateLimits:
    """The limits of one process, counted in a store that several share."""

    def __init__(self, store: SlidingWindowStore) -> None:
        self._store = store
        # Who was refused is refused again, until then, without asking.
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._away_until = 0.0

    async def hit(self, policy: str, limit: int, who: str) -> Allowance | None:
        """Count one call of this one. None: nobody can count at this moment, and nobody is refused for that.

        Raises RateUsedUp.
        """
        item, now = _item(policy, limit), time.monotonic()
        key = item.key_for(who)
        until = self._refused.get(key, 0.0)
        if until > now:
            raise RateUsedUp(Allowance(policy, limit, 0, until - now))
        if self._away_until > now:
            return None
        try:
            taken, window = await self._count(item, key)
        except (Unavailable, StorageError) as error:
            self._away_until = now + _LEFT_ALONE_SECONDS
            log.warning("rate limits cannot be counted: %s", error)
            return None
        allowance = _allowance(policy, limit, window)
        if taken:
            return allowance
        self._refused[key] = now + allowance.reset
        self._refused.move_to_end(key)
        if len(self._refused) > _MAX_REFUSED:
            self._refused.popitem(last=False)
        raise RateUsedUp(replace(allowance, remaining=0))

    async def _count(self, item: RateLimitItemPerMinute, key: str) -> tuple[bool, Window]:
        """Whether one more was counted, and how the window stands. Raises what the store raises."""
        store = self._store
        if isinstance(store, PostgresStorage):
            window = await store.count(key, item.amount, WINDOW_SECONDS)  # one statement for both
            if window is not None:
                return True, window
            return False, await store.get_sliding_window(key, WINDOW_SECONDS)
        taken = await store.acquire_sliding_window_entry(key, item.amount, WINDOW_SECONDS)
        return taken, await store.get_sliding_window(key, WINDOW_SECONDS)


def _allowance(policy: str, limit: int, window: Window) -> Allowance:
    """How many calls are left, and when there is one more."""
    previous, weighs_for, counted, left = window
    used = previous * weighs_for / WINDOW_SECONDS + counted
    resets = []
    if previous:
        resets.append(weighs_for % (WINDOW_SECONDS / previous))
    if counted:
        resets.append(left % WINDOW_SECONDS)
    return Allowance(policy, limit, max(0, limit - floor(used)), min(resets, default=0.0))


@lru_cache(maxsize=1024)
def _item(policy: str, limit: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(limit, namespace=policy)
