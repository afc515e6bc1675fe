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
from pingvas.base.settings import Settings
from pingvas.catalog.models import list_models, makes_pictures
from pingvas.engine.engine import Engine
from pingvas.engine.errors import EngineError
from pingvas.engine.requests import Setup
from pingvas.worker.process.background import beside
from pingvas.worker.process.capacity import WEIGHTS_SHARE
from pingvas.worker.process.claiming import Taking
from pingvas.worker.process.job_context import Patience, Workplace
from pingvas.worker.process.lease_renewal import LeaseKeeper
from pingvas.worker.process.measurements import flushing
from pingvas.worker.process.registration import Self, new_worker_id, registered, say_stopping
from pingvas.worker.process.wakeup import alarm_on_new_jobs
from pingvas.worker.running.end_writer import EndWriter
from pingvas.worker.running.engine_thread import EngineThread

log = logging.getLogger(__name__)


class EngineBroken(Exception):
    """Nothing can be made any more in this process: whoever watches over it starts another."""


async def run_worker(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    stop: asyncio.Event | None = None,
    patience: Patience | None = None,
) -> None:
    """Work until `stop` is set; without one, until SIGTERM or SIGINT comes.

    `publisher` (started; the caller closes it) carries the events of the jobs done here. When told to stop, the
    running jobs may end, and what takes too long goes back into the queue. Raises EngineBroken.
    """
    if stop is None:
        stop = _stop_on_signals()
    async with workplace(settings, publisher=publisher, patience=patience) as place:
        await work(place, stop)


@asynccontextmanager
async def workplace(
    settings: Settings, *, publisher: Publisher | None = None, patience: Patience | None = None
) -> AsyncIterator[Workplace]:
    """What a worker needs, open while the block lasts: an engine on its thread, the database, the storage."""
    if settings.database_url is None:
        raise ValueError(
            "a worker needs PINGVAS_DATABASE_URL; `pingvas up` sets it for the embedded database"
        )
    # A few connections: claiming, progress, leases and endings overlap, and none lasts.
    database = Database(
        settings.database_url, pool_size=min(6, settings.database_pool_size), publisher=publisher
    )
    engine = open_engine(settings)
    worker_id = new_worker_id()
    thread = EngineThread(engine)
    patience = patience or Patience()
    try:
        yield Workplace(
            worker_id,
            settings,
            database,
            open_storage(settings),
            open_model_files(settings),
            thread,
            LeaseKeeper(database, worker_id, settings.lease_seconds),
            EndWriter(database, worker_id),
            engine.total_bytes or psutil.virtual_memory().total,
            patience,
        )
    finally:
        await thread.close(patience.let_go)
        await database.dispose()


async def work(place: Workplace, stop: asyncio.Event) -> None:
    """A worker's life at its workplace, until `stop` is set and its jobs have ended or are given back."""
    worker = Self(
        place.worker_id,
        device=place.engine.engine.device.type,
        memory_bytes=place.memory_bytes,
        models=place.engine.loaded,
    )
    log.info("worker %s on %s", worker.id, worker.device)
    assert place.settings.database_url is not None  # noqa: S101 - or there would be no database
    async with (
        registered(place.database, worker),
        flushing(place.database, place.measurements),
        alarm_on_new_jobs(place.settings.database_url) as alarm,
        beside(_preload(place), name="preload"),
        place.leases.at_work(),
    ):
        taking = Taking(place, alarm)
        await taking.run(stop)
        await say_stopping(place.database, worker)
        await taking.hands.drain()
    if place.engine.broken:
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


async def _preload(place: Workplace) -> None:
    """Load the first model of the catalog, so that the first job finds one in memory."""
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
    except Exception:  # it was only meant to save time
        log.exception("no model was loaded beforehand")


def _stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
