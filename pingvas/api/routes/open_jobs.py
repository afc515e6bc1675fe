"""Whether jobs have ended, for all who wait for some: those who ask while a look is under way share the next one."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from pingvas.base.db import Database
from pingvas.generation.status.jobs import which_open


class OpenJobs:
    """One reader for one process: one connection and one statement at a time, however many wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: set[UUID] = set()
        self._next: asyncio.Task[frozenset[UUID]] | None = None
        self._reading = asyncio.Lock()

    async def any_of(self, job_ids: Sequence[UUID]) -> bool:
        """Whether one of these jobs has not ended. Raises DatabaseUnavailable."""
        self._asked.update(job_ids)
        if self._next is None:
            self._next = asyncio.create_task(self._look(), name="look at open jobs")
        still_open = await asyncio.shield(self._next)
        return not still_open.isdisjoint(job_ids)

    async def _look(self) -> frozenset[UUID]:
        async with self._reading:  # while another look is under way, more ask
            asked, self._asked, self._next = self._asked, set(), None
            async with self._database.read() as session:
                return frozenset(await which_open(session, sorted(asked)))
