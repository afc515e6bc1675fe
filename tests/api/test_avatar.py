"""A picture of oneself: photographs as they come, bounded, and only from who is signed in."""

from __future__ import annotations

import io
import os

import httpx
from PIL import Image

from pingvas.api.routes.avatar import MAX_BYTES, MAX_FORM_BYTES
from tests.api.auth_calls import ME, problem
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.picture_files import saved

AVATAR = f"{ME}/avatar"


def _photograph() -> bytes:
    """As hard to compress as one: some hundred kilobytes."""
    return saved(Image.frombytes("RGB", (500, 400), os.urandom(500 * 400 * 3)), "PNG")


async def _send(client: httpx.AsyncClient, person: SignedInPerson, data: bytes) -> httpx.Response:
    return await client.post(AVATAR, headers=person.headers, files={"file": ("me.png", data, "image/png")})


async def test_a_photograph_of_many_kilobytes_becomes_the_picture_of_oneself(
    client: httpx.AsyncClient,
) -> None:
    person = await sign_up(client)
    photograph = _photograph()
    assert len(photograph) > 256 * 1024

    answer = await _send(client, person, photograph)

    assert answer.status_code == 201, answer.text
    large = Image.open(io.BytesIO((await client.get(answer.json()["large"])).content))
    assert large.size == (512, 512)


async def test_a_picture_of_oneself_has_a_largest_size(client: httpx.AsyncClient) -> None:
    person = await sign_up(client)

    a_little = await _send(client, person, _photograph().ljust(MAX_BYTES + 1, b" "))
    by_far = await _send(client, person, b" " * (MAX_BYTES + 1024 * 1024))

    assert problem(a_little, 413, "payload_too_large")["max_bytes"] == MAX_BYTES
    assert problem(by_far, 413, "payload_too_large")["max_bytes"] == MAX_FORM_BYTES


async def test_what_is_no_picture_is_said_to_be_none_however_large(client: httpx.AsyncClient) -> None:
    person = await sign_up(client)

    answer = await _send(client, person, b"GIF89a".ljust(90_000, b" "))

    assert answer.status_code in (415, 422), answer.text
    assert answer.json()["code"] != "payload_too_large"


async def test_of_a_stranger_no_picture_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post(AVATAR, files={"file": ("me.png", _photograph(), "image/png")})

    problem(answer, 401, "unauthorized")
