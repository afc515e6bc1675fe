"""`Idempotency-Key` on calls that give or make something: the same call again gets the first answer, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from pingvas.accounts.admin.audit import FROM_COMMAND_LINE
from pingvas.accounts.tables import User
from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.gift_codes import NewCode, make_code
from tests.api.auth_calls import problem
from tests.lifespan import running_app
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.sandbox import RunningSandbox, running_sandbox

API = "/api/v1"
KEY = {"Idempotency-Key": "one-press"}
PACKS = text(
    "INSERT INTO credit_packs (id, name, credits, price) VALUES (gen_random_uuid(), 'small', 1000, 7)"
)


@pytest.fixture
async def sandbox(make_settings: Callable[..., Settings], database_url: str) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(make_settings(database_url=database_url)) as running:
        yield running


@pytest.fixture
async def app(sandbox: RunningSandbox) -> AsyncIterator[Any]:
    async with running_app(create_app(sandbox.settings)) as started:
        yield started


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    made = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == made.email).values(role="admin"))
    return made


async def test_a_code_is_redeemed_once_and_says_so_each_time(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    async with database.transaction() as session:
        await make_code(session, FROM_COMMAND_LINE, NewCode(code="SPRING", credits=300), "spring")

    async def redeem(**headers: str) -> httpx.Response:
        body = {"code": "SPRING"}
        return await client.post(f"{API}/credits/redeem", json=body, headers=person.headers | headers)

    first, again = await redeem(**KEY), await redeem(**KEY)
    otherwise = await redeem()

    assert (first.status_code, first.json()["balance"]) == (200, 800)
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    problem(otherwise, 409, "code_used")


async def test_an_admin_who_presses_twice_gives_once(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    url = f"{API}/admin/users/{person.user['id']}/credits"

    async def give(credits: int, **headers: str) -> httpx.Response:
        body = {"credits": credits, "reason": "for the fair"}
        return await client.post(url, json=body, headers=admin.headers | headers)

    first, again = await give(250, **KEY), await give(250, **KEY)
    other_body = await give(999, **KEY)
    other_key = await give(250, **{"Idempotency-Key": "another press"})

    assert first.json() == again.json() == {"balance": 750}
    problem(other_body, 422, "idempotency_conflict")
    assert other_key.json() == {"balance": 1000}


async def test_a_key_belongs_to_one_person_and_one_address(
    client: httpx.AsyncClient, admin: SignedInPerson, person: SignedInPerson
) -> None:
    stranger = await sign_up(client)
    body = {"credits": 5, "reason": "for the fair"}

    answers = [
        await client.post(
            f"{API}/admin/users/{each.user['id']}/credits", json=body, headers=admin.headers | KEY
        )
        for each in (person, stranger)
    ]

    assert [answer.json() for answer in answers] == [{"balance": 505}, {"balance": 505}]
    assert all("Idempotent-Replayed" not in answer.headers for answer in answers)


async def test_a_page_to_pay_at_is_made_once_also_for_two_at_the_same_moment(
    client: httpx.AsyncClient, database: Database, person: SignedInPerson
) -> None:
    async with database.transaction() as session:
        await session.execute(PACKS)

    async def check_out() -> httpx.Response:
        headers = person.headers | KEY
        return await client.post(f"{API}/credits/checkout", json={"pack": "small"}, headers=headers)

    together = await asyncio.gather(check_out(), check_out())
    later = await check_out()

    made = {answer.json()["id"] for answer in (*together, later) if answer.status_code == 201}
    assert len(made) == 1
    # The other one may have met the first while that was still being written down.
    assert {answer.status_code for answer in together} <= {201, 409}
    assert (later.status_code, later.headers["Idempotent-Replayed"]) == (201, "true")


async def test_what_was_refused_is_not_kept(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    headers = person.headers | KEY

    refused = await client.post(f"{API}/credits/redeem", json={"code": "NOSUCH"}, headers=headers)
    other = await client.post(f"{API}/credits/redeem", json={"code": "NORTHIS"}, headers=headers)

    problem(refused, 404, "code_unknown")
    problem(other, 404, "code_unknown")


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "é"])
async def test_a_key_that_is_none_is_refused(
    client: httpx.AsyncClient, person: SignedInPerson, key: str
) -> None:
    headers = {**person.headers, "Idempotency-Key": key.encode("latin-1")}

    answer = await client.post(f"{API}/credits/redeem", json={"code": "SPRING"}, headers=headers)  # type: ignore[arg-type]

    problem(answer, 422, "validation_error")
