"""A canceled job stays canceled: wherever it would go back into the queue, it ends, unpaid, and makes room."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import cancel, claims, slots, sweeps
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.returns import crashed, hand_back
from pingvas.generation.status import jobs
from pingvas.generation.steps import progress
from tests.make.billing import balance_of, make_person
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs
from tests.worker.studio import Recorder

_LAPSE = (
    "UPDATE generation_jobs SET lease_expires_at = now() - interval '1 second' WHERE status = 'processing'"
)
_LATE = "UPDATE generation_jobs SET deadline_at = now() - interval '1 hour' WHERE status = 'processing'"
# As a version that did not look left it.
_TAKEN_BACK = "UPDATE generation_jobs SET cancel_requested_at = now()"


@pytest.fixture
async def actor(database: Database) -> Actor:
    """Somebody with one slot."""
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session, credits=500)


async def execute(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def request_cancel(database: Database, actor: Actor, job: ClaimedJob) -> None:
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, job.id)


async def lapse(database: Database, job: ClaimedJob) -> None:
    await execute(database, _LAPSE)
    await sweeps.sweep_leases(database, max_attempts=3)


async def lapse_for_the_last_time(database: Database, job: ClaimedJob) -> None:
    await execute(database, _LAPSE)
    await sweeps.sweep_leases(database, max_attempts=1)


async def give_back(database: Database, job: ClaimedJob) -> None:
    async with database.transaction() as session:
        assert await hand_back(session, job, WORKER, delay_seconds=5)


async def crash(database: Database, job: ClaimedJob) -> None:
    async with database.transaction() as session:
        assert await crashed(session, job, WORKER, message="a bug", max_attempts=3)


async def crash_for_the_last_time(database: Database, job: ClaimedJob) -> None:
    async with database.transaction() as session:
        assert await crashed(session, job, WORKER, message="a bug", max_attempts=1)


async def miss_the_deadline(database: Database, job: ClaimedJob) -> None:
    await execute(database, _LATE)
    await sweeps.sweep_deadlines(database, run_seconds=3600)


WAYS: list[Callable[[Database, ClaimedJob], Awaitable[None]]] = [
    lapse,
    lapse_for_the_last_time,
    give_back,
    crash,
    crash_for_the_last_time,
    miss_the_deadline,
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_canceled_job_that_would_wait_again_ends_unpaid_and_frees_its_slot(
    database: Database, actor: Actor, way: Callable[[Database, ClaimedJob], Awaitable[None]]
) -> None:
    # given one that runs and was taken back, and one that waits for its slot
    accepted = await submit_jobs(database, actor, count=2)
    job = await claim_job(database)
    await request_cancel(database, actor, job)
    told = database.publisher = Recorder()

    # when
    await way(database, job)

    # then
    async with database.read() as session:
        first, second = await jobs.read_jobs(session, actor, accepted.job_ids)
        assert (first.job.status, second.job.status) == ("canceled", "queued")
        assert first.job.failure_code is None
        receipt = jobs.receipt_of(first.job)
        assert receipt is not None
        assert (receipt.charged, receipt.returned, receipt.reason) == (0, 3, "canceled_while_running")
        assert await balance_of(session, actor.user_id) == 500 - second.job.estimated_credits
        assert await find_disagreements(session) == []
    assert sorted(told.names) == ["credits:updated", "job:canceled", "job:queued"]
    # and its worker can write nothing any more
    assert not await complete_job(database, job)


@pytest.mark.parametrize("way", [lapse, give_back, crash])
async def test_a_job_that_nobody_took_back_waits_again(
    database: Database, actor: Actor, way: Callable[[Database, ClaimedJob], Awaitable[None]]
) -> None:
    # given
    await submit_jobs(database, actor)
    job = await claim_job(database)

    # when
    await way(database, job)

    # then
    async with database.read() as session:
        assert (await jobs.get_job(session, actor, job.id)).job.status == "queued"


@pytest.mark.parametrize("way", [give_back, crash, crash_for_the_last_time])
async def test_a_worker_that_lost_a_canceled_job_cannot_end_it(
    database: Database, actor: Actor, way: Callable[[Database, ClaimedJob], Awaitable[None]]
) -> None:
    # given another worker has it now
    await submit_jobs(database, actor)
    job = await claim_job(database)
    await lapse(database, job)
    other = await claim_job(database, worker_id="another")
    await request_cancel(database, actor, other)

    # when
    with pytest.raises(AssertionError):  # it was not written
        await way(database, job)

    # then
    async with database.read() as session:
        view = await jobs.get_job(session, actor, job.id)
    assert (view.job.status, view.job.worker_id) == ("processing", "another")


async def test_a_waiting_job_that_was_taken_back_is_never_claimed(database: Database, actor: Actor) -> None:
    # given one that an older version put back, in front of somebody else's
    async with database.transaction() as session:
        other = await make_person(session)
    await submit_jobs(database, actor)
    await execute(database, _TAKEN_BACK)
    await submit_jobs(database, other)

    # when
    async with database.transaction() as session:
        taken = await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=4)
        joining = await claims.claim_more(
            session, worker_id=WORKER, lease_seconds=30, batch_key=taken[0].batch_key or "", limit=4
        )

    # then
    assert [job.user_id for job in taken] == [other.user_id]
    assert joining == []


async def test_waiting_jobs_that_were_taken_back_are_swept_up_unpaid(
    database: Database, actor: Actor
) -> None:
    # given one in the queue and two that wait for a slot
    accepted = await submit_jobs(database, actor, count=3)
    await execute(database, _TAKEN_BACK)

    # when
    swept = await sweeps.sweep_leases(database, max_attempts=3)

    # then
    assert swept == sweeps.SweepResult(canceled=3)
    async with database.read() as session:
        views = await jobs.read_jobs(session, actor, accepted.job_ids)
        assert [view.job.status for view in views] == ["canceled"] * 3
        assert await balance_of(session, actor.user_id) == 500
        assert await find_disagreements(session) == []
    assert await sweeps.sweep_leases(database, max_attempts=3) == sweeps.SweepResult()


async def test_a_job_that_was_taken_back_gets_no_slot(database: Database, actor: Actor) -> None:
    # given two that wait for a slot, of which the first was taken back
    first, second, third = (await submit_jobs(database, actor, count=3)).job_ids
    await execute(database, f"UPDATE generation_jobs SET cancel_requested_at = now() WHERE id = '{second}'")

    # when
    await complete_job(database, await claim_job(database))

    # then
    async with database.read() as session:
        views = await jobs.read_jobs(session, actor, [first, second, third])
        assert [view.job.status for view in views] == ["completed", "pending", "queued"]
    assert await slots.promote_overlooked(database) == 0


@pytest.mark.parametrize("way", [give_back, crash, lapse])
async def test_canceling_and_going_back_at_the_same_time_end_canceled(
    database: Database, actor: Actor, way: Callable[[Database, ClaimedJob], Awaitable[None]]
) -> None:
    for _ in range(8):
        # given
        (job_id,) = (await submit_jobs(database, actor)).job_ids
        job = await claim_job(database)

        # when
        await asyncio.gather(request_cancel(database, actor, job), way(database, job))
        await sweeps.sweep_leases(database, max_attempts=3)  # for one that was asked for in between

        # then, whoever came first
        async with database.read() as session:
            assert (await jobs.get_job(session, actor, job_id)).job.status == "canceled"
            assert await balance_of(session, actor.user_id) == 500
            assert await find_disagreements(session) == []


async def test_canceling_waits_for_a_worker_that_is_handing_back(database: Database, actor: Actor) -> None:
    # given a worker whose hand-back is not committed yet
    await submit_jobs(database, actor)
    job = await claim_job(database)
    async with database.transaction() as session:
        assert await hand_back(session, job, WORKER)

        # when
        canceling = asyncio.create_task(request_cancel(database, actor, job))
        await asyncio.sleep(0.2)
        assert not canceling.done()
    await canceling

    # then it is not asked to stop by a worker that has it no more, but ended
    async with database.read() as session:
        view = await jobs.get_job(session, actor, job.id)
    assert (view.job.status, view.job.cancel_requested_at) == ("canceled", None)


async def test_a_claim_that_meets_a_cancel_takes_nothing(database: Database, actor: Actor) -> None:
    # given a cancel that is not committed yet
    (job_id,) = (await submit_jobs(database, actor)).job_ids
    async with database.transaction() as canceling:
        await cancel.request_cancel(canceling, actor, job_id)

        # when
        async with database.transaction() as session:
            taken = await claims.claim(session, worker_id=WORKER, lease_seconds=30)

    # then
    assert taken == []


async def test_an_image_that_was_made_before_its_worker_heard_of_the_cancel_is_kept_and_paid(
    database: Database, actor: Actor
) -> None:
    # given
    await submit_jobs(database, actor)
    job = await claim_job(database)
    await request_cancel(database, actor, job)

    # when
    assert await complete_job(database, job, gpu_seconds=1.2)

    # then
    async with database.read() as session:
        view = await jobs.get_job(session, actor, job.id)
    assert (view.job.status, view.job.actual_credits) == ("completed", 2)


async def test_a_step_tells_the_worker_that_its_job_was_taken_back(database: Database, actor: Actor) -> None:
    # given
    await submit_jobs(database, actor)
    job = await claim_job(database)
    await request_cancel(database, actor, job)

    # when
    async with database.transaction() as session:
        hold = await progress.report(session, job, WORKER, step=1, total_steps=20, step_name="Denoising")

    # then
    assert hold == "cancel_requested"
