"""What became of a job is written down, however long the database is away, unless nobody waits for it any more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from pingvas.base.backoff import pauses
from pingvas.base.db import DatabaseUnavailable
from pingvas.generation.lifecycle import returns
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End, FinishedImage
from pingvas.worker.running.job_context import JobContext
from pingvas.worker.running.outcome import Canceled, Crashed, Failed, HandedBack, Lost, Made, Outcome

log = logging.getLogger(__name__)


async def write_outcome(
    job: ClaimedJob,
    context: JobContext,
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
            written = await _write(job, context, outcome, picture)
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


async def _write(
    job: ClaimedJob, context: JobContext, outcome: Outcome, picture: FinishedImage | None
) -> bool:
    match outcome:
        case Made():
            if picture is None:
                raise ValueError("a picture that is made is stored first")
            return await context.ends.write(End(job, "completed", outcome.seconds, picture))
        case Failed(code, message, seconds):
            return await context.ends.write(End(job, "failed", seconds, code=code, message=message))
        case Canceled(seconds):
            return await context.ends.write(End(job, "canceled", seconds))
        case HandedBack(delay):
            async with context.database.transaction() as session:
                return await returns.hand_back(session, job, context.worker_id, delay_seconds=delay)
        case Crashed(message):
            async with context.database.transaction() as session:
                return await returns.crashed(
                    session,
                    job,
                    context.worker_id,
                    message=message,
                    max_attempts=context.settings.max_attempts,
                )
        case Lost():
            return False
