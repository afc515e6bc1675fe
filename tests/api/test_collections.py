"""Collections over HTTP: for their owner, for somebody else, and for whoever has not signed in."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from harness.catalog import make_model
from pingvas.api.routes.collections import CollectionOut
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job

URL = "/api/v1/collections"


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def images_of(database: Database, person: SignedInPerson, *visibilities: str) -> list[str]:
    async with database.transaction() as session:
        user_id = UUID(person.user["id"])
        return [str((await make_image(session, user_id, visibility=each)).id) for each in visibilities]


async def make(client: httpx.AsyncClient, person: SignedInPerson, images: list[str], **body: Any) -> str:
    made = await client.post(URL, json={"name": "Harbors"} | body, headers=person.headers)
    assert made.status_code == 201, made.text
    id: str = made.json()["id"]
    if images:
        added = await client.post(f"{URL}/{id}/images", json={"image_ids": images}, headers=person.headers)
        assert added.json()["image_count"] == len(images)
    return id


async def test_a_collection_from_its_name_to_its_end(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    images = await images_of(database, owner, "private", "private", "private")
    id = await make(client, owner, images, description="By night")
    path, headers = f"{URL}/{id}", owner.headers

    # when it is changed, arranged, and an image taken out
    changed = await client.patch(
        path, json={"name": "Harbors at night", "cover_image_id": images[1]}, headers=headers
    )
    moved = await client.patch(
        f"{path}/images", json={"move": [images[2]], "before": images[0]}, headers=headers
    )
    listed = await client.get("/api/v1/images", params={"collection": id}, headers=headers)
    ordered = await client.patch(f"{path}/images", json={"order": images}, headers=headers)
    inside = await client.get(f"{path}/images", headers=headers)
    taken = await client.delete(f"{path}/images/{images[1]}", headers=headers)
    again = await client.delete(f"{path}/images/{images[1]}", headers=headers)

    # then
    assert set(changed.json()) == set(CollectionOut.model_fields)
    assert (changed.json()["name"], changed.json()["description"]) == ("Harbors at night", "By night")
    assert (changed.json()["cover_image_id"], changed.json()["is_mine"]) == (images[1], True)
    assert moved.status_code == 200
    assert [each["id"] for each in listed.json()["items"]] == [images[2], images[0], images[1]]
    assert ordered.json()["image_count"] == 3
    assert [each["id"] for each in inside.json()["items"]] == images
    assert (taken.status_code, again.status_code) == (204, 404)
    (shown,) = (await client.get(URL, headers=headers)).json()["items"]
    assert (shown["image_count"], shown["cover_image_id"]) == (2, images[0])
    assert (await client.get(URL, params={"image": images[1]}, headers=headers)).json()["items"] == []

    # and when it is deleted, its images stay
    assert (await client.delete(path, headers=headers)).status_code == 204
    assert (await client.get(path, headers=headers)).status_code == 404
    assert len((await client.get("/api/v1/images", headers=headers)).json()["items"]) == 3


async def test_a_private_collection_is_found_by_its_owner_alone(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    images = await images_of(database, owner, "public")
    id = await make(client, owner, images)
    stranger = await sign_up(client)

    for headers in (stranger.headers, {}):
        for path in ("", "/images"):
            answer = await client.get(f"{URL}/{id}{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    listed = await client.get("/api/v1/images", params={"collection": id}, headers=stranger.headers)
    assert (listed.status_code, listed.json()["code"]) == (404, "not_found")
    assert (await client.get(URL)).status_code == 401


async def test_a_public_collection_tells_others_nothing_of_what_is_private_in_it(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    private, unlisted, public = await images_of(database, owner, "private", "unlisted", "public")
    id = await make(client, owner, [private, unlisted, public], visibility="public")
    async with database.transaction() as session:
        secret = await make_image(
            session,
            UUID(owner.user["id"]),
            visibility="public",
            is_favorite=True,
            generation_params={"prompt": "a boat", "source_image": private},
        )
    await client.post(f"{URL}/{id}/images", json={"image_ids": [str(secret.id)]}, headers=owner.headers)
    stranger = await sign_up(client)

    for headers in (stranger.headers, {}):
        shown = (await client.get(f"{URL}/{id}", headers=headers)).json()
        images = await client.get(f"{URL}/{id}/images", headers=headers)

        assert (shown["image_count"], shown["cover_image_id"]) == (2, public)
        assert (shown["is_mine"], shown["updated_at"]) == (False, None)
        assert [each["id"] for each in images.json()["items"]] == [public, str(secret.id)]
        assert [each["is_favorite"] for each in images.json()["items"]] == [False, False]
        for hidden in (private, unlisted, owner.user["id"]):
            assert hidden not in images.text.replace(f"/{owner.user['id']}/", "/")
        answer = await client.patch(f"{URL}/{id}", json={"name": "Mine"}, headers=headers)
        assert answer.status_code == (404 if headers else 401)


async def test_what_cannot_be_done_names_its_field_or_says_its_code(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    images = await images_of(database, owner, "private", "private")
    id = await make(client, owner, images)
    path, unknown = f"{URL}/{id}/images", str(uuid4())

    for method, url, body, loc in (
        ("POST", URL, {"name": " "}, ["body", "name"]),
        ("POST", URL, {"name": "x" * 121}, ["body", "name"]),
        ("POST", URL, {"name": "x", "visibility": "unlisted"}, ["body", "visibility"]),
        ("PATCH", f"{URL}/{id}", {"cover_image_id": unknown}, ["body", "cover_image_id"]),
        ("POST", path, {"image_ids": [images[0], unknown]}, ["body", "image_ids", 1]),
        ("POST", path, {"image_ids": []}, ["body", "image_ids"]),
        ("PATCH", path, {"move": [unknown], "after": images[0]}, ["body", "move", 0]),
        ("PATCH", path, {"move": [images[0]]}, ["body", "before"]),
        ("PATCH", path, {"order": images, "after": images[0]}, ["body", "order"]),
        ("PATCH", path, {"move": [images[0]], "before": images[1], "after": images[1]}, ["body", "after"]),
    ):
        answer = await client.request(method, url, json=body, headers=owner.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), body
        assert answer.json()["errors"][0]["loc"] == loc, body

    outdated = await client.patch(path, json={"order": images[:1]}, headers=owner.headers)
    assert (outdated.status_code, outdated.json()["code"]) == (409, "order_outdated")


async def test_a_job_takes_a_collection_of_mine_and_no_other(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
    id = await make(client, owner, [])
    theirs = await make(client, await sign_up(client), [], visibility="public")
    body = {"job_type": "txt2img", "model": "toy", "prompt": "a boat"}

    # when
    refused = await client.post("/api/v1/jobs", json=body | {"collection_id": theirs}, headers=owner.headers)
    search = {"name": "All", "filter": {}, "is_collection": True}
    saved = (await client.post("/api/v1/searches", json=search, headers=owner.headers)).json()
    told = await client.post(
        "/api/v1/jobs", json=body | {"collection_id": saved["id"]}, headers=owner.headers
    )
    taken = await client.post("/api/v1/jobs", json=body | {"collection_id": id}, headers=owner.headers)
    await complete_job(database, await claim_job(database))

    # then
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "collection_id"])
    assert told.status_code == 422
    (error,) = told.json()["errors"]
    assert (error["loc"], error["msg"]) == (
        ["body", "collection_id"],
        "names a saved search, into which nothing can be put",
    )
    assert taken.status_code == 202
    (image,) = (await client.get(f"{URL}/{id}/images", headers=owner.headers)).json()["items"]
    assert image["job_id"] == taken.json()["jobs"][0]["id"]
    assert "collection_id" not in image["generation_params"]
