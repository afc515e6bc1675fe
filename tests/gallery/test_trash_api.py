"""The trash over HTTP: deleted, listed, restored and gone, and what others get meanwhile."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image

IMAGES = "/api/v1/images"


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session)
    return await sign_up(client)


async def made(database: Database, person: SignedInPerson, **changes: Any) -> str:
    async with database.transaction() as session:
        return str((await make_image(session, UUID(person.user["id"]), **changes)).id)


async def listed(client: httpx.AsyncClient, person: SignedInPerson, query: str = "") -> list[str]:
    page = (await client.get(f"{IMAGES}{query}", headers=person.headers)).json()
    return [image["id"] for image in page["items"]]


async def test_what_is_deleted_can_be_listed_and_restored(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    kept, gone = await made(database, owner), await made(database, owner)

    # when
    deleted = await client.delete(f"{IMAGES}/{gone}", headers=owner.headers)
    trash = (await client.get(f"{IMAGES}/trash", headers=owner.headers)).json()
    in_trash = await listed(client, owner, "?trashed=true")
    shown = (await client.get(f"{IMAGES}/{gone}", headers=owner.headers)).json()

    # then
    assert deleted.status_code == 204
    assert trash == {"count": 1, "size": 1000, "keep_days": 30.0}
    assert (await listed(client, owner), in_trash) == ([kept], [gone])
    assert shown["trashed_at"] is not None
    restored = await client.post(f"{IMAGES}/{gone}/restore", headers=owner.headers)
    assert (restored.status_code, restored.json()["trashed_at"]) == (200, None)
    assert await listed(client, owner) == [gone, kept]


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
async def test_what_others_could_see_they_see_no_more(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, visibility: str
) -> None:
    # given
    image = await made(database, owner, visibility=visibility)
    addresses = [f"{IMAGES}/{image}{end}" for end in ("", "/file", "/thumbnail")]
    assert [(await client.get(address)).status_code for address in addresses] == [200, 302, 302]

    # when
    await client.delete(f"{IMAGES}/{image}", headers=owner.headers)

    # then
    stranger = await sign_up(client)
    for address in [*addresses, f"{IMAGES}/{image}/recipe"]:
        for headers in ({}, stranger.headers):
            assert (await client.get(address, headers=headers)).status_code == 404, address


async def test_a_picture_in_the_trash_is_no_source_of_a_job(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    image = await made(database, owner)
    body = {"job_type": "img2img", "model": "toy", "prompt": "a house", "source_image": image}
    await client.delete(f"{IMAGES}/{image}", headers=owner.headers)

    # when
    answer = await client.post("/api/v1/jobs", json=body, headers=owner.headers)

    # then
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["loc"], "in the trash" in error["msg"]) == (["body", "source_image"], True)


async def test_many_are_deleted_restored_and_deleted_for_good_all_or_none(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    ids = [await made(database, owner) for _ in range(4)]
    theirs = await made(database, await sign_up(client))

    async def bulk(action: str, named: list[str]) -> int:
        body = {"action": action, "ids": named}
        return (await client.post(f"{IMAGES}/bulk", json=body, headers=owner.headers)).status_code

    # when
    assert await bulk("delete", [ids[0], theirs]) == 404
    assert await bulk("delete", ids[:3]) == 200
    assert await bulk("favorite", ids) == 404  # three of them are in the trash
    assert await bulk("restore", ids[:2]) == 200
    assert await bulk("delete_for_good", ids[1:3]) == 200

    # then
    assert await listed(client, owner) == [ids[3], ids[0]]
    assert await listed(client, owner, "?trashed=true") == []


async def test_one_is_deleted_for_good_and_the_rest_of_the_trash_emptied(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    ids = [await made(database, owner) for _ in range(3)]
    for image in ids[:2]:
        await client.delete(f"{IMAGES}/{image}", headers=owner.headers)

    # when
    one = await client.delete(f"{IMAGES}/{ids[0]}?for_good=true", headers=owner.headers)
    rest = await client.delete(f"{IMAGES}/trash", headers=owner.headers)

    # then
    assert (one.status_code, rest.json()) == (204, {"count": 1, "more": False})
    assert await listed(client, owner) == [ids[2]]
    for image in ids[:2]:
        assert (await client.post(f"{IMAGES}/{image}/restore", headers=owner.headers)).status_code == 404
