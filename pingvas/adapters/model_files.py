"""The folder of fetched models: one download for all workers that share it, checked, whole or not there, never too full.

A model lies in a folder named for its content, so the same bytes are kept once and other bytes never take their
place. `LOCKS/<key>` is locked (flock, which also works between machines on NFS and EFS): shared by those that use
the model, exclusively by the one that fetches or removes it. Its time is that of the last use.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError

from pingvas.adapters.model_download import NoRoomForModel, download
from pingvas.adapters.model_source import (
    OWN_STORAGE,
    FileFacts,
    ModelFilesDamaged,
    ModelFilesMissing,
    ModelFilesUnavailable,
    ModelSource,
    check_name,
    open_source,
    place_of,
)
from pingvas.base.settings import REPOSITORY, Settings

log = logging.getLogger(__name__)

PARTIAL = ".partial"
LOCKS = ".locks"
TRASH = ".trash"
AT_LEAST_FREE = 64 * 1024 * 1024
OnProgress = Callable[[int, int], None]


def _nobody_listens(done: int, total: int) -> None:
    """Stands in for a listener that is not there."""


class ModelCopy:
    """A model's files on this machine, at `path`. Until it is closed, what was fetched is not removed.

    What was mapped into memory meanwhile stays readable afterwards.
    """

    def __init__(self, path: Path, lock: IO[bytes] | None = None) -> None:
        self.path = path
        self._lock = lock

    def close(self) -> None:
        """The files are not needed any more."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):
                os.utime(lock.fileno())
            lock.close()

    def __enter__(self) -> ModelCopy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Entry:
    """A fetched model, or what there is of one; `size` in bytes, `used_at` in Unix seconds."""

    key: str
    size: int
    used_at: float


class ModelFiles:
    """Model files of one studio. All who name `folder` share it; budget 0: no limit. `models_dir`: what ships."""

    def __init__(
        self, folder: Path, *, budget_bytes: int, storage_url: str, models_dir: Path = REPOSITORY / "models"
    ) -> None:
        self.folder = folder
        self._budget = budget_bytes
        self._storage_url = storage_url
        self._place_of = partial(place_of, storage_url=storage_url, models_dir=models_dir)

    async def ensure(self, source: ModelSource, on_progress: OnProgress = _nobody_listens) -> ModelCopy:
        """Have the model on this machine, fetching it unless somebody has or does. Close what is returned.

        `on_progress` hears bytes there and bytes in all. Raises ModelFilesMissing, ModelFilesDamaged,
        ModelFilesUnavailable, NoRoomForModel.
        """
        place = self._place_of(source.address)
        if place is not None:
            await asyncio.to_thread(_expect_in_place, place, source)
            return ModelCopy(place)
        if not source.files:
            raise ModelFilesMissing("Nobody recorded what this model's files are; add the model again.")
        lock = self._open_lock(source.content_key)
        try:
            while True:
                await _take(lock, fcntl.LOCK_SH)
                if self._whole(source.content_key).is_dir():
                    break
                await _take(lock, fcntl.LOCK_EX)
                if not self._whole(source.content_key).is_dir():
                    await self._fetch(source, on_progress)
        except BaseException:
            lock.close()
            raise
        os.utime(lock.fileno())
        return ModelCopy(self._path_of(source), lock)

    def find_copy(self, source: ModelSource) -> Path | None:
        """Where the model is on this machine, if it is; nothing is fetched or checked."""
        place = self._place_of(source.address)
        if place is not None:
            return place if place.exists() else None
        return self._path_of(source) if self._whole(source.content_key).is_dir() else None

    async def collect(
        self, address: str, wanted: Callable[[str], bool], on_progress: OnProgress = _nobody_listens
    ) -> tuple[ModelSource, ModelCopy]:
        """Fetch what nobody has recorded yet: the files of a bucket's folder that are `wanted` by name, or one file.

        Their SHA-256 are those of what came.
        """
        single, sizes = await self._list(address, wanted)
        marks = hashlib.sha256(repr((address, sorted(sizes.items()))).encode()).hexdigest()[:32]
        staging = self.folder / f"{marks}{PARTIAL}"
        store = open_source(address, self._storage_url, single=single)
        lock = self._open_lock(marks)
        try:
            await _take(lock, fcntl.LOCK_EX)
            await self._make_room(sum(sizes.values()) - _size_of(staging), keep=marks)
            unknown = ModelSource(address, {name: FileFacts(size) for name, size in sizes.items()}, single)
            hashes = await _download_all(store, unknown, staging, on_progress)
            source = replace(
                unknown, files={name: FileFacts(sizes[name], sha256) for name, sha256 in hashes.items()}
            )
            mine = self._open_lock(source.content_key)
            try:
                await _take(mine, fcntl.LOCK_EX)
                if self._whole(source.content_key).is_dir():
                    await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)
                else:
                    staging.rename(self._whole(source.content_key))
            finally:
                mine.close()
        finally:
            lock.close()
        return source, await self.ensure(source)

    async def upload(self, path: Path, files: Iterable[str], name: str, *, single: bool) -> str:
        """Copy the files of the model at `path` into the studio's storage; returns the address they then have.

        Raises ModelFilesUnavailable.
        """
        folder = f"{OWN_STORAGE}models/{name}/{uuid4().hex[:12]}"
        address = f"{folder}/{path.name}" if single else folder
        place = self._place_of(folder)
        try:
            if place is not None:
                place.mkdir(parents=True, exist_ok=True)
            store = open_source(address, self._storage_url, single=single)
            for file in files:
                local = path if single else path / file
                await obstore.put_async(store, file, local)
        except (BaseError, OSError) as error:
            raise ModelFilesUnavailable("The studio's storage does not take the model.") from error
        return address

    async def delete_uploaded(self, source: ModelSource) -> None:
        """Remove what `upload` put into the studio's storage; other people's buckets are left alone."""
        if not source.address.startswith(OWN_STORAGE):
            return
        store = open_source(source.address, self._storage_url, single=source.single)
        for name in source.files:
            try:
                with suppress(FileNotFoundError):
                    await obstore.delete_async(store, name)
            except BaseError as error:
                raise ModelFilesUnavailable from error

    async def look(self, source: ModelSource) -> dict[str, str]:
        """What is wrong with the objects where they are kept, by name, as far as their sizes tell."""
        store = open_source(source.address, self._storage_url, single=source.single)
        wrong = {}
        for name, facts in source.files.items():
            try:
                size = (await obstore.head_async(store, name))["size"]
            except FileNotFoundError:
                wrong[name] = "is missing"
            except BaseError as error:
                raise ModelFilesUnavailable from error
            else:
                if size != facts.size:
                    wrong[name] = f"has {size} bytes instead of {facts.size}"
        return wrong

    async def forget(self, source: ModelSource) -> bool:
        """Remove the fetched copy, unless it is in use; whether it is gone."""
        return self._place_of(source.address) is None and await self._remove(source.content_key)

    def entries(self) -> list[Entry]:
        """What was fetched, and what was begun, used longest ago first."""
        keys = {path.name.removesuffix(PARTIAL) for path in _folders_in(self.folder)}
        found = []
        for key in keys:
            size = _size_of(self._whole(key)) + _size_of(self.folder / f"{key}{PARTIAL}")
            used_at = 0.0
            with suppress(OSError):
                used_at = (self.folder / LOCKS / key).stat().st_mtime
            found.append(Entry(key, size, used_at))
        return sorted(found, key=lambda entry: entry.used_at)

    async def _fetch(self, source: ModelSource, on_progress: OnProgress) -> None:
        """Everything into the partial folder, then that under its own name. The lock is held exclusively."""
        key = source.content_key
        partial = self.folder / f"{key}{PARTIAL}"
        await self._make_room(source.size - await asyncio.to_thread(_size_of, partial), keep=key)
        store = open_source(source.address, self._storage_url, single=source.single)
        log.info("fetching %s, %d bytes", source.address.partition("?")[0], source.size)
        await _download_all(store, source, partial, on_progress)
        partial.rename(self._whole(key))

    async def _make_room(self, needed: int, keep: str) -> None:
        """Remove what was used longest ago until the budget and the disk have room for `needed` bytes more."""
        if self._budget and needed > self._budget:
            raise NoRoomForModel(
                f"This model needs {needed} bytes, and PINGVAS_MODEL_CACHE_BYTES allows {self._budget} for all of them."
            )
        await asyncio.to_thread(shutil.rmtree, self.folder / TRASH, ignore_errors=True)
        entries = await asyncio.to_thread(self.entries)
        used = sum(entry.size for entry in entries)
        for entry in entries:
            if not self._is_short(used, needed):
                break
            if entry.key != keep and await self._remove(entry.key):
                log.info("removed a model that was not used for longest: %d bytes", entry.size)
                used -= entry.size
        if self._budget and used + needed > self._budget:
            log.warning("models in use take more than PINGVAS_MODEL_CACHE_BYTES; none of them was removed")
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise NoRoomForModel(
                f"This model needs {needed} bytes and {free} are free in {self.folder}. "
                "Make room there, or set PINGVAS_MODEL_CACHE_DIR to a larger disk."
            )

    def _is_short(self, used: int, needed: int) -> bool:
        over = bool(self._budget) and used + needed > self._budget
        return over or shutil.disk_usage(self.folder).free < needed + AT_LEAST_FREE

    async def _remove(self, key: str) -> bool:
        lock = self._open_lock(key)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        try:
            trash = self.folder / TRASH / uuid4().hex
            trash.mkdir(parents=True)
            for name in (key, f"{key}{PARTIAL}"):
                with suppress(FileNotFoundError):
                    (self.folder / name).rename(trash / name)  # at once, so that nobody sees half of it
            await asyncio.to_thread(shutil.rmtree, trash, ignore_errors=True)
        finally:
            lock.close()
        return True

    async def _list(self, address: str, wanted: Callable[[str], bool]) -> tuple[bool, dict[str, int]]:
        """Whether an address is one file, and the sizes of its objects by name."""
        try:
            if address.rpartition("/")[2].partition("?")[0].lower().endswith((".safetensors", ".sft")):
                name = address.partition("?")[0].rpartition("/")[2]
                meta = await obstore.head_async(open_source(address, self._storage_url, single=True), name)
                return True, {name: meta["size"]}
            store = open_source(address, self._storage_url, single=False)
            sizes: dict[str, int] = {}
            async for batch in obstore.list(store):
                sizes |= {check_name(meta["path"]): meta["size"] for meta in batch if wanted(meta["path"])}
        except FileNotFoundError as error:
            raise ModelFilesMissing(f"There is nothing at {address.partition('?')[0]}.") from error
        except BaseError as error:
            raise ModelFilesUnavailable(f"{address.partition('?')[0]} cannot be reached.") from error
        if not sizes:
            raise ModelFilesMissing(f"There is nothing at {address.partition('?')[0]}.")
        return False, sizes

    def _whole(self, key: str) -> Path:
        return self.folder / key

    def _path_of(self, source: ModelSource) -> Path:
        whole = self._whole(source.content_key)
        return whole / next(iter(source.files)) if source.single else whole

    def _open_lock(self, key: str) -> IO[bytes]:
        path = self.folder / LOCKS / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("a+b")
        except OSError as error:
            raise ModelFilesUnavailable(
                f"{self.folder} cannot be written: {error.strerror}. PINGVAS_MODEL_CACHE_DIR names another folder."
            ) from error


def open_model_files(settings: Settings) -> ModelFiles:
    """The model files that the settings name; touches nothing yet."""
    return ModelFiles(
        settings.model_cache,
        budget_bytes=settings.model_cache_bytes,
        storage_url=settings.storage_location,
        models_dir=settings.models_dir.resolve(),
    )


async def _download_all(
    store: object, source: ModelSource, partial: Path, on_progress: OnProgress
) -> dict[str, str]:
    """Every file of `source` into `partial`; those that are there are whole. Returns their SHA-256."""
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        on_progress(done, source.size)

    hashes = {}
    for name, facts in source.files.items():
        target = partial / name
        if facts.sha256 is not None and target.is_file():
            add(facts.size)
            hashes[name] = facts.sha256
        else:
            hashes[name] = await download(store, name, facts, target, add)  # type: ignore[arg-type]
    return hashes


async def _take(lock: IO[bytes], how: int) -> None:
    """Wait for a lock without holding a thread: whoever waits can be canceled."""
    pause = 0.01
    while True:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        else:
            return


def _expect_in_place(place: Path, source: ModelSource) -> None:
    """Files that are used where they are must be there, as long as they were; `pingvas models verify` reads them."""
    if not place.exists():
        raise ModelFilesMissing(
            f"There is nothing at {place}. Put the model back, or remove it from the catalog."
        )
    for name, facts in source.files.items():
        file = place if source.single else place / name
        try:
            size = file.stat().st_size
        except OSError as error:
            raise ModelFilesMissing(f"{file} is missing. Put it back, or add the model again.") from error
        if size != facts.size:
            raise ModelFilesDamaged(
                f"{file} has {size} bytes, and {facts.size} when it was added. Put the right file back, or add the "
                "model again."
            )


def _folders_in(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _size_of(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).stat().st_size
    return total
