"""A connection may be cut while it is idle, begins, works, commits or is given back: it is always "not available", and
never an error of ours."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import text

from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.statements import fetch

_WORK = text("SELECT 1 AS one, pg_sleep(0.001)")
_CUT_SOME = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5
"""
CUTS = 150


class _Mistake(Exception):
    pass


async def _by_itself(database: Database) -> None:
    async with database.autocommit() as session:
        await fetch(session, _WORK, {})


async def _reading(database: Database) -> None:
    async with database.read() as session:
        await fetch(session, _WORK, {})


async def _by_the_driver(database: Database) -> None:
    async with database.transaction(durable=False) as session:
        await fetch(session, _WORK, {})


async def _by_sqlalchemy(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(_WORK)


async def _by_both(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(_WORK)
        async with session.begin_nested():
            await fetch(session, _WORK, {})


async def _failing(database: Database) -> None:
    with suppress(_Mistake):
        async with database.transaction() as session:
            await fetch(session, _WORK, {})
            raise _Mistake


@pytest.mark.parametrize("use", [_by_itself, _reading, _by_the_driver, _by_sqlalchemy, _by_both, _failing])
async def test_a_connection_cut_at_any_moment_is_unavailable_and_replaced(
    database: Database, use: Callable[[Database], Awaitable[None]]
) -> None:
    outcomes: Counter[str] = Counter()
    storm = asyncio.Event()

    async def go_on_using() -> None:
        while not storm.is_set():
            try:
                await use(database)
                outcomes["done"] += 1
            except DatabaseUnavailable:
                outcomes["unavailable"] += 1

    # when connections are cut all the time; whatever else is raised, the gathering raises
    using = [go_on_using() for _ in range(8)]
    await asyncio.gather(_cut(database, storm), *using)

    # then, and afterwards none is missing
    assert outcomes["unavailable"] > 10, "hardly a use was hit, so this run has shown nothing"
    assert outcomes["done"] > 10, "hardly a use was not hit, so this run has shown nothing"
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert await _works_again(use, database)


async def _cut(database: Database, over: asyncio.Event) -> None:
    """Cut connections until so many are gone, with pauses of all lengths in between."""
    killer = await asyncpg.connect(for_asyncpg(database.url.render_as_string(hide_password=False)))
    cut = 0
    try:
        while cut < CUTS:
            cut += len(await killer.fetch(_CUT_SOME))
            await asyncio.sleep(cut % 7 / 1000)
    finally:
        over.set()
        await killer.close()


async def _works_again(use: Callable[[Database], Awaitable[None]], database: Database) -> bool:
    """Dead connections may still lie in the pool; each is met once at most."""
    for _ in range(20):
        with suppress(DatabaseUnavailable):
            await use(database)
            return True
    return False
