"""The worker process: takes jobs from the queue, one at a time on the engine, and stops without losing any.

The next job is claimed as soon as the engine is free, while the last one's picture is still encoded and stored.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import psutil

import pingvas.tables  # noqa: F401 - foreign keys between rooms are found by name once every table is known
from pingvas.adapters.model_files import open_model_files
from pingvas.adapters.model_source import read_source
from pingvas.adapters.storage import open_storage
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.errors import StudioError
from pingvas.base.events import Publisher
from pingvas.base.settings import Settings
from pingvas.catalog.models import list_models, makes_pictures
from pingvas.engine.engine import Engine
from pingvas.engine.errors import EngineError
from pingvas.engine.requests import Setup
from pingvas.generation import queue
from pingvas.generation.queue import ClaimedJob
from pingvas.worker.engine_thread import EngineThread
from pingvas.worker.job import JobRun
from pingvas.worker.pauses import pauses
from pingvas.worker.registration import Self, new_worker_id, registered, say_stopping
from pingvas.worker.wake import Alarm, alarm_on_new_jobs
from pingvas.worker.workplace import Patience, Workplace

log = logging.getLogger(__name__)

# Pictures that may wait to be stored while the engine goes on. More than these mean that the storage is away, and
# a job taken then would only wait here.
MAX_UNSTORED = 2
# Of a card's memory, what weights may take.
DEVICE_SHARE = 0.7


async def run_worker(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    stop: asyncio.Event | None = None,
    patience: Patience | None = None,
) -> None:
    """Work until `stop` is set; without one, until SIGTERM or SIGINT comes.

    `publisher` (started; the caller closes it) carries the events of the jobs done here. When told to stop, the
    running job may end, and what takes too long goes back into the queue.
    """
    if settings.database_url is None:
        raise ValueError(
            "a worker needs PINGVAS_DATABASE_URL; `pingvas up` sets it for the embedded database"
        )
    if stop is None:
        stop = _stop_on_signals()
    # A few connections: claiming, progress, leases and endings overlap, and none lasts.
    database = Database(
        settings.database_url, pool_size=min(6, settings.database_pool_size), publisher=publisher
    )
    engine = EngineThread(_open_engine(settings))
    place = Workplace(
        new_worker_id(),
        settings,
        database,
        open_storage(settings),
        open_model_files(settings),
        engine,
        patience or Patience(),
    )
    worker = Self(
        place.worker_id,
        device=engine.engine.device.type,
        memory_bytes=engine.engine.total_bytes or psutil.virtual_memory().total,
        models=engine.loaded,
    )
    log.info("worker %s on %s", worker.id, worker.device)
    try:
        async with (
            registered(database, worker),
            alarm_on_new_jobs(settings.database_url) as alarm,
            _preloading(place),
        ):
            runs = await _take_jobs(place, alarm, stop)
            await say_stopping(database, worker)
            await _drain(runs, place.patience)
    finally:
        engine.close()
        await database.dispose()
        log.info("worker %s stopped", worker.id)


def _open_engine(settings: Settings) -> Engine:
    """The engine by the settings; weights may fill most of a card, and the rest is for making pictures."""
    kept = settings.worker_keep_bytes
    compiled = settings.model_cache / "compiled"
    if settings.torch_compile:
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled))
    return Engine(
        settings.worker_device,
        device_share=DEVICE_SHARE,
        memory_bytes=psutil.virtual_memory().total // 4 if kept is None else kept,
        folder=settings.model_cache,
        compile_networks=settings.torch_compile,
    )


class Runs:
    """The jobs in this worker's hands: one on the engine at most, the others on their way into storage."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], JobRun] = {}

    def begin(self, run: JobRun) -> None:
        task = asyncio.create_task(run.live(), name=f"job {run.job.id}")
        self._tasks[task] = run
        task.add_done_callback(self._forget)

    def __len__(self) -> int:
        return len(self._tasks)

    async def wait(self, seconds: float | None = None, *, for_all: bool = True) -> None:
        """Until all have ended (or one of them), at most `seconds`."""
        if self._tasks:
            when = asyncio.ALL_COMPLETED if for_all else asyncio.FIRST_COMPLETED
            await asyncio.wait(self._tasks, timeout=seconds, return_when=when)

    def hand_back(self) -> None:
        for run in self._tasks.values():
            run.hand_back()

    def _forget(self, task: asyncio.Task[None]) -> None:
        run = self._tasks.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("job %s: its end could not be written", run.job.id, exc_info=error)


async def _take_jobs(place: Workplace, alarm: Alarm, stop: asyncio.Event) -> Runs:
    """Claim and run jobs until told to stop; returns those still in hand."""
    runs = Runs()
    stopping = asyncio.create_task(stop.wait(), name="told to stop")
    retry = pauses()
    while not stop.is_set():
        if len(runs) > MAX_UNSTORED:
            await _unless(stopping, runs.wait(for_all=False))
            continue
        alarm.reset()
        try:
            job = await _claim(place)
        except DatabaseUnavailable:
            log.warning("the database is away; no jobs are taken until it is back")
            await _unless(stopping, asyncio.sleep(next(retry)))
            continue
        retry = pauses()
        if job is None:
            await _unless(stopping, alarm.wait(place.settings.worker_poll_seconds))
            continue
        run = JobRun(job, place)
        runs.begin(run)
        await _unless(stopping, run.engine_free.wait())
    stopping.cancel()
    return runs


async def _claim(place: Workplace) -> ClaimedJob | None:
    async with place.database.transaction() as session:
        jobs = await queue.claim(
            session, worker_id=place.worker_id, lease_seconds=place.settings.lease_seconds, limit=1
        )
    return jobs[0] if jobs else None


async def _drain(runs: Runs, patience: Patience) -> None:
    """Let the jobs in hand end; what does not in time goes back into the queue, its step given up."""
    if not runs:
        return
    log.info("stopping: %d jobs in hand", len(runs))
    await runs.wait(patience.drain)
    runs.hand_back()
    await runs.wait(patience.let_go)
    if runs:
        log.warning("stopping with %d jobs in hand; their leases will lapse", len(runs))


@asynccontextmanager
async def _preloading(place: Workplace) -> AsyncIterator[None]:
    """Load the first model of the catalog meanwhile, so that the first job finds one in memory."""
    task = asyncio.create_task(_preload(place), name="preload")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _preload(place: Workplace) -> None:
    try:
        async with place.database.read() as session:
            models = await list_models(session, model_type="checkpoint")
        # One that is on this machine already: nobody is to wait for a download that no job has asked for.
        for model in filter(makes_pictures, models):
            path = place.model_files.find_copy(read_source(model.s3_path, model.config))
            if path is not None:
                await place.engine.load(model.name, Setup(path, model.config))
                return
    except (DatabaseUnavailable, EngineError, StudioError) as error:
        log.warning("no model was loaded beforehand: %s", error)


async def _unless(stopping: asyncio.Task[Any], wait: Coroutine[Any, Any, object]) -> None:
    """Wait for something, but not longer than until told to stop."""
    waiting = asyncio.create_task(wait)
    await asyncio.wait({stopping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting


def _stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
