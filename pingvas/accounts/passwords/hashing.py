"""Argon2id, in a few threads of its own.

A hash costs tens of milliseconds and 19 MiB, so it must not run on the event loop, nor in as many threads as
there are requests: `_THREADS` run, which leave a core to everything else, and others wait in a queue that is fair between
addresses (`who`) and has those last who guess (`rank`). Beyond its length callers are told to come back.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from pingvas.base.budgets import Key
from pingvas.base.fair_queue import FairQueue, cores
from pingvas.base.settings import Settings

_THREADS = max(1, min(4, cores() - 1))
# Who asks when it is the studio itself: its commands that make accounts.
STUDIO = "studio"

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
_queue = FairQueue("hashes", running=_THREADS)

T = TypeVar("T")


async def hash_password(settings: Settings, password: str, *, who: Key = STUDIO, rank: int = 0) -> str:
    """The PHC string of a password that `password_rules` has accepted. Raises BudgetUsedUp and StudioBusy."""
    return await _in_pool(who, rank, lambda: _hasher(settings).hash(password))


async def verify_password(
    settings: Settings, password_hash: str | None, password: str, *, who: Key, rank: int = 0
) -> bool:
    """Whether the password is the one behind the hash.

    Without a hash (nobody by that name, or somebody who signs in elsewhere) the same work is done and the answer
    is no, so that the time taken does not tell who has an account. Raises BudgetUsedUp and StudioBusy.
    """
    if password_hash is None:
        await _in_pool(who, rank, lambda: _hasher(settings).hash(password))
        return False
    return await _in_pool(who, rank, lambda: _verify(settings, password_hash, password))


def needs_rehash(settings: Settings, password_hash: str) -> bool:
    """Whether the hash was made with other costs than the settings ask for now."""
    return _hasher(settings).check_needs_rehash(password_hash)


def _verify(settings: Settings, password_hash: str, password: str) -> bool:
    try:
        return _hasher(settings).verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _hasher(settings: Settings) -> PasswordHasher:
    return _hasher_of(settings.argon2_time_cost, settings.argon2_memory_kib)


@lru_cache(maxsize=8)
def _hasher_of(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1, type=Type.ID)


async def _in_pool(who: Key, rank: int, work: Callable[[], T]) -> T:
    async with _queue.turn(who, rank):
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
