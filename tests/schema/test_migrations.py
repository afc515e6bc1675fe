"""Migrations make what the models say, can be undone, and may be started twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from pingvas.base import migrate
from pingvas.tables import metadata
from tests.schema.catalog import Catalog, read_catalog


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def catalog_of(url: str) -> Catalog:
    async with connected(url) as connection, AsyncSession(connection) as session:
        return await read_catalog(session)


def _differences(connection: Connection) -> list[Any]:
    compared = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=compared), metadata))


async def test_alembic_finds_nothing_to_add_between_the_models_and_a_migrated_database(
    database_url: str,
) -> None:
    # when
    async with connected(database_url) as connection:
        differences = await connection.run_sync(_differences)

    # then
    assert differences == []


async def test_a_database_made_from_the_models_has_the_columns_constraints_and_indexes_of_a_migrated_one(
    database_url: str, empty_database_url: str
) -> None:
    # given
    async with connected(empty_database_url) as connection:
        await connection.run_sync(metadata.create_all)
        await connection.commit()

    # when
    migrated, created = await catalog_of(database_url), await catalog_of(empty_database_url)

    # then: in the order of their names, because the order of columns is the migration's business
    def by_name(column: Any) -> tuple[str, str]:
        return column.table, column.name

    assert sorted(migrated.columns, key=by_name) == sorted(created.columns, key=by_name)
    assert [row for row in migrated.constraints if row.kind != "f"] == [
        row for row in created.constraints if row.kind != "f"
    ]
    assert migrated.foreign_keys == created.foreign_keys
    assert migrated.indexes == created.indexes


async def test_migrations_go_down_leaving_nothing_and_up_again(empty_database_url: str) -> None:
    # given
    await migrate.upgrade(empty_database_url)
    before = await catalog_of(empty_database_url)

    # when
    await migrate.downgrade(empty_database_url, "base")
    bare = await catalog_of(empty_database_url)
    await migrate.upgrade(empty_database_url)

    # then
    assert bare == Catalog([], [], [], [], [], [])
    assert await catalog_of(empty_database_url) == before


async def test_current_tells_the_revision_of_a_database(empty_database_url: str) -> None:
    # given
    assert await migrate.current(empty_database_url) is None

    # when
    await migrate.upgrade(empty_database_url)

    # then
    assert await migrate.current(empty_database_url) == migrate.head()


async def test_a_migration_waits_for_one_that_another_process_is_making(empty_database_url: str) -> None:
    # given
    async with connected(empty_database_url) as other:
        await other.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": migrate.LOCK})

        # when
        ours = asyncio.create_task(migrate.upgrade(empty_database_url))
        await asyncio.sleep(0.3)
        waited = not ours.done()
        await other.rollback()
    await ours

    # then
    assert waited
    assert await migrate.current(empty_database_url) == migrate.head()
