"""Signing up, in, on and out through the API, as a client that keeps its refresh token and as a hostile one."""

import asyncio
import time
import unicodedata
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from pingvas.accounts.tables import User, UserSession
from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.tables import CreditTransaction, Subscription
from tests.api.auth_calls import AUTH, acts, problem, refresh
from tests.lifespan import running_app
from tests.make.accounts import PASSWORD, SignedInPerson, fresh_email, sign_up


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def test_signing_up_gives_an_account_a_plan_a_bonus_and_tokens(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    # when
    email = fresh_email()
    answer = await client.post(
        f"{AUTH}/register", json={"email": email, "password": PASSWORD, "display_name": "Somebody"}
    )

    # then
    assert answer.status_code == 201
    told = answer.json()
    tokens = {"access_token", "refresh_token", "token_type", "expires_in"}
    assert set(told) == tokens | {"user", "bonus_credits", "bonus_due", "bonus_withheld"}
    assert told["bonus_credits"] == settings.signup_bonus_credits
    assert told["bonus_withheld"] is False
    assert (told["token_type"], told["expires_in"]) == ("bearer", settings.access_token_seconds)
    mine = {"id", "email", "email_verified_at", "handle", "display_name", "role", "status", "created_at"}
    assert set(told["user"]) == mine
    assert (told["user"]["email"], told["user"]["role"], told["user"]["status"]) == (email, "user", "active")
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert await acts(client, told["access_token"])
    async with database.read() as session:
        assert await session.scalar(select(Subscription.remaining_credits)) == settings.signup_bonus_credits
        assert await session.scalar(select(CreditTransaction.transaction_type)) == "bonus"


async def test_a_taken_address_is_told_as_that_and_changes_nothing(
    client: httpx.AsyncClient, database: Database, person: Any
) -> None:
    answer = await client.post(
        f"{AUTH}/register",
        json={"email": person.email.upper(), "password": "another password", "display_name": "Somebody else"},
    )

    problem(answer, 409, "email_exists")
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        assert await session.scalar(select(func.count()).select_from(UserSession)) == 1
    answer = await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200


async def test_of_two_registrations_at_once_one_gets_201_and_the_other_409(
    client: httpx.AsyncClient, database: Database
) -> None:
    # when
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    answers = await asyncio.gather(*(client.post(f"{AUTH}/register", json=wish) for _ in range(4)))

    # then
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Subscription)) == 1


BAD_INPUT: list[tuple[str, Any]] = [
    ("email", "river"),
    ("email", ""),
    ("email", None),
    ("email", 7),
    ("email", "x" * 5000 + "@example.com"),
    ("email", "a\x00@example.com"),
    ("password", "short"),
    ("password", "password123"),
    ("password", "x1y2" * 100),
    ("password", "p4" * 5000),
    ("password", None),
    ("password", ["a long and quiet river"]),
    ("display_name", ""),
    ("display_name", "x" * 81),
    ("display_name", "\x00"),
    ("display_name", {"a": 1}),
]


async def test_bad_input_names_the_field_and_repeats_no_secret(
    client: httpx.AsyncClient, database: Database
) -> None:
    for field, value in BAD_INPUT:
        wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody", field: value}

        answer = await client.post(f"{AUTH}/register", json=wish)

        told = problem(answer, 422, "validation_error")
        assert [error["loc"][:2] for error in told["errors"]] == [["body", field]], (field, value)
        assert field != "password" or not isinstance(value, str) or value not in answer.text
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_a_password_of_ten_thousand_characters_is_refused_before_it_is_hashed(
    plans: Any, make_settings: Any, database_url: Any
) -> None:
    # given: hashing that would be noticed
    slow = make_settings(database_url=database_url, argon2_memory_kib=65_536, argon2_time_cost=30)
    wish = {"email": fresh_email(), "password": "x1y2z" * 2_000, "display_name": "Somebody"}

    async with running_app(create_app(slow)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
            await client.get("/healthz")
            before = time.process_time()  # every thread's work, whatever else the machine does
            answers = [await client.post(f"{AUTH}/{path}", json=wish) for path in ("register", "login")]
            took = time.process_time() - before

    for answer in answers:
        problem(answer, 422, "validation_error")
    assert took < 1


DAMAGED = {
    "truncated": b'{"email": "a@example.com", "passw',
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"text"',
    "not UTF-8": b"\xff\xfe{}",
    "half a surrogate": b'{"email": "\\ud800"}',
    "deep": b"[" * 50_000,
}


@pytest.mark.parametrize("path", ["register", "login", "one-time"])
async def test_a_damaged_body_is_a_validation_error(client: httpx.AsyncClient, path: str) -> None:
    for body in DAMAGED.values():
        answer = await client.post(
            f"{AUTH}/{path}", content=body, headers={"Content-Type": "application/json"}
        )

        problem(answer, 422, "validation_error")


async def test_people_of_every_script_sign_up_and_in(client: httpx.AsyncClient) -> None:
    # given: typed as separate jamo at one place and composed at the other
    email, password = "강물@예시.한국", "흐르는 강물처럼 고요하고 깊게 🦊"
    await sign_up(client, email=email, password=password)

    # when
    answer = await client.post(
        f"{AUTH}/login", json={"email": email, "password": unicodedata.normalize("NFD", password)}
    )

    # then
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == email


@pytest.mark.parametrize("email", [None, "nobody@example.com"], ids=["wrong password", "unknown address"])
async def test_failed_sign_ins_look_alike(client: httpx.AsyncClient, person: Any, email: str) -> None:
    answer = await client.post(
        f"{AUTH}/login", json={"email": email or person.email, "password": "not the right one"}
    )

    told = problem(answer, 401, "invalid_credentials")
    assert told["detail"] == "The e-mail address or the password is wrong."


async def test_a_second_sign_in_leaves_the_first_device_alone(client: httpx.AsyncClient, person: Any) -> None:
    # when
    answer = await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})

    # then
    assert answer.status_code == 200
    assert await acts(client, person.access_token)
    assert await acts(client, answer.json()["access_token"])
    assert (await refresh(client, person.refresh_token)).status_code == 200


@pytest.mark.parametrize(
    ("status", "told"),
    [("suspended", (403, "account_suspended")), ("deleted", (401, "invalid_credentials"))],
)
async def test_people_who_may_not_act_are_told_so_or_nothing(
    client: httpx.AsyncClient, database: Database, person: Any, status: Any, told: Any
) -> None:
    async with database.transaction() as session:
        await session.execute(update(User).values(status=status))

    problem(await client.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD}), *told)
    wrong = await client.post(f"{AUTH}/login", json={"email": person.email, "password": "not the right one"})
    problem(wrong, 401, "invalid_credentials")
