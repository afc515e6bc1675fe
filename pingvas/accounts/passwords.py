"""Argon2id, in a few threads of its own.

A hash costs tens of milliseconds and 19 MiB, so it must not run on the event loop, nor in as many threads as
there are requests: at most `_THREADS` run and `_MAX_WAITING` wait; beyond that callers are told to come back.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from pingvas.base.errors import Unavailable
from pingvas.base.settings import Settings

_THREADS = min(4, os.cpu_count() or 1)
_MAX_WAITING = 100  # about two seconds of work for two threads

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
_waiting = 0

T = TypeVar("T")


class TooManySignIns(Unavailable):
    default_detail = "Too many people are signing in at this moment. Try again in a few seconds."


async def hash_password(settings: Settings, password: str) -> str:
    """The PHC string of a password that `password_rules` has accepted."""
    return await _in_pool(lambda: _hasher(settings).hash(password))


async def verify_password(settings: Settings, password_hash: str | None, password: str) -> bool:
    """Whether the password is the one behind the hash.

    Without a hash (nobody by that name, or somebody who signs in elsewhere) the same work is done and the answer
    is no, so that the time taken does not tell who has an account.
    """
    if password_hash is None:
        await _in_pool(lambda: _hasher(settings).hash(password))
        return False
    return await _in_pool(lambda: _verify(settings, password_hash, password))


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


async def _in_pool(work: Callable[[], T]) -> T:
    global _waiting  # one process, one event loop, one pool: a counter is all the bookkeeping there is
    if _waiting >= _MAX_WAITING:
        raise TooManySignIns
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
    finally:
        _waiting -= 1
