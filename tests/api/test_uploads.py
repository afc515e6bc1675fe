"""Uploading over HTTP: what comes back, what is refused, what room it takes, and repeated calls."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.engine.images.image_files import encode
from tests.make.accounts import SignedInPerson, sign_up

PARAMETERS: dict[str, Any] = {
    "prompt": "바다 위의 배",
    "negative_prompt": "",
    "width": 32,
    "height": 24,
    "steps": 4,
    "cfg_scale": 2.0,
    "sampler": "euler",
    "seed": 7,
    "model": "toy",
    "job_type": "txt2img",
    "format": "png",
    "engine": {"torch": "2"},
}
PNG = encode(Image.new("RGB", (32, 24), "teal"), "png", PARAMETERS, version="x")


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    """A studio that takes small pictures."""
    return make_settings(
        database_url=database_url, upload_max_bytes=100_000, max_image_side=500, max_image_pixels=100_000
    )


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def upload(
    client: httpx.AsyncClient, person: SignedInPerson, data: bytes = PNG, **form: str
) -> httpx.Response:
    key = form.pop("key", None)
    headers = {**person.headers, **({"Idempotency-Key": key} if key else {})}
    return await client.post("/api/v1/images", files={"file": ("a.png", data)}, data=form, headers=headers)


async def stored_images(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(text("SELECT count(*) FROM images")) or 0)


async def test_an_uploaded_picture_is_an_image_of_mine(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # when
    answer = await upload(client, person, visibility="unlisted")

    # then
    assert answer.status_code == 201, answer.text
    image = answer.json()
    assert (image["width"], image["height"], image["format"]) == (32, 24, "png")
    assert (image["job_id"], image["visibility"], image["is_favorite"]) == (None, "unlisted", False)
    assert image["generation_params"] == PARAMETERS
    assert (await client.get(f"/api/v1/images/{image['id']}", headers=person.headers)).json() == image
    file, thumbnail = await client.get(image["file_url"]), await client.get(image["thumbnail_url"])
    assert len(file.content) == image["file_size"]
    assert Image.open(io.BytesIO(file.content)).size == (32, 24)
    assert thumbnail.headers["content-type"] == "image/webp"
    me = (await client.get("/api/v1/me", headers=person.headers)).json()
    assert me["storage"]["used_bytes"] == image["file_size"]


async def test_bad_pictures_are_refused_and_nothing_is_kept(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    large = io.BytesIO()
    Image.new("RGB", (501, 10)).save(large, "PNG")
    for data, status, code in (
        (b"hello", 415, "unsupported_media_type"),
        (PNG[:60], 422, "validation_error"),
        (large.getvalue(), 413, "payload_too_large"),
        (PNG + b"\0" * 100_000, 413, "payload_too_large"),
        (b"\0" * 300_000, 413, "payload_too_large"),
    ):
        answer = await upload(client, person, data)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        limits = [name for name in answer.json() if name.startswith("max_")]
        assert bool(limits) == (status == 413)
    assert await stored_images(database) == 0


async def test_what_is_no_form_with_a_picture_is_refused(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    url, headers = "/api/v1/images", person.headers

    async def endless() -> Any:
        for _ in range(40):
            yield b"\0" * 10_000

    nothing = await client.post(url, headers=headers)
    a_word = await client.post(url, data={"file": "a word"}, headers=headers)
    public = await upload(client, person, visibility="secret")
    form = {**headers, "Content-Type": "multipart/form-data; boundary=x"}
    undeclared = await client.post(url, content=endless(), headers=form)
    nobody = await client.post(url, files={"file": ("a.png", PNG)})

    for answer in (nothing, a_word, public):
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert undeclared.status_code in (413, 422)
    assert nobody.status_code == 401


async def test_a_full_storage_takes_no_more(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given room for one picture and a half
    size = (await upload(client, person)).json()["file_size"]
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE subscription_plans SET storage_bytes = :room"), {"room": size * 3 // 2}
        )

    # when
    second = await upload(client, person)

    # then
    assert (second.status_code, second.json()["code"]) == (402, "storage_exceeded")
    assert second.json()["quota_bytes"] == size * 3 // 2
    assert await stored_images(database) == 1


async def test_uploads_at_once_never_exceed_the_room_there_is(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given room for three
    size = (await upload(client, person)).json()["file_size"]
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET storage_bytes = :room"), {"room": size * 3})

    # when: as many as one person may have under way
    answers = await asyncio.gather(*(upload(client, person) for _ in range(4)))

    # then
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [402] * 2
    assert await stored_images(database) == 3


async def test_the_same_key_and_picture_is_kept_once(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # when
    first = await upload(client, person, key="a-drop")
    again = await upload(client, person, key="a-drop")
    other = await upload(client, person, key="a-drop", visibility="public")

    # then
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert await stored_images(database) == 1
