"""Bad input to the API: each gets a problem document with its code, and nothing changes."""

import json
from typing import Any

import httpx
import pytest

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from tests.make.accounts import SignedInPerson, sign_up

GOOD: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a red house at sunset"}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session)
    return await sign_up(client)


async def _balance(client: httpx.AsyncClient, person: SignedInPerson) -> int:
    answer = await client.get("/api/v1/me/credits", headers=person.headers)
    balance: int = answer.json()["balance"]
    return balance


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt": "x" * 20_001}, "prompt"),
        ({"prompt": " \u3000\n"}, "prompt"),
        ({"prompt": "\u3164"}, "prompt"),
        ({"prompt": "a <lora:mill:0.7:lbw=OUTALL>"}, "prompt"),
        ({"prompt": "{-$$oak|elm}"}, "prompt"),
        ({"prompt": "a " * (64 * 75 + 1)}, "prompt"),
        ({"negative_prompt": "<lora:mill:te=x>"}, "negative_prompt"),
        ({"negative_prompt": "__colors__"}, "negative_prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"width": 250}, "width"),
        ({"width": 1_000_000}, "width"),
        ({"height": 4096}, "height"),
        ({"steps": -1}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"cfg_scale": "much"}, "cfg_scale"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"count": 17}, "count"),
        ({"model": "unknown"}, "model"),
        ({"job_type": "txt2video"}, "job_type"),
        ({"stpes": 3}, "stpes"),
    ],
)
async def test_a_bad_field_is_named(
    client: httpx.AsyncClient, person: SignedInPerson, changes: dict[str, Any], field: str
) -> None:
    # when: bodies are sent as ASCII JSON, so that half a surrogate pair can be sent at all
    answer = await client.post(
        "/api/v1/jobs",
        content=json.dumps(GOOD | changes),
        headers={**person.headers, "Content-Type": "application/json"},
    )

    # then
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "validation_error"
    assert problem["status"] == 422
    assert ["body", field] in [error["loc"] for error in problem["errors"]]
    assert await _balance(client, person) == 500


async def test_not_enough_credits_says_how_many_are_needed(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # when: 16 pictures of many steps
    answer = await client.post(
        "/api/v1/jobs",
        json=GOOD | {"count": 16, "steps": 150, "width": 512, "height": 512},
        headers=person.headers,
    )

    # then
    assert answer.status_code == 402
    problem = answer.json()
    assert problem["code"] == "insufficient_credits"
    assert problem["balance"] == 500
    assert problem["required"] > 500
    assert await _balance(client, person) == 500


async def test_a_truncated_body_is_a_problem_and_not_a_crash(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    answer = await client.post(
        "/api/v1/jobs",
        content=b'{"job_type": "txt2img", "prom',
        headers={**person.headers, "Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_a_body_that_is_too_large_is_not_read(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    answer = await client.post(
        "/api/v1/jobs", json=GOOD | {"prompt": "x" * 2_000_000}, headers=person.headers
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_without_a_token_one_is_asked_to_sign_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/jobs", json=GOOD)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_address_that_is_none_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/no-such-thing")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_wrong_method_says_which_are_right(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/plans")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


async def test_every_answer_carries_a_request_id(client: httpx.AsyncClient) -> None:
    ours = await client.get("/healthz", headers={"X-Request-ID": "mine-1"})
    fresh = await client.get("/healthz", headers={"X-Request-ID": "not ok\tat all"})

    assert ours.headers["x-request-id"] == "mine-1"
    assert len(fresh.headers["x-request-id"]) == 36


async def test_a_database_that_is_away_is_unavailable_and_not_an_error_of_ours(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any
) -> None:
    # given: nothing listens where the database was
    engine = app.state.database.engine
    app.state.database.engine = Database("postgresql://nobody@127.0.0.1:9/none").engine

    # when
    answer = await client.post("/api/v1/jobs", json=GOOD, headers=person.headers)
    ready = await client.get("/readyz")

    # then
    app.state.database.engine = engine
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert ready.status_code == 503
    assert ready.json()["parts"]["database"] != "ok"
    assert await _balance(client, person) == 500


async def test_a_bug_answers_with_the_request_id_and_tells_nothing_else(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any
) -> None:
    # given
    database, app.state.database = app.state.database, None

    # when
    answer = await client.get("/api/v1/me", headers=person.headers)

    # then
    app.state.database = database
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert "Traceback" not in answer.text
