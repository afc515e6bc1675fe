"""When API keys were last used, and from where: noted beside the requests, for most of these only read, and a write would slow
them. A key's use is written at most once a minute."""

import asyncio
from contextlib import suppress
from uuid import UUID

from pingvas.accounts.api_keys.use import note_uses
from pingvas.base.db import Database, DatabaseUnavailable

# Uses that come within so long are written together.
_GATHER_SECONDS = 0.5


class KeyUses:
    """One for each app; `write` is a loop that its owner runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[UUID, str | None] = {}
        self._some = asyncio.Event()

    def note(self, key_id: UUID, ip: str | None) -> None:
        """A key is used, whose latest use on record is a minute old."""
        self._noted[key_id] = ip
        self._some.set()

    async def write(self) -> None:
        """Write what is noted, for ever."""
        while True:
            await self._some.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            await self._write()

    async def close(self) -> None:
        """Write what is left. Where the database is away, it is let go."""
        with suppress(DatabaseUnavailable):
            await self._write()

    async def _write(self) -> None:
        noted, self._noted = self._noted, {}
        self._some.clear()
        if noted:
            async with self._database.transaction(durable=False) as session:
                await note_uses(session, noted)
