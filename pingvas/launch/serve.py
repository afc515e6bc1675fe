"""The long-running processes: the API server, the worker, the chores. Each ends in order on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import tempfile

import uvicorn

from pingvas.base import metrics
from pingvas.base.settings import Settings, load_settings
from pingvas.base.tracing import tracing


def serve_api(settings: Settings) -> None:
    """Serve until a signal. More than one API process share the port; each builds its app from the environment."""
    common = {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,  # the command line set up logging
        "log_level": settings.log_level,
        "access_log": settings.log_level == "debug",
        "server_header": False,
        "proxy_headers": True,  # believed from this machine only, uvicorn's default
        "timeout_graceful_shutdown": 5,
        "ws_ping_interval": None,  # socket.io has its own
    }
    if settings.api_processes == 1:
        from pingvas.api.app import create_app

        app = create_app(settings)
        _leave_out_of_collections()
        uvicorn.run(app, **common)  # type: ignore[arg-type]
        return
    os.environ["PINGVAS_DATABASE_URL"] = settings.database_url or ""
    with tempfile.TemporaryDirectory(prefix="pingvas-metrics-") as folder:
        # Whichever of them is asked shows what all of them counted.
        os.environ.setdefault(metrics.SHARED_FOLDER, folder)
        uvicorn.run(
            "pingvas.launch.serve:app_from_environment",
            factory=True,
            workers=settings.api_processes,
            **common,  # type: ignore[arg-type]
        )


def app_from_environment() -> object:
    """The app of one of several API processes."""
    from pingvas.api.app import create_app

    app = create_app(load_settings())
    _leave_out_of_collections()
    return app


async def work(settings: Settings) -> None:
    """Run one worker until a signal."""
    from pingvas.realtime.publisher import open_publisher
    from pingvas.worker.process.gpu_worker import run_worker

    _leave_out_of_collections()
    publisher = open_publisher(settings)
    await publisher.start()
    try:
        with tracing(settings, "worker"), metrics.metrics_port(settings):
            await run_worker(settings, publisher=publisher, stop=_stop_on_signals())
    finally:
        await publisher.close()


async def do_chores(settings: Settings) -> None:
    """Run the chores until a signal."""
    from pingvas.worker.chores.process import run_chores

    with tracing(settings, "chores"), metrics.metrics_port(settings):
        await run_chores(settings, _stop_on_signals())


def _leave_out_of_collections() -> None:
    """What is loaded by now stays. Looking through all of it for garbage stops the process for a tenth of a second, and
    Python would do so every few seconds."""
    gc.collect()
    gc.freeze()


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
