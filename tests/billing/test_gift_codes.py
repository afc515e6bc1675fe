"""A code gives its credits once to each person, and no oftener than it may be used, whoever comes at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from pingvas.billing.verify_ledger import verify_ledger
from tests.api.auth_calls import problem
from tests.make.accounts import SignedInPerson, sign_up

CODES = "/api/v1/admin/codes"
WHY = {"reason": "For the readers of our letter"}


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
    made = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == made.email).values(role="admin"))
    return made


async def _make(client: httpx.AsyncClient, admin: SignedInPerson, **body: Any) -> dict[str, Any]:
    answer = await client.post(CODES, json=WHY | {"credits": 100} | body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _redeem(client: httpx.AsyncClient, person: SignedInPerson, code: str) -> httpx.Response:
    return await client.post("/api/v1/credits/redeem", json={"code": code}, headers=person.headers)


async def test_a_code_from_the_admin_who_makes_it_to_its_end(
    client: httpx.AsyncClient, admin: SignedInPerson, database: Database
) -> None:
    # given one of each kind
    made = await _make(client, admin, keep_days=30)
    named = await _make(client, admin, code="Hello-2026", max_uses=1)
    assert len(made["code"]) == 12
    problem(
        await client.post(CODES, json=WHY | {"credits": 5, "code": "hello-2026"}, headers=admin.headers),
        409,
        "code_exists",
    )
    person, other = await sign_up(client), await sign_up(client)

    # when it is typed, in small letters and with a blank
    given = (await _redeem(client, person, f" {made['code'].lower()} ")).json()

    # then the credits are there, until their day, and not again
    assert (given["credits"], given["balance"]) == (100, 600)
    left = datetime.fromisoformat(given["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=30)
    problem(await _redeem(client, person, made["code"]), 409, "code_used")
    credits = (await client.get("/api/v1/me/credits", headers=person.headers)).json()
    assert (credits["balance"], credits["items"][0]["description"]) == (600, f"Code {made['code']}")
    assert [grant["kind"] for grant in credits["grants"]] == ["gift", "bonus"]

    # and one that may be used once is used by one
    assert (await _redeem(client, other, "HELLO-2026")).json()["expires_at"] is None
    problem(await _redeem(client, person, named["code"]), 409, "code_over")
    problem(await _redeem(client, other, named["code"]), 409, "code_used")
    for unknown in ("NEVER-WAS-1", "x", "' OR 1=1 --"):
        problem(await _redeem(client, person, unknown), 404, "code_unknown")

    # and when it is ended it gives nothing any more, and the audit log says who made and ended it
    ended = await client.delete(f"{CODES}/{made['id']}", headers=admin.headers)
    assert ended.status_code == 204
    problem(await _redeem(client, other, made["code"]), 409, "code_over")
    listed = (await client.get(CODES, headers=admin.headers)).json()["items"]
    assert [(code["code"], code["uses"]) for code in listed] == [("Hello-2026", 1), (made["code"], 1)]
    entries = (await client.get("/api/v1/admin/audit", headers=admin.headers)).json()["items"]
    assert [entry["action"] for entry in entries] == ["code.end", "code.create", "code.create"]
    async with database.read() as session:
        assert (await verify_ledger(session)).wrong == []


async def test_of_many_at_once_as_many_have_it_as_may_and_each_once(
    client: httpx.AsyncClient, admin: SignedInPerson, database: Database
) -> None:
    # given
    code = (await _make(client, admin, max_uses=3))["code"]
    people = [await sign_up(client) for _ in range(5)]

    # when each comes with two tabs
    answers = await asyncio.gather(*(_redeem(client, person, code) for person in people for _ in range(2)))

    # then
    assert Counter(answer.status_code for answer in answers) == {200: 3, 409: 7}
    async with database.read() as session:
        given = await session.execute(
            text("SELECT count(*), count(DISTINCT user_id) FROM credit_grants WHERE kind = 'gift'")
        )
        assert tuple(given.one()) == (3, 3)
        assert await session.scalar(text("SELECT uses FROM gift_codes")) == 3


async def test_whoever_guesses_is_told_to_wait_and_what_makes_no_sense_is_refused(
    client: httpx.AsyncClient, admin: SignedInPerson
) -> None:
    person = await sign_up(client)
    for _ in range(10):
        problem(await _redeem(client, person, "GUESSED-1"), 404, "code_unknown")

    refused = problem(await _redeem(client, person, "GUESSED-1"), 429, "rate_limited")

    assert refused["budget"] == "codes"
    long_ago = "2020-01-01T00:00:00Z"
    for body in (
        {"credits": 0},
        {"credits": 2**40},
        {"code": "no blanks"},
        {"valid_until": long_ago},
        {"max_uses": 0},
    ):
        wrong = await client.post(CODES, json=WHY | {"credits": 1} | body, headers=admin.headers)
        told = problem(wrong, 422, "validation_error")
        assert told["errors"][0]["loc"] == ["body", next(iter(body))]
    problem(await client.post(CODES, json=WHY | {"credits": 1}, headers=person.headers), 403, "forbidden")
