"""The chores: each does what it is for, and the schedule does them."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import func, select, text

from pingvas.adapters.storage import ObjectMissing, open_storage
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.base.tables import StorageDeletion
from pingvas.generation import jobs
from pingvas.generation.tables import Worker
from pingvas.worker import chores
from pingvas.worker.chores import CHORES, Chore, Tools, open_schedule, run_chores
from tests.make.billing import make_person
from tests.make.catalog import make_model
from tests.make.generation import claim_job, submit_jobs

CHORES_BY_NAME = {chore.name: chore for chore in CHORES}


@pytest.fixture
def tools(database: Database, settings: Settings) -> Tools:
    return Tools(database, open_storage(settings), settings)


async def count(database: Database, table: str) -> int:
    async with database.read() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_the_job_of_a_silent_worker_goes_back_into_the_queue(database: Database, tools: Tools) -> None:
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
    await CHORES_BY_NAME["sweep_leases"].do(tools)

    # then
    async with database.read() as session:
        assert (await jobs.get_job(session, actor, job.id)).job.status == "queued"


async def test_an_object_that_no_row_names_is_deleted_and_then_forgotten(
    database: Database, tools: Tools
) -> None:
    # given
    await tools.storage.put("images/a/b.png", b"bytes", "image/png")
    async with database.transaction() as session:
        session.add(StorageDeletion(key="images/a/b.png", reason="image deleted"))
        session.add(StorageDeletion(key="images/a/never-was.png", reason="image deleted"))

    # when
    await CHORES_BY_NAME["delete_objects"].do(tools)

    # then
    with pytest.raises(ObjectMissing):
        await tools.storage.get("images/a/b.png")
    assert await count(database, "storage_deletions") == 0


async def test_only_workers_that_were_silent_for_long_are_forgotten(database: Database, tools: Tools) -> None:
    # given
    async with database.transaction() as session:
        ago = text("now() - interval '11 minutes'")
        session.add(Worker(id="gone", host="here", device="cpu", heartbeat_at=ago))
        session.add(Worker(id="here", host="here", device="cpu"))

    # when
    await CHORES_BY_NAME["forget_silent_workers"].do(tools)

    # then
    async with database.read() as session:
        assert list(await session.scalars(select(Worker.id))) == ["here"]


async def test_answers_are_kept_for_replays_for_a_day(database: Database, tools: Tools) -> None:
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
    await CHORES_BY_NAME["forget_expired"].do(tools)

    # then
    async with database.read() as session:
        assert list(await session.scalars(text("SELECT key FROM idempotency_keys"))) == ["new"]


async def test_a_ledger_that_does_not_add_up_is_told(
    database: Database, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    async with database.transaction() as session:
        await make_person(session, credits=100)
    await CHORES_BY_NAME["check_ledger"].do(tools)
    assert caplog.records == []
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscriptions SET remaining_credits = 99"))

    # when
    await CHORES_BY_NAME["check_ledger"].do(tools)

    # then
    assert "does not add up" in caplog.text


async def test_the_schedule_does_the_chores_and_ends_when_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    done = asyncio.Event()
    stop = asyncio.Event()

    async def note(_: Tools) -> None:
        done.set()

    async def fail(_: Tools) -> None:
        raise RuntimeError("one chore's trouble is not the others'")

    every_second = "* * * * * *"
    monkeypatch.setattr(
        chores, "CHORES", (Chore("fail", every_second, fail), Chore("note", every_second, note))
    )

    # when
    running = asyncio.create_task(run_chores(settings, stop))
    await asyncio.wait_for(done.wait(), 20)
    stop.set()

    # then
    await asyncio.wait_for(running, 10)


async def test_the_schedule_keeps_its_tables_in_a_schema_of_its_own(
    database: Database, settings: Settings
) -> None:
    # given
    before = await count(database, "pg_tables WHERE schemaname = 'public'")

    # when it is opened twice, by two processes at once
    async def open_once() -> None:
        connection = await asyncpg.connect(for_asyncpg(settings.database_url or ""))
        await open_schedule(connection)
        await connection.close()

    await asyncio.gather(open_once(), open_once())

    # then
    assert await count(database, "pg_tables WHERE schemaname = 'public'") == before
    assert await count(database, "chores.pgqueuer_schedules") == 0


async def test_every_object_waiting_is_deleted_however_many_and_a_bad_key_stops_nobody(
    database: Database, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    async with database.transaction() as session:
        session.add_all(StorageDeletion(key=f"previews/{number}.webp", reason="r") for number in range(1001))
        session.add(StorageDeletion(key="../secret", reason="r"))

    # when
    await CHORES_BY_NAME["delete_objects"].do(tools)

    # then
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(StorageDeletion)) == 0
    assert "../secret" in caplog.text
