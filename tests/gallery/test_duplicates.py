"""Images that are one too many are found in groups, and all but one of each goes into the trash and back."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.billing.plans import seed_plans
from pingvas.engine.images.look_groups import look_groups
from pingvas.engine.images.look_hash import BITS
from pingvas.gallery.bulk_tasks import run_tasks
from pingvas.gallery.duplicates import MAX_SHOWN, ask_to_trash_same, list_same
from pingvas.gallery.look_alikes import MAX_DISTANCE, list_alike
from pingvas.gallery.trash import move_to_trash
from tests.make.accounts import SignedInPerson, make_user, sign_up
from tests.make.gallery import make_collection, make_image
from tests.make.plans import heard, plans_of

DUPLICATES = "/api/v1/images/duplicates"
KEY = b"k" * 32
DAY = datetime(2026, 11, 1, tzinfo=UTC)
_HASHES = text("""
    UPDATE images SET content_hash = :content, look_hash = CAST(CAST(:look AS text) AS bit(256)) WHERE id = :id
""")


def a_look(seed: int) -> str:
    return format(random.Random(seed).getrandbits(BITS), f"0{BITS}b")


def unlike(look: str, bits: int) -> str:
    """The same look but for so many bits."""
    return "".join("10"[int(bit)] if place < bits else bit for place, bit in enumerate(look))


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
    return await sign_up(client)


async def keep(
    database: Database, person: SignedInPerson | UUID, content: str, look: str | None = None, **facts: Any
) -> str:
    """The id of an image with these bytes and this look."""
    user_id = person if isinstance(person, UUID) else UUID(person.user["id"])
    async with database.transaction() as session:
        image = await make_image(session, user_id, **facts)
        hashes = {"id": image.id, "content": content.encode(), "look": look or a_look(hash(content))}
        await session.execute(_HASHES, hashes)
    return str(image.id)


async def groups(
    client: httpx.AsyncClient, person: SignedInPerson, kind: str = "same", **query: Any
) -> dict[str, Any]:
    answer = await client.get(DUPLICATES, params={"kind": kind, **query}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ids_of(group: dict[str, Any]) -> list[str]:
    return [image["id"] for image in group["images"]]


async def in_gallery(client: httpx.AsyncClient, person: SignedInPerson) -> set[str]:
    listed = (await client.get("/api/v1/images", headers=person.headers)).json()["items"]
    return {image["id"] for image in listed}


async def test_the_same_bytes_are_a_group_with_what_they_would_free(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    # given three of the same, one alone, one whose twin is in the trash, and twins of somebody else
    newest, oldest, middle = [
        await keep(database, person, "house", created_at=DAY + timedelta(days=age)) for age in (3, 1, 2)
    ]
    await keep(database, person, "alone")
    await keep(database, person, "sea")
    trashed = await keep(database, person, "sea")
    stranger = await sign_up(client)
    for _ in range(2):
        await keep(database, stranger, "house")
    async with database.transaction() as session:
        await move_to_trash(session, Actor(UUID(person.user["id"]), "user", None), UUID(trashed))

    # when
    found = await groups(client, person)

    # then
    (group,) = found["items"]
    assert ids_of(group) == [oldest, middle, newest]
    assert (group["keep"], group["count"], group["freed_bytes"]) == (oldest, 3, 2000)
    assert found["totals"] == {"groups": 1, "images": 2, "bytes": 2000}
    assert (found["next_cursor"], found["compared_newest"]) == (None, None)


@pytest.mark.parametrize("cared", [{"is_favorite": True}, {"rating": 4}, {"visibility": "unlisted"}, {}])
async def test_one_that_is_cared_for_is_kept_before_the_oldest(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson, cared: dict[str, Any]
) -> None:
    # given
    oldest = await keep(database, person, "house", created_at=DAY)
    chosen = await keep(database, person, "house", created_at=DAY + timedelta(days=1), **cared)
    if not cared:
        async with database.transaction() as session:
            collection = await make_collection(session, UUID(person.user["id"]))
            inside = text("INSERT INTO collections_images (collection_id, image_id) VALUES (:c, :i)")
            await session.execute(inside, {"c": collection.id, "i": UUID(chosen)})

    # then
    (group,) = (await groups(client, person))["items"]
    assert ids_of(group) == [chosen, oldest]


@pytest.mark.parametrize("kind", ["same", "alike"])
async def test_groups_come_in_pages_and_each_once(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson, kind: str
) -> None:
    # given
    for n in range(5):
        look = a_look(n)
        for copy in range(2):
            await keep(database, person, f"{n}" if kind == "same" else f"{n} {copy}", unlike(look, copy))

    # when
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    totals = []
    while True:
        page = await groups(client, person, kind, **query)
        seen += [group["keep"] for group in page["items"]]
        totals.append(page["totals"])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    # then
    assert len(seen) == len(set(seen)) == 5
    assert totals == [{"groups": 5, "images": 5, "bytes": 5000}, None, None]
    other = "alike" if kind == "same" else "same"
    refused = await client.get(
        DUPLICATES, params={"kind": other, "cursor": query["cursor"]}, headers=person.headers
    )
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["query", "cursor"])


async def test_of_a_large_group_a_part_is_shown(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    for _ in range(MAX_SHOWN + 2):
        await keep(database, person, "house", a_look(1))

    (group,) = (await groups(client, person))["items"]

    assert (len(group["images"]), group["count"]) == (MAX_SHOWN, MAX_SHOWN + 2)


async def test_what_looks_alike_is_a_group_around_the_largest(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    # given a large one, a smaller copy with a twin, one that is too far away, and two of one colour each
    look = a_look(1)
    small = await keep(database, person, "small", unlike(look, MAX_DISTANCE), created_at=DAY)
    await keep(database, person, "small", unlike(look, MAX_DISTANCE), created_at=DAY + timedelta(days=1))
    large = await keep(database, person, "large", look, width=1024)
    await keep(database, person, "other", unlike(look, MAX_DISTANCE + 1))
    for colour in ("red", "blue"):
        await keep(database, person, colour, "0" * BITS)

    # when
    found = await groups(client, person, "alike")

    # then
    (group,) = found["items"]
    assert ids_of(group) == [large, small]
    assert (group["count"], group["freed_bytes"]) == (2, 1000)
    assert found["totals"] == {"groups": 1, "images": 1, "bytes": 1000}


async def test_the_newest_alone_are_compared_and_that_is_said(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = Actor((await make_user(session)).id, "user", None)
    look = a_look(1)
    for age in range(3):
        await keep(database, actor.user_id, f"{age}", unlike(look, age), created_at=DAY - timedelta(days=age))

    # when
    two = await list_alike(database, actor, PageRequest(KEY), most=2)
    three = await list_alike(database, actor, PageRequest(KEY), most=3)

    # then
    assert ([group.count for group in two.found.page.items], two.compared) == ([2], 2)
    assert ([group.count for group in three.found.page.items], three.compared) == ([3], None)


def test_a_group_is_what_is_near_its_first_and_no_chain() -> None:
    look = a_look(1)
    chain = [unlike(look, bits) for bits in (0, 10, 20, 30)]

    found = look_groups([int(each, 2).to_bytes(32, "big") for each in chain], 12)

    assert found == [[0, 1], [2, 3]]
    assert look_groups([], 12) == []


async def test_all_that_are_to_stay_do_also_two_of_the_same(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    # given
    images = [await keep(database, person, "house") for _ in range(4)]

    # when
    body = {"keep": images[2:]}
    asked = await client.post(f"{DUPLICATES}/trash", json=body, headers=person.headers)
    await run_tasks(database)

    # then
    assert asked.json()["count"] == 2
    assert await in_gallery(client, person) == set(images[2:])


async def test_all_but_one_of_each_go_into_the_trash_and_come_back(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    # given two groups, of one of which somebody wants another one than is suggested
    first, second, third = [await keep(database, person, "house") for _ in range(3)]
    sea, sea_too = [await keep(database, person, "sea") for _ in range(2)]
    alone = await keep(database, person, "alone")
    all_of_them = {first, second, third, sea, sea_too, alone}

    # when
    body = {"keep": [sea_too, str(uuid4())]}
    asked = await client.post(f"{DUPLICATES}/trash", json=body, headers=person.headers)
    again = await client.post(f"{DUPLICATES}/trash", json={}, headers=person.headers)
    await run_tasks(database)

    # then
    assert (asked.status_code, asked.json()["count"]) == (202, 3)
    assert (again.status_code, again.json()["code"]) == (409, "task_under_way")
    assert await in_gallery(client, person) == {first, sea_too, alone}
    assert (await groups(client, person))["items"] == []

    # when
    task = asked.json()["task_id"]
    await client.post(f"/api/v1/tasks/{task}/undo", headers=person.headers)

    # then
    assert await in_gallery(client, person) == all_of_them


@pytest.mark.parametrize(
    "body", [{"keep": ["x"]}, {"keep": None}, {"keep": [str(UUID(int=7))] * 501}, {"all": True}]
)
async def test_what_is_no_request_is_refused(
    client: httpx.AsyncClient, person: SignedInPerson, body: dict[str, Any]
) -> None:
    answer = await client.post(f"{DUPLICATES}/trash", json=body, headers=person.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_no_other_kind_is_known(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    answer = await client.get(DUPLICATES, params={"kind": "similar"}, headers=person.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_no_table_is_read_through(database: Database) -> None:
    # given many people with some images each, a few of them twice
    async with database.transaction() as session:
        people = [(await make_user(session)).id for _ in range(40)]
        made = text("""
            INSERT INTO images (id, user_id, s3_key, width, height, format, file_size, content_hash, look_hash, prompt_key, origin, thumbhash)
            SELECT gen_random_uuid(), person, gen_random_uuid(), 64, 64, 'png', 100, sha256(CAST(n / 2 AS text)::bytea),
                   CAST(lpad(CAST(CAST(n AS bit(32)) AS text), 256, '01') AS bit(256)), gen_random_uuid(), 'made', 'x'
              FROM unnest(CAST(:people AS uuid[])) AS person, generate_series(1, 300) AS n
        """)
        await session.execute(made, {"people": people})
        collected = text("""
            WITH made AS (INSERT INTO collections (id, user_id, name) SELECT gen_random_uuid(), id, 'x' FROM users RETURNING id, user_id)
            INSERT INTO collections_images (collection_id, image_id) SELECT made.id, images.id FROM made JOIN images USING (user_id)
        """)
        await session.execute(collected)
        for table in ("images", "collections_images"):
            await session.execute(text(f"ANALYZE {table}"))
    actor = Actor(people[3], "user", None)

    # when
    asked: dict[str, list[tuple[str, Any]]] = {"same": [], "alike": [], "trash": []}
    with heard(database, asked["same"]):
        async with database.read() as reading:
            assert len((await list_same(reading, actor, PageRequest(KEY, 5))).page.items) == 5
    with heard(database, asked["alike"]):
        await list_alike(database, actor, PageRequest(KEY, 5))
    with heard(database, asked["trash"]):
        async with database.transaction() as session:
            await ask_to_trash_same(session, actor, [])
    found = next(one for one in asked["trash"] if one[0].startswith("INSERT INTO bulk_task_images"))
    asked["trash"] = [(found[0][found[0].index("SELECT") :], found[1])]
    plans = await plans_of(database, asked)

    # then
    assert len(plans) >= 6
    read_through = "\n\n".join(f"{name}\n{plan}" for name, plan in plans if "Seq Scan" in plan)
    assert not read_through, read_through
