"""The leases of all jobs that this worker runs, renewed by one statement for all of them.

Time is the database's: a worker whose own clock is wrong keeps its leases all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

from pingvas.base.db import Database
from pingvas.base.loops import BackgroundLoops
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob, Hold

OnHold = Callable[[Hold], None]
# While the database is away: how often to try again, at the latest.
AWAY_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class _Held:
    job: ClaimedJob
    on_hold: OnHold


class LeaseRenewer:
    """Renews every third of a lease, and tells each job's holder whether it is still wanted and still ours."""

    def __init__(self, database: Database, worker_id: str, lease_seconds: float) -> None:
        self._database = database
        self._worker_id = worker_id
        self._lease_seconds = lease_seconds
        self._held: dict[UUID, _Held] = {}

    @contextmanager
    def holding(self, job: ClaimedJob, on_hold: OnHold) -> Iterator[None]:
        """The lease of `job` is kept while the block lasts."""
        if job.id in self._held:  # lost, and then claimed again by this very worker
            self._held[job.id].on_hold("lost")
        mine = self._held[job.id] = _Held(job, on_hold)
        try:
            yield
        finally:
            if self._held.get(job.id) is mine:
                del self._held[job.id]

    @asynccontextmanager
    async def running(self, loops: BackgroundLoops) -> AsyncIterator[None]:
        """Leases are renewed while the block lasts."""
        async with loops.running(
            "lease renewal", self._renew_often, essential=True, longest_pause=AWAY_SECONDS
        ):
            yield

    async def _renew_often(self) -> None:
        while True:
            await self._renew()
            await asyncio.sleep(self._lease_seconds / 3)

    async def _renew(self) -> None:
        held = dict(self._held)
        if not held:
            return
        async with self._database.autocommit() as session:
            answers = await claims.renew(
                session,
                worker_id=self._worker_id,
                jobs={job_id: mine.job.attempt for job_id, mine in held.items()},
                lease_seconds=self._lease_seconds,
            )
        for job_id, answer in answers.items():
            held[job_id].on_hold(answer)
