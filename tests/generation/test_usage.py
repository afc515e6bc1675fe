"""Usage is added up once: what is counted and what has ended since make one figure, whenever somebody looks."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from harness.jobs import finished_image_of
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.usage import roll_up as rolling
from pingvas.generation.usage.read_usage import Usage, read_usage
from pingvas.generation.usage.roll_up import roll_up
from tests.make.billing import make_person
from tests.make.generation import WORKER, claim_job, complete_job, submit_jobs

TODAY = datetime.now(UTC).date()
LONG_AGO = UUID("01800000-0000-7000-8000-000000000001")
_COUNTED = text("SELECT COALESCE(SUM(completed + failed + canceled), 0) FROM usage_days")


async def _person(database: Database) -> Actor:
    async with database.transaction() as session:
        return await make_person(session, plan="studio", credits=500)


async def _usage(database: Database, person: Actor | None, *days: date) -> Usage:
    async with database.read() as session:
        return await read_usage(session, None if person is None else person.user_id, *days)


async def _counted(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(_COUNTED))


async def _make(database: Database, person: Actor, *, seconds: float = 1.2) -> UUID:
    await submit_jobs(database, person)
    job = await claim_job(database)
    await complete_job(database, job, gpu_seconds=seconds)
    return job.id


async def test_what_is_counted_and_what_has_ended_since_make_one_figure(database: Database) -> None:
    # given jobs that ended in each way, and somebody else's
    async with database.transaction() as session:
        await make_model(session)
    person, other = await _person(database), await _person(database)
    await _make(database, person)
    await _make(database, other)
    (canceled,) = (await submit_jobs(database, person)).job_ids
    async with database.transaction() as session:
        await request_cancel(session, person, canceled)
    await submit_jobs(database, person)
    failing = await claim_job(database)
    async with database.transaction() as session:
        await end(session, WORKER, End(failing, "failed", 0.5, code="out_of_memory", message="no"))
    before = await _usage(database, person)
    assert (before.totals.completed, before.totals.failed, before.totals.canceled) == (1, 1, 1)
    assert (before.totals.credits, round(before.totals.gpu_seconds, 1)) == (2, 1.7)
    assert [row.job_type for row in before.rows] == ["txt2img"]

    # when they are counted, several times and by several at once
    counted = await asyncio.gather(*(roll_up(database) for _ in range(3)))
    assert sum(counted) == 4
    assert await roll_up(database) == 0

    # then nothing looks different, and what ends now is there at once, and counted once as well
    assert await _usage(database, person) == before
    await _make(database, person, seconds=2.4)
    after = await _usage(database, person)
    assert (after.totals.completed, after.totals.credits) == (2, 5)
    assert await roll_up(database) == 1
    assert await _usage(database, person) == after
    assert (await _usage(database, None)).totals.completed == 3

    # and the days are there, each of them, and no other
    assert len(after.days) == 30
    assert after.days[-1] == (TODAY, after.totals)
    yesterday = await _usage(database, person, TODAY - timedelta(days=2), TODAY - timedelta(days=1))
    assert (len(yesterday.days), yesterday.totals.completed) == (2, 0)


async def test_an_end_that_is_written_while_others_are_counted_is_counted_the_next_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an end that has its time, and whose transaction goes on
    monkeypatch.setattr(rolling, "_LOOKS", 2)
    async with database.transaction() as session:
        await make_model(session)
    person = await _person(database)
    await _make(database, person)
    await submit_jobs(database, person)
    job = await claim_job(database)

    # when
    async with database.transaction() as session:
        await end(session, WORKER, End(job, "completed", 1.0, finished_image_of(job)))
        meanwhile = await roll_up(database)

    # then nothing is passed over
    assert (meanwhile, await _counted(database)) == (0, 0)
    assert (await roll_up(database), await _counted(database)) == (2, 2)
    assert (await _usage(database, person)).totals.completed == 2


async def test_a_job_that_waited_long_is_found_however_old_it_is(database: Database) -> None:
    # given a job that was asked for long before the last count, and one from before that ended long ago
    async with database.transaction() as session:
        await make_model(session)
    person = await _person(database)
    await _make(database, person)
    (waiting,) = (await submit_jobs(database, person)).job_ids
    async with database.transaction() as session:
        # of a ledger that is never changed otherwise
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (
            "UPDATE credit_transactions SET job_id = :new WHERE job_id = :old",
            "UPDATE generation_jobs SET id = :new WHERE id = :old",
        ):
            await session.execute(text(statement), {"old": waiting, "new": LONG_AGO})
    await roll_up(database)

    # when
    await complete_job(database, await claim_job(database))

    # then
    assert (await _usage(database, person)).totals.completed == 2
    assert await roll_up(database) == 1
    assert (await _usage(database, person)).totals.completed == 2


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TODAY, TODAY - timedelta(days=1)),
        (TODAY - timedelta(days=366), TODAY),
        (date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
async def test_days_that_are_no_span_or_too_long_a_one_are_refused(
    database: Database, first: date, last: date
) -> None:
    person = await _person(database)

    with pytest.raises(Invalid):
        await _usage(database, person, first, last)
