"""Requests that cost more than they should: bodies from nobody, endless errors, text and dates that no database takes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.make.accounts import SignedInPerson, sign_up


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


class Counted:
    """A body in parts that counts how many of them were taken."""

    def __init__(self, parts: int, part: bytes) -> None:
        self.parts = parts
        self.part = part
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.parts):
            self.taken += 1
            yield self.part


@pytest.mark.parametrize("path", ["/api/v1/images", "/api/v1/jobs", "/api/v1/jobs/estimate"])
async def test_nothing_is_read_from_who_is_not_signed_in(client: httpx.AsyncClient, path: str) -> None:
    # given
    body = Counted(50, b"x" * 1000)
    form = {"Content-Type": "multipart/form-data; boundary=x"}

    # when
    nobody = await client.post(path, content=body, headers=form)
    liar = await client.post(path, content=body, headers={**form, "Authorization": "Bearer nonsense"})

    # then
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthorized")
    assert (liar.status_code, liar.json()["code"]) == (401, "invalid_token")
    assert body.taken == 0


async def test_an_upload_has_one_file(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    parts = [("file", (f"{number}.png", b"x" * 100_000)) for number in range(30)]

    answer = await client.post("/api/v1/images", files=parts, headers=person.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_what_a_person_sends_at_once_is_bounded_and_given_back(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any
) -> None:
    # given a person whose uploads under way fill their share
    shares = app.state.budgets.upload_bytes
    me = (await client.get("/api/v1/me", headers=person.headers)).json()["user"]["id"]
    who = UUID(me)
    shares.take(who, shares.figure.each)

    # when
    refused = await client.post(
        "/api/v1/images", files={"file": ("a.png", b"x" * 1000)}, headers=person.headers
    )
    shares.give_back(who, shares.figure.each)
    taken = await client.post(
        "/api/v1/images", files={"file": ("a.png", b"x" * 1000)}, headers=person.headers
    )

    # then
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert "retry-after" in refused.headers
    assert taken.status_code == 415
    assert shares.held_by_all == 0


async def test_a_person_has_only_so_many_uploads_under_way_and_each_is_given_back(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any
) -> None:
    # given
    budgets = app.state.budgets
    who = UUID((await client.get("/api/v1/me", headers=person.headers)).json()["user"]["id"])
    other = await sign_up(client)
    budgets.uploads.take(who, budgets.uploads.figure.each)
    body = Counted(50, b"x" * 1000)
    form = {"Content-Type": "multipart/form-data; boundary=x"}

    async def upload(someone: SignedInPerson) -> httpx.Response:
        picture = {"file": ("a.png", b"x" * 1000)}
        return await client.post("/api/v1/images", files=picture, headers=someone.headers)

    # when
    refused = await client.post("/api/v1/images", content=body, headers={**person.headers, **form})
    others = await upload(other)
    budgets.uploads.give_back(who, budgets.uploads.figure.each)
    taken = await upload(person)
    # and one whose bytes are too many beside others
    budgets.upload_bytes.take(who, budgets.upload_bytes.figure.each)
    too_heavy = await upload(person)

    # then
    assert (refused.status_code, refused.json()["budget"]) == (429, "uploads")
    assert "retry-after" in refused.headers
    assert body.taken == 0
    assert (others.status_code, taken.status_code) == (415, 415)
    assert (too_heavy.status_code, too_heavy.json()["budget"]) == (429, "upload_bytes")
    assert budgets.uploads.held_by_all == 0


async def test_bodies_of_json_take_64_kib(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    answer = await client.post(
        "/api/v1/jobs", json={"job_type": "txt2img", "prompt": "x" * 66_000}, headers=person.headers
    )

    assert (answer.status_code, answer.json()["max_bytes"]) == (413, 65_536)


async def test_an_error_is_short_however_much_is_wrong(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    many = {"job_type": "txt2img", "prompt": "x", **{f"k{number}": 1 for number in range(5000)}}
    long = {"job_type": "txt2img", "prompt": "x", "k" * 60_000: 1}

    for body in (many, long):
        # when
        answer = await client.post("/api/v1/jobs", json=body, headers=person.headers)

        # then
        told = answer.json()["errors"]
        assert answer.status_code == 422
        assert len(told) <= 20
        assert all(len(part) <= 200 for each in told for part in [each["msg"], *each["loc"]])
        assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/%00", 404),
        ("/assets/%00", 404),
        ("/gallery/" + "x" * 300, 404),
        ("/assets/" + "ü" * 200, 404),
        ("/api/v1/models/%00", 404),
        ("/api/v1/models/" + "x" * 300, 404),
        ("/files/%00", 404),
        ("/api/v1/images?model=%00", 422),
        ("/api/v1/models?base=%00", 422),
        ("/api/v1/images?created_from=9999-12-31T23:59:59-14:00", 422),
        ("/api/v1/images?created_to=0001-01-01T00:00:00%2B14:00", 422),
        ("/api/v1/images?created_to=1700000000", 422),
        ("/api/v1/images?created_to=2026-01-31", 422),
        ("/api/v1/images?created_to=2026-01-31%2009:30Z", 422),
        ("/api/v1/images?created_to=2026-01-31T09:30:00", 422),
        ("/api/v1/images?created_to=2026-01-31T09:30:00.5%2B09:00", 200),
        ("/api/v1/images?created_to=9999-12-31T23:59:59Z", 200),
        ("/api/v1/images?created_from=0001-01-01T00:00:00Z", 200),
        ("/api/v1/images?cursor=%00", 422),
    ],
)
async def test_text_and_dates_at_the_edge_are_told_and_never_a_fault(
    client: httpx.AsyncClient, person: SignedInPerson, path: str, status: int
) -> None:
    answer = await client.get(path, headers=person.headers)

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("bad", ["\\u0000", "\\ud800", "\\uDFFF"])
async def test_bad_text_in_a_body_is_named(
    client: httpx.AsyncClient, person: SignedInPerson, bad: str
) -> None:
    # given
    headers = {**person.headers, "Content-Type": "application/json"}
    secret = f'{{"email": "a@example.com", "password": "long enough {bad}"}}'
    sign_up = f'{{"email": "b{bad}@example.com", "password": "{bad} quite long", "display_name": "{bad}"}}'
    prompt = f'{{"job_type": "txt2img", "prompt": "a {bad}", "loras": [{{"name": "{bad}"}}]}}'
    name = f'{{"{bad}": 1}}'

    for path, body in (
        ("/api/v1/auth/login", secret),
        ("/api/v1/auth/register", sign_up),
        ("/api/v1/jobs", prompt),
        ("/api/v1/jobs", name),
    ):
        # when
        answer = await client.post(path, content=body, headers=headers)

        # then
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), (path, answer.text)


async def test_a_pair_of_surrogates_is_a_sign_like_any_other(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given a name with an emoji, as many libraries escape it
    body = json.dumps({"display_name": "penguin \N{PENGUIN}"})

    # when
    answer = await client.patch(
        "/api/v1/me", content=body, headers={**person.headers, "Content-Type": "application/json"}
    )

    # then
    assert answer.status_code == 200, answer.text
