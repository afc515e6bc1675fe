"""Slots and caps: how many jobs of a person may run, wait in line, and be open at all."""

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements
from pingvas.generation.lifecycle import cancel, slots, sweeps
from pingvas.generation.requests.submit import QueueFull
from tests.make.billing import balance_of, make_person, postings_of
from tests.make.generation import claim_job, complete_job, submit_jobs

_STATUSES = text("SELECT status FROM generation_jobs ORDER BY id")


async def _statuses(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(_STATUSES))


async def _run(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def test_more_open_jobs_than_the_plan_allows_are_refused_and_nothing_is_taken(
    database: Database,
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    await _run(database, "UPDATE subscription_plans SET max_open_jobs = 3")
    await submit_jobs(database, actor, count=2)

    # when
    with pytest.raises(QueueFull) as refused:
        await submit_jobs(database, actor, count=2)

    # then
    assert refused.value.extra == {"max_open_jobs": 3}
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 500 - 2 * 3
        assert len(await postings_of(session, actor.user_id)) == 3
    # and when one has ended, there is room again
    await complete_job(database, await claim_job(database))
    await submit_jobs(database, actor, count=2)


async def test_a_better_plan_lets_more_jobs_into_the_line_without_a_job_ending(database: Database) -> None:
    # given somebody on the free plan
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
        other = await make_person(session)
    await submit_jobs(database, actor, count=5)
    await submit_jobs(database, other, count=2)

    # when the plan is changed behind the queue's back
    await _run(
        database,
        f"UPDATE subscriptions SET plan_id = (SELECT id FROM subscription_plans WHERE name = 'studio')"
        f" WHERE user_id = '{actor.user_id}'",
    )
    promoted = await slots.promote_overlooked(database)

    # then: three slots, at the priority of the new plan; the other person's are as they were
    assert promoted == 2
    assert await _statuses(database) == ["queued"] * 3 + ["pending"] * 2 + ["queued", "pending"]
    async with database.read() as session:
        priorities = await session.scalars(text("SELECT priority FROM generation_jobs ORDER BY id"))
        assert list(priorities)[1:3] == [75, 75]
    assert await slots.promote_overlooked(database) == 0


async def test_canceling_a_waiting_job_frees_its_slot(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    accepted = await submit_jobs(database, actor, count=3)

    # when
    async with database.transaction() as session:
        await cancel.request_cancel(session, actor, accepted.job_ids[0])

    # then
    assert await _statuses(database) == ["canceled", "queued", "pending"]


async def test_a_job_given_up_for_lost_workers_frees_its_slot(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor, count=2)
    await claim_job(database)
    await _run(
        database, "UPDATE generation_jobs SET lease_expires_at = now() - interval '1 s' WHERE attempt = 1"
    )

    # when
    await sweeps.sweep_leases(database, max_attempts=1)

    # then
    assert await _statuses(database) == ["failed", "queued"]


async def test_a_job_that_has_not_ended_by_its_deadline_fails_and_is_refunded(database: Database) -> None:
    # given one that waits in line, one that waits for a slot, and one that is in time
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        punctual = await make_person(session)
    accepted = await submit_jobs(database, actor, count=2)
    await submit_jobs(database, punctual)
    await _run(
        database,
        f"UPDATE generation_jobs SET deadline_at = now() - interval '1 minute' WHERE batch_id = '{accepted.batch_id}'",
    )

    # when
    ended = await sweeps.sweep_deadlines(database, run_seconds=3600)

    # then
    assert ended == 2
    assert await _statuses(database) == ["failed", "failed", "queued"]
    async with database.read() as session:
        codes = await session.scalars(text("SELECT failure_code FROM generation_jobs ORDER BY id"))
        assert list(codes) == ["timeout", "timeout", None]
        assert await balance_of(session, actor.user_id) == 500
        assert await find_disagreements(session) == []
    assert await sweeps.sweep_deadlines(database, run_seconds=3600) == 0


async def test_a_worker_stuck_in_a_job_loses_it_though_it_renews_its_lease(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    await submit_jobs(database, actor)
    job = await claim_job(database)
    await _run(database, "UPDATE generation_jobs SET started_at = now() - interval '2 hours'")

    # when
    ended = await sweeps.sweep_deadlines(database, run_seconds=3600)

    # then it is failed, unpaid, and what the worker writes at last is refused
    assert ended == 1
    assert not await complete_job(database, job)
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 500
        assert await session.scalar(text("SELECT count(*) FROM images")) == 0
