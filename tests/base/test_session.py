"""A session begins when it has to; what `statements.py` does and what SQLAlchemy does in it are one transaction."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from pingvas.base.db import Database
from pingvas.base.events import after_commit
from pingvas.base.session import LazySession
from pingvas.base.statements import fetch
from pingvas.base.tables import ChoreRun

_ADD = text("INSERT INTO chore_runs (name, started_at) VALUES (:name, now()) RETURNING name")
_SESSION_OF_THE_SERVER = text("SELECT pg_backend_pid() AS pid, pg_current_xact_id()::text AS transaction")


class _Mistake(Exception):
    pass


async def _names(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(ChoreRun.name)))


async def test_driver_first_and_sqlalchemy_after_it_share_one_transaction(database: Database) -> None:
    async with database.transaction() as session:
        first = (await fetch(session, _SESSION_OF_THE_SERVER, {}))[0]
        second = (await session.execute(_SESSION_OF_THE_SERVER)).one()
        third = (await fetch(session, _SESSION_OF_THE_SERVER, {}))[0]

    assert (first.pid, first.transaction) == tuple(second) == (third.pid, third.transaction)


async def test_sqlalchemy_first_and_the_driver_after_it_share_one_transaction(database: Database) -> None:
    async with database.transaction() as session:
        first = (await session.execute(_SESSION_OF_THE_SERVER)).one()
        second = (await fetch(session, _SESSION_OF_THE_SERVER, {}))[0]

    assert tuple(first) == (second.pid, second.transaction)


async def test_a_block_that_ends_well_keeps_what_either_wrote(database: Database) -> None:
    async with database.transaction() as session:
        await fetch(session, _ADD, {"name": "by the driver"})
    async with database.transaction() as session:
        session.add(ChoreRun(name="by SQLAlchemy", started_at=func.now()))  # never asked for anything else
    async with database.transaction() as session:
        await fetch(session, _ADD, {"name": "by one"})
        session.add(ChoreRun(name="and the other", started_at=func.now()))

    assert await _names(database) == {"by the driver", "by SQLAlchemy", "by one", "and the other"}


@pytest.mark.parametrize("by_sqlalchemy", [False, True])
async def test_a_block_that_raises_keeps_nothing(database: Database, by_sqlalchemy: bool) -> None:
    async def write_and_fail() -> None:
        async with database.transaction() as session:
            await fetch(session, _ADD, {"name": "by the driver"})
            if by_sqlalchemy:
                await session.execute(_ADD, {"name": "by SQLAlchemy"})
            raise _Mistake

    with pytest.raises(_Mistake):
        await write_and_fail()

    assert await _names(database) == set()


async def test_what_comes_after_a_commit_is_a_transaction_of_its_own(database: Database) -> None:
    async with LazySession(database.engine) as session:
        first = (await fetch(session, _SESSION_OF_THE_SERVER, {}))[0]
        await session.commit()
        await fetch(session, _ADD, {"name": "undone"})
        second = (await fetch(session, _SESSION_OF_THE_SERVER, {}))[0]
        await session.rollback()

    assert first.transaction != second.transaction
    assert await _names(database) == set()


@pytest.mark.parametrize("by_sqlalchemy", [False, True])
async def test_nothing_is_written_while_reading_and_the_next_one_may_write(
    database_url: str, by_sqlalchemy: bool
) -> None:
    # given one connection for all
    database = Database(database_url, pool_size=1)

    async def write_while_reading() -> None:
        async with database.read() as session:
            if by_sqlalchemy:
                await session.execute(_ADD, {"name": "by SQLAlchemy"})
            else:
                await fetch(session, _ADD, {"name": "by the driver"})

    # when
    with pytest.raises((asyncpg.ReadOnlySQLTransactionError, DBAPIError), match="read-only"):
        await write_while_reading()
    async with database.transaction() as session:
        await fetch(session, _ADD, {"name": "in a transaction"})
    async with database.autocommit() as session:
        await fetch(session, _ADD, {"name": "by itself"})
    with pytest.raises((asyncpg.ReadOnlySQLTransactionError, DBAPIError), match="read-only"):
        await write_while_reading()

    # then
    assert await _names(database) == {"in a transaction", "by itself"}
    await database.dispose()


async def test_a_session_that_nobody_asks_takes_no_connection(database: Database) -> None:
    async with database.transaction() as session:
        after_commit(session, lambda: None)
        async with database.read():
            pass
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("opened", [Database.read, Database.transaction, Database.autocommit])
async def test_connections_come_back_whatever_happens(database: Database, opened: Any) -> None:
    async def use(then: BaseException | None) -> None:
        async with opened(database) as session:
            await fetch(session, _SESSION_OF_THE_SERVER, {})
            if then is not None:
                raise then

    await use(None)
    with pytest.raises(_Mistake):
        await use(_Mistake())
    with pytest.raises(asyncio.CancelledError):
        await use(asyncio.CancelledError())

    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_statements_that_commit_by_themselves_stay_when_a_later_one_fails(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.autocommit() as session:
            await fetch(session, _ADD, {"name": "kept"})
            raise _Mistake

    with pytest.raises(_Mistake):
        await write_and_fail()

    assert await _names(database) == {"kept"}


async def test_what_would_not_commit_by_itself_is_refused_there(database: Database) -> None:
    with pytest.raises(RuntimeError, match="by themselves"):
        async with database.autocommit() as session:
            await session.execute(_SESSION_OF_THE_SERVER)


async def test_what_is_told_after_the_commit_is_told_once_and_not_after_a_failure(database: Database) -> None:
    told: list[str] = []
    async with database.autocommit() as session:
        await fetch(session, _SESSION_OF_THE_SERVER, {})
        after_commit(session, lambda: told.append("committed by itself"))

    async def tell_and_fail() -> None:
        async with database.transaction() as session:
            after_commit(session, lambda: told.append("rolled back"))
            raise _Mistake

    with pytest.raises(_Mistake):
        await tell_and_fail()

    assert told == ["committed by itself"]
