"""The signed-in person through the API."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.credits import draw
from pingvas.billing.tables import Subscription
from tests.make.accounts import PASSWORD, SignedInPerson, sign_up

ME = "/api/v1/me"


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def _get(client: httpx.AsyncClient, person: Any, path: str = "", **params: Any) -> Any:
    answer = await client.get(f"{ME}{path}", headers=person.headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_new_person_sees_themselves_with_the_free_plan(
    client: httpx.AsyncClient, settings: Settings, person: Any
) -> None:
    told = await _get(client, person)

    assert set(told) == {
        "user",
        "profile",
        "plan",
        "credits",
        "storage",
        "features",
        "has_password",
        "email_change",
        "bonus_due",
        "leaves_at",
        "viewed_by_admin",
    }
    assert told["user"] == person.user
    nothing = dict.fromkeys(("language", "theme", "defaults", "notices", "gallery", "tell_others"))
    assert told["profile"] == {"avatar_url": None, "avatar": None, "bio": None, "preferences": nothing}
    assert (told["has_password"], told["leaves_at"], told["viewed_by_admin"]) == (True, None, False)
    assert set(told["plan"]) == {"name", "display_name", "max_queues", "features"}
    assert (told["plan"]["name"], told["plan"]["max_queues"]) == ("free", 1)
    assert told["credits"] == {"balance": settings.signup_bonus_credits, "held": 0}
    assert told["storage"] == {"used_bytes": 0, "quota_bytes": 1024**3}
    assert told["features"] == {"flux_models": False, "external_api": False, "lora_training": False}


async def test_a_change_is_answered_and_kept(client: httpx.AsyncClient, person: Any) -> None:
    changes = {
        "display_name": "강물",
        "bio": "Paints rivers.",
        "avatar_url": "https://example.com/me.png",
        "preferences": {"language": "ko"},
    }

    answer = await client.patch(ME, headers=person.headers, json=changes)

    assert answer.status_code == 200
    assert answer.json() == await _get(client, person)
    assert answer.json()["user"]["display_name"] == "강물"
    profile = answer.json()["profile"]
    assert (profile["bio"], profile["avatar_url"]) == (changes["bio"], changes["avatar_url"])
    assert profile["avatar"] == {"small": changes["avatar_url"], "large": changes["avatar_url"]}
    assert profile["preferences"]["language"] == "ko"


BAD_CHANGES: list[tuple[str, Any]] = [
    ("display_name", ""),
    ("display_name", None),
    ("avatar_url", "javascript:alert(1)"),
    ("bio", "x" * 1001),
    ("preferences", {"a": "\x00"}),
    ("preferences", {"language": "tlh"}),
    ("preferences", [1]),
    ("role", "admin"),
    ("email", "another@example.com"),
]


async def test_a_bad_change_names_the_field_and_changes_nothing(
    client: httpx.AsyncClient, person: Any
) -> None:
    before = await _get(client, person)

    for field, value in BAD_CHANGES:
        answer = await client.patch(ME, headers=person.headers, json={"bio": "Another.", field: value})

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), answer.text
        assert answer.json()["errors"][0]["loc"][:2] == ["body", field]
    assert await _get(client, person) == before


async def test_numbers_and_texts_that_json_has_not_are_refused(
    client: httpx.AsyncClient, person: Any
) -> None:
    headers = {**person.headers, "Content-Type": "application/json"}

    for value in (b"NaN", b"1e999", b'"\\ud800"', b"[" * 100 + b"]" * 100):
        answer = await client.patch(ME, headers=headers, content=b'{"preferences": {"a": %s}}' % value)

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), answer.text


async def test_the_ledger_is_read_in_pages_newest_first(
    client: httpx.AsyncClient, database: Database, settings: Settings, person: Any
) -> None:
    # given: the bonus, and then seven more postings
    async with database.transaction() as session:
        wallet = await session.scalar(select(Subscription.id))
        assert wallet is not None
        for number in range(7):
            await draw(session, UUID(person.user["id"]), wallet, number + 1, f"no. {number}")

    # when
    pages, cursor = [], None
    while True:
        page = await _get(client, person, "/credits", limit=3, **({"cursor": cursor} if cursor else {}))
        pages.append(page)
        cursor = page["next_cursor"]
        if cursor is None:
            break

    # then
    lines = [line for page in pages for line in page["items"]]
    assert [len(page["items"]) for page in pages] == [3, 3, 2]
    assert [line["amount"] for line in lines] == [-7, -6, -5, -4, -3, -2, -1, settings.signup_bonus_credits]
    assert {(page["balance"], page["held"]) for page in pages} == {(settings.signup_bonus_credits - 28, 0)}
    assert set(lines[0]) == {
        "id", "transaction_type", "amount", "balance_after", "description", "job_id", "created_at",
    }  # fmt: skip


async def test_the_ledger_is_filtered_by_type(client: httpx.AsyncClient, person: Any) -> None:
    assert len((await _get(client, person, "/credits", type="bonus"))["items"]) == 1
    assert (await _get(client, person, "/credits", type="refund"))["items"] == []


async def test_bad_pages_are_refused(client: httpx.AsyncClient, person: Any) -> None:
    bad: list[dict[str, Any]] = [
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"cursor": "x"},
        {"cursor": "강"},
        {"cursor": "AAAA" * 20},
    ]
    addresses = [(path, params) for path in ("credits", "sessions") for params in bad]

    for path, params in [*addresses, ("credits", {"type": "theft"})]:
        answer = await client.get(f"{ME}/{path}", headers=person.headers, params=params)

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), (path, params)


async def test_people_see_their_own_ledger_only(client: httpx.AsyncClient, person: Any) -> None:
    stranger = await sign_up(client)

    mine, theirs = await _get(client, person, "/credits"), await _get(client, stranger, "/credits")

    assert len(mine["items"]) == len(theirs["items"]) == 1
    assert mine["items"][0]["id"] != theirs["items"][0]["id"]


async def test_devices_are_listed_and_signed_out_one_by_one(client: httpx.AsyncClient, person: Any) -> None:
    # given
    wish = {"email": person.email, "password": PASSWORD}
    phone = await client.post("/api/v1/auth/login", json=wish, headers={"User-Agent": "a phone"})
    await sign_up(client)

    # when
    devices = (await _get(client, person, "/sessions"))["items"]

    # then
    assert devices[0]["user_agent"] == "a phone"
    assert [device["current"] for device in devices] == [False, True]
    assert set(devices[0]) == {
        "id", "device", "place", "method", "second_factor", "ip_address", "user_agent", "created_at", "last_used_at", "expires_at", "current",
    }  # fmt: skip

    # when
    answer = await client.delete(f"{ME}/sessions/{devices[0]['id']}", headers=person.headers)

    # then
    assert answer.status_code == 204
    bearer = {"Authorization": f"Bearer {phone.json()['access_token']}"}
    assert (await client.get(ME, headers=bearer)).json()["code"] == "invalid_token"
    assert len((await _get(client, person, "/sessions"))["items"]) == 1
    again = await client.delete(f"{ME}/sessions/{devices[0]['id']}", headers=person.headers)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


async def test_devices_come_in_pages_too(client: httpx.AsyncClient, person: Any) -> None:
    # given
    wish = {"email": person.email, "password": PASSWORD}
    await asyncio.gather(*(client.post("/api/v1/auth/login", json=wish) for _ in range(4)))

    # when
    first = await _get(client, person, "/sessions", limit=3)
    second = await _get(client, person, "/sessions", limit=3, cursor=first["next_cursor"])

    # then
    ids = [device["id"] for page in (first, second) for device in page["items"]]
    assert len(set(ids)) == 5
    assert second["next_cursor"] is None
