"""Statements that run for every job, given to the driver itself: `session.execute` costs five times as much.

They run in the session's transaction, on its connection, as if `session.execute` had run them; rows are plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.ext.asyncio import AsyncSession

_DRIVER = "pingvas.driver"
_DIALECT: Any = dialect.dialect()  # type: ignore[no-untyped-call]


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


async def fetch(session: AsyncSession, statement: TextClause, values: Mapping[str, Any]) -> list[Row]:
    """Run a statement with `:names`, and return its rows."""
    sql, names = _for_driver(statement)
    connection = await _driver_of(session)
    rows: list[Row] = await connection.fetch(sql, *[values[name] for name in names], record_class=Row)
    return rows


async def fetch_one(session: AsyncSession, statement: TextClause, values: Mapping[str, Any]) -> Row | None:
    """The same for a statement that returns one row at most."""
    rows = await fetch(session, statement, values)
    return rows[0] if rows else None


@cache
def _for_driver(statement: TextClause) -> tuple[str, tuple[str, ...]]:
    """The statement with $1, $2 … and the names they stand for."""
    compiled = statement.compile(dialect=_DIALECT)
    return str(compiled), tuple(compiled.positiontup or ())


async def _driver_of(session: AsyncSession) -> Any:
    """asyncpg's connection under the session, in its transaction."""
    known = session.info.get(_DRIVER)
    if known is not None:
        return known
    connection = await session.connection()
    adapted: Any = (await connection.get_raw_connection()).dbapi_connection
    if adapted._transaction is None:
        try:
            await adapted._start_transaction()  # SQLAlchemy does so when a cursor is first used; we use none
        except AsyncAdapt_asyncpg_dbapi.Error:
            # A dead connection: without a transaction nothing is rolled back, and the pool would give it out again.
            # Let SQLAlchemy meet it, who then empties the pool and says what happened in its own words.
            await connection.exec_driver_sql("SELECT 1")
            raise
    session.info[_DRIVER] = adapted.driver_connection
    return adapted.driver_connection
