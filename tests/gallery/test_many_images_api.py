"""Many images over HTTP: changed by their ids or by a filter, followed, taken back; and the months they were made in."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from pingvas.api.routes.image_filter import FilterIn
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from pingvas.gallery.bulk_tasks import run_tasks
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_collection, make_image

IMAGES, BULK, TASKS = "/api/v1/images", "/api/v1/images/bulk", "/api/v1/tasks"
DATES = "/api/v1/images/dates"


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
    return await sign_up(client)


async def keep(database: Database, person: SignedInPerson, **changes: Any) -> str:
    """The id of an image of theirs."""
    async with database.transaction() as session:
        return str((await make_image(session, UUID(person.user["id"]), **changes)).id)


async def favorites(client: httpx.AsyncClient, person: SignedInPerson) -> int:
    listed = await client.get(IMAGES, params={"favorite": True}, headers=person.headers)
    return len(listed.json()["items"])


async def test_all_that_match_are_changed_in_the_background_and_back(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    for n in range(4):
        await keep(database, owner, visibility="public" if n else "private")

    # when
    body = {"filter": {"visibility": "public"}, "action": "favorite"}
    asked = await client.post(BULK, json=body, headers=owner.headers)

    # then
    assert (asked.status_code, asked.json()["count"]) == (202, 3)
    url = f"{TASKS}/{asked.json()['task_id']}"
    waiting = (await client.get(url, headers=owner.headers)).json()
    assert (waiting["status"], waiting["done"], waiting["undo_until"]) == ("running", 0, None)
    again = await client.post(BULK, json=body, headers=owner.headers)
    assert (again.status_code, again.json()["code"]) == (409, "task_under_way")

    # when
    await run_tasks(database)

    # then
    done = (await client.get(url, headers=owner.headers)).json()
    assert (done["status"], done["count"], done["done"], done["error"]) == ("done", 3, 3, None)
    assert done["undo_until"] > done["ended_at"]
    assert await favorites(client, owner) == 3

    # when
    undone = await client.post(f"{url}/undo", headers=owner.headers)

    # then
    assert (undone.status_code, undone.json()["status"]) == (200, "undone")
    assert await favorites(client, owner) == 0


async def test_those_that_are_named_are_changed_at_once_and_back(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    ids = [await keep(database, owner) for _ in range(2)]
    async with database.transaction() as session:
        collection = str((await make_collection(session, UUID(owner.user["id"]))).id)

    async def inside() -> int:
        shown = await client.get(f"/api/v1/collections/{collection}", headers=owner.headers)
        return int(shown.json()["image_count"])

    # when
    body = {"ids": ids, "action": "add_to_collection", "collection_id": collection}
    changed = await client.post(BULK, json=body, headers=owner.headers)

    # then
    assert (changed.status_code, changed.json()["count"], await inside()) == (200, 2, 2)
    undone = await client.post(f"{TASKS}/{changed.json()['task_id']}/undo", headers=owner.headers)
    assert (undone.json()["status"], undone.json()["done"], await inside()) == ("undone", 0, 0)
    nowhere = body | {"collection_id": str(uuid4())}
    assert (await client.post(BULK, json=nowhere, headers=owner.headers)).status_code == 404


async def test_a_failed_task_says_why_and_cannot_be_taken_back(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    image = await keep(database, owner)
    tags = [f"tag {n}" for n in range(64)]
    await client.patch(f"{IMAGES}/{image}", json={"tags": tags}, headers=owner.headers)

    # when
    body = {"filter": {}, "action": "tag", "tags": ["sea"]}
    asked = (await client.post(BULK, json=body, headers=owner.headers)).json()
    await run_tasks(database)

    # then
    url = f"{TASKS}/{asked['task_id']}"
    failed = (await client.get(url, headers=owner.headers)).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "validation_error")
    refused = await client.post(f"{url}/undo", headers=owner.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "task_failed")


@pytest.mark.parametrize(
    "body",
    [
        {"action": "favorite", "filter": {"colour": "red"}},
        {"action": "favorite", "filter": {"favorite": None}},
        {"action": "favorite", "filter": {"created_from": "yesterday"}},
        {"action": "favorite"},
        {"action": "delete_for_good", "filter": {}},
    ],
)
async def test_a_filter_that_is_none_changes_nothing(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, body: dict[str, Any]
) -> None:
    await keep(database, owner)

    answer = await client.post(BULK, json=body, headers=owner.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert await favorites(client, owner) == 0


async def test_a_filter_that_nothing_matches_is_done_at_once(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    body = {"action": "favorite", "filter": {"tag": ["unknown"]}}

    asked = (await client.post(BULK, json=body, headers=owner.headers)).json()

    assert asked["count"] == 0
    url = f"{TASKS}/{asked['task_id']}"
    assert (await client.get(url, headers=owner.headers)).json()["status"] == "done"
    assert (await client.post(f"{url}/undo", headers=owner.headers)).json()["status"] == "undone"


async def test_a_change_takes_the_same_filters_as_the_list(app: Any) -> None:
    asked = app.openapi()["paths"][IMAGES]["get"]["parameters"]

    names = {parameter["name"] for parameter in asked} - {"limit", "cursor", "sort", "trashed"}

    assert names == set(FilterIn.model_fields)


async def test_months_are_those_of_a_zone_and_of_a_filter(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given pictures around midnight in Seoul, and an old one
    for moment, favorite in (
        (datetime(2026, 1, 31, 14, 59, tzinfo=UTC), True),
        (datetime(2026, 1, 31, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 2, 3, tzinfo=UTC), True),
        (datetime(2024, 12, 31, tzinfo=UTC), False),
    ):
        await keep(database, owner, created_at=moment, is_favorite=favorite)

    async def months(**query: Any) -> list[tuple[datetime, int]]:
        answer = await client.get(DATES, params=query, headers=owner.headers)
        assert answer.status_code == 200, answer.text
        return [(datetime.fromisoformat(m["starts_at"]), m["count"]) for m in answer.json()["items"]]

    # then
    assert await months() == [
        (datetime(2026, 2, 1, tzinfo=UTC), 1),
        (datetime(2026, 1, 1, tzinfo=UTC), 2),
        (datetime(2024, 12, 1, tzinfo=UTC), 1),
    ]
    seoul = await months(zone="Asia/Seoul")
    assert seoul[0] == (datetime(2026, 1, 31, 15, tzinfo=UTC), 2)
    assert [count for _, count in seoul] == [2, 1, 1]
    assert [count for _, count in await months(favorite=True)] == [1, 1]
    assert await months(tag="unknown") == []


async def test_there_are_no_months_of_nothing_and_of_no_zone(
    client: httpx.AsyncClient, owner: SignedInPerson
) -> None:
    assert (await client.get(DATES, headers=owner.headers)).json() == {"items": []}
    for query in ({"zone": "Mars/Olympus"}, {"zone": "../etc/passwd"}):
        assert (await client.get(DATES, params=query, headers=owner.headers)).status_code == 422
    nobodys = await client.get(DATES, params={"collection": str(uuid4())}, headers=owner.headers)
    assert nobodys.status_code == 404


async def test_all_that_match_go_into_the_trash_and_come_back(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    gone, stays = [await keep(database, owner, is_favorite=favorite) for favorite in (True, False)]
    body = {"action": "delete", "filter": {"favorite": True}}
    asked = (await client.post(BULK, json=body, headers=owner.headers)).json()
    await run_tasks(database)

    async def listed(**query: Any) -> list[str]:
        answer = await client.get(IMAGES, params=query, headers=owner.headers)
        return [item["id"] for item in answer.json()["items"]]

    assert (await listed(), await listed(trashed=True)) == ([stays], [gone])

    # when
    undone = await client.post(f"{TASKS}/{asked['task_id']}/undo", headers=owner.headers)

    # then
    assert undone.json()["status"] == "undone"
    assert (set(await listed()), await listed(trashed=True)) == ({gone, stays}, [])
