"""How often somebody may ask in a minute, as their plan or a key has it: counted for all processes together.

`budgets` keep one person from being in everybody's way, and answer from memory; these limits are what was agreed.
"""

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, floor
from typing import Any, TypeVar

from limits import RateLimitItemPerMinute
from limits.errors import StorageError

from pingvas.base.errors import TooMany, Unavailable
from pingvas.base.rate_limit_store import PostgresStorage, SlidingWindowStore, Window

log = logging.getLogger(__name__)

_Known = TypeVar("_Known")

WINDOW_SECONDS = 60
# After a failure nobody is counted for so long, so that a store that is away slows nobody down.
_LEFT_ALONE_SECONDS = 5.0
_MAX_KNOWN = 10_000
# Of a large limit several calls are counted at once and then answered from memory, for so long: a part of the limit, less near its
# end. What nobody used by then has been counted for nothing; never is more allowed.
_PARTS = 60
_PARTS_OF_THE_REST = 8
_HELD_SECONDS = 10.0


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


@dataclass
class _Held:
    """Calls that were counted already. `allowance` is how the limit stood when they were, at `since`."""

    allowance: Allowance
    since: float
    left: int


class RateLimits:
    """The limits of one process, counted in a store that several share."""

    def __init__(self, store: SlidingWindowStore) -> None:
        self._store = store
        # Who was refused is refused again, until then, without asking.
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._away_until = 0.0

    def holds(self, policy: str, limit: int, who: str) -> bool:
        """Whether a call of this one has been counted already, so that `hit` asks nobody."""
        held = self._held.get(_item(policy, limit).key_for(who))
        return held is not None and held.left > 0 and time.monotonic() < held.since + _HELD_SECONDS

    async def hit(self, policy: str, limit: int, who: str) -> Allowance | None:
        """Count one call of this one. None: nobody can count at this moment, and nobody is refused for that.

        Raises RateUsedUp.
        """
        item, now = _item(policy, limit), time.monotonic()
        key = item.key_for(who)
        until = self._refused.get(key, 0.0)
        if until > now:
            raise RateUsedUp(Allowance(policy, limit, 0, until - now))
        held = self._held.get(key)
        if held is not None and held.left > 0 and now < held.since + _HELD_SECONDS:
            held.left -= 1
            return _as_of(held, now)
        if self._away_until > now:
            return None
        at_once = _at_once(limit, held)
        try:
            taken, window = await self._count(item, key, at_once)
            if not taken and at_once > 1:
                at_once = 1
                taken, window = await self._count(item, key, at_once)
        except (Unavailable, StorageError) as error:
            self._away_until = now + _LEFT_ALONE_SECONDS
            log.warning("rate limits cannot be counted: %s", error)
            return None
        allowance = _allowance(policy, limit, window)
        if taken:
            held = _Held(allowance, now, at_once - 1)
            _know(self._held, key, held)
            return _as_of(held, now)
        _know(self._refused, key, now + allowance.reset)
        raise RateUsedUp(replace(allowance, remaining=0))

    async def _count(self, item: RateLimitItemPerMinute, key: str, calls: int) -> tuple[bool, Window]:
        """Whether so many more were counted, and how the window stands. Raises what the store raises."""
        store = self._store
        if isinstance(store, PostgresStorage):
            window = await store.count(key, item.amount, WINDOW_SECONDS, calls)  # one statement for both
            if window is not None:
                return True, window
            return False, await store.get_sliding_window(key, WINDOW_SECONDS)
        taken = await store.acquire_sliding_window_entry(key, item.amount, WINDOW_SECONDS, calls)
        return taken, await store.get_sliding_window(key, WINDOW_SECONDS)


def _at_once(limit: int, before: _Held | None) -> int:
    """How many calls to count now, after what was told the last time."""
    rest = limit if before is None else before.allowance.remaining
    return max(1, min(limit // _PARTS, rest // _PARTS_OF_THE_REST))


def _as_of(held: _Held, now: float) -> Allowance:
    """How the limit stands for who uses one of these: the others of them are left as well."""
    then = held.allowance
    return replace(
        then, remaining=then.remaining + held.left, reset=max(0.0, then.reset - (now - held.since))
    )


def _know(known: OrderedDict[str, _Known], key: str, value: _Known) -> None:
    """Remember this as the newest, and forget the oldest of too many."""
    known[key] = value
    known.move_to_end(key)
    if len(known) > _MAX_KNOWN:
        known.popitem(last=False)


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
