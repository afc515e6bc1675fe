"""Statements that run for every job, given to the driver itself: `session.execute` costs five times as much.

They run in the session's transaction, on its connection, as if `session.execute` had run them; rows are plain. Each is
a constant of its module, and compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import ClauseElement, inspect
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from pingvas.base.read_session import ReadSession
from pingvas.base.session import LazySession

# Among what a statement returns: its commit does not wait for the disk, and a crash of the database server may forget it.
# For progress and leases, which come again; never for money or outcomes.
MAY_BE_FORGOTTEN = "set_config('synchronous_commit', 'off', true)"

_Entity = TypeVar("_Entity")
_DIALECT: Any = dialect.dialect()  # type: ignore[no-untyped-call]


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes."""

    # The driver's own method, written in C: one of ours that calls it would take longer than it does.
    __getattr__ = asyncpg.Record.__getitem__


async def fetch(session: ReadSession, statement: ClauseElement, values: Mapping[str, Any]) -> list[Row]:
    """Run a statement with `:names`, or one of SQLAlchemy's with bound parameters, and return its rows."""
    sql, names, constants = _for_driver(statement)
    connection = await _driver_of(session)
    given = [values[name] if name in values else constants[name] for name in names]
    rows: list[Row] = await connection.fetch(sql, *given, record_class=Row)
    return rows


async def fetch_one(session: ReadSession, statement: ClauseElement, values: Mapping[str, Any]) -> Row | None:
    """The same for a statement that returns one row at most."""
    rows = await fetch(session, statement, values)
    return rows[0] if rows else None


def entity(kind: type[_Entity], row: Row) -> _Entity:
    """A row that has all columns of a table, as an object of that table's class. It belongs to no session."""
    mapper: Mapper[_Entity] = inspect(kind)
    made: _Entity = mapper.class_manager.new_instance()
    made.__dict__.update({name: row[name] for name in mapper.columns.keys()})  # noqa: SIM118 - no plain mapping
    return made


@cache
def _for_driver(statement: ClauseElement) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The statement with $1, $2 …, the names they stand for, and the values that are part of it."""
    compiled: Any = statement.compile(dialect=_DIALECT)
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return str(compiled), tuple(compiled.positiontup or ()), constants


async def _driver_of(session: ReadSession) -> Any:
    """asyncpg's connection under the session, in its transaction."""
    if isinstance(session, LazySession):
        return await session.driver()
    assert isinstance(session, AsyncSession)  # noqa: S101 - the other kind of session there is
    # One that somebody else has made, such as a test: its transaction has begun already.
    return (await (await session.connection()).get_raw_connection()).driver_connection
