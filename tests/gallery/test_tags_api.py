"""Tags over HTTP: on one image, on many, in lists, and of jobs."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job

IMAGES, TAGS, BULK = "/api/v1/images", "/api/v1/tags", "/api/v1/images/bulk"
JOB = {"job_type": "txt2img", "model": "toy", "prompt": "a red house", "seed": 1}


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session, name="toy")
    return await sign_up(client)


async def keep(database: Database, person: SignedInPerson, **changes: Any) -> str:
    """The id of an image of theirs."""
    async with database.transaction() as session:
        return str((await make_image(session, UUID(person.user["id"]), **changes)).id)


async def tag(
    client: httpx.AsyncClient, person: SignedInPerson, image_id: str, *names: str
) -> httpx.Response:
    return await client.patch(f"{IMAGES}/{image_id}", json={"tags": names}, headers=person.headers)


async def test_an_image_is_tagged_and_found_by_its_tags(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    both, one = await keep(database, owner), await keep(database, owner)

    # when
    tagged = await tag(client, owner, both, " Night  SKY", "고양이", "night sky")
    await tag(client, owner, one, "고양이")

    # then
    assert tagged.json()["tags"] == ["night sky", "고양이"]
    for query, expected in (
        ({"tag": "고양이"}, {one, both}),
        ({"tag": ["고양이", "Night Sky"]}, {both}),
        ({"tag": "unknown"}, set()),
    ):
        listed = await client.get(IMAGES, params=query, headers=owner.headers)
        assert {item["id"] for item in listed.json()["items"]} == expected
    listed = await client.get(TAGS, params={"prefix": "ㄱㅇㅇ"}, headers=owner.headers)
    assert [(item["name"], item["usage_count"]) for item in listed.json()["items"]] == [("고양이", 2)]


async def test_a_cursor_of_one_tag_is_none_of_another(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    for _ in range(2):
        await tag(client, owner, await keep(database, owner), "sea", "sky")
    page = (await client.get(IMAGES, params={"tag": "sea", "limit": 1}, headers=owner.headers)).json()

    # when
    query = {"limit": 1, "cursor": page["next_cursor"]}
    rest = await client.get(IMAGES, params={"tag": "sea", **query}, headers=owner.headers)
    other = await client.get(IMAGES, params={"tag": "sky", **query}, headers=owner.headers)

    # then
    assert (rest.status_code, rest.json()["next_cursor"]) == (200, None)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("tags", "where"),
    [
        (["a,b"], ["body", "tags", 0]),
        (["fine", " "], ["body", "tags", 1]),
        (["x" * 65], ["body", "tags", 0]),
        (["a\u0007"], ["body", "tags", 0]),
        ([f"tag {n}" for n in range(65)], ["body", "tags"]),
        (None, ["body", "tags"]),
    ],
)
async def test_what_is_no_tag_is_refused_where_it_stands(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, tags: Any, where: list[Any]
) -> None:
    image = await keep(database, owner)

    answer = await client.patch(
        f"{IMAGES}/{image}", json={"tags": tags, "is_favorite": True}, headers=owner.headers
    )

    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, where)
    assert (await client.get(f"{IMAGES}/{image}", headers=owner.headers)).json()["is_favorite"] is False


async def test_tags_of_an_unlisted_image_stay_with_its_owner_and_those_of_a_public_one_do_not(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    for visibility, seen in (("unlisted", []), ("public", ["mine"])):
        image = await keep(database, owner, visibility=visibility)
        await tag(client, owner, image, "mine")

        assert (await client.get(f"{IMAGES}/{image}")).json()["tags"] == seen
        assert (await client.get(f"{IMAGES}/{image}", headers=owner.headers)).json()["tags"] == ["mine"]


async def test_a_tag_is_renamed_merged_and_deleted(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    image = await keep(database, owner)
    await tag(client, owner, image, "see", "night")
    await tag(client, owner, await keep(database, owner), "see")
    ids = {
        item["name"]: item["id"] for item in (await client.get(TAGS, headers=owner.headers)).json()["items"]
    }

    async def call(method: str, name: str, **body: Any) -> httpx.Response:
        return await client.request(method, f"{TAGS}/{ids[name]}", headers=owner.headers, **body)

    # when
    renamed = await call("PATCH", "see", json={"name": "Sea"})
    merged = await call("PATCH", "see", json={"name": "night"})

    # then
    assert renamed.json() == {
        "tag": {"id": ids["see"], "name": "sea", "usage_count": 2},
        "images": 2,
        "merged": False,
    }
    assert merged.json() == {
        "tag": {"id": ids["night"], "name": "night", "usage_count": 2},
        "images": 2,
        "merged": True,
    }
    assert (await call("PATCH", "see", json={"name": "x"})).status_code == 404
    assert (await call("DELETE", "night")).status_code == 204
    assert (await call("DELETE", "night")).status_code == 404
    assert (await client.get(TAGS, headers=owner.headers)).json() == {"items": [], "next_cursor": None}
    assert (await client.get(f"{IMAGES}/{image}", headers=owner.headers)).json()["tags"] == []


async def test_many_images_are_changed_together(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    ids = [await keep(database, owner) for _ in range(3)]

    async def change(**body: Any) -> httpx.Response:
        return await client.post(BULK, json={"ids": ids, **body}, headers=owner.headers)

    async def shown(name: str) -> list[Any]:
        items = (await client.get(IMAGES, headers=owner.headers)).json()["items"]
        return [item[name] for item in items]

    # then
    assert (await change(action="tag", tags=["Sea", "sky"])).json()["count"] == 3
    assert await shown("tags") == [["sea", "sky"]] * 3
    assert (await change(action="untag", tags=["sea"])).status_code == 200
    assert await shown("tags") == [["sky"]] * 3
    assert (await change(action="favorite")).status_code == 200
    assert await shown("is_favorite") == [True] * 3
    assert (await change(action="unfavorite")).status_code == 200
    assert await shown("is_favorite") == [False] * 3
    assert (await change(action="set_visibility", visibility="public")).status_code == 200
    assert await shown("visibility") == ["public"] * 3

    # when one is nobody's
    refused = await change(action="delete", ids=[*ids, str(uuid4())])

    # then
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert len(await shown("id")) == 3
    assert (await change(action="delete_for_good")).json() == {"count": 3, "task_id": None}
    assert await shown("id") == []


@pytest.mark.parametrize(
    "body",
    [
        {"action": "paint"},
        {"ids": [], "action": "favorite"},
        {"ids": [str(uuid4()) for _ in range(501)], "action": "favorite"},
        {"action": "tag", "tags": []},
        {"action": "tag"},
        {"action": "favorite", "tags": ["sea"]},
        {"action": "set_visibility", "visibility": "secret"},
        {"action": "favorite", "filter": {}},
        {"action": "favorite", "ids": None, "filter": None},
        {"action": "add_to_collection"},
    ],
)
async def test_a_change_of_many_that_is_none_is_told(
    client: httpx.AsyncClient, owner: SignedInPerson, body: dict[str, Any]
) -> None:
    answer = await client.post(BULK, json={"ids": [str(uuid4())], **body}, headers=owner.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_a_job_brings_its_tags_along(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    body = JOB | {"tags": ["Night", "고양이"]}
    made = await client.post("/api/v1/jobs", json=body, headers=owner.headers)
    (job,) = made.json()["jobs"]

    # when
    await complete_job(database, await claim_job(database))

    # then
    assert made.status_code == 202
    shown = (await client.get(f"/api/v1/jobs/{job['id']}", headers=owner.headers)).json()
    image = (await client.get(IMAGES, params={"tag": "night"}, headers=owner.headers)).json()["items"][0]
    assert shown["image"]["tags"] == image["tags"] == ["night", "고양이"]
    assert "tags" not in image["generation_params"]
    recipe = await client.get(f"{IMAGES}/{image['id']}/recipe", headers=owner.headers)
    assert "tags" not in recipe.json()
