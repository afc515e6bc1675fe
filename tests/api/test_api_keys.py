"""API keys over HTTP: made, shown once, used, changed, revoked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.api_keys.key_text import make_key
from pingvas.accounts.tables import ApiKey
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import KEYS, HeldKey, key_facts, make_api_key
from tests.make.mail import sent_mail, text_of

ME = "/api/v1/me"


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def _until_used_after(
    client: httpx.AsyncClient, person: SignedInPerson, key: HeldKey, before: str | None
) -> dict[str, Any]:
    """What is told of a key once a later use was written, which is done beside the call."""
    async with asyncio.timeout(60):
        while True:
            facts = await key_facts(client, person, key)
            if facts["last_used_at"] != before:
                return facts
            await asyncio.sleep(0.05)


async def test_a_key_is_shown_once_kept_hashed_and_its_owner_is_written_to(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, settings: Settings
) -> None:
    # when
    answer = await client.post(
        KEYS, json={"name": "  Night\tjobs ", "scopes": ["generate", "read"]}, headers=person.headers
    )

    # then
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["prefix"] == told["key"][:10]
    assert (told["name"], told["scopes"]) == ("Night jobs", ["read", "generate"])
    assert [told[bound] for bound in ("total_cap", "daily_cap", "models", "addresses", "expires_at")] == [
        None
    ] * 5
    async with database.read() as session:
        (kept,) = await session.scalars(text("SELECT row_to_json(api_keys)::text FROM api_keys"))
    assert told["key"] not in kept
    (listed,) = (await client.get(KEYS, headers=person.headers)).json()["items"]
    assert listed == {name: value for name, value in told.items() if name != "key"}
    (letter,) = [one for one in await sent_mail(database, settings) if "API key" in str(one["subject"])]
    assert letter["to"] == person.email
    assert "Night jobs" in text_of(letter)
    assert told["key"] not in text_of(letter)


async def test_a_program_acts_with_a_key_as_its_owner(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    key = await make_api_key(client, person, scopes=["read"])

    answer = await client.get(ME, headers=key.headers)

    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == person.user["id"]


async def test_the_latest_use_is_told_and_written_once_a_minute(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    key = await make_api_key(client, person)
    assert key.told["last_used_at"] is None

    # when
    await client.get(ME, headers=key.headers)
    first = await _until_used_after(client, person, key, None)
    await client.get(ME, headers=key.headers)
    await asyncio.sleep(1)

    # then
    assert first["last_used_ip"] == "127.0.0.1"
    assert (await key_facts(client, person, key))["last_used_at"] == first["last_used_at"]

    # when a minute has passed
    async with database.transaction() as session:
        await session.execute(text("UPDATE api_keys SET last_used_at = now() - interval '61 seconds'"))
    before = (await key_facts(client, person, key))["last_used_at"]
    await client.get(ME, headers=key.headers)

    # then it is written again
    await _until_used_after(client, person, key, before)


async def test_a_revoked_key_works_no_more_from_the_next_call_on(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    key = await make_api_key(client, person)
    assert (await client.get(ME, headers=key.headers)).status_code == 200

    # when
    gone = await client.delete(f"{KEYS}/{key.id}", headers=person.headers)
    again = await client.delete(f"{KEYS}/{key.id}", headers=person.headers)

    # then
    assert (gone.status_code, again.status_code) == (204, 204)
    for path, method in ((ME, "GET"), ("/api/v1/jobs/cancel", "POST")):
        refused = await client.request(method, path, headers=key.headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    facts = await key_facts(client, person, key)
    assert facts["revoked_at"] is not None
    changed = await client.patch(f"{KEYS}/{key.id}", json={"name": "again"}, headers=person.headers)
    assert (changed.status_code, changed.json()["code"]) == (409, "conflict")


async def test_a_key_expires(client: httpx.AsyncClient, person: SignedInPerson, database: Database) -> None:
    # given
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = await make_api_key(client, person, expires_at=later)
    assert (await client.get(ME, headers=key.headers)).status_code == 200

    # when its time is over
    async with database.transaction() as session:
        await session.execute(text("UPDATE api_keys SET expires_at = now() - interval '1 second'"))

    # then
    refused = await client.get(ME, headers=key.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")

    # and it can be given more
    longer = await client.patch(f"{KEYS}/{key.id}", json={"expires_at": later}, headers=person.headers)
    assert longer.status_code == 200
    assert (await client.get(ME, headers=key.headers)).status_code == 200


@pytest.mark.parametrize("status", ["suspended", "deleted"])
async def test_the_keys_of_somebody_who_may_not_act_do_not_either(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, status: str
) -> None:
    # given
    key = await make_api_key(client, person)
    async with database.transaction() as session:
        leaves = "now() + interval '1 day'" if status == "deleted" else "NULL"
        await session.execute(text(f"UPDATE users SET status = '{status}', leaves_at = {leaves}"))

    # when
    refused = await client.get(ME, headers=key.headers)

    # then
    code = {"suspended": "account_suspended", "deleted": "account_leaving"}[status]
    assert (refused.status_code, refused.json()["code"]) == (403, code)


async def test_no_key_and_a_key_with_a_slip_look_the_same(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    key = await make_api_key(client, person)

    for wrong in (make_key(), key.text[:-1] + ("0" if key.text[-1] != "0" else "1"), "pgv_", key.text + "x"):
        for method, path in (("GET", ME), ("POST", "/api/v1/jobs"), ("POST", "/api/v1/images")):
            refused = await client.request(
                method, path, json={}, headers={"Authorization": f"Bearer {wrong}"}
            )
            assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token"), wrong


async def test_a_key_is_used_from_the_addresses_it_names_alone(
    client: httpx.AsyncClient, app: Any, person: SignedInPerson
) -> None:
    # given
    key = await make_api_key(client, person, addresses=["203.0.113.0/24"])

    def from_(host: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(host, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://studio.test", headers=key.headers)

    # when
    async with from_("203.0.113.9") as here, from_("198.51.100.1") as elsewhere:
        allowed = await here.get(ME)
        refused = await elsewhere.get(ME)

    # then
    assert allowed.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (403, "address_not_allowed")


async def test_bounds_are_changed_field_by_field(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session, name="toy")
    key = await make_api_key(
        client, person, total_cap=100, daily_cap=10, models=["toy"], requests_per_minute=5
    )

    # when
    answer = await client.patch(
        f"{KEYS}/{key.id}",
        json={"name": "another", "total_cap": None, "addresses": ["198.51.100.7/32"]},
        headers=person.headers,
    )

    # then
    assert answer.status_code == 200, answer.text
    before = {name: value for name, value in key.told.items() if name != "key"}
    changed = {"name": "another", "total_cap": None, "addresses": ["198.51.100.7"]}
    assert answer.json() == before | changed
    assert await key_facts(client, person, key) == before | changed


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"name": ""}, ["body", "name"]),
        ({"name": "a\u200bb"}, ["body", "name"]),
        ({"scopes": []}, ["body", "scopes"]),
        ({"scopes": ["everything"]}, ["body", "scopes", 0]),
        ({"total_cap": -1}, ["body", "total_cap"]),
        ({"daily_cap": 2**31}, ["body", "daily_cap"]),
        ({"models": ["no such model"]}, ["body", "models", 0]),
        ({"addresses": ["203.0.113.9", "here"]}, ["body", "addresses", 1]),
        ({"requests_per_minute": 0}, ["body", "requests_per_minute"]),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["body", "expires_at"]),
        ({"expires_at": 1}, ["body", "expires_at"]),
        ({"key": "pgv_mine"}, ["body", "key"]),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    client: httpx.AsyncClient, person: SignedInPerson, body: dict[str, Any], loc: list[str | int]
) -> None:
    answer = await client.post(
        KEYS, json={"name": "a script", "scopes": ["read"]} | body, headers=person.headers
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["errors"][0]["loc"] == loc
    assert (await client.get(KEYS, headers=person.headers)).json()["items"] == []


async def test_making_and_changing_a_key_asks_for_a_fresh_proof_and_revoking_does_not(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given somebody who signed in a while ago
    key = await make_api_key(client, person)
    async with database.transaction() as session:
        await session.execute(text("UPDATE user_sessions SET proven_at = now() - interval '11 minutes'"))

    # when
    made = await client.post(KEYS, json={"name": "x", "scopes": ["read"]}, headers=person.headers)
    changed = await client.patch(f"{KEYS}/{key.id}", json={"total_cap": None}, headers=person.headers)
    revoked = await client.delete(f"{KEYS}/{key.id}", headers=person.headers)

    # then
    for refused in (made, changed):
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
    assert revoked.status_code == 204


async def test_the_keys_of_others_are_not_there(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    key = await make_api_key(client, person)
    stranger = await sign_up(client)

    assert (await client.get(KEYS, headers=stranger.headers)).json()["items"] == []
    for key_id in (key.id, uuid4()):
        changed = await client.patch(f"{KEYS}/{key_id}", json={"name": "mine"}, headers=stranger.headers)
        revoked = await client.delete(f"{KEYS}/{key_id}", headers=stranger.headers)
        assert (changed.status_code, revoked.status_code) == (404, 404)
    assert (await client.get(ME, headers=key.headers)).status_code == 200


async def test_only_so_many_keys_work_at_once(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given as many as may be, and some that work no more
    async with database.transaction() as session:
        for number in range(53):
            ended = datetime.now(UTC) if number < 2 else None
            session.add(
                ApiKey(
                    user_id=person.user["id"],
                    name="one of many",
                    prefix="pgv_000000",
                    key_hash=f"{number}",
                    scopes=["read"],
                    revoked_at=ended,
                    expires_at=datetime(2020, 1, 1, tzinfo=UTC) if number == 2 else None,
                )
            )

    # when
    refused = await client.post(KEYS, json={"name": "x", "scopes": ["read"]}, headers=person.headers)

    # then
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")

    # when one is revoked
    listed = (await client.get(KEYS, headers=person.headers)).json()["items"]
    assert len(listed) == 50  # a page; those that work no more came first
    await client.delete(f"{KEYS}/{listed[0]['id']}", headers=person.headers)

    # then there is room for one, and of two that are made at once one finds it
    both = await asyncio.gather(
        *(client.post(KEYS, json={"name": "x", "scopes": ["read"]}, headers=person.headers) for _ in range(2))
    )
    assert sorted(one.status_code for one in both) == [201, 409]


async def test_somebody_makes_no_more_keys_than_programs_need(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    made = [
        await client.post(KEYS, json={"name": f"{number}", "scopes": ["read"]}, headers=person.headers)
        for number in range(21)
    ]

    assert [one.status_code for one in made] == [201] * 20 + [429]
    assert made[-1].json()["budget"] == "api_keys"
