"""How the queue stands over HTTP, and what each waiting job says of itself."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from harness.catalog import make_model
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.generation import claim_job, complete_job
from tests.make.queue import make_worker, stand_in_front

BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a red house at sunset"}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await make_model(session)
    return await sign_up(client)


async def ask(client: httpx.AsyncClient, person: SignedInPerson, **changes: Any) -> list[dict[str, Any]]:
    answer = await client.post("/api/v1/jobs", json=BODY | changes, headers=person.headers)
    assert answer.status_code == 202, answer.text
    jobs: list[dict[str, Any]] = answer.json()["jobs"]
    return jobs


async def queue(client: httpx.AsyncClient, person: SignedInPerson) -> dict[str, Any]:
    answer = await client.get("/api/v1/queue", headers=person.headers)
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def test_an_empty_queue_says_what_the_plan_allows(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    lane = {"waiting": 0, "waiting_at_least": False, "processing": 0}

    assert await queue(client, person) == lane | {
        "position": None,
        "eta_seconds": None,
        "workers": 0,
        "mean_wait_seconds": None,
        "lanes": {"normal": lane, "idle": lane},
        "mine": {
            "slots_used": 0,
            "idle_slots_used": 0,
            "max_queues": 1,
            "open_jobs": 0,
            "max_open_jobs": 50,
        },
    }


async def test_the_queue_counts_each_lane_and_what_is_mine(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given somebody whose job runs, and a person with three jobs, one of them idle
    async with database.transaction() as session:
        await make_worker(session, "one", "toy")
    await ask(client, await sign_up(client))
    await claim_job(database, worker_id="one")
    await ask(client, person, count=2)
    await ask(client, person, lane="idle")

    # when
    state = await queue(client, person)

    # then
    assert (state["waiting"], state["processing"], state["workers"]) == (2, 1, 1)
    assert state["lanes"]["normal"] == {"waiting": 1, "waiting_at_least": False, "processing": 1}
    assert state["lanes"]["idle"] == {"waiting": 1, "waiting_at_least": False, "processing": 0}
    assert state["mine"] == {
        "slots_used": 1,
        "idle_slots_used": 1,
        "max_queues": 1,
        "open_jobs": 3,
        "max_open_jobs": 50,
    }
    assert state["position"] == 1
    assert 0 < state["eta_seconds"] < 10


async def test_the_mean_wait_is_that_of_the_newest_pictures(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    await ask(client, person)
    await complete_job(database, await claim_job(database))

    assert 0 <= (await queue(client, person))["mean_wait_seconds"] < 60


async def test_a_long_line_is_counted_up_to_a_thousand(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    (job,) = await ask(client, person)
    async with database.transaction() as session:
        await stand_in_front(session, UUID(job["id"]), 1100)

    # when
    state = await queue(client, person)

    # then
    assert (state["waiting"], state["waiting_at_least"]) == (1000, True)


async def test_waiting_jobs_say_for_what_where_and_how_long_wherever_they_are_read(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    async with database.transaction() as session:
        await make_worker(session, "one", "toy")

    # when
    asked = await ask(client, person, count=2)
    listed = (await client.get("/api/v1/jobs", headers=person.headers)).json()["items"]
    single = [(await client.get(f"/api/v1/jobs/{job['id']}", headers=person.headers)).json() for job in asked]

    # then
    for first, second in (asked, listed[::-1], single):
        assert (first["waiting_for"], first["position"], first["eta_seconds"]) == ("worker", 1, 0)
        assert (second["waiting_for"], second["position"]) == ("slot", 2)
        assert second["eta_seconds"] == pytest.approx(2.3, abs=0.5)

    # when it runs, it waits for nothing
    await claim_job(database, worker_id="one")
    running = (await client.get(f"/api/v1/jobs/{asked[0]['id']}", headers=person.headers)).json()

    # then
    assert [running[name] for name in ("waiting_for", "position", "eta_seconds")] == [None, None, None]


async def test_the_plan_bounds_the_jobs_that_have_not_ended(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    for count in (16, 16, 16):
        await ask(client, person, count=count)

    # when
    refused = await client.post("/api/v1/jobs", json=BODY | {"count": 3}, headers=person.headers)
    last = await ask(client, person, count=2)

    # then
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert refused.headers["retry-after"]
    assert last[-1]["position"] == 50


async def test_lanes_are_two(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    # when
    (job,) = await ask(client, person, lane="idle")
    wrong = await client.post("/api/v1/jobs", json=BODY | {"lane": "fast"}, headers=person.headers)

    # then
    assert (job["lane"], job["status"]) == ("idle", "queued")
    assert (wrong.status_code, wrong.json()["errors"][0]["loc"]) == (422, ["body", "lane"])
