"""Who serves may read and write rows of the studio's database, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from pingvas.base import migrate
from pingvas.base.chore_runs import read_chores
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.launch import embedded_postgres
from pingvas.launch.embedded_postgres import EmbeddedPostgres
from pingvas.launch.serving_role import NoSuchRole, grant_serving, make_serving_role, serving_url
from pingvas.worker.chores.process import open_schedule

QUICK = ("fsync=off", "max_connections=20", "shared_buffers=16MB")
FORBIDDEN = (
    "CREATE TABLE mine (word text)",
    "DROP TABLE users",
    "ALTER TABLE users ADD COLUMN extra text",
    "TRUNCATE credit_transactions CASCADE",
    "CREATE ROLE another",
    "ALTER ROLE pingvas_serving SUPERUSER",
    "CREATE SCHEMA mine",
    "SET session_replication_role = replica",
    "SELECT pg_read_file('postgresql.conf')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "UPDATE alembic_version SET version_num = 'x'",
    "SET ROLE pingvas",
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A data folder of an older version: it has its tables and one role, the owner's."""
    started = embedded_postgres.start(tmp_path, QUICK)
    try:
        await migrate.upgrade(started.url())
        yield started
    finally:
        started.stop()


async def test_a_folder_of_an_older_version_gets_a_role_that_serves_and_can_do_no_more(
    server: EmbeddedPostgres,
) -> None:
    # when: at every start, so twice
    await make_serving_role(server)
    await make_serving_role(server)

    # then
    connection = await asyncpg.connect(for_asyncpg(serving_url(server)))
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            rights = "SELECT" if table == "alembic_version" else "SELECT, INSERT, UPDATE, DELETE"
            for right in rights.split(", "):
                asked = "SELECT has_table_privilege($1, $2)"
                assert await connection.fetchval(asked, table, right), f"{right} on {table}"
        assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        await connection.execute("ANALYZE generation_jobs")
        for statement in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_tables_that_the_next_version_adds_can_be_used_at_once(server: EmbeddedPostgres) -> None:
    # given
    await make_serving_role(server)
    owner = await asyncpg.connect(for_asyncpg(server.url()))
    await owner.execute("CREATE TABLE added (id bigserial, word text)")
    await owner.close()

    # when
    connection = await asyncpg.connect(for_asyncpg(serving_url(server)))
    await connection.execute("INSERT INTO added (word) VALUES ('red')")

    # then
    assert await connection.fetchval("SELECT word FROM added") == "red"
    await connection.close()


async def test_who_serves_reads_when_chores_were_done_and_changes_nothing_there(
    server: EmbeddedPostgres,
) -> None:
    # given: the role is made first, and the chores make their tables when they first run
    await make_serving_role(server)
    owner = await asyncpg.connect(for_asyncpg(server.url()))
    await open_schedule(owner, [])
    await owner.close()
    database = Database(serving_url(server), pool_size=1)

    # when
    async with database.read() as session:
        states = await read_chores(session)
    await database.dispose()

    # then
    assert states == []
    connection = await asyncpg.connect(for_asyncpg(serving_url(server)))
    try:
        assert await connection.fetchval("SELECT count(*) FROM chores.pgqueuer_schedules") == 0
        for statement in (
            "DELETE FROM chores.pgqueuer_schedules",
            "CREATE TABLE chores.mine (word text)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_an_operators_own_role_is_given_what_serving_needs(database_url: str) -> None:
    # given
    owner = await asyncpg.connect(for_asyncpg(database_url))
    role = f'serving "{id(owner):x}"'
    quoted = '"' + role.replace('"', '""') + '"'
    await owner.execute(f"CREATE ROLE {quoted}")
    try:
        # when
        await grant_serving(database_url, role)

        # then
        await owner.execute(f"SET ROLE {quoted}")
        assert await owner.fetchval("SELECT count(*) FROM users") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute("DROP TABLE users")
    finally:
        await owner.execute("RESET ROLE")
        await owner.execute(f"DROP OWNED BY {quoted}")
        await owner.execute(f"DROP ROLE {quoted}")
        await owner.close()


async def test_a_role_that_does_not_exist_is_named(database_url: str) -> None:
    with pytest.raises(NoSuchRole, match="no role nobody_here"):
        await grant_serving(database_url, "nobody_here")
