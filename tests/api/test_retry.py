"""Trying a job again over HTTP."""

from typing import Any

import httpx
import pytest

from harness.catalog import make_model, make_parts
from pingvas.base.db import Database
from pingvas.generation.lifecycle.ends import End, end
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.generation import WORKER, claim_job, complete_job

BODY: dict[str, Any] = {
    "job_type": "txt2img",
    "model": "toy",
    "prompt": "a {red|blue} house <lora:sketchy:0.5>",
    "visibility": "unlisted",
    "count": 2,
}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await make_model(session)
        await make_parts(session)
    return await sign_up(client)


@pytest.fixture
async def jobs(client: httpx.AsyncClient, person: SignedInPerson) -> list[dict[str, Any]]:
    """Two jobs of the person, the first of them in line."""
    asked = (await client.post("/api/v1/jobs", json=BODY, headers=person.headers)).json()["jobs"]
    return list(asked)


async def fail_next(database: Database) -> None:
    job = await claim_job(database)
    async with database.transaction() as session:
        await end(session, WORKER, End(job, "failed", code="out_of_memory", message="It does not fit."))


async def test_a_failed_or_canceled_job_is_tried_again_as_it_was(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, jobs: list[dict[str, Any]]
) -> None:
    # given
    await fail_next(database)
    await client.post(f"/api/v1/jobs/{jobs[1]['id']}/cancel", headers=person.headers)

    for old in jobs:
        # when
        answer = await client.post(f"/api/v1/jobs/{old['id']}/retry", headers=person.headers)

        # then it is another job with the same parameters, for which the same is held
        assert answer.status_code == 202, answer.text
        (new,) = answer.json()["jobs"]
        assert new["retry_of"] == old["id"] != new["id"]
        assert new["parameters"] == old["parameters"]
        assert answer.json()["estimated_credits"] == old["estimated_credits"]
        assert new["batch_id"] != old["batch_id"]


async def test_only_what_ended_without_a_picture_can_be_tried_again(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, jobs: list[dict[str, Any]]
) -> None:
    # given a job that is done and one that waits
    await complete_job(database, await claim_job(database))

    # when
    answers = [await client.post(f"/api/v1/jobs/{job['id']}/retry", headers=person.headers) for job in jobs]

    # then
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "conflict")] * 2


async def test_the_same_key_tries_again_once(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, jobs: list[dict[str, Any]]
) -> None:
    # given
    await fail_next(database)
    headers = person.headers | {"Idempotency-Key": "a-click"}
    url = f"/api/v1/jobs/{jobs[0]['id']}/retry"

    # when
    first, again = [await client.post(url, headers=headers) for _ in range(2)]

    # then
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    listed = (await client.get("/api/v1/jobs", headers=person.headers)).json()["items"]
    assert [job["retry_of"] for job in listed] == [jobs[0]["id"], None, None]
