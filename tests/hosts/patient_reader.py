"""Asks a database something whose answer takes ten minutes: `python -m tests.hosts.patient_reader URL`.

It says when it asks, when it is told that the database is away, and when the database answers again.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import text

from pingvas.base.db import Database, DatabaseUnavailable

_ONE = text("SELECT 1")
_LONG = text("SELECT pg_sleep(600)")


async def main(url: str) -> None:
    database = Database(url)
    try:
        async with database.read() as session:
            await session.execute(_ONE)
            _say("asking")
            await session.execute(_LONG)
    except DatabaseUnavailable:
        _say("unavailable")
    while not await _answers(database):
        pass  # each attempt takes its time
    _say("answered again")
    await database.dispose()


async def _answers(database: Database) -> bool:
    try:
        async with database.read() as session:
            await session.execute(_ONE)
    except DatabaseUnavailable:
        return False
    return True


def _say(what: str) -> None:
    print(what, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
