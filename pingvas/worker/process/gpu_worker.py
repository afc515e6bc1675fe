"""The worker process: opens what a worker needs, takes jobs until it is told to stop, and stops without losing any."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

import pingvas.tables  # noqa: F401 - foreign keys between rooms are found by name once every table is known
from pingvas.adapters.model_files import open_model_files
from pingvas.adapters.model_source import read_source
from pingvas.adapters.storage import open_storage
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.errors import StudioError
from pingvas.base.events import Publisher
from pingvas.base.loops import BackgroundLoops
from pingvas.base.settings import Settings
from pingvas.catalog.models import list_models, makes_images
from pingvas.engine.engine import Engine
from pingvas.engine.errors import EngineError
from pingvas.engine.requests import Setup
from pingvas.gallery.content_credentials import open_credentials
from pingvas.worker.process.claiming import Claimer
from pingvas.worker.process.registration import WorkerRegistration, new_worker_id, registered, say_stopping
from pingvas.worker.process.wakeup import woken_by_new_jobs
from pingvas.worker.running.capacity import WEIGHTS_SHARE
from pingvas.worker.running.end_writer import EndWriter
from pingvas.worker.running.engine_thread import EngineThread
from pingvas.worker.running.job_context import JobContext, WorkerTimeouts
from pingvas.worker.running.lease_renewal import LeaseRenewer
from pingvas.worker.running.measurements import flushing

log = logging.getLogger(__name__)


class EngineBroken(Exception):
    """Nothing can be made any more in this process: whoever watches over it starts another."""


async def run_worker(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    stop: asyncio.Event | None = None,
    timeouts: WorkerTimeouts | None = None,
    loops: BackgroundLoops | None = None,
) -> None:
    """Work until `stop` is set; without one, until SIGTERM or SIGINT comes.

    `publisher` (started; the caller closes it) carries the events of the jobs done here. When told to stop, the
    running jobs may end, and what takes too long goes back into the queue. Raises EngineBroken and LoopGaveUp, after a
    stop like any other.
    """
    if stop is None:
        stop = _stop_on_signals()
    async with job_context(settings, publisher=publisher, timeouts=timeouts) as context:
        await work(context, stop, loops)


@asynccontextmanager
async def job_context(
    settings: Settings, *, publisher: Publisher | None = None, timeouts: WorkerTimeouts | None = None
) -> AsyncIterator[JobContext]:
    """What a worker's jobs need, open while the block lasts: an engine on its thread, the database, the storage."""
    if settings.database_url is None:
        raise ValueError(
            "a worker needs PINGVAS_DATABASE_URL; `pingvas up` sets it for the embedded database"
        )
    credentials = open_credentials(settings)
    # A few connections: claiming, progress, leases and endings overlap, and none lasts.
    database = Database(
        settings.database_url, pool_size=min(6, settings.database_pool_size), publisher=publisher
    )
    engine = open_engine(settings)
    worker_id = new_worker_id()
    thread = EngineThread(engine)
    timeouts = timeouts or WorkerTimeouts()
    try:
        yield JobContext(
            worker_id,
            settings,
            database,
            open_storage(settings),
            open_model_files(settings),
            thread,
            LeaseRenewer(database, worker_id, settings.lease_seconds),
            EndWriter(database, worker_id),
            engine.total_bytes or psutil.virtual_memory().total,
            timeouts,
            credentials,
        )
    finally:
        await thread.close(timeouts.abort)
        await database.dispose()


async def work(context: JobContext, stop: asyncio.Event, loops: BackgroundLoops | None = None) -> None:
    """Claim and run jobs until `stop` is set and those that run have ended or are given back.

    Raises EngineBroken and LoopGaveUp.
    """
    url = context.settings.database_url
    assert url is not None  # noqa: S101 - or there would be no database
    loops = loops or BackgroundLoops("worker", url)
    loops.on_give_up = stop.set
    loops.raise_if_gave_up()
    worker = WorkerRegistration(
        context.worker_id,
        device=context.engine.engine.device.type,
        memory_bytes=context.memory_bytes,
        models=context.engine.loaded,
    )
    log.info("worker %s on %s", worker.id, worker.device)
    async with (
        registered(context.database, worker, loops),
        flushing(context.database, context.measurements, loops),
        woken_by_new_jobs(url, loops) as wakeup,
        loops.running("preload", lambda: _preload(context)),
        context.leases.running(loops),
    ):
        claimer = Claimer(context, wakeup)
        await claimer.run(stop, loops)
        await say_stopping(context.database, worker)
        await claimer.running.drain()
    loops.raise_if_gave_up()
    if context.engine.broken:
        raise EngineBroken("the engine does not answer any more; a new process has to take over")
    log.info("worker %s stopped", worker.id)


def open_engine(settings: Settings) -> Engine:
    """The engine by the settings; weights may fill most of a card, and the rest is for making pictures."""
    kept = settings.worker_keep_bytes
    compiled = settings.model_cache / "compiled"
    if settings.torch_compile:
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled))
    return Engine(
        settings.worker_device,
        device_share=WEIGHTS_SHARE,
        memory_bytes=psutil.virtual_memory().total // 4 if kept is None else kept,
        folder=settings.model_cache,
        compile_networks=settings.torch_compile,
    )


async def _preload(context: JobContext) -> None:
    """Load the first model of the catalog, so that the first job finds one in memory."""
    try:
        async with context.database.read() as session:
            models = await list_models(session, model_type="checkpoint")
        # One that is on this machine already: nobody is to wait for a download that no job has asked for.
        for model in filter(makes_images, models):
            path = context.model_files.find_copy(read_source(model.s3_path, model.config))
            if path is not None:
                await context.engine.load(model.name, Setup(path, model.config))
                return
    except (DatabaseUnavailable, EngineError, StudioError) as error:
        log.warning("no model was loaded beforehand: %s", error)
    except Exception:  # it was only meant to save time
        log.exception("no model was loaded beforehand")


def _stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
