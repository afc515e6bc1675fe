"""What others get of how a picture was made: by its owner's choice, in files, on pages and in the API; and downloads without it."""

import io
import zipfile
from typing import Any

import httpx
import pytest
from PIL import Image

from pingvas.engine.images.image_files import encode
from pingvas.engine.images.labels import MADE, label_of
from pingvas.engine.images.plain_file import without_notes, without_notes_in_its_size
from pingvas.engine.images.replace_notes import CannotReplace, notes_of
from tests.make.accounts import SignedInPerson, sign_up

IMAGES, ARCHIVES, ME = "/api/v1/images", "/api/v1/images/archives", "/api/v1/me"
FORMATS = ("png", "jpg", "webp")
PROMPT = "a secret garden, 비밀의 정원"
PARAMETERS: dict[str, Any] = {
    "job_type": "txt2img",
    "prompt": PROMPT,
    "negative_prompt": "",
    "width": 48,
    "height": 32,
    "steps": 20,
    "cfg_scale": 4.5,
    "sampler": "dpmpp_2m",
    "seed": 7,
    "model": "pingvas-mini",
}


def file(format: str) -> bytes:
    image = Image.effect_noise((48, 32), 60).convert("RGB")
    return encode(image, format, PARAMETERS, version="Pingvas Studio 0.1.0", label=MADE)


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB").tobytes()


async def upload(
    client: httpx.AsyncClient, owner: SignedInPerson, format: str = "png", visibility: str = "public"
) -> dict[str, Any]:
    answer = await client.post(IMAGES, files={"file": ("a", file(format))}, headers=owner.headers)
    assert answer.status_code == 201, answer.text
    where = f"{IMAGES}/{answer.json()['id']}"
    await client.patch(where, json={"visibility": visibility}, headers=owner.headers)
    shown: dict[str, Any] = (await client.get(where, headers=owner.headers)).json()
    return shown


async def choose(client: httpx.AsyncClient, owner: SignedInPerson, told: str | None) -> None:
    answer = await client.patch(ME, json={"preferences": {"tell_others": told}}, headers=owner.headers)
    assert answer.status_code == 200, answer.text


async def fetched(client: httpx.AsyncClient, url: str) -> bytes:
    answer = await client.get(url, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


@pytest.mark.parametrize("format", FORMATS)
async def test_others_get_everything_unless_the_owner_chose_otherwise(
    client: httpx.AsyncClient, owner: SignedInPerson, format: str
) -> None:
    image = await upload(client, owner, format)
    where = f"{IMAGES}/{image['id']}"

    told = (await client.get(where)).json()
    assert told["generation_params"]["prompt"] == PROMPT
    whole = await fetched(client, told["file_url"])
    assert notes_of(whole)

    await choose(client, owner, "label")

    told = (await client.get(where)).json()
    assert told["generation_params"] == {"job_type": "txt2img"}
    assert told["metadata"] is None
    plain = await fetched(client, told["file_url"])
    assert notes_of(plain) == {}
    assert b"garden" not in plain
    assert label_of(plain) == MADE
    assert pixels(plain) == pixels(whole)
    assert await fetched(client, f"{where}/file") == plain


async def test_no_page_or_list_tells_others_what_the_owner_does_not(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    image = await upload(client, owner)
    await choose(client, owner, "label")
    body = {"name": "Gardens", "visibility": "public"}
    made = (await client.post("/api/v1/collections", json=body, headers=owner.headers)).json()
    inside = f"/api/v1/collections/{made['id']}/images"
    await client.post(inside, json={"image_ids": [image["id"]]}, headers=owner.headers)

    for listed in ("/api/v1/explore", inside):
        answer = await client.get(listed)
        (item,) = answer.json()["items"]
        assert item["generation_params"] == {"job_type": "txt2img"}
        assert item["file_url"].startswith("/files/plain/")
        assert "garden" not in answer.text
    assert (await client.get(f"{IMAGES}/{image['id']}/recipe")).status_code == 404
    assert "garden" not in (await client.get(f"/i/{image['id']}")).text


async def test_the_owner_still_gets_everything(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    image = await upload(client, owner)
    await choose(client, owner, "label")

    mine = (await client.get(f"{IMAGES}/{image['id']}", headers=owner.headers)).json()

    assert mine["generation_params"]["prompt"] == PROMPT
    assert notes_of(await fetched(client, mine["file_url"]))
    recipe = await client.get(f"{IMAGES}/{image['id']}/recipe", headers=owner.headers)
    assert recipe.json()["prompt"] == PROMPT


async def test_the_choice_is_taken_back(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    image = await upload(client, owner, visibility="unlisted")
    await choose(client, owner, "label")
    await choose(client, owner, None)

    assert (await client.get(f"{IMAGES}/{image['id']}")).json()["generation_params"]["prompt"] == PROMPT


async def test_one_who_tells_nothing_keeps_nobody_else_from_it(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    other = await sign_up(client)
    await upload(client, owner)
    await upload(client, other)
    await choose(client, owner, "label")

    items = (await client.get("/api/v1/explore")).json()["items"]

    assert [item["generation_params"].get("prompt") for item in items] == [PROMPT, None]


@pytest.mark.parametrize("format", FORMATS)
async def test_a_download_can_be_had_without_how_it_was_made(
    client: httpx.AsyncClient, owner: SignedInPerson, format: str
) -> None:
    image = await upload(client, owner, format, visibility="private")
    where = f"{IMAGES}/{image['id']}/file"

    answer = await client.get(where, params={"notes": "without"}, headers=owner.headers)
    plain = await fetched(client, answer.headers["location"])

    assert answer.headers["location"] == image["plain_file_url"]
    assert notes_of(plain) == {}
    assert pixels(plain) == pixels(await fetched(client, image["file_url"]))
    assert (await client.get(where, params={"notes": "without"})).status_code == 404


async def test_a_plain_file_is_sent_as_any_other(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    url = (await upload(client, owner))["plain_file_url"]

    whole = await client.get(url)
    again = await client.get(url, headers={"If-None-Match": whole.headers["etag"]})
    part = await client.get(url, headers={"Range": "bytes=5-24", "If-Range": whole.headers["etag"]})
    head = await client.head(url)

    assert whole.headers["content-type"] == "image/png"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["cache-control"].startswith("public, max-age=")
    assert whole.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (again.status_code, again.content) == (304, b"")
    assert (part.status_code, part.content) == (206, whole.content[5:25])
    assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))


async def test_the_address_of_a_plain_file_opens_nothing_else(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    image = await upload(client, owner)
    plain, whole = image["plain_file_url"], image["file_url"]

    assert (await client.get(plain.replace("/files/plain/", "/files/"))).status_code == 403
    assert (await client.get(whole.replace("/files/", "/files/plain/"))).status_code == 403
    assert (await client.get(plain.replace("p=1&", ""))).status_code == 403
    assert (await client.get(plain.replace("&s=", "&s=x"))).status_code == 403
    assert (await client.get("/files/plain/..%2f..%2fsecret_key?e=1&s=x")).status_code == 403


async def test_a_file_that_cannot_be_read_is_not_given_out_whole(
    client: httpx.AsyncClient, owner: SignedInPerson, app: Any
) -> None:
    image = await upload(client, owner)
    key = image["plain_file_url"].partition("?")[0].removeprefix("/files/plain/")
    await app.state.storage.put(key, b"no picture, and a garden", "image/png")

    answer = await client.get(image["plain_file_url"])

    assert answer.status_code == 404
    assert "garden" not in answer.text


async def test_a_zip_without_how_they_were_made_has_the_size_it_was_said_to_have(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    images = [await upload(client, owner, format) for format in FORMATS]
    body = {"of": "images", "ids": [image["id"] for image in images], "notes": "without"}

    asked = (await client.post(ARCHIVES, json=body, headers=owner.headers)).json()
    data = await fetched(client, asked["url"])
    part = await client.get(asked["url"], headers={"Range": "bytes=900-"})

    assert len(data) == asked["file_size"]
    assert part.content == data[900:]
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert b"garden" not in data
    assert PROMPT.encode() not in data
    assert b"generation_params" not in archive.read("images.jsonl")
    for name, image in zip(archive.namelist()[1:], images, strict=True):
        packed = archive.read(name)
        assert notes_of(packed) == {}
        assert label_of(packed) == MADE
        assert pixels(packed) == pixels(await fetched(client, image["file_url"]))


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_keeps_its_size_whatever_is_taken_out(format: str) -> None:
    for length in (0, 1, 2, 3, 5, 8, 1000, 30_000, 70_000):
        image = Image.effect_noise((48, 32), 60).convert("RGB")
        data = encode(image, format, PARAMETERS | {"prompt": "x" * length}, version="x", label=MADE)

        kept = without_notes_in_its_size(data)

        assert len(kept) == len(data)
        assert notes_of(kept) == {}
        assert pixels(kept) == pixels(data)
        assert pixels(without_notes(kept)) == pixels(data)


def test_what_is_no_picture_has_no_plain_copy() -> None:
    for data in (b"", b"no picture", b"\xff\xd8", b"RIFF\0\0\0\0WEBP"):
        with pytest.raises(CannotReplace):
            without_notes_in_its_size(data)
