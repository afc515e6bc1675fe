"""Fetches one object into one file: in ranges, going on where an earlier try stopped, checked by its SHA-256.

What is under way is called `….part`; a file under its own name is whole and was checked.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import obstore
from obstore.exceptions import BaseError

from pingvas.adapters.model_source import (
    FileFacts,
    ModelFilesDamaged,
    ModelFilesMissing,
    ModelFilesUnavailable,
)

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

PART = ".part"
RANGE_BYTES = 8 * 1024 * 1024
AT_ONCE = 4
TRIES = 3
_CHUNK = 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoRoomForModel(ModelFilesUnavailable):
    """The folder of fetched models is full, or the disk is."""

    default_detail = "There is no room to fetch this model."


async def download(
    store: LocalStore | S3Store, name: str, facts: FileFacts, target: Path, on_bytes: Callable[[int], None]
) -> str:
    """Have object `name` at `target`, of `facts.size` bytes; returns its SHA-256 in hex.

    `on_bytes` hears of every byte that is there, old and new. Raises ModelFilesMissing, ModelFilesDamaged (then the
    part is gone), ModelFilesUnavailable, NoRoomForModel (then it stays, to go on from).
    """
    part = target.with_name(target.name + PART)
    await _expect_size(store, name, facts.size)
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = await asyncio.to_thread(_length_of, part, facts.size)
    digest = await _fetch(store, name, facts.size, part, on_bytes)
    if resumed and facts.sha256 not in (None, digest):
        # A machine that lost power may have left zeros in what was written last: once more from the start.
        on_bytes(-facts.size)
        part.unlink(missing_ok=True)
        digest = await _fetch(store, name, facts.size, part, on_bytes)
    if facts.sha256 not in (None, digest):
        on_bytes(-facts.size)
        part.unlink(missing_ok=True)
        raise ModelFilesDamaged(
            f"{name} is not the file that was added: its SHA-256 is {digest[:16]}… instead of {str(facts.sha256)[:16]}…. "
            "Put the right file back, or add the model again."
        )
    with _writing(target):
        part.replace(target)
    return digest


async def _expect_size(store: LocalStore | S3Store, name: str, size: int) -> None:
    try:
        meta = await obstore.head_async(store, name)
    except FileNotFoundError as error:
        raise ModelFilesMissing(f"{name} is not where the catalog says.") from error
    except BaseError as error:
        raise ModelFilesUnavailable from error
    if meta["size"] != size:
        raise ModelFilesDamaged(f"{name} has {meta['size']} bytes there, and {size} when it was added.")


async def _fetch(
    store: LocalStore | S3Store, name: str, size: int, part: Path, on_bytes: Callable[[int], None]
) -> str:
    """Write what is missing of `part` and hash the whole."""
    digest = hashlib.sha256()
    with _writing(part):
        opened = part.open("a+b")
    with opened as file:
        start = await asyncio.to_thread(_hash_what_is_there, file, digest)
        on_bytes(start)
        async for piece in _ranges(store, name, start, size):
            with _writing(part):
                await _to_the_end(_append, file, digest, piece)
            on_bytes(len(piece))
        with _writing(part):
            await _to_the_end(_sync, file)
    return digest.hexdigest()


async def _ranges(store: LocalStore | S3Store, name: str, start: int, size: int) -> AsyncIterator[memoryview]:
    """The bytes from `start` on, in order; the next ranges travel while one is written."""
    waiting: deque[asyncio.Task[memoryview]] = deque()
    try:
        while start < size or waiting:
            while start < size and len(waiting) < AT_ONCE:
                length = min(RANGE_BYTES, size - start)
                waiting.append(asyncio.create_task(_range(store, name, start, length)))
                start += length
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _range(store: LocalStore | S3Store, name: str, start: int, length: int) -> memoryview:
    for attempt in range(TRIES):
        try:
            piece = memoryview(await obstore.get_range_async(store, name, start=start, length=length))
        except FileNotFoundError as error:
            raise ModelFilesMissing(f"{name} went away while it was fetched.") from error
        except BaseError as error:
            if attempt == TRIES - 1:
                raise ModelFilesUnavailable from error
            await asyncio.sleep(0.2 * 4**attempt)
            continue
        if len(piece) == length:
            return piece
    raise ModelFilesDamaged(f"{name} became shorter while it was fetched.")


async def _to_the_end(work: Callable[..., None], *arguments: object) -> None:
    """Run in a thread and wait for it even when canceled: nothing may be written once the lock is let go."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _length_of(part: Path, size: int) -> int:
    """How much an earlier try left; a part longer than the file should be is of no use and goes."""
    try:
        length = part.stat().st_size
    except FileNotFoundError:
        return 0
    if length > size:
        part.unlink()
        return 0
    return length


def _hash_what_is_there(file: BinaryIO, digest: Any) -> int:
    file.seek(0)
    start = 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        start += len(chunk)
    return start


def _append(file: BinaryIO, digest: Any, piece: memoryview) -> None:
    file.write(piece)
    file.flush()
    digest.update(piece)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """A full disk and one that cannot be written are told apart, and from trouble with the bucket."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoomForModel(
                f"The disk of {path.parent} is full. Make room there, or set PINGVAS_MODEL_CACHE_DIR to a larger one."
            ) from error
        raise ModelFilesUnavailable(
            f"{path.parent} cannot be written: {error.strerror}. PINGVAS_MODEL_CACHE_DIR names another folder."
        ) from error
