"""What this worker's jobs took, gathered in memory and told to the database now and then.

Not in the transaction that finishes a job: there is one row for a model and size, and every worker's endings would
wait for its lock until the other's commit is on disk. A few measurements may be lost with the worker, which costs
nobody anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.loops import BackgroundLoops
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.pricing.speeds import Measurement, learn, measure

log = logging.getLogger(__name__)

FLUSH_SECONDS = 10.0
# Kept while the database is away; older ones have the least to say.
MOST_KEPT = 1000


class Measurements:
    """For one event loop. `note` is cheap and raises nothing."""

    def __init__(self) -> None:
        self._kept: deque[Measurement] = deque(maxlen=MOST_KEPT)
        self._first: dict[tuple[UUID, int], datetime] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def note(self, job: ClaimedJob, gpu_seconds: float) -> None:
        """A picture was made in so many seconds of its own.

        The first ones of a model and size in this process are left out, and those claimed together with them: torch
        compiles, tunes and reserves then what the next ones find done.
        """
        measured = measure(job.model_id, job.model_config, job.parameters, gpu_seconds)
        if measured is None:
            return
        first = self._first.setdefault((measured.model_id, measured.size_bucket), job.started_at)
        if job.started_at > first:
            self._kept.append(measured)

    async def flush(self, database: Database) -> None:
        """Tell the database what was noted; while it is away, keep it. May forget on a crash of the server, too.

        What met an error of another kind is dropped: it would meet it again."""
        noted = list(self._kept)
        if not noted:
            return
        self._kept.clear()
        try:
            async with database.transaction(durable=False) as session:
                await learn(session, noted)
        except (DatabaseUnavailable, asyncio.CancelledError) as error:
            # Newer ones may have come meanwhile; with more than are kept, these give way to them.
            self._kept = deque([*noted, *self._kept], MOST_KEPT)
            if isinstance(error, asyncio.CancelledError):
                raise
            log.warning("the database is away; %d measurements wait", len(noted))


@asynccontextmanager
async def flushing(
    database: Database, measurements: Measurements, loops: BackgroundLoops, *, seconds: float = FLUSH_SECONDS
) -> AsyncIterator[None]:
    """Flush every `seconds` while the block lasts, and once more at its end."""
    try:
        async with loops.running("measurements", lambda: _flush_often(database, measurements, seconds)):
            yield
    finally:
        try:
            await measurements.flush(database)
        except Exception:  # the worker's end must not wait for the prices
            log.exception("the last measurements are lost")


async def _flush_often(database: Database, measurements: Measurements, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await measurements.flush(database)
