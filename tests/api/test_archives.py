"""Many images as one zip: asked for by their owner, fetched by a signed address, from any place in it."""

import io
import json
import zipfile
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from pingvas.base.clock import now
from pingvas.base.db import Database
from pingvas.gallery.archives import forget_archives
from pingvas.gallery.tables import ImageArchive
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.picture_files import saved

ARCHIVES, IMAGES, COLLECTIONS = "/api/v1/images/archives", "/api/v1/images", "/api/v1/collections"


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def upload(client: httpx.AsyncClient, person: SignedInPerson, colour: str) -> str:
    files = {"file": ("a.png", saved(Image.new("RGB", (9, 7), colour), "PNG"))}
    answer = await client.post(IMAGES, files=files, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def ask(client: httpx.AsyncClient, person: SignedInPerson, **body: Any) -> httpx.Response:
    return await client.post(ARCHIVES, json=body, headers=person.headers)


async def fetch(client: httpx.AsyncClient, url: str) -> zipfile.ZipFile:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-length"] == str(len(answer.content))
    return zipfile.ZipFile(io.BytesIO(answer.content))


def lines_of(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read("images.jsonl").splitlines()]


async def test_chosen_images_come_as_one_zip_with_what_is_known_of_them(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    # given
    red, blue = await upload(client, owner, "red"), await upload(client, owner, "blue")
    await client.patch(
        f"{IMAGES}/{red}", json={"tags": ["고양이"], "is_favorite": True}, headers=owner.headers
    )
    made = (await client.post(COLLECTIONS, json={"name": "Cats"}, headers=owner.headers)).json()
    inside = f"{COLLECTIONS}/{made['id']}/images"
    await client.post(inside, json={"image_ids": [red]}, headers=owner.headers)

    # when
    asked = await ask(client, owner, of="images", ids=[blue, red, blue])

    # then
    assert (asked.status_code, asked.json()["count"]) == (201, 2)
    archive = await fetch(client, asked.json()["url"])
    assert archive.testzip() is None
    lines = lines_of(archive)
    assert [line["id"] for line in lines] == [blue, red]
    assert [line["file"] for line in lines] == archive.namelist()[1:]
    assert (lines[1]["tags"], lines[1]["is_favorite"], lines[1]["collections"]) == (
        ["고양이"],
        True,
        ["Cats"],
    )
    with Image.open(io.BytesIO(archive.read(lines[0]["file"]))) as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
    assert len(archive.fp.getvalue()) == asked.json()["file_size"]  # type: ignore[union-attr]


async def test_a_collection_comes_in_its_order_and_under_its_name(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    # given
    ids = [await upload(client, owner, colour) for colour in ("red", "blue", "green")]
    made = (await client.post(COLLECTIONS, json={"name": "여름 / 2026"}, headers=owner.headers)).json()
    inside = f"{COLLECTIONS}/{made['id']}/images"
    await client.post(inside, json={"image_ids": [ids[2], ids[0]]}, headers=owner.headers)

    # when
    url = (await ask(client, owner, of="collection", collection_id=made["id"])).json()["url"]
    everything = (await ask(client, owner, of="filter", filter={})).json()

    # then
    assert [line["id"] for line in lines_of(await fetch(client, url))] == [ids[2], ids[0]]
    named = (await client.head(url)).headers["content-disposition"]
    assert named == "attachment; filename*=UTF-8''%EC%97%AC%EB%A6%84%20%2F%202026.zip"
    assert [line["id"] for line in lines_of(await fetch(client, everything["url"]))] == ids


async def test_all_that_match_come_without_what_is_in_the_trash(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    # given
    ids = [await upload(client, owner, colour) for colour in ("red", "blue", "green", "gold")]
    for image in ids[1:]:
        await client.patch(f"{IMAGES}/{image}", json={"tags": ["sea"]}, headers=owner.headers)
    await client.delete(f"{IMAGES}/{ids[2]}", headers=owner.headers)

    # when
    asked = await ask(client, owner, of="filter", filter={"tag": ["sea"], "q": "sea"})

    # then
    found = lines_of(await fetch(client, asked.json()["url"]))
    assert [line["id"] for line in found] == [ids[1], ids[3]]
    nothing = await ask(client, owner, of="filter", filter={"tag": ["land"]})
    assert nothing.status_code == 422


async def test_a_download_that_was_cut_off_goes_on_where_it_was(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    # given
    ids = [await upload(client, owner, colour) for colour in ("red", "blue")]
    url = (await ask(client, owner, of="images", ids=ids)).json()["url"]
    whole = (await client.get(url)).content
    tag = (await client.head(url)).headers["etag"]

    # when
    rest = await client.get(url, headers={"Range": "bytes=300-", "If-Range": tag})
    part = await client.get(url, headers={"Range": "bytes=10-19"})
    beyond = await client.get(url, headers={"Range": f"bytes={len(whole)}-"})
    other = await client.get(url, headers={"Range": "bytes=300-", "If-Range": '"another"'})

    # then
    assert (rest.status_code, rest.content) == (206, whole[300:])
    assert rest.headers["content-range"] == f"bytes 300-{len(whole) - 1}/{len(whole)}"
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert (other.status_code, other.content) == (200, whole)


async def test_an_archive_ends_with_one_of_its_images(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    ids = [await upload(client, owner, colour) for colour in ("red", "blue")]
    url = (await ask(client, owner, of="images", ids=ids)).json()["url"]

    await client.request("DELETE", f"{IMAGES}/{ids[0]}", headers=owner.headers)

    assert (await client.get(url)).status_code == 404


async def test_an_archive_is_only_for_whoever_has_its_address(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    url = (await ask(client, owner, of="images", ids=[await upload(client, owner, "red")])).json()["url"]

    for tampered in (url.partition("?")[0], url[:-1] + ("A" if url[-1] != "A" else "B")):
        assert (await client.get(tampered)).status_code == 403


async def test_nobody_packs_what_is_not_theirs(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    # given
    image = await upload(client, owner, "red")
    made = (await client.post(COLLECTIONS, json={"name": "Mine"}, headers=owner.headers)).json()
    stranger = await sign_up(client)

    # then
    assert (await ask(client, stranger, of="images", ids=[image])).status_code == 404
    assert (await ask(client, stranger, of="collection", collection_id=made["id"])).status_code == 404
    assert (await ask(client, owner, of="images", ids=[image, str(uuid4())])).status_code == 404
    assert (await ask(client, owner, of="collection", collection_id=made["id"])).status_code == 422
    theirs = {"collection": made["id"]}
    assert (await ask(client, stranger, of="filter", filter=theirs)).status_code == 404
    assert (await ask(client, stranger, of="filter", filter={})).status_code == 422


async def test_an_archive_that_is_over_goes_with_its_file(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, app: Any
) -> None:
    # given
    asked = (await ask(client, owner, of="images", ids=[await upload(client, owner, "red")])).json()
    async with database.transaction() as session:
        archive = await session.get_one(ImageArchive, UUID(asked["id"]))
        key, archive.expires_at = archive.lines_key, now()

    # when
    async with database.transaction() as session:
        await forget_archives(session)

    # then
    assert (await client.get(asked["url"])).status_code == 404
    async with database.read() as session:
        found = (await session.scalars(text("SELECT key FROM storage_deletions"))).all()
    assert key in found


async def test_of_many_archives_the_latest_are_kept(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    image = await upload(client, owner, "red")

    urls = [(await ask(client, owner, of="images", ids=[image])).json()["url"] for _ in range(11)]

    assert (await client.get(urls[0])).status_code == 404
    assert (await client.get(urls[1])).status_code == 200
