"""What a function asks the database for, and how PostgreSQL does it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from pingvas.base.db import Database


@contextmanager
def heard(database: Database, statements: list[tuple[str, Any]]) -> Iterator[None]:
    """Every statement that goes to the database meanwhile, with its values."""

    def hear(_: Any, __: Any, statement: str, values: Any, *more: Any) -> None:
        statements.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    yield
    event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


async def plans_of(database: Database, asked: Mapping[Any, list[tuple[str, Any]]]) -> list[tuple[Any, str]]:
    """How PostgreSQL does each of them, with these values."""
    plans = []
    async with database.engine.connect() as connection:
        for name, statements in asked.items():
            for statement, values in statements:
                if statement.lstrip().startswith(("SELECT", "WITH")):
                    lines = await connection.exec_driver_sql(f"EXPLAIN {statement}", values)
                    plans.append((name, "\n".join(lines.scalars())))
    return plans
