"""How often somebody may ask in a minute, as their plan or a key has it: counted for all processes together.

`budgets` keep one person from being in everybody's way, and answer from memory; these limits are what was agreed.
"""

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from pingvas.base.errors import TooMany, Unavailable

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

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)
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
            taken = await self._limiter.hit(item, who)
            stats = await self._limiter.get_window_stats(item, who)
        except (Unavailable, StorageError) as error:
            self._away_until = now + _LEFT_ALONE_SECONDS
            log.warning("rate limits cannot be counted: %s", error)
            return None
        reset = max(0.0, stats.reset_time - time.time())
        if taken:
            return Allowance(policy, limit, max(0, stats.remaining), reset)
        self._refused[key] = now + reset
        self._refused.move_to_end(key)
        if len(self._refused) > _MAX_REFUSED:
            self._refused.popitem(last=False)
        raise RateUsedUp(Allowance(policy, limit, 0, reset))


@lru_cache(maxsize=1024)
def _item(policy: str, limit: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(limit, namespace=policy)
