"""Background loops outlive what goes wrong in them; one that cannot live, and must, ends its process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.errors import Unavailable
from pingvas.base.loop_failures import LoopState, forget_loop_failures, read_loop_failures
from pingvas.base.loops import MOST_FAILURES, BackgroundLoops, LoopGaveUp, end
from pingvas.base.metrics import REGISTRY

SOON = 0.001


class Trips:
    """Work that raises these errors, one at each start, and then lives."""

    def __init__(self, *errors: BaseException) -> None:
        self.starts = 0
        self.lives = asyncio.Event()
        self._errors = list(errors)

    async def __call__(self) -> None:
        self.starts += 1
        if self._errors:
            raise self._errors.pop(0)
        self.lives.set()
        await asyncio.Event().wait()


def failures_counted(name: str) -> float:
    return REGISTRY.get_sample_value("pingvas_loop_failures_total", {"loop": name}) or 0.0


async def recorded(database: Database) -> list[LoopState]:
    async with database.read() as session:
        return await read_loop_failures(session)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.01)


async def test_a_loop_that_met_an_error_is_logged_counted_and_started_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work, before = Trips(KeyError("a bug"), ValueError("another")), failures_counted("trips")
    loops = BackgroundLoops("api")

    async with loops.running("trips", work, longest_pause=SOON):
        await asyncio.wait_for(work.lives.wait(), 60)

    assert work.starts == 3
    assert failures_counted("trips") - before == 2
    assert "trips failed (2 in a row)" in caplog.text
    assert "KeyError: 'a bug'" in caplog.text
    assert "in __call__" in caplog.text, "the traceback leads to the mistake"


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable(), Unavailable("the storage is away"), ConnectionResetError()]
)
async def test_a_loop_waits_for_what_is_away_and_nothing_is_counted(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    work, before = Trips(*[error] * (MOST_FAILURES + 5)), failures_counted("waits")
    loops = BackgroundLoops("api")

    async with loops.running("waits", work, essential=True, longest_pause=SOON):
        await asyncio.wait_for(work.lives.wait(), 60)

    loops.raise_if_gave_up()
    assert failures_counted("waits") == before
    assert [record.levelname for record in caplog.records] == ["WARNING"], "an outage is told once"


async def test_an_essential_loop_that_never_lives_ends_its_process() -> None:
    work, asked_to_end = Trips(*[KeyError("a bug")] * 100), asyncio.Event()
    loops = BackgroundLoops("api", on_give_up=asked_to_end.set)

    task = loops.start("never lives", work, essential=True, longest_pause=SOON)
    await asyncio.wait_for(asked_to_end.wait(), 60)
    await asyncio.wait({task})

    assert work.starts == MOST_FAILURES
    with pytest.raises(LoopGaveUp, match="never lives failed 8 times in a row: KeyError: 'a bug'"):
        loops.raise_if_gave_up()


async def test_a_loop_that_is_not_essential_is_never_given_up() -> None:
    work = Trips(*[KeyError("a bug")] * (2 * MOST_FAILURES))
    loops = BackgroundLoops("api")

    async with loops.running("trips long", work, longest_pause=SOON):
        await asyncio.wait_for(work.lives.wait(), 60)

    loops.raise_if_gave_up()


async def test_failures_far_between_do_not_add_up() -> None:
    starts = 0

    async def lives_for_a_while() -> None:
        nonlocal starts
        starts += 1
        await asyncio.sleep(0.02)
        raise KeyError("a bug")

    async def often_enough() -> bool:
        return starts > 2 * MOST_FAILURES

    loops = BackgroundLoops("api", steady_seconds=0.01)
    async with loops.running("far between", lives_for_a_while, essential=True, longest_pause=SOON):
        await until(often_enough)

    loops.raise_if_gave_up()


async def test_a_loop_that_something_else_canceled_is_started_again() -> None:
    work = Trips(asyncio.CancelledError())
    loops = BackgroundLoops("api")

    async with loops.running("canceled", work, longest_pause=SOON):
        await asyncio.wait_for(work.lives.wait(), 60)

    assert work.starts == 2


async def test_work_that_is_done_is_not_started_again() -> None:
    starts = 0

    async def once() -> None:
        nonlocal starts
        starts += 1

    await asyncio.wait_for(BackgroundLoops("api").start("once", once), 60)

    assert starts == 1


async def test_ending_a_loop_waits_until_its_work_has_cleared_up() -> None:
    cleared, begun = False, asyncio.Event()

    async def work() -> None:
        nonlocal cleared
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            cleared = True

    task = BackgroundLoops("api").start("clears up", work)
    await begun.wait()
    await end(task)

    assert cleared


async def test_failures_and_recoveries_are_on_record(database: Database, database_url: str) -> None:
    loops = BackgroundLoops("worker", database_url, steady_seconds=0.05)
    work = Trips(KeyError("a bug"), ValueError("with a \0 in it"))

    async def has_recovered() -> bool:
        return any(state.recovered_at for state in await recorded(database))

    async with loops.running("on record", work, longest_pause=SOON):
        await asyncio.wait_for(work.lives.wait(), 60)
        await until(has_recovered)
    async with database.transaction() as session:
        await forget_loop_failures(session)
    (kept,) = await recorded(database)

    assert (kept.process, kept.loop, kept.failures) == ("worker", "on record", 2)
    assert (kept.error, kept.gave_up) == ("ValueError: with a  in it", False)
    assert kept.recovered_at is not None
    assert kept.recovered_at >= kept.failed_at


async def test_a_loop_goes_on_when_its_failure_cannot_be_put_on_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    loops = BackgroundLoops("worker", "postgresql://nobody@127.0.0.1:1/nowhere")
    work = Trips(KeyError("a bug"))

    async with loops.running("off record", work, longest_pause=SOON):
        await asyncio.wait_for(work.lives.wait(), 60)

    assert "off record: not put on record" in caplog.text
