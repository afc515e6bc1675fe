"""What the chores are: each does what it is for."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from harness.catalog import make_model
from pingvas.adapters.mail import open_post
from pingvas.adapters.storage import ObjectMissing, open_storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.base.tables import StorageDeletion
from pingvas.generation.status import jobs
from pingvas.generation.tables import Worker
from pingvas.worker.chores.schedule import CHORES, ChoreContext, Counts
from tests.make.billing import make_person
from tests.make.generation import claim_job, submit_jobs

CHORES_BY_NAME = {chore.name: chore for chore in CHORES}


@pytest.fixture
def context(database: Database, settings: Settings) -> ChoreContext:
    return ChoreContext(database, open_storage(settings), settings, open_post(settings))


async def do(name: str, context: ChoreContext) -> Counts:
    return await CHORES_BY_NAME[name].do(context)


async def count(database: Database, table: str) -> int:
    async with database.read() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_the_job_of_a_silent_worker_goes_back_into_the_queue(
    database: Database, context: ChoreContext
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor)
    job = await claim_job(database)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE generation_jobs SET lease_expires_at = now() - interval '1 second'")
        )

    # when
    await do("sweep_leases", context)

    # then
    async with database.read() as session:
        assert (await jobs.get_job(session, actor, job.id)).job.status == "queued"


async def test_an_object_that_no_row_names_is_deleted_and_then_forgotten(
    database: Database, context: ChoreContext
) -> None:
    # given
    await context.storage.put("images/a/b.png", b"bytes", "image/png")
    async with database.transaction() as session:
        session.add(StorageDeletion(key="images/a/b.png", reason="image deleted"))
        session.add(StorageDeletion(key="images/a/never-was.png", reason="image deleted"))

    # when
    await do("delete_objects", context)

    # then
    with pytest.raises(ObjectMissing):
        await context.storage.get("images/a/b.png")
    assert await count(database, "storage_deletions") == 0


async def test_only_workers_that_were_silent_for_long_are_forgotten(
    database: Database, context: ChoreContext
) -> None:
    # given
    async with database.transaction() as session:
        ago = text("now() - interval '11 minutes'")
        session.add(Worker(id="gone", host="here", device="cpu", heartbeat_at=ago))
        session.add(Worker(id="here", host="here", device="cpu"))

    # when
    await do("forget_silent_workers", context)

    # then
    async with database.read() as session:
        assert list(await session.scalars(select(Worker.id))) == ["here"]


async def test_answers_are_kept_for_replays_for_a_day(database: Database, context: ChoreContext) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session)
        insert = text("""
            INSERT INTO idempotency_keys (user_id, route, key, fingerprint, status_code, response, created_at)
            VALUES (:user_id, 'r', 'old', 'f', 202, '{}', now() - interval '25 hours'),
                   (:user_id, 'r', 'new', 'f', 202, '{}', now() - interval '23 hours')
        """)
        await session.execute(insert, {"user_id": actor.user_id})

    # when
    await do("forget_expired", context)

    # then
    async with database.read() as session:
        assert list(await session.scalars(text("SELECT key FROM idempotency_keys"))) == ["new"]


async def test_a_ledger_that_does_not_add_up_is_told(
    database: Database, context: ChoreContext, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    async with database.transaction() as session:
        await make_person(session, credits=100)
    await do("check_ledger", context)
    assert caplog.records == []
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscriptions SET remaining_credits = 99"))

    # when
    await do("check_ledger", context)

    # then
    assert "does not add up" in caplog.text


async def test_every_object_waiting_is_deleted_however_many_and_a_bad_key_stops_nobody(
    database: Database, context: ChoreContext, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    async with database.transaction() as session:
        session.add_all(StorageDeletion(key=f"previews/{number}.webp", reason="r") for number in range(1001))
        session.add(StorageDeletion(key="../secret", reason="r"))

    # when
    await do("delete_objects", context)

    # then
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(StorageDeletion)) == 0
    assert "../secret" in caplog.text


async def test_a_job_past_its_deadline_is_ended_and_paid_back(
    database: Database, context: ChoreContext
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    submitted = await submit_jobs(database, actor)
    async with database.transaction() as session:
        await session.execute(text("UPDATE generation_jobs SET deadline_at = now() - interval '1 hour'"))

    # when
    done = await do("sweep_deadlines", context)

    # then
    assert done == {"failed": 1}
    async with database.read() as session:
        job = (await jobs.get_job(session, actor, submitted.job_ids[0])).job
    assert (job.status, job.failure_code, job.actual_credits) == ("failed", "timeout", 0)


async def test_somebody_whose_plan_was_enlarged_by_hand_gets_the_slots(
    database: Database, context: ChoreContext
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor, count=3)
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET max_queues = 3 WHERE name = 'free'"))

    # when
    done = await do("promote_overlooked", context)

    # then
    assert done == {"promoted": 2}
    assert await count(database, "generation_jobs WHERE status = 'queued'") == 3


async def test_a_waiting_job_that_fell_behind_the_clock_is_brought_to_the_front(
    database: Database, context: ChoreContext
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor)
    async with database.transaction() as session:
        await session.execute(
            text("SELECT setval('queue_clock', 1000 + (SELECT max(turn) FROM generation_jobs))")
        )

    # when
    done = await do("lift_stragglers", context)

    # then
    assert done == {"lifted": 1}
    assert await count(database, "generation_jobs, queue_clock WHERE turn = last_value") == 1


def test_every_chore_has_a_name_of_its_own() -> None:
    assert len(CHORES_BY_NAME) == len(CHORES)


async def test_chores_find_nothing_to_do_in_a_new_house(database: Database, context: ChoreContext) -> None:
    for chore in CHORES:
        assert not any((await chore.do(context)).values()), chore.name


async def test_figures_of_a_table_that_has_grown_are_made_anew(
    database: Database, context: ChoreContext
) -> None:
    # given
    async with database.transaction() as session:
        grow = "INSERT INTO tags (id, name) SELECT gen_random_uuid(), place FROM generate_series(1, 1000) AS place"
        await session.execute(text(grow))
        await session.execute(text("SELECT pg_stat_force_next_flush()"))

    # when
    done = await do("refresh_planner_figures", context)

    # then
    assert done["refreshed"] >= 1
    async with database.read() as session:
        assert await session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'tags'")) == 1000
