"""A zip that is written while it is read: nothing of it lies anywhere, its size is known beforehand, and any part of it can be had.

Pictures do not get smaller by packing, so they are stored as they are. The same entries give the same bytes every time, which
lets a client go on where it was cut off; the files before that place are read again then, for the end of a zip names their sums.
"""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

# Of the format (APPNOTE 6.3.10): what stands around the bytes of a file, and at the end. zipfile writes them; its own
# bounds decide when the longer forms are used.
_HEADER, _DESCRIPTOR, _CENTRAL, _END = 30, 16, 46, 22
_OFFSET_IN_64_BITS, _END_IN_64_BITS = 12, 56 + 20

Open = Callable[[], Awaitable[AsyncIterator[bytes]]]


class SizeDiffers(Exception):
    """A file has not as many bytes as were counted: the zip cannot be ended."""


@dataclass(frozen=True)
class ZipEntry:
    """One file of a zip; `open` begins to read its `size` bytes."""

    path: str
    size: int
    made_at: datetime
    open: Open


def size_of_zip(entries: Sequence[ZipEntry]) -> int:
    """Bytes of the whole zip."""
    place, central = 0, 0
    for entry in entries:
        name = len(entry.path.encode())
        central += _CENTRAL + name
        if place > zipfile.ZIP64_LIMIT:
            central += _OFFSET_IN_64_BITS
        place += _HEADER + name + entry.size + _DESCRIPTOR
    size = place + central + _END
    many = len(entries) > zipfile.ZIP_FILECOUNT_LIMIT
    if many or place > zipfile.ZIP64_LIMIT or central > zipfile.ZIP64_LIMIT:
        size += _END_IN_64_BITS
    return size


async def stream_zip(
    entries: Sequence[ZipEntry], first: int = 0, last: int | None = None
) -> AsyncIterator[bytes]:
    """The bytes of the zip from `first` up to and with `last`. Raises SizeDiffers, and what opening raises."""
    place = 0
    async for chunk in _whole(entries):
        start, place = place, place + len(chunk)
        wanted = chunk[max(0, first - start) : None if last is None else max(0, last + 1 - start)]
        if wanted:
            yield wanted
        if last is not None and place > last:
            return


async def _whole(entries: Sequence[ZipEntry]) -> AsyncIterator[bytes]:
    sink = _Sink()
    with ZipFile(cast("IO[bytes]", sink), "w", ZIP_STORED) as archive:  # it writes, and can do nothing else
        for entry in entries:
            count = 0
            with archive.open(_info(entry), "w") as file:
                async for chunk in await entry.open():
                    count += len(chunk)
                    file.write(chunk)
                    yield sink.take()
            if count != entry.size:
                raise SizeDiffers(f"{entry.path}: {count} bytes, and {entry.size} were counted")
        yield sink.take()
    yield sink.take()


def _info(entry: ZipEntry) -> ZipInfo:
    moment = entry.made_at.astimezone(UTC)
    # The format knows no time zones, and no year before 1980.
    info = ZipInfo(entry.path, (max(1980, moment.year), *moment.timetuple()[1:6]))
    info.compress_type = ZIP_STORED
    info.file_size = entry.size
    info.external_attr = 0o644 << 16
    return info


class _Sink:
    """What has been written and not yet been taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data
