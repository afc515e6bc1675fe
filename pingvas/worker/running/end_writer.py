"""Ends of jobs are written down: those that come at once in one transaction."""

from __future__ import annotations

import asyncio

from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.generation.lifecycle.ends import End, end_all


class EndWriter:
    """Writes ends for one worker. Whatever comes while a transaction is under way goes into the next: nothing waits for
    company, and what comes together costs one commit."""

    def __init__(self, database: Database, worker_id: str) -> None:
        self._database = database
        self._worker_id = worker_id
        self._waiting: list[tuple[End, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, end: End) -> bool:
        """Write it; False: the job was no longer this worker's. Raises DatabaseUnavailable, and then nobody can tell
        whether it was written: the fence decides at the next try."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((end, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="write ends")
        return await written

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._write_together(batch)
        finally:
            self._writing = None

    async def _write_together(self, batch: list[tuple[End, asyncio.Future[bool]]]) -> None:
        try:
            async with self._database.transaction() as session:
                answers = await end_all(session, self._worker_id, [end for end, _ in batch])
            for (_, written), answer in zip(batch, answers, strict=True):
                if not written.done():
                    written.set_result(answer)
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            if len(batch) > 1 and not isinstance(error, DatabaseUnavailable):
                for one in batch:  # one of them is at fault, and must not cost the others their end
                    await self._write_together([one])
                return
            for _, written in batch:
                if not written.done():
                    written.set_exception(error)
