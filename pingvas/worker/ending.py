"""A job's end is written: one transaction, tried until the database takes it or nobody waits for it any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import DatabaseUnavailable
from pingvas.generation import finish, queue
from pingvas.generation.finish import FinishedPicture
from pingvas.generation.queue import ClaimedJob
from pingvas.worker.outcome import Canceled, Crashed, Failed, HandedBack, Lost, Made, Outcome
from pingvas.worker.pauses import pauses
from pingvas.worker.workplace import Workplace

log = logging.getLogger(__name__)

Ending = Callable[[AsyncSession, ClaimedJob, str], Awaitable[bool]]
"""Writes a job's end for a worker; False: the job was no longer that worker's."""


async def write_ending(
    job: ClaimedJob,
    place: Workplace,
    outcome: Outcome,
    picture: FinishedPicture | None,
    give_up: asyncio.Event,
) -> None:
    """Write `outcome` down; `picture` is the stored one of a `Made`. The fence decides whether it counts.

    An attempt whose commit was cut off may have gone through; then the next one finds the job ended, and writes
    nothing. After `give_up` an unavailable database ends the trying, and the lease lapses.
    """
    ending = _ending_of(outcome, picture, place.settings.max_attempts)
    if ending is None:
        log.warning("job %s: the lease was lost; somebody else has it now", job.id)
        return
    for pause in pauses():
        try:
            async with place.database.transaction() as session:
                written = await ending(session, job, place.worker_id)
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


def _ending_of(outcome: Outcome, picture: FinishedPicture | None, max_attempts: int) -> Ending | None:
    match outcome:
        case Made(result):
            if picture is None:
                raise ValueError("a picture that is made is stored first")
            return partial(finish.complete, gpu_seconds=result.gpu_seconds, picture=picture)
        case Failed(code, message, seconds):
            return partial(finish.fail, code=code, message=message, gpu_seconds=seconds)
        case Canceled(seconds):
            return partial(finish.canceled, gpu_seconds=seconds)
        case HandedBack(delay):
            return partial(queue.hand_back, delay_seconds=delay)
        case Crashed(message):
            return partial(finish.crashed, message=message, max_attempts=max_attempts)
        case Lost():
            return None
