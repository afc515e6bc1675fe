"""A database that cannot be reached is unavailable, whichever way the network says so; other errors are what they are."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BigInteger, column, select, text, values
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.database_away import is_unavailable
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.keepalive import GONE_SECONDS
from pingvas.base.session import LazySession
from pingvas.base.statements import fetch

_ONE = text("SELECT 1 AS one")
_NUMBER = text("SELECT CAST(:number AS bigint) AS number")
_NUMBERS = values(column("number", BigInteger), name="numbers").data([(1,)])
_CUT_THE_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it takes the connection, and nobody speaks
        database = Database(f"postgresql://a:b@127.0.0.1:{deaf.getsockname()[1]}/c")
        with pytest.raises(DatabaseUnavailable):
            async with database.read() as session:
                await session.scalar(text("SELECT 1"))
        await database.dispose()


async def test_a_name_that_nobody_knows_is_unavailable() -> None:
    database = Database("postgresql://a:b@nowhere.invalid/c")

    with pytest.raises(DatabaseUnavailable):
        async with database.read() as session:
            await session.scalar(text("SELECT 1"))


@pytest.mark.parametrize(
    "number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.ECONNREFUSED]
)
def test_no_way_to_the_server_is_unavailable(number: int) -> None:
    assert is_unavailable(OSError(number, "no way there"))


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "no such file"), ValueError("wrong")])
def test_what_has_nothing_to_do_with_the_server_is_not(error: Exception) -> None:
    assert not is_unavailable(error)


async def test_a_value_that_cannot_be_sent_is_a_mistake_of_ours(database: Database) -> None:
    too_large = {"number": 2**70}

    with pytest.raises(asyncpg.DataError):
        async with database.read() as session:
            await fetch(session, _NUMBER, too_large)
    with pytest.raises(DBAPIError):
        async with database.read() as session:
            await session.execute(_NUMBER, too_large)


async def _two_at_once(session: AsyncSession) -> None:
    driver = await driver_of(session)
    await asyncio.gather(driver.fetch("SELECT pg_sleep(0.1)"), driver.fetch("SELECT 1"))


async def _too_many_arguments(session: AsyncSession) -> None:
    numbers = list(range(40_000))
    places = ",".join(f"(${place + 1}::bigint)" for place in numbers)
    await (await driver_of(session)).fetch(f"VALUES {places}", *numbers)


async def _an_argument_too_few(session: AsyncSession) -> None:
    await (await driver_of(session)).fetch("SELECT $1::text, $2::text", "one")


async def _a_transaction_begun_twice(session: AsyncSession) -> None:
    transaction = (await driver_of(session)).transaction()
    await transaction.start()
    await transaction.start()


async def _one_value_too_many_for_sqlalchemy(session: AsyncSession) -> None:
    await session.execute(select(_NUMBERS.c.number).where(_NUMBERS.c.number.in_(range(40_000))))


@pytest.mark.parametrize(
    "misuse",
    [
        _two_at_once,
        _too_many_arguments,
        _an_argument_too_few,
        _a_transaction_begun_twice,
        _one_value_too_many_for_sqlalchemy,
    ],
)
async def test_a_connection_used_wrongly_is_a_mistake_of_ours(
    database: Database, misuse: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    with pytest.raises((asyncpg.InterfaceError, DBAPIError)):
        async with database.transaction() as session:
            await misuse(session)

    async with database.read() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def _fetch(connection: asyncpg.Connection) -> None:
    await connection.fetch("SELECT 1")


async def _begin(connection: asyncpg.Connection) -> None:
    await connection.transaction().start()


async def _listen(connection: asyncpg.Connection) -> None:
    await connection.add_listener("a", lambda *_: None)


@pytest.mark.parametrize("use", [_fetch, _begin, _listen])
async def test_a_connection_that_was_closed_is_unavailable(
    database_url: str, use: Callable[[asyncpg.Connection], Awaitable[None]]
) -> None:
    connection = await asyncpg.connect(for_asyncpg(database_url))
    connection.terminate()

    with pytest.raises(asyncpg.InterfaceError) as raised:
        await use(connection)

    assert is_unavailable(raised.value)


async def test_a_transaction_whose_connection_was_closed_is_unavailable(database_url: str) -> None:
    connection = await asyncpg.connect(for_asyncpg(database_url))
    transaction = connection.transaction()
    await transaction.start()
    connection.terminate()

    with pytest.raises(asyncpg.InterfaceError) as raised:
        await transaction.commit()

    assert is_unavailable(raised.value)


async def test_a_socket_file_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"postgresql://a:b@/c?host={tmp_path}")

    with pytest.raises(DatabaseUnavailable):
        async with database.read() as session:
            await session.scalar(text("SELECT 1"))


@pytest.mark.parametrize("opened", [Database.read, Database.transaction, Database.autocommit])
async def test_connections_that_died_are_met_once_and_replaced(database: Database, opened: Any) -> None:
    # given three connections in the pool, all of them cut
    all_three = asyncio.Barrier(3)

    async def use() -> None:
        async with database.read() as session:
            await fetch(session, _ONE, {})
            await all_three.wait()

    await asyncio.gather(use(), use(), use())
    await _cut_the_others(database)

    # when the pool gives out the first of them
    with pytest.raises(DatabaseUnavailable):
        async with opened(database) as session:
            await fetch(session, _ONE, {})

    # then the others are not given out
    async with opened(database) as session:
        assert [row.one for row in await fetch(session, _ONE, {})] == [1]


@pytest.mark.parametrize("opened", [Database.read, Database.transaction, Database.autocommit])
async def test_a_connection_that_dies_in_between_is_replaced(database: Database, opened: Any) -> None:
    async def use_and_die() -> None:
        async with opened(database) as session:
            await fetch(session, _ONE, {})
            await _cut_the_others(database)
            await fetch(session, _ONE, {})

    with pytest.raises(DatabaseUnavailable):
        await use_and_die()

    async with opened(database) as session:
        assert [row.one for row in await fetch(session, _ONE, {})] == [1]


async def test_a_server_that_is_gone_without_a_word_is_noticed_by_the_kernel(database: Database) -> None:
    async with database.read() as session:
        await fetch(session, _ONE, {})
        assert isinstance(session, LazySession)
        connected = (await session.driver())._transport.get_extra_info("socket")
        asked = {
            name: connected.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        }

    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert asked == {
        "TCP_KEEPIDLE": 10,
        "TCP_KEEPINTVL": 5,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": GONE_SECONDS * 1000,
    }


async def driver_of(session: AsyncSession) -> Any:
    assert isinstance(session, LazySession)
    return await session.driver()


async def _cut_the_others(database: Database) -> None:
    killer = await asyncpg.connect(for_asyncpg(database.url.render_as_string(hide_password=False)))
    await killer.execute(_CUT_THE_OTHERS)
    await killer.close()
