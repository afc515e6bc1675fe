"""What the house expects of storage, the same on disk and on S3."""

import asyncio
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pingvas.adapters.storage import ObjectMissing, Storage, StorageUnavailable, open_storage
from pingvas.base.ids import new_id

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400


def key() -> str:
    return f"images/{new_id()}/{new_id()}.png"


async def test_what_was_put_is_read_back(storage: Storage) -> None:
    name = key()

    await storage.put(name, PNG, "image/png")

    assert await storage.get(name) == PNG


async def test_an_object_can_be_read_in_chunks_and_its_size_is_known_first(storage: Storage) -> None:
    name = key()
    await storage.put(name, PNG, "image/png")

    reading = await storage.read(name)

    assert reading.size == len(PNG)
    assert reading.etag
    assert b"".join([chunk async for chunk in reading.chunks()]) == PNG


async def test_a_part_of_an_object_can_be_read_alone(storage: Storage) -> None:
    await storage.put("images/a/parts.png", b"0123456789", "image/png")

    look = await storage.look_at("images/a/parts.png")
    reading = await storage.read("images/a/parts.png", (2, 5))

    assert look.size == 10
    assert b"".join([chunk async for chunk in reading.chunks()]) == b"234"
    with pytest.raises(ObjectMissing):
        await storage.look_at("images/a/none.png")


async def test_a_missing_object_is_not_found(storage: Storage) -> None:
    with pytest.raises(ObjectMissing):
        await storage.get(key())


async def test_deleting_takes_what_is_there_and_ignores_what_is_gone(storage: Storage) -> None:
    first, second = key(), key()
    await storage.put(first, PNG, "image/png")
    await storage.put(second, PNG, "image/png")

    await storage.delete([key(), first, second])
    await storage.delete([first])
    await storage.delete([])

    for name in (first, second):
        with pytest.raises(ObjectMissing):
            await storage.get(name)


async def test_a_listing_holds_what_is_below_the_prefix_and_nothing_else(storage: Storage) -> None:
    owner = new_id()
    names = {f"images/{owner}/{number}.png" for number in range(5)}
    for name in (*names, f"images-old/{owner}.png", f"thumbnails/{owner}/1.webp"):
        await storage.put(name, PNG, "image/png", durable=False)

    listed = {item.key: item async for item in storage.list("images")}

    assert listed.keys() == names
    assert all(item.size == len(PNG) for item in listed.values())
    assert all(item.modified_at.tzinfo is not None for item in listed.values())


@pytest.mark.parametrize(
    "bad",
    ["../secret", "images/../../secret", "/etc/passwd", "images//a", "./a", "a/.hidden", "", "a\\b", "a\0b", "a b",
     "images/%2e%2e/a", "C:/a", "가.png", "a" * 600, "a/", "a\n"],
)  # fmt: skip
async def test_path_traversal_is_refused(storage: Storage, bad: str) -> None:
    with pytest.raises(ValueError, match="storage key"):
        await storage.put(bad, b"x", "image/png")
    with pytest.raises(ValueError, match="storage key"):
        await storage.get(bad)
    with pytest.raises(ValueError, match="storage key"):
        await storage.delete(["images/good.png", bad])
    with pytest.raises(ValueError, match="storage key"):
        await storage.sign(bad)


async def test_an_address_stays_the_same_for_a_while_so_that_browsers_cache_it(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = key()

    first = await storage.sign(name, 86_400)
    second = await storage.sign(name, 86_400)

    assert first == second
    assert await storage.sign(key(), 86_400) != first


async def test_the_check_leaves_nothing_behind(storage: Storage) -> None:
    await storage.check()

    assert [item async for item in storage.list("checks")] == []


async def test_many_puts_at_once(storage: Storage) -> None:
    names = [key() for _ in range(20)]

    await asyncio.gather(*(storage.put(name, name.encode(), "image/png") for name in names))

    assert await asyncio.gather(*(storage.get(name) for name in names)) == [name.encode() for name in names]


# On S3.


async def test_a_presigned_address_reads_the_object_with_its_type(s3_url: str, make_settings: Any) -> None:
    storage = open_storage(make_settings(storage_url=s3_url))
    name = key()
    await storage.put(name, PNG, "image/png")

    url = await storage.sign(name, 3600)
    async with httpx.AsyncClient() as client:
        answer = await client.get(url)

    # moto serves this to anybody: that the signature is right is not shown here, only that the address is.
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    query = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path.endswith(f"/studio/one/{name}")
    assert int(query["X-Amz-Expires"][0]) == 5400
    assert query["X-Amz-Signature"]


async def test_addresses_can_name_the_endpoint_that_browsers_reach(s3_url: str, make_settings: Any) -> None:
    storage = open_storage(make_settings(storage_url=f"{s3_url}&public_endpoint=https://pictures.example"))

    url = await storage.sign(key())

    assert url.startswith("https://pictures.example/pictures-")


async def test_credentials_may_come_from_the_environment(
    s3_url: str, make_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    storage = open_storage(make_settings(storage_url=s3_url.partition("&access_key_id")[0]))

    url = await storage.sign(key())

    assert "from-the-environment" in url


async def test_a_bucket_that_cannot_be_reached_is_unavailable_soon(make_settings: Any) -> None:
    url = "s3://bucket?endpoint=http://127.0.0.1:9&region=us-east-1&access_key_id=k&secret_access_key=s"
    storage = open_storage(make_settings(storage_url=url))
    began = time.monotonic()

    with pytest.raises(StorageUnavailable):
        await storage.put(key(), PNG, "image/png")
    with pytest.raises(StorageUnavailable):
        await storage.get(key())

    assert time.monotonic() - began < 10


async def test_a_bucket_that_does_not_exist_is_unavailable(s3_url: str, make_settings: Any) -> None:
    storage = open_storage(make_settings(storage_url=s3_url.replace("s3://", "s3://no-such-")))

    with pytest.raises(StorageUnavailable):
        await storage.check()


# On disk.


async def test_a_full_disk_is_unavailable_and_leaves_no_half_of_an_object(disk: Storage) -> None:
    name = key()

    with files_of_at_most(1000), pytest.raises(StorageUnavailable):
        await disk.put(name, PNG, "image/png")

    with pytest.raises(ObjectMissing):
        await disk.get(name)


async def test_a_folder_that_cannot_be_made_is_unavailable(make_settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    storage = open_storage(make_settings(storage_url=(tmp_path / "file" / "pictures").as_uri()))

    with pytest.raises(StorageUnavailable):
        await storage.put(key(), PNG, "image/png")


async def test_opening_touches_nothing(make_settings: Any, tmp_path: Path) -> None:
    open_storage(make_settings(storage_url=(tmp_path / "pictures").as_uri()))

    assert not (tmp_path / "pictures").exists()


async def test_tidying_removes_what_interrupted_writes_left(disk: Storage, tmp_path: Path) -> None:
    await disk.put("images/kept.png", PNG, "image/png")
    await disk.put("previews/job/gone.webp", PNG, "image/webp")
    await disk.delete(["previews/job/gone.webp"])
    folder = tmp_path / "pictures"
    (folder / "images" / "half.png#1").write_bytes(b"half")
    for place in (folder / "images" / "half.png#1", folder / "previews" / "job", folder / "previews"):
        os.utime(place, (0, 0))
    (folder / "images" / "young.png#1").write_bytes(b"being written")

    await disk.tidy(timedelta(minutes=5))

    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert left == {"images/kept.png", "images/young.png#1"}
    assert not (folder / "previews" / "job").exists()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The nearest a test without a disk of its own comes to a full one: writes beyond `size` bytes fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
