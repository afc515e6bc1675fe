"""Brings a database to a revision of the schema. What the revisions do stands in `migrations/`, not here."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from pingvas.base.database_url import for_sqlalchemy
from pingvas.base.settings import REPOSITORY

# An advisory lock that nobody else uses: processes that start at once migrate one after the other.
LOCK = 7_464_827_001


async def upgrade(url: str, revision: str = "head") -> None:
    """Apply what is missing up to `revision`, in one transaction.

    Two processes may do so at once. Two tasks of one process may not: Alembic's context is global.
    """
    await _on(url, lambda connection: command.upgrade(_config(connection), revision))


async def downgrade(url: str, revision: str) -> None:
    """Undo revisions down to `revision` (`base` drops every table and what is in it)."""
    await _on(url, lambda connection: command.downgrade(_config(connection), revision))


async def current(url: str) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    found: list[str | None] = []
    await _on(
        url, lambda connection: found.append(MigrationContext.configure(connection).get_current_revision())
    )
    return found[0]


def head() -> str:
    """The newest revision this code knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise LookupError(f"no migrations in {REPOSITORY / 'migrations'}")
    return newest


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def _on(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(for_sqlalchemy(url), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()
