"""Zips that are written while they are read: their size beforehand, any part of them, the same bytes every time."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from pingvas.gallery.zip_stream import SizeDiffers, ZipEntry, size_of_zip, stream_zip

MADE = datetime(2026, 11, 30, 12, 34, 56, tzinfo=UTC)


def entry(path: str, data: bytes, *, size: int | None = None, made_at: datetime = MADE) -> ZipEntry:
    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    async def opened() -> AsyncIterator[bytes]:
        return parts()

    return ZipEntry(path, len(data) if size is None else size, made_at, opened)


async def read(entries: list[ZipEntry], first: int = 0, last: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in stream_zip(entries, first, last)])


SOME = [
    entry("images.jsonl", b"{}\n"),
    entry("images/1-고양이.png", bytes(range(256)) * 20),
    entry("images/2-empty.png", b""),
    entry("images/3.webp", b"abc" * 700, made_at=datetime(1970, 1, 1, tzinfo=UTC)),
]


async def test_what_is_streamed_is_a_zip_with_every_file_and_its_date() -> None:
    data = await read(SOME)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [each.path for each in SOME]
        assert archive.read("images/1-고양이.png") == bytes(range(256)) * 20
        assert archive.getinfo("images.jsonl").date_time == (2026, 11, 30, 12, 34, 56)
        assert archive.getinfo("images/3.webp").date_time[0] == 1980
    assert len(data) == size_of_zip(SOME)


@pytest.mark.parametrize("entries", [[], SOME[:1], SOME])
async def test_the_size_is_known_before_a_byte_is_read(entries: list[ZipEntry]) -> None:
    assert len(await read(entries)) == size_of_zip(entries)


@pytest.mark.parametrize(("limit", "count"), [(2_000, 65_535), (2**31 - 1, 2), (100, 1)])
async def test_the_size_is_right_where_the_longer_forms_begin(
    monkeypatch: pytest.MonkeyPatch, limit: int, count: int
) -> None:
    # given: a format whose short forms end early, for files that are smaller than the bound themselves
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", count)
    entries = [entry(f"{n}.png", bytes(90)) for n in range(40)]

    # when
    data = await read(entries)

    # then
    assert len(data) == size_of_zip(entries)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == 40


async def test_any_part_is_the_same_bytes_as_in_the_whole() -> None:
    whole = await read(SOME)

    for first in (0, 1, 40, 999, 5_000, len(whole) - 1):
        assert await read(SOME, first) == whole[first:]
        assert await read(SOME, first, first + 10) == whole[first : first + 11]
    assert await read(SOME, 0, 0) == whole[:1]


async def test_a_file_that_is_not_as_long_as_it_was_ends_the_zip() -> None:
    with pytest.raises(SizeDiffers, match=r"images/1\.png: 3 bytes, and 4 were counted"):
        await read([entry("images/1.png", b"abc", size=4)])
