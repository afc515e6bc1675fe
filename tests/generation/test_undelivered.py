"""Delivered or not charged: what a job cost comes back once when its image is lost, to where it came from, and the receipt says why."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.adapters.storage import Storage, open_storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.plans import seed_plans
from pingvas.billing.verify_ledger import verify_ledger
from pingvas.generation.usage.roll_up import roll_up
from pingvas.worker.chores.undelivered import TooManyLost, pay_back_undelivered
from tests.api.auth_calls import ME, problem
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.generation import claim_job, complete_job

BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a river"}
_IMAGE = text("SELECT s3_key, file_size FROM images WHERE job_id = :id")


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session)
    return await sign_up(client)


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return open_storage(settings)


async def _make(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, storage: Storage
) -> tuple[str, str]:
    """A job with its image in the storage: its id and where."""
    answer = await client.post("/api/v1/jobs", json=BODY, headers=person.headers)
    assert answer.status_code == 202, answer.text
    job = await claim_job(database)
    await complete_job(database, job, gpu_seconds=1.4)
    async with database.read() as session:
        key, size = (await session.execute(_IMAGE, {"id": job.id})).one()
    await storage.put(key, b"\x89PNG\r\n\x1a\n".ljust(size, b"."), "image/png")
    return str(job.id), key


async def _report(client: httpx.AsyncClient, person: SignedInPerson, job_id: str) -> httpx.Response:
    return await client.post(f"/api/v1/jobs/{job_id}/report-missing", headers=person.headers)


async def _balance(client: httpx.AsyncClient, person: SignedInPerson) -> int:
    return int((await client.get(ME, headers=person.headers)).json()["credits"]["balance"])


async def _credits_used(client: httpx.AsyncClient, person: SignedInPerson) -> int:
    return int((await client.get(f"{ME}/usage", headers=person.headers)).json()["totals"]["credits"])


async def test_a_lost_picture_is_paid_back_once_and_what_is_there_stays_paid(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, storage: Storage
) -> None:
    # given a picture that is there, and one whose job is counted already and that goes
    kept, _ = await _make(client, person, database, storage)
    job_id, key = await _make(client, person, database, storage)
    await roll_up(database)
    assert (await _balance(client, person), await _credits_used(client, person)) == (496, 4)
    problem(await _report(client, person, job_id), 409, "still_there")
    await storage.delete([key])

    # when it is reported, by several tabs
    answers = await asyncio.gather(*(_report(client, person, job_id) for _ in range(3)))

    # then it costs nothing, and the receipt says why
    assert {answer.status_code for answer in answers} == {200}
    receipt = answers[0].json()["receipt"]
    assert (receipt["reason"], receipt["charged"]) == ("undelivered", 0)
    assert receipt["quoted"] == receipt["held"] == receipt["returned"] >= 2
    assert (await _balance(client, person), await _credits_used(client, person)) == (498, 2)
    newest = (await client.get(f"{ME}/credits", headers=person.headers)).json()["items"][0]
    assert (newest["transaction_type"], newest["amount"], newest["job_id"]) == ("refund", 2, job_id)
    problem(await _report(client, person, kept), 409, "still_there")
    problem(await _report(client, await sign_up(client), job_id), 404, "not_found")

    # and the sweep finds nothing more
    counts = await pay_back_undelivered(database, storage)
    assert (counts.looked_at, counts.paid_back) == (1, 0)
    async with database.read() as session:
        assert (await verify_ledger(session)).wrong == []


async def test_the_sweep_finds_what_is_gone_or_cut_off_and_what_was_spent_of_what_expired_comes_back_for_a_week(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, storage: Storage
) -> None:
    # given one that is gone, one that is cut off, one that is there, and credits that have expired meanwhile
    jobs = [await _make(client, person, database, storage) for _ in range(3)]
    await storage.delete([jobs[0][1]])
    await storage.put(jobs[1][1], b"\x89PNG", "image/png")
    async with database.transaction() as session:
        await session.execute(
            text(
                "UPDATE credit_grants SET starts_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
            )
        )
        await session.execute(text("UPDATE subscriptions SET credits_expire_at = now() - interval '1 day'"))

    # when
    counts = await asyncio.gather(*(pay_back_undelivered(database, storage) for _ in range(2)))

    # then each was paid back once
    assert sum(count.paid_back for count in counts) == 2
    assert await _balance(client, person) == 4
    grants = (await client.get(f"{ME}/credits", headers=person.headers)).json()["grants"]
    assert [(grant["kind"], grant["amount"]) for grant in grants] == [("return", 2), ("return", 2)]
    async with database.read() as session:
        assert (await verify_ledger(session)).wrong == []
    left = (await client.get(f"/api/v1/jobs/{jobs[2][0]}", headers=person.headers)).json()
    assert left["receipt"]["reason"] == "completed"


async def test_what_was_deleted_or_never_made_is_not_missing_and_another_storage_pays_nobody_back(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, storage: Storage
) -> None:
    # given
    deleted, _ = await _make(client, person, database, storage)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM images"))
    waiting = (await client.post("/api/v1/jobs", json=BODY, headers=person.headers)).json()["jobs"][0]["id"]

    # when, then
    problem(await _report(client, person, deleted), 409, "conflict")
    problem(await _report(client, person, waiting), 409, "conflict")
    problem(await _report(client, person, str(UUID(int=7))), 404, "not_found")
    await complete_job(database, await claim_job(database))
    with pytest.raises(TooManyLost):
        await pay_back_undelivered(database, storage, suspicious=0)
