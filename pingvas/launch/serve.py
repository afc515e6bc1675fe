"""The long-running processes: the API server, the worker, the chores. Each ends in order on SIGTERM or SIGINT, and with
an error when one of its essential background loops cannot live, so that whoever watches over it starts another."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import tempfile
from contextlib import suppress

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from pingvas.base import metrics, shared_counts
from pingvas.base.log_lines import log_to_stderr
from pingvas.base.loops import BackgroundLoops
from pingvas.base.settings import Settings, load_settings
from pingvas.base.tracing import tracing
from pingvas.launch.ports import why_taken
from pingvas.realtime.messages import MAX_BYTES
from pingvas.realtime.websocket_protocol import BoundedWebSocket


def serve_api(settings: Settings) -> None:
    """Serve until a signal. More than one API process share the port; each builds its app from the environment."""
    from pingvas.api.http.connections import GuardedProtocol, most_open, raise_descriptors

    common = {
        "http": GuardedProtocol,
        "limit_concurrency": most_open(raise_descriptors()),
        "host": settings.host,
        "port": settings.port,
        "log_config": None,  # the command line set up logging
        "log_level": settings.log_level,
        "access_log": settings.log_level == "debug",
        "server_header": False,
        "proxy_headers": True,  # believed from those alone that are named; None: uvicorn's variable, or this machine
        "forwarded_allow_ips": None
        if settings.trusted_proxies is None
        else ",".join(settings.trusted_proxies),
        "timeout_graceful_shutdown": 5,
        "ws": BoundedWebSocket,
        "ws_ping_interval": None,  # socket.io has its own
        "ws_max_size": MAX_BYTES,
        "ws_per_message_deflate": False,  # events are short, and each socket would keep its own window
    }
    if settings.api_processes == 1:
        from pingvas.api.app import create_app

        loops = BackgroundLoops("api", settings.database_url)
        app = create_app(settings, loops, listen_for_metrics=True)
        server = uvicorn.Server(uvicorn.Config(app, **common))  # type: ignore[arg-type]
        loops.on_give_up = lambda: setattr(server, "should_exit", True)
        _leave_out_of_collections()
        with suppress(KeyboardInterrupt):  # which has stopped it in order
            server.run()
        loops.raise_if_gave_up()
        if not server.started:
            sys.exit(STARTUP_FAILURE)
        return
    from pingvas.gallery import decoder

    os.environ["PINGVAS_DATABASE_URL"] = settings.database_url or ""
    os.environ.pop("PINGVAS_DATABASE_URL_FILE", None)
    _keep_off_a_taken_port(settings)
    with (
        tempfile.TemporaryDirectory(prefix="pingvas-metrics-") as folder,
        tempfile.TemporaryDirectory(prefix="pingvas-decoder-") as decoder_folder,
    ):
        # Whichever of them is asked shows what all of them counted, and they decode one after the other.
        os.environ.setdefault(shared_counts.FOLDER, folder)
        os.environ[decoder.FOLDER] = decoder_folder
        uvicorn.run(
            "pingvas.launch.serve:app_from_environment",
            factory=True,
            workers=settings.api_processes,
            **common,  # type: ignore[arg-type]
        )


def _keep_off_a_taken_port(settings: Settings) -> None:
    """API processes share the port of their metrics with each other, and must not with another studio of the same user."""
    from pingvas.api.http.metrics_listener import tell_taken

    if settings.api_metrics_port and (error := why_taken(settings.metrics_host, settings.api_metrics_port)):
        tell_taken(settings, error.strerror or error)
        os.environ["PINGVAS_METRICS_PORT"] = "0"


def app_from_environment() -> object:
    """The app of one of several API processes."""
    from pingvas.api.app import create_app

    settings = load_settings()
    log_to_stderr(settings.log_level)
    # This process ends in order, and uvicorn's parent process starts another in its place.
    loops = BackgroundLoops(
        "api", settings.database_url, on_give_up=lambda: signal.raise_signal(signal.SIGTERM)
    )
    app = create_app(settings, loops, listen_for_metrics=True)
    _leave_out_of_collections()
    return app


async def work(settings: Settings) -> None:
    """Run one worker until a signal."""
    from pingvas.realtime.publisher import open_publisher
    from pingvas.worker.process.gpu_worker import run_worker

    _leave_out_of_collections()
    loops = BackgroundLoops("worker", settings.database_url)
    publisher = open_publisher(settings, loops)
    await publisher.start()
    try:
        with tracing(settings, "worker"), metrics.metrics_port(settings):
            await run_worker(settings, publisher=publisher, stop=_stop_on_signals(), loops=loops)
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
