"""Canceling: free while a job waits, by the second while it runs, and only one's own."""

import pytest

from pingvas.base.db import Database
from pingvas.base.errors import NotFound
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import cancel, claims
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.status import jobs
from tests.make.billing import balance_of, make_person
from tests.make.catalog import make_model
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs


async def test_a_waiting_job_ends_at_once_and_costs_nothing(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor, count=2)

    # when the one in the slot is canceled
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, accepted.job_ids[0])

    # then the other gets the slot
    async with database.read() as session:
        first, second = await jobs.read_jobs(session, actor, accepted.job_ids)
        assert (first.job.status, second.job.status) == ("canceled", "queued")
        assert jobs.receipt_of(first.job) == jobs.Receipt(3, 3, 0, 3, "canceled_before_start")
        assert await balance_of(session, actor.user_id) == 497


async def test_a_running_job_pays_for_the_seconds_it_used(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)
    job = await claim_job(database)

    # when the person asks, the worker learns of it with its next word, and stops
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, accepted.job_ids[0])
    async with database.transaction() as session:
        hold = await claims.renew(session, worker_id=WORKER, jobs={job.id: job.attempt}, lease_seconds=30)
    async with database.transaction() as session:
        await end(session, WORKER, End(job, "canceled", 0.6))

    # then
    assert hold == {job.id: "cancel_requested"}
    async with database.read() as session:
        view = await jobs.get_job(session, actor, job.id)
        assert jobs.receipt_of(view.job) == jobs.Receipt(
            3, 3, 1, 2, "canceled_while_running", gpu_seconds=0.6
        )
        assert await find_disagreements(session) == []


async def test_a_job_that_ended_stays_as_it_is(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)
    await complete_job(database, await claim_job(database))

    # when
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, accepted.job_ids[0])

    # then
    async with database.read() as session:
        assert (await jobs.get_job(session, actor, accepted.job_ids[0])).job.status == "completed"
        assert await balance_of(session, actor.user_id) == 498


async def test_somebody_elses_job_is_not_found_and_not_touched(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        owner, stranger = await make_person(session), await make_person(session)
    accepted = await submit_jobs(database, owner)

    # when
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await cancel.request_cancel(session, stranger, accepted.job_ids[0])

    # then
    async with database.read() as session:
        assert (await jobs.get_job(session, owner, accepted.job_ids[0])).job.status == "queued"


async def test_canceling_everything_ends_what_waits_and_asks_what_runs(database: Database) -> None:
    # given one running, two pending
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor, count=3)
    await claim_job(database)

    # when
    async with database.transaction() as session:
        asked = await cancel.cancel_all(session, actor)

    # then
    assert sorted(asked) == sorted(accepted.job_ids)
    async with database.read() as session:
        views = await jobs.read_jobs(session, actor, accepted.job_ids)
        assert [view.job.status for view in views] == ["processing", "canceled", "canceled"]
        assert views[0].job.cancel_requested_at is not None
