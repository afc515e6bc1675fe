"""Saved searches: kept as they are asked for, opened later whatever has become of what they name, and shown as collections."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.billing.plans import seed_plans
from pingvas.gallery.library import ImageFilter
from pingvas.gallery.saved_searches.missing import find_missing
from pingvas.gallery.saved_searches.searches import (
    MAX_SEARCHES,
    TooManySearches,
    find_cover,
    list_searches,
    save_search,
)
from tests.make.accounts import SignedInPerson, make_user, sign_up
from tests.make.gallery import make_collection, make_image
from tests.make.plans import heard, plans_of

SEARCHES = "/api/v1/searches"
EVERYTHING: dict[str, Any] = {
    "q": 'sea "at night"',
    "favorite": True,
    "visibility": "private",
    "model": "toy",
    "job_type": "txt2img",
    "lora": ["ink"],
    "seed": str(2**64 - 1),
    "origin": "made",
    "api_key": str(UUID(int=7)),
    "rating_from": 2,
    "rating_to": 4,
    "width_from": 64,
    "height_to": 2048,
    "created_from": "2026-01-31T09:30:00Z",
    "created_to": "2026-12-31T00:00:00Z",
    "tag": ["sea", "고양이"],
}


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
    return await sign_up(client)


async def keep(database: Database, person: SignedInPerson, **changes: Any) -> str:
    """The id of an image of theirs."""
    async with database.transaction() as session:
        return str((await make_image(session, UUID(person.user["id"]), **changes)).id)


async def save(
    client: httpx.AsyncClient, person: SignedInPerson, filter: dict[str, Any], **more: Any
) -> dict[str, Any]:
    body = {"name": "Sea", "filter": filter, **more}
    answer = await client.post(SEARCHES, json=body, headers=person.headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def get(client: httpx.AsyncClient, person: SignedInPerson, path: str) -> dict[str, Any]:
    answer = await client.get(f"{SEARCHES}{path}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def found(client: httpx.AsyncClient, person: SignedInPerson, search: dict[str, Any]) -> list[str]:
    return [image["id"] for image in (await get(client, person, f"/{search['id']}/images"))["items"]]


async def test_a_search_is_kept_with_all_that_it_asks_for_and_opened_again(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    # when
    made = await save(client, owner, EVERYTHING, name="  Night   sea ", sort="rating")

    # then
    opened = await get(client, owner, f"/{made['id']}")
    assert opened == made
    assert (opened["name"], opened["sort"], opened["is_collection"]) == ("Night sea", "rating", False)
    assert opened["filter"] == EVERYTHING
    # The same filter is one that a list is asked for by.
    listed = await client.get("/api/v1/images", params=opened["filter"], headers=owner.headers)
    assert (listed.status_code, listed.json()["items"]) == (200, [])


async def test_it_finds_what_matches_now_in_its_order(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    search = await save(client, owner, {"favorite": True}, sort="rating", is_collection=True)
    assert await found(client, owner, search) == []

    # when
    good = await keep(database, owner, is_favorite=True, rating=3)
    best = await keep(database, owner, is_favorite=True, rating=5)
    newest = await keep(database, owner, is_favorite=True, rating=1)
    await keep(database, owner)

    # then
    assert await found(client, owner, search) == [best, good, newest]
    told = await get(client, owner, f"/{search['id']}")
    assert told["cover_image_id"] == newest
    assert newest in told["cover_image_url"]
    # A list of all searches is read without looking for pictures.
    for query, cover in (("?is_collection=true", newest), ("", None)):
        assert [one["cover_image_id"] for one in (await get(client, owner, query))["items"]] == [cover]


async def test_searches_are_renamed_changed_listed_and_deleted(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    # given
    first = await save(client, owner, {"q": "sea"}, sort="oldest")
    second = await save(client, owner, {}, name="All", is_collection=True)

    # when
    changes = {"name": "Lake", "filter": {"q": "lake"}, "sort": None}
    changed = await client.patch(f"{SEARCHES}/{first['id']}", json=changes, headers=owner.headers)
    untouched = await client.patch(f"{SEARCHES}/{second['id']}", json={}, headers=owner.headers)

    # then
    assert changed.json() == first | changes
    assert untouched.json() == second
    listed = (await get(client, owner, ""))["items"]
    assert [one["name"] for one in listed] == ["All", "Lake"]
    collections = (await get(client, owner, "?is_collection=true"))["items"]
    assert [one["name"] for one in collections] == ["All"]
    one = await get(client, owner, "?limit=1")
    other = await get(client, owner, f"?limit=1&cursor={one['next_cursor']}")
    assert [each["items"][0]["name"] for each in (one, other)] == ["All", "Lake"]

    # when
    gone = await client.delete(f"{SEARCHES}/{first['id']}", headers=owner.headers)

    # then
    assert gone.status_code == 204
    assert [one["name"] for one in (await get(client, owner, ""))["items"]] == ["All"]


async def test_it_opens_and_says_what_is_not_there_any_more(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given a search of which all that it names is there
    image = await keep(
        database, owner, generation_params={"model": "toy", "loras": [{"name": "ink"}], "prompt": "x"}
    )
    await client.patch(f"/api/v1/images/{image}", json={"tags": ["sea", "sky"]}, headers=owner.headers)
    async with database.transaction() as session:
        collection = await make_collection(session, UUID(owner.user["id"]))
    asked = {"tag": ["sea", "sky"], "model": "toy", "lora": ["ink"], "collection": str(collection.id)}
    search = await save(client, owner, asked)
    assert search["missing"] == []

    # when a tag is renamed, the image deleted for good, and the collection too
    tags = (await client.get("/api/v1/tags", headers=owner.headers)).json()["items"]
    sea = next(tag for tag in tags if tag["name"] == "sea")
    await client.patch(f"/api/v1/tags/{sea['id']}", json={"name": "ocean"}, headers=owner.headers)
    renamed = (await get(client, owner, f"/{search['id']}"))["missing"]
    await client.delete(f"/api/v1/images/{image}?for_good=true", headers=owner.headers)
    await client.delete(f"/api/v1/collections/{collection.id}", headers=owner.headers)

    # then
    assert renamed == [{"field": "tag", "value": "sea"}]
    told = await get(client, owner, f"/{search['id']}")
    assert told["filter"] == asked
    assert [(one["field"], one["value"]) for one in told["missing"]] == [
        ("tag", "sea"),
        ("tag", "sky"),
        ("model", "toy"),
        ("lora", "ink"),
        ("collection", str(collection.id)),
    ]
    assert await found(client, owner, search) == []


async def test_what_an_earlier_version_kept_and_nobody_can_ask_for_any_more_is_left_out_and_said(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    search = await save(client, owner, {"favorite": True}, is_collection=True)
    favorite = await keep(database, owner, is_favorite=True)
    stored = """UPDATE saved_searches SET filter = '{"favorite": true, "rating_from": 9, "mood": "blue"}'"""
    async with database.transaction() as session:
        await session.execute(text(stored))

    # then
    told = await get(client, owner, f"/{search['id']}")
    assert told["filter"] == {"favorite": True}
    assert [(one["field"], one["value"]) for one in told["missing"]] == [
        ("mood", "blue"),
        ("rating_from", "9"),
    ]
    assert await found(client, owner, search) == [favorite]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {}}, "name"),
        ({"name": "", "filter": {}}, "name"),
        ({"name": "x" * 121, "filter": {}}, "name"),
        ({"name": "Sea"}, "filter"),
        ({"name": "Sea", "filter": None}, "filter"),
        ({"name": "Sea", "filter": {"mood": "blue"}}, "mood"),
        ({"name": "Sea", "filter": {"rating_from": 6}}, "rating_from"),
        ({"name": "Sea", "filter": {"tag": ["a,b"]}}, "tag"),
        ({"name": "Sea", "filter": {"seed": 2**64}}, "seed"),
        ({"name": "Sea", "filter": {"created_from": "yesterday"}}, "created_from"),
        ({"name": "Sea", "filter": {"q": "a b c d e f g h i j k l m n o p q"}}, "q"),
        ({"name": "Sea", "filter": {}, "sort": "best"}, "sort"),
        ({"name": "Sea", "filter": {}, "is_collection": "yes"}, "is_collection"),
        ({"name": "Sea", "filter": {}, "visibility": "public"}, "visibility"),
    ],
)
async def test_what_no_list_can_be_asked_for_is_refused(
    client: httpx.AsyncClient, owner: SignedInPerson, body: dict[str, Any], field: str
) -> None:
    answer = await client.post(SEARCHES, json=body, headers=owner.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert any(field in error["loc"] for error in answer.json()["errors"])


async def test_nobody_else_sees_it(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    search = await save(client, owner, {}, is_collection=True)
    stranger = await sign_up(client)

    for path in (f"/{search['id']}", f"/{search['id']}/images"):
        answer = await client.get(f"{SEARCHES}{path}", headers=stranger.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await get(client, stranger, ""))["items"] == []
    assert (await client.get(f"/api/v1/collections/{search['id']}")).status_code == 404


async def test_nothing_is_put_into_one_by_hand(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    search = await save(client, owner, {}, is_collection=True)
    image = await keep(database, owner)
    inside = f"/api/v1/collections/{search['id']}/images"
    by_id: dict[str, Any] = {"ids": [image]}
    by_filter: dict[str, Any] = {"filter": {}}
    refusals = [
        ("POST", inside, {"image_ids": [image]}),
        ("PATCH", inside, {"order": [image]}),
        ("DELETE", f"{inside}/{image}", None),
        ("PATCH", f"/api/v1/collections/{search['id']}", {"name": "x"}),
        ("GET", f"/api/v1/images?collection={search['id']}", None),
        *(
            (
                "POST",
                "/api/v1/images/bulk",
                {"action": "add_to_collection", "collection_id": search["id"], **which},
            )
            for which in (by_id, by_filter)
        ),
    ]

    # then
    for method, path, body in refusals:
        answer = await client.request(method, path, json=body, headers=owner.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "collection_is_search"), (method, path)

    # and to somebody else, it is nothing
    stranger = await sign_up(client)
    answer = await client.post(inside, json={"image_ids": [image]}, headers=stranger.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_person_has_so_many(database: Database) -> None:
    async with database.transaction() as session:
        actor = Actor((await make_user(session)).id, "user", None)
        for n in range(MAX_SEARCHES):
            await save_search(session, actor, f"{n}", {})

        with pytest.raises(TooManySearches):
            await save_search(session, actor, "one more", {})


async def test_no_table_is_read_through(database: Database) -> None:
    # given many people with images and searches
    async with database.transaction() as session:
        people = [(await make_user(session)).id for _ in range(40)]
        made = text("""
            INSERT INTO images (id, user_id, s3_key, width, height, format, file_size, generation_params)
            SELECT gen_random_uuid(), person, gen_random_uuid(), 64, 64, 'png', 100, jsonb_build_object('model', 'model-' || n % 30)
              FROM unnest(CAST(:people AS uuid[])) AS person, generate_series(1, 300) AS n
        """)
        await session.execute(made, {"people": people})
        searches = text("""
            INSERT INTO saved_searches (id, user_id, name, filter, is_collection)
            SELECT gen_random_uuid(), person, 'x', '{}', true
              FROM unnest(CAST(:people AS uuid[])) AS person, generate_series(1, 100) AS n
        """)
        await session.execute(searches, {"people": people})
        for table in ("images", "image_search", "saved_searches"):
            await session.execute(text(f"ANALYZE {table}"))
    actor = Actor(people[3], "user", None)
    filter = ImageFilter(model="model-7", loras=("ink",), tags=("sea",), collection=uuid4())

    # when
    asked: dict[str, list[tuple[str, Any]]] = {"list": [], "cover": [], "missing": []}
    async with database.read() as reading:
        with heard(database, asked["list"]):
            await list_searches(reading, actor, PageRequest(b"k" * 32, 5), is_collection=True)
        with heard(database, asked["cover"]):
            await find_cover(reading, actor, ImageFilter(model="model-7"))
        with heard(database, asked["missing"]):
            assert len(await find_missing(reading, actor.user_id, filter)) == 3
    plans = [
        # Nobody has any tags or collections here: their tables are empty.
        (name, plan)
        for name, plan in await plans_of(database, asked)
        if "tags" not in plan and "collections" not in plan
    ]

    # then
    assert {name for name, _ in plans} == set(asked)
    read_through = "\n\n".join(f"{name}\n{plan}" for name, plan in plans if "Seq Scan" in plan)
    assert not read_through, read_through
