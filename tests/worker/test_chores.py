"""The chores' process: it takes turns by the schedule, and keeps on record how they went."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from pgqueuer.domain.types import ScheduleId
from sqlalchemy import text

from pingvas.adapters.mail import open_post
from pingvas.adapters.storage import StorageUnavailable, open_storage
from pingvas.base.chore_runs import ChoreState, read_chores
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.worker.chores.process import APPLICATION_NAME, ChoreRunner, open_schedule, run_chores
from pingvas.worker.chores.schedule import Chore, ChoreContext, Counts
from tests.make.chores import schedule_chores

EVERY_SECOND = "* * * * * *"


@pytest.fixture
def context(database: Database, settings: Settings) -> ChoreContext:
    return ChoreContext(database, open_storage(settings), settings, open_post(settings))


def chore(name: str, *answers: Counts | Exception, at_most: float = 60.0) -> Chore:
    """A chore that gives these answers, the last of them again and again."""
    left = list(answers)

    async def do(_: ChoreContext) -> Counts:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Chore(name, EVERY_SECOND, "every second", do, at_most)


async def states(database: Database) -> dict[str, ChoreState]:
    async with database.read() as session:
        return {state.name: state for state in await read_chores(session)}


async def count(database: Database, table: str) -> int:
    async with database.read() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_the_schedule_does_the_chores_and_one_that_fails_stops_no_other(
    settings: Settings, database: Database
) -> None:
    # given
    done, stop = asyncio.Event(), asyncio.Event()
    turns = 0

    async def note(_: ChoreContext) -> Counts:
        nonlocal turns
        turns += 1
        if turns == 2:
            done.set()
        return {"noted": turns}

    chores = [
        chore("fail", RuntimeError("one chore's trouble is not the others'")),
        Chore("note", EVERY_SECOND, "every second", note),
    ]

    # when
    running = asyncio.create_task(run_chores(settings, stop, chores))
    await asyncio.wait_for(done.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)

    # then
    found = await states(database)
    assert found["note"].result["noted"] >= 2
    assert found["note"].error is None
    assert found["note"].last_at is not None
    assert found["fail"].failures >= 1
    assert found["fail"].error == "RuntimeError: one chore's trouble is not the others'"


async def test_a_chore_under_way_is_broken_off_when_the_house_stops(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr("pingvas.worker.chores.process.STOP_SECONDS", 0.1)
    begun, stop = asyncio.Event(), asyncio.Event()

    async def never_end(_: ChoreContext) -> Counts:
        begun.set()
        await asyncio.Event().wait()
        return {}

    # when
    running = asyncio.create_task(run_chores(settings, stop, [Chore("long", EVERY_SECOND, "", never_end)]))
    await asyncio.wait_for(begun.wait(), 60)
    stop.set()

    # then it ends, and the broken off turn is no failure
    await asyncio.wait_for(running, 60)
    assert (await states(database))["long"].failures == 0


async def test_chores_go_on_over_a_new_connection_when_theirs_breaks(
    settings: Settings, database: Database
) -> None:
    # given a turn that is under way, and would be for ever
    begun: asyncio.Queue[int] = asyncio.Queue()
    stop = asyncio.Event()

    async def hang_once(_: ChoreContext) -> Counts:
        begun.put_nowait(1)
        if begun.qsize() == 1 and not cut.is_set():
            await asyncio.Event().wait()
        return {"done": 1}

    cut = asyncio.Event()
    running = asyncio.create_task(run_chores(settings, stop, [Chore("hang", EVERY_SECOND, "", hang_once)]))
    await begun.get()

    # when
    cut.set()
    async with database.transaction() as session:
        kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = :name AND datname = current_database()"
        assert await session.scalar(text(kill), {"name": APPLICATION_NAME}) == 1

    # then it is begun again, and ends well
    await begun.get()
    await begun.get()
    stop.set()
    await running
    state = (await states(database))["hang"]
    assert (state.failures, state.error) == (0, None)


async def test_a_turn_that_a_broken_connection_left_can_be_taken_at_once(
    settings: Settings, database: Database
) -> None:
    # given
    await schedule_chores(settings, [chore("left", {})])
    async with database.transaction() as session:
        picked = "UPDATE chores.pgqueuer_schedules SET status = 'picked', heartbeat = now() RETURNING id"
        left = ScheduleId(int(await session.scalar(text(picked)) or 0))

    # when
    connection = await asyncpg.connect(for_asyncpg(settings.database_url or ""))
    await open_schedule(connection, [chore("left", {})], unreturned={left})
    await connection.close()

    # then
    assert await count(database, "chores.pgqueuer_schedules WHERE status = 'queued'") == 1


async def test_chores_wait_for_a_database_that_is_not_there_yet(make_settings: Any) -> None:
    # given
    stop = asyncio.Event()
    away = make_settings(database_url="postgresql://nobody@127.0.0.1:1/none")

    # when
    running = asyncio.create_task(run_chores(away, stop))
    await asyncio.sleep(0.5)

    # then they neither fail nor keep the process from ending
    assert not running.done()
    stop.set()
    await running


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


async def test_lines_of_the_schedule_that_hold_no_longer_are_removed(
    settings: Settings, database: Database
) -> None:
    # given
    await schedule_chores(settings, [chore("kept", {}), chore("dropped", {})])

    # when
    await schedule_chores(settings, [chore("kept", {})])

    # then
    assert (await states(database)).keys() == {"kept"}


async def test_a_turn_that_hangs_is_given_up_and_noted_as_failed(
    settings: Settings, database: Database, context: ChoreContext
) -> None:
    # given
    async def hang(_: ChoreContext) -> Counts:
        await asyncio.Event().wait()
        return {}

    hanging = Chore("hang", EVERY_SECOND, "every second", hang, at_most=0.05)
    await schedule_chores(settings, [hanging])

    # when
    await ChoreRunner(hanging, context).run()

    # then
    state = (await states(database))["hang"]
    assert (state.runs, state.failures, state.error) == (1, 1, "given up after 0.05 s")


async def test_a_failure_is_noted_until_a_turn_ends_well_and_its_last_good_result_stays(
    settings: Settings, database: Database, context: ChoreContext, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    flaky = chore("flaky", {"deleted": 3}, StorageUnavailable(), {"deleted": 0})
    await schedule_chores(settings, [flaky])
    runner = ChoreRunner(flaky, context)

    # when
    await runner.run()
    await runner.run()
    failed = (await states(database))["flaky"]
    await runner.run()
    mended = (await states(database))["flaky"]

    # then
    assert (failed.failures, failed.result) == (1, {"deleted": 3})
    assert "storage is not available" in (failed.error or "")
    assert (mended.runs, mended.failures, mended.error, mended.result) == (3, 1, None, {"deleted": 0})
    assert "Traceback" not in caplog.text  # storage that is away is no bug


async def test_turns_in_which_nothing_was_to_be_done_are_noted_together(
    settings: Settings, database: Database, context: ChoreContext
) -> None:
    # given
    idle = chore("idle", {"deleted": 0}, {"deleted": 0}, {"deleted": 0}, {"deleted": 1})
    await schedule_chores(settings, [idle])
    runner = ChoreRunner(idle, context)

    # when
    runs = []
    for _ in range(4):
        await runner.run()
        runs.append((await states(database))["idle"].runs)

    # then
    assert runs == [1, 1, 1, 4]
