"""Guessers of passwords, makers of accounts and askers of prices: what they get, and what everybody else gets meanwhile."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event

from pingvas.base.budget_figures import FIGURES, Queue, Rate
from pingvas.base.budgets import REFUSED
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from tests.api.auth_calls import AUTH, problem
from tests.make.accounts import PASSWORD, fresh_email, sign_up

GUESSER, OWNER, ELSEWHERE = "203.0.113.9", "198.51.100.7", "192.0.2.33"
GUESSES = 130


@asynccontextmanager
async def client_at(app: Any, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        yield client


async def sign_in(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    return await client.post(f"{AUTH}/login", json={"email": email, "password": password})


@pytest.fixture(autouse=True)
async def plans(database: Database) -> None:
    """A studio that people can sign up to has plans."""
    async with database.transaction() as session:
        await seed_plans(session)


def rate(name: str) -> Rate:
    figure = FIGURES[name]
    assert isinstance(figure, Rate)
    return figure


def refusals(budget: str) -> float:
    return float(REFUSED.labels(budget)._value.get())


async def test_guessers_are_turned_away_and_the_right_password_of_somebody_else_is_answered(app: Any) -> None:
    # given
    async with client_at(app, OWNER) as owner, client_at(app, GUESSER) as guesser:
        me = await sign_up(owner)
        before = refusals("sign_in_address") + refusals("hashes")

        # when
        guesses = [
            asyncio.create_task(sign_in(guesser, fresh_email(), f"a wrong guess {n}")) for n in range(GUESSES)
        ]
        right = await sign_in(owner, me.email, PASSWORD)
        answers = await asyncio.gather(*guesses)

    # then
    statuses = Counter(answer.status_code for answer in answers)
    assert right.status_code == 200
    assert set(statuses) == {401, 429}
    assert statuses[401] <= rate("sign_in_address").at_once
    assert {
        answer.headers.get("retry-after", "").isdecimal() for answer in answers if answer.status_code == 429
    } == {True}
    # Which of the two is met first depends on how fast hashes are.
    assert refusals("sign_in_address") + refusals("hashes") == before + statuses[429]


async def test_guesses_for_one_account_end_and_lock_nobody_out_of_it(app: Any) -> None:
    # given an owner who is signed in at home
    async with client_at(app, OWNER) as owner, client_at(app, GUESSER) as guesser:
        me = await sign_up(owner)

        # when
        answers = [await sign_in(guesser, me.email, f"a wrong guess {number}") for number in range(15)]
        right_there = await sign_in(guesser, me.email, PASSWORD)
        right = await sign_in(owner, me.email, PASSWORD)

    # then
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 5
    refused = problem(right_there, 429, "rate_limited")
    assert refused["budget"] == "sign_in_pair"
    assert 0 < int(right_there.headers["retry-after"]) <= rate("sign_in_pair").seconds
    assert right.status_code == 200


async def test_guesses_from_many_addresses_for_one_account_end_too(app: Any) -> None:
    # given
    async with client_at(app, OWNER) as owner:
        me = await sign_up(owner)

        # when
        statuses: Counter[int] = Counter()
        for number in range(int(rate("sign_in_account").at_once) + 10):
            async with client_at(app, f"203.0.113.{number}") as guesser:
                statuses[(await sign_in(guesser, me.email, "a wrong guess")).status_code] += 1
        right = await sign_in(owner, me.email, PASSWORD)

    # then
    assert statuses == {401: int(rate("sign_in_account").at_once), 429: 10}
    assert right.status_code == 200


async def test_somebody_at_the_guessers_address_who_was_signed_in_there_is_answered(app: Any) -> None:
    # given
    async with client_at(app, GUESSER) as client:
        me = await sign_up(client)
        guesses = [sign_in(client, fresh_email(), "a wrong guess") for _ in range(GUESSES)]
        statuses = {answer.status_code for answer in await asyncio.gather(*guesses)}

        # when
        right = await sign_in(client, me.email, PASSWORD)

    # then
    assert statuses == {401, 429}
    assert right.status_code == 200


async def test_right_passwords_are_not_counted(app: Any) -> None:
    async with client_at(app, OWNER) as owner, client_at(app, ELSEWHERE) as client:
        me = await sign_up(owner)

        answers = [await sign_in(client, me.email, PASSWORD) for _ in range(40)]

    assert {answer.status_code for answer in answers} == {200}
    assert app.state.budgets.sign_in_address.used_by(ELSEWHERE) == 0


async def test_the_account_of_an_address_that_made_many_starts_without_the_bonus_and_is_told(
    app: Any, settings: Any
) -> None:
    # given
    async with client_at(app, GUESSER) as maker, client_at(app, OWNER) as other:
        for _ in range(int(rate("sign_up_bonuses").at_once)):
            await sign_up(maker)
        body = {"password": PASSWORD, "display_name": "Somebody"}

        # when
        late = (await maker.post(f"{AUTH}/register", json={**body, "email": fresh_email()})).json()
        elsewhere = (await other.post(f"{AUTH}/register", json={**body, "email": fresh_email()})).json()
        me = await maker.get("/api/v1/me", headers={"Authorization": f"Bearer {late['access_token']}"})

    # then
    assert (late["bonus_credits"], late["bonus_withheld"]) == (0, True)
    assert me.json()["credits"]["balance"] == 0, me.json()
    assert elsewhere["bonus_credits"] == settings.signup_bonus_credits
    assert elsewhere["bonus_withheld"] is False


async def test_a_sign_up_that_fails_uses_up_no_bonus(app: Any) -> None:
    async with client_at(app, GUESSER) as client:
        body = {"email": fresh_email(), "password": "short", "display_name": "Somebody"}

        answer = await client.post(f"{AUTH}/register", json=body)

    problem(answer, 422, "validation_error")
    assert app.state.budgets.sign_up_bonuses.used_by(GUESSER) == 0


async def test_sign_ups_of_an_address_end(app: Any) -> None:
    async with client_at(app, GUESSER) as client, client_at(app, OWNER) as other:
        email = (await sign_up(client)).email
        body = {"email": email, "password": PASSWORD, "display_name": "Somebody"}

        answers = [await client.post(f"{AUTH}/register", json=body) for _ in range(30)]
        await sign_up(other)

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {409: int(rate("sign_ups").at_once) - 1, 429: 31 - int(rate("sign_ups").at_once)}
    assert problem(answers[-1], 429, "rate_limited")["budget"] == "sign_ups"


@pytest.mark.parametrize(
    ("path", "made_up"),
    [("one-time", {"token": "pvo_" + "A" * 43}), ("refresh", {"refresh_token": "pvr_" + "A" * 70})],
)
async def test_made_up_tokens_of_an_address_end_before_the_database_is_asked(
    app: Any, path: str, made_up: dict[str, str]
) -> None:
    # given
    most = int(rate("tokens").at_once)
    async with client_at(app, GUESSER) as guesser, client_at(app, OWNER) as other:
        with counted_statements(app) as asked:
            answers = [await guesser.post(f"{AUTH}/{path}", json=made_up) for _ in range(most)]

        # when
        with counted_statements(app) as statements:
            beyond = await guesser.post(f"{AUTH}/{path}", json=made_up)
        elsewhere = await other.post(f"{AUTH}/{path}", json=made_up)

    # then
    assert {answer.status_code for answer in answers} == {401}
    assert problem(beyond, 429, "rate_limited")["budget"] == "tokens"
    assert 0 < int(beyond.headers["retry-after"]) <= rate("tokens").seconds
    assert statements == []
    assert bool(asked) == (path == "one-time"), "a refresh token that is forged is known by its form"
    problem(elsewhere, 401, "invalid_token")


async def test_made_up_tokens_keep_no_neighbour_from_refreshing_and_none_from_signing_in(app: Any) -> None:
    # given somebody at the address of one who tries tokens
    async with client_at(app, GUESSER) as client:
        me = await sign_up(client)
        made_up = {"refresh_token": "pvr_" + "A" * 70}
        for _ in range(int(rate("tokens").at_once) + 1):
            last = await client.post(f"{AUTH}/refresh", json=made_up)

        # when
        refreshed = await client.post(f"{AUTH}/refresh", json={"refresh_token": me.refresh_token})
        signed_in = await sign_in(client, me.email, PASSWORD)

    # then
    assert last.status_code == 429
    assert refreshed.status_code == 200
    assert signed_in.status_code == 200


async def test_tokens_of_a_device_that_was_signed_out_end_too_and_those_of_others_go_on(app: Any) -> None:
    # given
    async with client_at(app, OWNER) as client:
        gone, here = await sign_up(client), await sign_up(client)
        assert (await client.post(f"{AUTH}/logout", json={"refresh_token": gone.refresh_token})).is_success
        body = {"refresh_token": gone.refresh_token}
        answers = [
            await client.post(f"{AUTH}/refresh", json=body) for _ in range(int(rate("tokens").at_once))
        ]

        # when
        with counted_statements(app) as statements:
            beyond = await client.post(f"{AUTH}/refresh", json=body)
        other = await client.post(f"{AUTH}/refresh", json={"refresh_token": here.refresh_token})

    # then
    assert {answer.status_code for answer in answers} == {401}
    assert problem(beyond, 429, "rate_limited")["budget"] == "tokens"
    assert statements == []
    assert other.status_code == 200


@contextmanager
def counted_statements(app: Any) -> Iterator[list[str]]:
    """The statements that the API's database is sent in the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("login", {"email": "me@example.com", "password": "a quiet river \ud800"}),
        ("register", {"email": "me@example.com", "password": "a quiet river \ud800", "display_name": "Me"}),
        ("login", {"email": "me\ud800@example.com", "password": "a quiet river at dawn"}),
        (
            "register",
            {"email": "me\udfff@example.com", "password": "a quiet river at dawn", "display_name": "Me"},
        ),
        (
            "register",
            {"email": "me@example.com", "password": "a quiet river at dawn", "display_name": "Me\ud800"},
        ),
        ("one-time", {"token": "\ud800" * 40}),
        ("refresh", {"refresh_token": "\udfff" * 40}),
        ("logout", {"refresh_token": "\udfff" * 40}),
    ],
)
async def test_half_a_surrogate_pair_is_bad_input_everywhere(
    client: httpx.AsyncClient, path: str, body: dict[str, str]
) -> None:
    answer = await client.post(
        f"{AUTH}/{path}", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )

    problem(answer, 422, "validation_error")


async def test_one_who_asks_for_prices_without_end_is_refused_and_another_is_not(app: Any) -> None:
    # given
    async with client_at(app, GUESSER) as client:
        me, other = await sign_up(client), await sign_up(client)
        body = {"job_type": "txt2img", "model": "none", "prompt": "a fox"}
        app.state.budgets.estimates.add(UUID(me.user["id"]), 10_000)

        # when
        refused = await client.post("/api/v1/jobs/estimate", json=body, headers=me.headers)
        another = await client.post("/api/v1/jobs/estimate", json=body, headers=other.headers)

    # then
    assert problem(refused, 429, "rate_limited")["budget"] == "estimates"
    assert another.status_code != 429


@pytest.mark.parametrize(
    ("method", "path", "budget"),
    [
        ("GET", "/jobs", "lists"),
        ("GET", "/queue", "lists"),
        ("GET", "/images", "lists"),
        ("GET", "/models", "lists"),
        ("GET", "/me/credits", "lists"),
        ("PATCH", "/me", "changes"),
        ("POST", "/jobs/cancel", "changes"),
    ],
)
async def test_what_one_asks_too_often_is_refused_to_them_alone(
    app: Any, method: str, path: str, budget: str
) -> None:
    # given one who has used it up
    async with client_at(app, GUESSER) as client:
        me, other = await sign_up(client), await sign_up(client)
        getattr(app.state.budgets, budget).add(UUID(me.user["id"]), 10_000)

        # when
        body: dict[str, str] | None = {} if method == "PATCH" else None
        refused = await client.request(method, f"/api/v1{path}", headers=me.headers, json=body)
        answered = await client.request(method, f"/api/v1{path}", headers=other.headers, json=body)

    # then
    assert problem(refused, 429, "rate_limited")["budget"] == budget
    assert answered.status_code == 200


def test_a_crowd_of_one_address_fits_the_queue() -> None:
    queue = FIGURES["hashes"]
    assert isinstance(queue, Queue)
    assert queue.each * 3 < queue.total
