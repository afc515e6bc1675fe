"""Looking for one's pictures over the API: every filter, words, stars, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.gallery.collections import add_images, create_collection
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image, make_tag, tag_image

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = UUID("0190a000-0000-7000-8000-000000000042")


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


@pytest.fixture
async def collection(database: Database, person: SignedInPerson) -> str:
    """One of two pictures is in it, the one that has everything."""
    params = {
        "prompt": "a red house, 고양이",
        "model": "flux-dev",
        "job_type": "upscale",
        "seed": 2**64 - 1,
        "loras": [{"name": "Ink", "weight": 1}],
    }
    async with database.transaction() as session:
        owner = UUID(person.user["id"])
        actor = Actor(owner, "user", None)
        full = await make_image(
            session,
            owner,
            generation_params=params,
            is_favorite=True,
            visibility="public",
            rating=4,
            width=1024,
            height=768,
            file_size=9000,
            created_at=NOON,
            api_key_id=KEY,
            origin="made",
        )
        await make_image(session, owner, generation_params={"prompt": "a blue boat"})
        await tag_image(session, full, await make_tag(session, "sea"))
        view = await create_collection(session, actor, "Summer")
        await add_images(session, actor, view.collection.id, [full.id])
        return str(view.collection.id)


async def search(client: httpx.AsyncClient, person: SignedInPerson, **asked: Any) -> list[str]:
    answer = await client.get("/api/v1/images", params=asked, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return [image["generation_params"]["prompt"] for image in answer.json()["items"]]


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "red house"},
        {"q": "고양이 -boat"},
        {"q": "summ"},
        {"q": "sea"},
        {"favorite": "true"},
        {"visibility": "public"},
        {"model": "flux-dev"},
        {"job_type": "upscale"},
        {"lora": "ink"},
        {"seed": str(2**64 - 1)},
        {"origin": "made"},
        {"api_key": str(KEY)},
        {"rating_from": "4"},
        {"rating_from": "4", "rating_to": "4"},
        {"width_from": "1000", "height_from": "700", "height_to": "768"},
        {"created_from": "2026-11-01T00:00:00Z", "created_to": "2026-11-02T00:00:00Z"},
        {"tag": "sea"},
        {"q": "house", "tag": "sea", "model": "flux-dev", "lora": "Ink", "sort": "largest"},
    ],
    ids=str,
)
async def test_each_filter_finds_the_picture_that_has_it(
    client: httpx.AsyncClient, person: SignedInPerson, collection: str, asked: dict[str, str]
) -> None:
    assert await search(client, person, **asked) == ["a red house, 고양이"]


@pytest.mark.parametrize(
    "asked", [{"origin": "uploaded"}, {"rating_to": "0"}, {"width_to": "100"}, {"q": "-house"}], ids=str
)
async def test_the_other_picture_is_found_by_what_it_has(
    client: httpx.AsyncClient, person: SignedInPerson, collection: str, asked: dict[str, str]
) -> None:
    assert await search(client, person, **asked) == ["a blue boat"]


async def test_a_collection_is_searched_in_its_own_order(
    client: httpx.AsyncClient, person: SignedInPerson, collection: str
) -> None:
    assert await search(client, person, collection=collection, q="house") == ["a red house, 고양이"]
    assert await search(client, person, collection=collection, q="boat") == []


async def test_lists_are_sorted_by_stars_and_by_the_size_of_the_file(
    client: httpx.AsyncClient, person: SignedInPerson, collection: str
) -> None:
    red, blue = "a red house, 고양이", "a blue boat"

    assert await search(client, person, sort="rating") == [red, blue]
    assert await search(client, person, sort="largest") == [red, blue]
    assert await search(client, person, sort="smallest") == [blue, red]


async def test_stars_are_given_by_the_owner_alone(
    client: httpx.AsyncClient, person: SignedInPerson, collection: str
) -> None:
    listed = await client.get("/api/v1/images", params={"q": "house"}, headers=person.headers)
    (image,) = listed.json()["items"]
    path = f"/api/v1/images/{image['id']}"
    stranger = await sign_up(client)

    changed = await client.patch(path, json={"rating": 5}, headers=person.headers)
    refused = await client.patch(path, json={"rating": 1}, headers=stranger.headers)

    assert (image["rating"], changed.json()["rating"]) == (4, 5)
    assert refused.status_code == 404
    assert (await client.get(path, headers=stranger.headers)).json()["rating"] == 0
    assert (await client.get(path, headers=person.headers)).json()["rating"] == 5


@pytest.mark.parametrize("rating", [-1, 6, 2.5, "4", None, True])
async def test_other_stars_than_five_are_refused(
    client: httpx.AsyncClient, person: SignedInPerson, collection: str, rating: Any
) -> None:
    listed = await client.get("/api/v1/images", headers=person.headers)
    path = f"/api/v1/images/{listed.json()['items'][0]['id']}"

    refused = await client.patch(path, json={"rating": rating}, headers=person.headers)

    assert refused.status_code == 422
    assert [error["loc"] for error in refused.json()["errors"]] == [["body", "rating"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", "word " * 17),
        ("q", "x" * 301),
        ("q", "a\0b"),
        ("seed", "-1"),
        ("seed", str(2**64)),
        ("rating_from", "6"),
        ("width_from", "0"),
        ("origin", "found"),
        ("sort", "best"),
        ("api_key", "mine"),
    ],
)
async def test_what_cannot_be_looked_for_is_refused_by_its_name(
    client: httpx.AsyncClient, person: SignedInPerson, name: str, value: str
) -> None:
    refused = await client.get("/api/v1/images", params={name: value}, headers=person.headers)

    assert refused.status_code == 422
    assert [error["loc"] for error in refused.json()["errors"]] == [["query", name]]


async def test_a_cursor_is_of_its_search(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    async with database.transaction() as session:
        for _ in range(3):
            await make_image(session, person.user["id"], generation_params={"prompt": "a red house"})
    first = await client.get("/api/v1/images", params={"q": "house", "limit": 1}, headers=person.headers)
    cursor = first.json()["next_cursor"]

    for asked, status in (
        ({"q": "house"}, 200),
        ({"q": "red"}, 422),
        ({}, 422),
        ({"q": "house", "seed": 1}, 422),
    ):
        params = {**asked, "limit": 1, "cursor": cursor}
        answer = await client.get("/api/v1/images", params=params, headers=person.headers)
        assert answer.status_code == status, asked
