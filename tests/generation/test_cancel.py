"""Canceling: free while a job waits, by the second while it runs, and only one's own."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.errors import NotFound
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import cancel, claims
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.queue.fairness import used_by
from pingvas.generation.status import jobs
from tests.make.billing import balance_of, make_person
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs
from tests.worker.studio import Recorder, statements_of

# By which a job of three credits moves the share of somebody of the largest plan on.
OF_ONE_JOB = used_by(3, 100)


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


async def test_ten_thousand_jobs_are_canceled_by_a_handful_of_statements(database: Database) -> None:
    # given one that runs, a hundred in their slots, and thousands that wait for one, in both lanes
    async with database.transaction() as session:
        model = await make_model(session)
        actor = await make_person(session, plan="enterprise", credits=500)
        other = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)
    theirs = await submit_jobs(database, other)
    async with database.transaction() as session:
        await fill(session, actor, model.id, "queued", "normal", 99)
        await fill(session, actor, model.id, "pending", "normal", 6_900)
        await fill(session, actor, model.id, "pending", "idle", 3_000)
        await session.execute(_HOLD, {"user_id": actor.user_id})
        await session.execute(_USE_UP, {"turns": 99 * OF_ONE_JOB, "user_id": actor.user_id})
    running = await claim_job(database)
    assert running.id == accepted.job_ids[0]
    told = database.publisher = Recorder()

    # when
    with statements_of(database) as seen:
        async with database.transaction() as session:
            asked = await cancel.cancel_all(session, actor)

    # then
    assert len(asked) == 10_000
    assert len([statement for statement in seen if "generation_jobs" in statement]) == 3
    assert len(seen) < 10
    async with database.read() as session:
        counts = await session.execute(_BY_STATUS, {"user_id": actor.user_id})
        assert {row.status: row.jobs for row in counts} == {"canceled": 9_999, "processing": 1}
        assert await balance_of(session, actor.user_id) == 500 + 3 * 9_999 - 3
        assert await find_disagreements(session) == []
        view = await jobs.get_job(session, actor, running.id)
        assert view.job.cancel_requested_at is not None
        assert (await jobs.get_job(session, other, theirs.job_ids[0])).job.status == "queued"
        assert await session.scalar(_SERVED_UNTIL, {"user_id": actor.user_id}) == OF_ONE_JOB
    # and the devices hear of it once, not ten thousand times
    assert sorted(told.names) == ["credits:updated", "system:resync"]
    assert told.events[0].payload == {
        "user_id": str(actor.user_id),
        "balance": 30_494,
        "change": 29_997,
        "reason": "refund",
    }


async def test_a_few_canceled_jobs_are_told_one_by_one(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor, count=3)
    told = database.publisher = Recorder()

    # when
    async with database.transaction() as session:
        await cancel.cancel_all(session, actor)

    # then
    assert told.names == ["credits:updated", *["job:canceled"] * 3]
    assert {event.payload["job_id"] for event in told.events[1:]} == {str(job) for job in accepted.job_ids}
    assert told.events[0].payload == {
        "user_id": str(actor.user_id),
        "balance": 500,
        "change": 9,
        "reason": "refund",
    }


async def test_canceling_one_takes_as_many_statements_as_canceling_all(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor, count=3)

    # when
    with statements_of(database) as seen:
        async with database.transaction() as session:
            await cancel.request_cancel(session, actor, accepted.job_ids[0])

    # then: the person is locked, the job is, and its end is written with whoever comes into its slot
    assert len([statement for statement in seen if "generation_jobs" in statement]) == 2


async def test_two_who_cancel_everything_at_once_return_the_credits_once(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    await submit_jobs(database, actor, count=16)

    async def cancel_everything() -> int:
        async with database.transaction() as session:
            return len(await cancel.cancel_all(session, actor))

    # when
    asked = await asyncio.gather(*(cancel_everything() for _ in range(4)))

    # then
    assert sorted(asked) == [0, 0, 0, 16]
    async with database.read() as reading:
        assert await balance_of(reading, actor.user_id) == 500
        assert await find_disagreements(reading) == []


async def test_canceling_everything_beside_workers_leaves_no_job_half_ended(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, plan="enterprise", credits=5_000)
    await submit_jobs(database, actor, count=16)

    async def work() -> None:
        while True:
            async with database.transaction() as session:
                taken = await claims.claim(session, worker_id=WORKER, lease_seconds=30, limit=2)
            if not taken:
                return
            for job in taken:
                await complete_job(database, job)

    async def cancel_everything() -> None:
        for _ in range(5):
            async with database.transaction() as session:
                await cancel.cancel_all(session, actor)
            await asyncio.sleep(0)

    # when
    await asyncio.gather(work(), work(), cancel_everything())

    # then
    async with database.read() as reading:
        rows = await reading.execute(_BY_STATUS, {"user_id": actor.user_id})
        counts = {row.status: row.jobs for row in rows}
        assert sum(counts.values()) == counts.get("canceled", 0) + counts.get("completed", 0) == 16
        assert await find_disagreements(reading) == []


async def fill(
    session: AsyncSession, actor: Actor, model_id: UUID, status: str, lane: str, count: int
) -> None:
    """So many jobs of three credits, as if they had been accepted; `_HOLD` pays for all of them."""
    row = {"user_id": actor.user_id, "model_id": model_id, "status": status, "lane": lane, "count": count}
    await session.execute(_FILL, row)


_FILL = text("""
    INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, job_type, status, lane, priority, turn,
                                 parameters, estimated_credits, queued_at)
    SELECT gen_random_uuid(), :user_id, :model_id, id, gen_random_uuid(), 'txt2img', :status, :lane, 100,
           CASE CAST(:status AS text) WHEN 'queued' THEN 1000000 + place END, '{}', 3,
           CASE CAST(:status AS text) WHEN 'queued' THEN now() END
      FROM subscriptions, generate_series(1, :count) AS place WHERE user_id = :user_id
""")
# What they hold was granted first, and taken: the balance stays, and the ledger adds up.
_HOLD = text("""
    INSERT INTO credit_transactions (id, user_id, subscription_id, job_id, transaction_type, amount, balance_after, created_at)
    SELECT gen_random_uuid(), job.user_id, job.subscription_id, CASE deed WHEN 'consume' THEN job.id END, deed,
           CASE deed WHEN 'consume' THEN -3 ELSE 3 END,
           wallet.remaining_credits + CASE deed WHEN 'consume' THEN 0 ELSE 3 END, clock_timestamp()
      FROM generation_jobs AS job JOIN subscriptions AS wallet ON wallet.id = job.subscription_id
     CROSS JOIN (VALUES (1, 'bonus'), (2, 'consume')) AS deeds (place, deed)
     WHERE job.user_id = :user_id AND job.parameters = '{}'
     ORDER BY job.id, place
""")
_USE_UP = text("UPDATE queue_shares SET served_until = served_until + :turns WHERE user_id = :user_id")
_BY_STATUS = text(
    "SELECT status, count(*) AS jobs FROM generation_jobs WHERE user_id = :user_id GROUP BY status"
)
_SERVED_UNTIL = text("SELECT served_until FROM queue_shares WHERE user_id = :user_id")
