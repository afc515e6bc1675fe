"""Chores in the schedule, as a process that does them puts them there."""

from collections.abc import Sequence

import asyncpg

from pingvas.base.database_url import for_asyncpg
from pingvas.base.settings import Settings
from pingvas.worker.chores.process import open_schedule
from pingvas.worker.chores.schedule import CHORES, Chore


async def schedule_chores(settings: Settings, chores: Sequence[Chore] = CHORES) -> None:
    """Put the chores into the schedule without doing any."""
    connection = await asyncpg.connect(for_asyncpg(settings.database_url or ""))
    try:
        scheduler = await open_schedule(connection, chores)
        for chore in chores:
            scheduler.schedule(chore.name, chore.when)(_nothing)
        scheduler.shutdown.set()
        await scheduler.run()
    finally:
        await connection.close()


async def _nothing(_: object) -> None:
    pass
