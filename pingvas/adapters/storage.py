"""Bytes of pictures on local disk or S3; the storage URL decides. Refuses keys that could leave its folder.

Keys are never written twice with different bytes, so what was read once may be cached. A disk that is full, a
bucket that cannot be reached or a wrong key pair all read as `StorageUnavailable`: the same call may work later.
"""

import asyncio
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from pingvas.adapters.signed_urls import FileGrant, LinkRefused, sign_url, verify_url
from pingvas.adapters.storage_location import DiskLocation, S3Location, read_location
from pingvas.base.disk_full import CODE, is_disk_full, says_disk_full
from pingvas.base.errors import NotFound, Unavailable
from pingvas.base.settings import Settings

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult
    from obstore.store import S3Config

log = logging.getLogger(__name__)

# Segments of letters, digits, "-", "_" and ".", none starting with a dot: no "..", no absolute path, no "//".
_KEY = re.compile(r"(?!\.)[A-Za-z0-9._-]+(/(?!\.)[A-Za-z0-9._-]+)*", re.ASCII)
_MAX_KEY = 512
_UNFINISHED = re.compile(r"#\d+$")  # what a put on local disk is called until it is whole
_REMEMBERED_LINKS = 10_000
_IMMUTABLE = "private, max-age=31536000, immutable"


class StorageUnavailable(Unavailable):
    """The store cannot be reached, is full, or refuses us."""

    default_detail = "The picture storage is not available right now. Try again in a moment."


class StorageFull(StorageUnavailable):
    """The disk takes no more bytes."""

    code = CODE
    default_detail = "The studio's disk is full, so nothing can be kept right now. Try again a little later."


class ObjectMissing(NotFound):
    """No object has this key."""


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing; `size` in bytes."""

    key: str
    size: int
    modified_at: datetime


@dataclass(frozen=True)
class ObjectLook:
    """What is known of an object without opening it; `size` in bytes."""

    size: int
    etag: str | None


@dataclass(frozen=True)
class ObjectReading:
    """An object about to be read: `chunks()` yields its bytes, once."""

    size: int
    etag: str | None
    result: "GetResult"

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, about a mebibyte at a time."""
        with _as_unavailable("read"):
            async for chunk in self.result.stream(min_chunk_size=1024 * 1024):
                yield bytes(chunk)


def check_key(key: str) -> str:
    """The key itself, when it is one. Raises ValueError: keys are made by the house, a bad one is a bug."""
    if len(key) > _MAX_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key[:80]!r}")
    return key


class Storage:
    """Objects by key, on disk (`folder` set) or in a bucket. Every method may raise StorageUnavailable.

    Addresses of files on disk begin with `url_path`; the first of `url_secrets` signs them, each of them has.
    """

    def __init__(
        self,
        location: DiskLocation | S3Location,
        *,
        url_seconds: int,
        url_secrets: Callable[[], Sequence[bytes]],
        url_path: str = "",
    ) -> None:
        self._location = location
        self._folder = location.folder if isinstance(location, DiskLocation) else None
        self._url_seconds = url_seconds
        self._url_secrets = cache(url_secrets)
        self._url_path = url_path
        self._links: dict[str, tuple[str, float]] = {}

    @property
    def is_local(self) -> bool:
        """Whether the studio serves the files itself, at `/files/…`."""
        return self._folder is not None

    # Both are opened by the first call that needs them: a disk not there yet is no reason not to start.

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        if isinstance(self._location, DiskLocation):
            return LocalStore(self._location.folder, mkdir=True)
        return open_bucket(self._location, self._location.endpoint)

    @cached_property
    def _link_store(self) -> S3Store:
        assert isinstance(self._location, S3Location)  # noqa: S101 - files on disk are signed by ourselves
        return open_bucket(self._location, self._location.public_endpoint or self._location.endpoint)

    async def put(self, key: str, data: bytes, content_type: str, *, durable: bool = True) -> None:
        """Write an object whole or not at all. On disk, `durable` waits until a power cut cannot take it back."""
        check_key(key)
        with _as_unavailable("write"):
            if self._folder is None:
                attributes = {"Content-Type": content_type, "Cache-Control": _IMMUTABLE}
                await obstore.put_async(self._store, key, data, attributes=attributes)
            else:
                await obstore.put_async(self._store, key, data)
                if durable:
                    await asyncio.to_thread(_sync_to_disk, self._folder, key)

    async def put_file(self, key: str, file: Path, content_type: str) -> None:
        """The same for a file of any size, which is read in parts."""
        check_key(key)
        with _as_unavailable("write"):
            if self._folder is None:
                attributes = {"Content-Type": content_type, "Cache-Control": _IMMUTABLE}
                await obstore.put_async(self._store, key, file, attributes=attributes)
            else:
                await obstore.put_async(self._store, key, file)
                await asyncio.to_thread(_sync_to_disk, self._folder, key)

    async def get(self, key: str) -> bytes:
        """All bytes of an object. Raises ObjectMissing."""
        reading = await self.read(key)
        with _as_unavailable("read"):
            return bytes(await reading.result.bytes_async())

    async def look_at(self, key: str) -> ObjectLook:
        """How large an object is, and its tag. Raises ObjectMissing."""
        check_key(key)
        with _as_unavailable("read"):
            try:
                meta = await obstore.head_async(self._store, key)
            except FileNotFoundError as error:
                raise ObjectMissing from error
        return ObjectLook(size=meta["size"], etag=meta["e_tag"])

    async def read(self, key: str, part: tuple[int, int] | None = None) -> ObjectReading:
        """Open an object without reading it yet; `part` are the first of its bytes and the one behind the last. Raises ObjectMissing."""
        check_key(key)
        with _as_unavailable("read"):
            try:
                options: GetOptions = {} if part is None else {"range": part}
                result = await obstore.get_async(self._store, key, options=options)
            except FileNotFoundError as error:
                raise ObjectMissing from error
        return ObjectReading(size=result.meta["size"], etag=result.meta["e_tag"], result=result)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; one that is already gone is no error."""
        for key in keys:
            check_key(key)
        if not keys:
            return
        with _as_unavailable("delete"):
            if self._folder is None:
                await obstore.delete_async(self._store, list(keys))
                return
            # On disk a missing file ends a bulk delete with the rest undone, so one by one.
            for key in keys:
                try:
                    await obstore.delete_async(self._store, key)
                except FileNotFoundError:
                    log.debug("already gone: %s", key)

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object below a prefix of whole segments (`images`, `previews/…`), in no order."""
        check_key(prefix)
        with _as_unavailable("list"):
            async for batch in obstore.list(self._store, prefix, chunk_size=1000):
                for meta in batch:
                    yield StoredObject(meta["path"], meta["size"], meta["last_modified"])

    async def sign(self, key: str, seconds: int | None = None, *, public: bool = False) -> str:
        """An address that reads the object for about `seconds` (default `image_url_seconds`).

        On disk: a path of this site, `/files/…`. On S3: an absolute presigned URL. The same address is given again
        while enough of its time is left, so that browsers find the picture in their cache.
        """
        check_key(key)
        seconds = seconds or self._url_seconds
        if self._folder is not None:
            return self._url_path + sign_url(key, seconds, self._url_secrets()[0], public=public)
        remembered = self._links.get(f"{seconds} {key}")
        if remembered is not None and remembered[1] > time.monotonic():
            return remembered[0]
        with _as_unavailable("sign"):
            url = await obstore.sign_async(self._link_store, "GET", key, timedelta(seconds=seconds * 3 // 2))
        if len(self._links) >= _REMEMBERED_LINKS:
            self._links.pop(next(iter(self._links)))
        self._links[f"{seconds} {key}"] = (url, time.monotonic() + seconds / 2)
        return url

    def verify(self, key: str, expires: str, signature: str, *, public: bool = False) -> FileGrant:
        """Check the address of a file on disk. Raises LinkRefused; always on S3, which checks its own."""
        if self._folder is None or not _KEY.fullmatch(key):
            raise LinkRefused
        return verify_url(key, expires, signature, self._url_secrets(), public=public)

    def sign_made(self, key: str, seconds: int | None = None, *, public: bool = False) -> str:
        """An address of this site, `/files/…`, for a file that is put together when it is asked for and lies in no storage."""
        seconds = seconds or self._url_seconds
        signed = sign_url(check_key(key), seconds, self._url_secrets()[0], public=public)
        return self._url_path + signed

    def verify_made(self, key: str, expires: str, signature: str, *, public: bool = False) -> FileGrant:
        """Check an address of `sign_made`. Raises LinkRefused."""
        if not _KEY.fullmatch(key):
            raise LinkRefused
        return verify_url(key, expires, signature, self._url_secrets(), public=public)

    async def check(self) -> None:
        """Write, read back and remove a small object. Raises StorageUnavailable."""
        key = f"checks/{uuid4()}"
        await self.put(key, b"ok", "text/plain", durable=False)
        try:
            if await self.get(key) != b"ok":
                raise StorageUnavailable("The picture storage does not give back what was written.")
        except ObjectMissing as error:
            raise StorageUnavailable("The picture storage does not give back what was written.") from error
        finally:
            await self.delete([key])

    async def tidy(self, older_than: timedelta = timedelta(hours=1)) -> int:
        """On disk: remove what interrupted writes left and folders that became empty. How many went."""
        if self._folder is None:
            return 0  # a lifecycle rule of the bucket does this
        with _as_unavailable("tidy"):
            return await asyncio.to_thread(
                _tidy_folder, self._folder, time.time() - older_than.total_seconds()
            )


def open_storage(settings: Settings) -> Storage:
    """The storage that `storage_url` names; touches nothing yet. Raises ValueError when the URL makes no sense."""
    return Storage(
        read_location(settings.storage_location),
        url_seconds=settings.image_url_seconds,
        url_secrets=partial(settings.keys_for, "file-url"),
        url_path=settings.public_path,
    )


def open_bucket(location: S3Location, endpoint: str | None) -> S3Store:
    """The objects below the location's prefix, reached at `endpoint`; touches nothing yet."""
    config: dict[str, str | bool | None] = {
        **location.credentials,
        "endpoint": endpoint,
        "region": location.region,
        "virtual_hosted_style_request": location.virtual_hosted_style,
        "disable_bulk_delete": not location.bulk_delete,
    }
    named = {name: value for name, value in config.items() if value is not None}
    return S3Store(
        location.bucket,
        prefix=location.prefix or None,
        config=cast("S3Config", named),
        client_options={
            "allow_http": (endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=3),
            "timeout": timedelta(seconds=30),
        },
        # The library's own ten tries over three minutes would hold a worker and its lease.
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=10),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
    )


@contextmanager
def _as_unavailable(doing: str) -> Iterator[None]:
    """The library's errors and the system's become StorageUnavailable; what they said goes to the log only."""
    try:
        yield
    except (BaseError, OSError) as error:
        log.warning("storage: cannot %s: %s", doing, str(error).partition("\n")[0])
        full = is_disk_full(error) or says_disk_full(str(error))
        raise (StorageFull if full else StorageUnavailable) from error


def _sync_to_disk(folder: Path, key: str) -> None:
    """Flush a file, then each folder that may just have learned its name."""
    path = folder / key
    for place in (path, *list(path.parents)[: key.count("/") + 1]):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _tidy_folder(folder: Path, before: float) -> int:
    gone = 0
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(place, name)
            if _UNFINISHED.search(name) and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                gone += 1
        if Path(place) != folder and Path(place).stat().st_mtime < before:
            with suppress(OSError):  # it refuses a folder that is not empty, which is what we want
                Path(place).rmdir()
                gone += 1
    return gone
