"""Changes of many images that come no further, and whoever was too slow for one."""

import contextlib
from typing import Any

import pytest

from pingvas.base.db import Database
from pingvas.gallery import bulk_tasks
from pingvas.gallery.bulk_tasks import run_tasks
from pingvas.gallery.changes import SetFavorite
from tests.gallery.test_bulk_tasks import LET_GO, ask, look, make_gallery, state_of


@pytest.mark.parametrize("back_too", [False, True])
async def test_a_fault_of_ours_ends_after_ten_attempts(
    database: Database, monkeypatch: pytest.MonkeyPatch, back_too: bool
) -> None:
    # given a batch that fails each time, and perhaps the way back too
    actor, ids = await make_gallery(database)
    before = await state_of(database, actor)
    task = await ask(database, actor, SetFavorite(True))
    real, attempts = SetFavorite.do, 0

    async def fail_further_on(*given: Any) -> Any:
        nonlocal attempts
        if ids[0] in given[3]:
            return await real(*given)
        attempts += 1
        raise ZeroDivisionError

    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SetFavorite, "do", fail_further_on)
    if back_too:
        monkeypatch.setattr(SetFavorite, "undo", fail)

    # when it is tried as long as it is under way
    while (await look(database, actor, task)).ended_at is None:
        async with database.transaction() as session:
            await session.execute(LET_GO)
        with contextlib.suppress(ZeroDivisionError):
            await run_tasks(database, batch=2)

    # then
    ended = await look(database, actor, task)
    assert (attempts, ended.status, ended.failure_code) == (10, "failed", "internal_error")
    assert ended.done_count == (2 if back_too else 0)
    assert (await state_of(database, actor) == before) is not back_too
    assert await ask(database, actor, SetFavorite(False)) is not None


async def test_a_worker_that_was_given_up_writes_nothing_more(database: Database) -> None:
    # given one that is slow, and another that took the task over
    actor, _ = await make_gallery(database)
    task = await ask(database, actor, SetFavorite(True))
    slow = await bulk_tasks._take(database)
    assert slow is not None
    async with database.transaction() as session:
        await session.execute(LET_GO)
    assert await bulk_tasks._take(database) is not None

    # then
    assert await bulk_tasks._go_on(database, slow, 2) is False
    assert (await look(database, actor, task)).done_count == 0
