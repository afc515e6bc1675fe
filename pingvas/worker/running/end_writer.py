"""Ends of jobs are written down: those that come at once in one transaction, tried until the database takes it or nobody
waits for it any more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.generation.lifecycle import returns
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End, FinishedImage, end_all
from pingvas.worker.process.backoff import pauses
from pingvas.worker.process.job_context import Workplace
from pingvas.worker.running.outcome import Canceled, Crashed, Failed, HandedBack, Lost, Made, Outcome

log = logging.getLogger(__name__)


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
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            if len(batch) > 1 and not isinstance(error, DatabaseUnavailable):
                for one in batch:  # one of them is at fault, and must not cost the others their end
                    await self._write_together([one])
                return
            for _, written in batch:
                if not written.done():
                    written.set_exception(error)
            return
        for (_, written), answer in zip(batch, answers, strict=True):
            if not written.done():
                written.set_result(answer)


async def write_ending(
    job: ClaimedJob,
    place: Workplace,
    outcome: Outcome,
    picture: FinishedImage | None,
    give_up: asyncio.Event,
) -> None:
    """Write `outcome` down; `picture` is the stored one of a `Made`. The fence decides whether it counts.

    An attempt whose commit was cut off may have gone through; then the next one finds the job ended, and writes
    nothing. After `give_up` an unavailable database ends the trying, and the lease lapses.
    """
    for pause in pauses():
        try:
            written = await _write(job, place, outcome, picture)
        except DatabaseUnavailable:
            if give_up.is_set():
                log.warning("job %s: its end goes unwritten; the lease will lapse", job.id)
                return
            log.warning("job %s: the database is away; its end is written when it is back", job.id)
            with suppress(TimeoutError):
                await asyncio.wait_for(give_up.wait(), pause)
            continue
        if not written:
            log.warning("job %s: it was no longer ours at its end; nothing was written", job.id)
        return


async def _write(job: ClaimedJob, place: Workplace, outcome: Outcome, picture: FinishedImage | None) -> bool:
    match outcome:
        case Made(result):
            if picture is None:
                raise ValueError("a picture that is made is stored first")
            return await place.ends.write(End(job, "completed", result.gpu_seconds, picture))
        case Failed(code, message, seconds):
            return await place.ends.write(End(job, "failed", seconds, code=code, message=message))
        case Canceled(seconds):
            return await place.ends.write(End(job, "canceled", seconds))
        case HandedBack(delay):
            async with place.database.transaction() as session:
                return await returns.hand_back(session, job, place.worker_id, delay_seconds=delay)
        case Crashed(message):
            async with place.database.transaction() as session:
                return await returns.crashed(
                    session, job, place.worker_id, message=message, max_attempts=place.settings.max_attempts
                )
        case Lost():
            return False
