"""What commands do with the database that the settings name, or that the studio of this machine has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pingvas.base.db import Database
    from pingvas.base.settings import Settings

T = TypeVar("T")


def run_with_database(act: Callable[[Database, Settings], Awaitable[T]], *, connections: int = 1) -> T:
    """Do something and let go of the database; whatever is written meanwhile is private."""
    import pingvas.tables  # noqa: F401 - foreign keys between rooms are found by name once every table is known
    from pingvas.base.db import Database
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import load_settings
    from pingvas.launch.which_database import with_any_database

    async def run(settings: Settings) -> T:
        assert settings.database_url is not None  # noqa: S101 - one was found
        database = Database(settings.database_url, pool_size=connections)
        try:
            return await act(database, settings)
        finally:
            await database.dispose()

    settings = load_settings()
    keep_files_private(settings)
    with with_any_database(settings) as found:
        return asyncio.run(run(found))
