"""`Prefer: wait=N` on asking for jobs: the answer comes when they have ended, or when the time is over."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event

from harness.catalog import make_model
from pingvas.api.http.held_answer import HeldAnswer, asked_to_wait
from pingvas.api.routes.accepted import _until_ended
from pingvas.api.routes.open_jobs import OpenJobs
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.generation import claim_job, complete_job

BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a red house at sunset"}


@pytest.fixture
def settings(make_settings: Any, database_url: str) -> Settings:
    """An API with one connection to the database, so that a call that kept it would keep all others out."""
    made: Settings = make_settings(database_url=database_url, database_pool_size=1)
    return made


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await make_model(session)
    return await sign_up(client)


def asking(client: httpx.AsyncClient, person: SignedInPerson, wait: str, **headers: str) -> asyncio.Task[Any]:
    told = {**person.headers, "Prefer": wait, **headers}
    return asyncio.create_task(client.post("/api/v1/jobs", json=BODY, headers=told))


async def the_job(client: httpx.AsyncClient, person: SignedInPerson) -> dict[str, Any]:
    """The person's job that has not ended, once it is there."""
    async with asyncio.timeout(30):
        while True:
            found = (await client.get("/api/v1/jobs", headers=person.headers)).json()["items"]
            still_open = [job for job in found if job["status"] in ("queued", "pending")]
            if still_open:
                return dict(still_open[0])
            await asyncio.sleep(0.02)


async def test_an_event_lets_the_answer_go(
    client: httpx.AsyncClient, person: SignedInPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a call that would look for itself only after an hour
    monkeypatch.setattr("pingvas.api.routes.accepted._LOOK_SECONDS", 3600)
    call = asking(client, person, "respond-async, wait=60")
    job = await the_job(client, person)
    assert not call.done()

    # when
    await client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=person.headers)
    answer = await asyncio.wait_for(call, 30)

    # then
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=60")
    assert [job["status"] for job in answer.json()["jobs"]] == ["canceled"]


async def test_without_events_it_looks_for_itself(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr("pingvas.api.routes.accepted._LOOK_SECONDS", 0.05)
    call = asking(client, person, "wait=60")
    await the_job(client, person)

    # when a worker ends the job and nobody is told
    await complete_job(database, await claim_job(database))
    answer = await asyncio.wait_for(call, 30)

    # then
    assert answer.status_code == 200
    assert answer.json()["jobs"][0]["image"]["generation_params"]["prompt"] == BODY["prompt"]


async def test_when_the_time_is_over_the_jobs_are_only_accepted(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    answer = await asking(client, person, "wait=1")

    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
    assert [job["status"] for job in answer.json()["jobs"]] == ["queued"]


async def test_a_replay_can_be_held_as_well(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    # given a call whose answer was lost, and its job ended since
    await asking(client, person, "", **{"Idempotency-Key": "one"})
    job = await the_job(client, person)
    await client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=person.headers)

    # when
    answer = await asking(client, person, "wait=60", **{"Idempotency-Key": "one"})

    # then
    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (200, "true")
    assert [(told["id"], told["status"]) for told in answer.json()["jobs"]] == [(job["id"], "canceled")]


async def test_nothing_is_made_for_a_client_that_has_left() -> None:
    # given an answer that takes for ever
    making = asyncio.Event()
    sent: list[Any] = []

    async def make() -> Any:
        making.set()
        await asyncio.Event().wait()

    async def receive() -> Any:
        await making.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    # when
    await HeldAnswer(make, {})({"type": "http"}, receive, send)

    # then
    assert sent == []


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait", 0),
        ("wait=ten", 0),
        ("wait=-1", 0),
        ("wait=²", 0),
        ("wait=7", 7),
        ('respond-async, Wait = "7"; x=1', 7),
        ("wait=3600", 60),
        ("wait=" + "9" * 5000, 60),
    ],
)
def test_a_preference_is_read_as_the_standard_has_it(prefer: str | None, seconds: int) -> None:
    assert asked_to_wait(prefer) == seconds


async def test_a_person_has_a_few_answers_held_and_the_others_leave_at_once(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any
) -> None:
    # given somebody with as many held as may be
    shares = app.state.budgets.held_answers
    me = UUID((await client.get("/api/v1/me", headers=person.headers)).json()["user"]["id"])
    shares.take(me, shares.figure.each)

    # when
    passed_over = await asking(client, person, "wait=60")
    shares.give_back(me, shares.figure.each)
    held = await asking(client, person, "wait=1")

    # then
    assert passed_over.status_code == 202
    assert "preference-applied" not in passed_over.headers
    assert held.headers["preference-applied"] == "wait=1"
    assert shares.held_by_all == 0


async def test_all_who_wait_look_in_one_statement(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    looked: list[int] = []

    async def counted(_: Any, job_ids: Any) -> list[UUID]:
        looked.append(len(job_ids))
        await asyncio.sleep(0)
        return [job_id for job_id in job_ids if job_id.int % 2]

    monkeypatch.setattr("pingvas.api.routes.open_jobs.which_open", counted)
    looks = OpenJobs(database)

    # when
    found = await asyncio.gather(*(looks.any_of([UUID(int=number)]) for number in range(100)))

    # then
    assert found == [bool(number % 2) for number in range(100)]
    assert looked == [100]


async def test_two_hundred_who_wait_are_woken_with_no_more_looks_than_one(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given people who would look for themselves only after an hour, all for one job
    monkeypatch.setattr("pingvas.api.routes.accepted._LOOK_SECONDS", 3600)
    open_jobs: OpenJobs = app.state.open_jobs
    asked: Any = SimpleNamespace(looks=open_jobs, job_ends=app.state.realtime.job_ends)
    looks: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "SELECT id FROM generation_jobs WHERE id = ANY" in statement:
            looks.append(statement)

    event.listen(open_jobs._database.engine.sync_engine, "before_cursor_execute", count)

    async def looks_for(number: int) -> int:
        await asking(client, person, "")
        job = await the_job(client, person)
        looks.clear()
        waiting = [asyncio.create_task(_until_ended(asked, [UUID(job["id"])], 3600)) for _ in range(number)]
        await asyncio.sleep(0)
        while open_jobs._next is not None or open_jobs._reading.locked():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

        # when
        await client.post(f"/api/v1/jobs/{job['id']}/cancel", headers=person.headers)

        # then
        assert await asyncio.gather(*waiting) == [True] * number
        return len(looks)

    one = await looks_for(1)
    assert one >= 1
    assert await looks_for(200) <= one + 1


async def test_a_client_that_goes_away_gives_its_share_back(
    app: Any, client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    shares = app.state.budgets.held_answers
    call = asking(client, person, "wait=60")
    await the_job(client, person)
    async with asyncio.timeout(30):
        while not shares.held_by_all:  # noqa: ASYNC110 - a share tells nobody
            await asyncio.sleep(0.01)

    # when
    call.cancel()
    with suppress(asyncio.CancelledError):
        await call

    # then
    assert shares.held_by_all == 0
