"""What goes on beside a worker's jobs outlives an error nobody foresaw; without what it needs, the worker ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text

from pingvas.base import notify
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.loops import BackgroundLoops, LoopGaveUp
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import Hold
from pingvas.generation.tables import ModelSpeed, Worker
from pingvas.worker.chores import process as chores_process
from pingvas.worker.chores.process import run_chores
from pingvas.worker.chores.schedule import Chore, ChoreContext, Counts
from pingvas.worker.process import registration, wakeup
from pingvas.worker.process.registration import WorkerRegistration, registered
from pingvas.worker.process.wakeup import woken_by_new_jobs
from pingvas.worker.running import measurements
from pingvas.worker.running.lease_renewal import LeaseRenewer
from pingvas.worker.running.measurements import Measurements, flushing
from tests.make.generation import WORKER, claim_job, make_running_job
from tests.make.trips import trip_once
from tests.worker.studio import Studio, until


@pytest.fixture
def loops() -> BackgroundLoops:
    return BackgroundLoops("worker")


async def test_the_heartbeat_goes_on(
    database: Database, loops: BackgroundLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = trip_once(monkeypatch, registration, "_write_row")

    async def beats() -> bool:
        async with database.read() as session:
            return bool(await session.scalar(select(func.count()).select_from(Worker)))

    async with registered(database, WorkerRegistration("w", device="cpu"), loops, heartbeat_seconds=0.01):
        await until(beats, "a heartbeat")

    assert trip.calls > 1


async def test_prices_go_on(
    database: Database, loops: BackgroundLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = trip_once(monkeypatch, measurements, "learn")
    job = await make_running_job(database)
    job_after = job.__class__(**{**job.__dict__, "started_at": job.started_at + timedelta(seconds=1)})
    noted = Measurements()
    noted.note(job, 2.0)

    async def learned() -> bool:
        noted.note(job_after, 2.0)
        async with database.read() as session:
            return bool(await session.scalar(select(func.count()).select_from(ModelSpeed)))

    async with flushing(database, noted, loops, seconds=0.01):
        await until(learned, "prices to be learned")

    assert trip.calls > 1


async def test_leases_are_renewed_all_the_same(
    studio: Studio, loops: BackgroundLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = trip_once(monkeypatch, claims, "renew")
    await studio.submit()
    job = await claim_job(studio.database, lease_seconds=60)
    renewer, heard = LeaseRenewer(studio.database, WORKER, lease_seconds=60), list[Hold]()

    async def answered() -> bool:
        return bool(heard)

    with renewer.holding(job, heard.append):
        async with renewer.running(loops):
            await until(answered, "an answer")

    assert (trip.calls, heard) == (2, ["held"])


async def test_wake_ups_go_on(
    database_url: str, loops: BackgroundLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = 0
    listen = notify.listen

    def listen_but_first_raise(*given: object, **more: object) -> object:
        nonlocal trips
        trips += 1
        if trips == 1:
            raise KeyError("a bug that was put here")
        return listen(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(wakeup, "listen", listen_but_first_raise)
    notifier = notify.Notifier(database_url)
    await notifier.start()

    async with woken_by_new_jobs(database_url, loops) as woken:

        async def listens_again() -> bool:
            return trips > 1

        await until(listens_again, "another listener")
        woken.clear()

        async def is_woken() -> bool:
            notifier.wake(notify.WAKE_WORKERS)
            return woken.is_set

        await until(is_woken, "a wake-up")
    await notifier.close()


async def test_the_schedule_of_the_chores_goes_on(
    studio: Studio, loops: BackgroundLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip, done, stop = (
        trip_once(monkeypatch, chores_process, "open_schedule"),
        asyncio.Event(),
        asyncio.Event(),
    )

    async def do(_: ChoreContext) -> Counts:
        done.set()
        return {}

    running = asyncio.create_task(
        run_chores(studio.settings, stop, [Chore("test", "* * * * * *", "every second", do)], loops=loops)
    )
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await running

    assert trip.calls == 2


async def test_chores_whose_schedule_cannot_be_kept_end(
    studio: Studio, loops: BackgroundLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pingvas.base.loops.MOST_FAILURES", 2)
    await studio.execute("CREATE SCHEMA chores")
    await studio.execute("CREATE TABLE chores.pgqueuer (something_else integer)")

    with pytest.raises(LoopGaveUp, match="chore schedule"):
        await run_chores(studio.settings, asyncio.Event(), loops=loops)


async def test_a_worker_that_cannot_renew_its_leases_gives_its_jobs_back_and_ends(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trip(*_: object, **__: object) -> None:
        raise KeyError("a bug that was put here")

    monkeypatch.setattr("pingvas.base.loops.MOST_FAILURES", 2)
    job_id = await studio.submit()

    async def work_without_leases() -> None:
        async with studio.worker():
            await studio.becomes(job_id, "processing", "completed")
            monkeypatch.setattr(claims, "renew", trip)
            await studio.becomes(await studio.submit(steps=400), "processing", "completed")

    with pytest.raises(LoopGaveUp, match="lease renewal failed 2 times in a row"):
        await work_without_leases()

    async with studio.database.read() as session:
        running = await session.scalar(
            text("SELECT count(*) FROM generation_jobs WHERE status = 'processing'")
        )
        (gave_up,) = await session.execute(text("SELECT process, loop, gave_up FROM loop_failures"))
    assert running == 0
    assert tuple(gave_up) == ("worker", "lease renewal", True)


async def test_connections_that_are_cut_are_no_failures_of_the_loops(
    studio: Studio, database_url: str
) -> None:
    killer = await asyncpg.connect(for_asyncpg(database_url))
    async with studio.worker():
        for _ in range(20):
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.05)
        recorded = await killer.fetchval("SELECT count(*) FROM loop_failures")
        await killer.close()
        job = await _submitted_and_ended(studio)

    assert recorded == 0
    assert job.status == "completed"


async def _submitted_and_ended(studio: Studio) -> Any:
    """The dead connections of this test's own pool are met once each."""
    while True:
        try:
            job_id = await studio.submit()
            break
        except DatabaseUnavailable:
            continue
    return await studio.becomes(job_id, "completed", "failed")
