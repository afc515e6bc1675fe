"""`pingvas migrate`: the schema of this version, and what every studio holds."""

from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.launch.seed import seed
from pingvas.launch.serving_role import grant_serving


async def migrate_and_seed(settings: Settings, grant_to: str | None = None) -> str:
    """Bring `settings.database_url` up to date; returns a sentence on what was done.

    `grant_to` names a role that gets the rights of those who serve. Raises NoSuchRole.
    """
    assert settings.database_url is not None  # noqa: S101 - the caller found one
    before = await migrate.current(settings.database_url)
    await migrate.upgrade(settings.database_url)
    database = Database(settings.database_url, pool_size=2)
    try:
        seeded = await seed(database, settings)
    finally:
        await database.dispose()
    if grant_to is not None:
        await grant_serving(settings.database_url, grant_to)
    schema = (
        f"Schema {before or 'empty'} → {migrate.head()}" if before != migrate.head() else f"Schema {before}"
    )
    return f"{schema}. Models: {', '.join(seeded.models) or 'none'}."
