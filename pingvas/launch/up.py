"""`pingvas up`: the whole studio on one machine, in the foreground, until Ctrl-C.

Database, migrations, seed, then API, worker, chores and, where it sells, the sandbox under one supervisor. It keeps nothing running behind
itself: whatever way it ends, its children and the database end too.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pingvas.base import migrate, shared_counts
from pingvas.base.backoff import pauses
from pingvas.base.db import Database
from pingvas.base.errors import Unavailable
from pingvas.base.loops import BackgroundLoops, end
from pingvas.base.secret_keys import SECRET_VARIABLES, SELLER_VARIABLES
from pingvas.base.settings import Settings
from pingvas.gallery.content_credentials import open_credentials
from pingvas.launch import embedded_postgres
from pingvas.launch.embedded_postgres import EmbeddedPostgres
from pingvas.launch.ports import metrics_port, page_port, sandbox_port
from pingvas.launch.processes import Child, Supervisor
from pingvas.launch.seed import Seeded, create_owner_token, seed
from pingvas.launch.serving_role import make_serving_role, serving_url
from pingvas.launch.state_file import RunningStudio, StateFile, only_studio
from pingvas.launch.wait_for_room import once_there_is_room

LINK_MINUTES = 60.0
READY_SECONDS = 120.0
_OF_PICTURES = frozenset(  # of no use to who sells
    {
        "PINGVAS_DATABASE_URL",
        "PINGVAS_FILE_URL_KEY",
        "PINGVAS_CONTENT_CREDENTIALS_KEY",
        "PINGVAS_CONTENT_CREDENTIALS_KEY_FILE",
    }
)
WORKER_STOP_SECONDS = 30.0  # a worker hands its job back between two steps

Tell = Callable[[str, str], None]


class NotReady(Unavailable):
    """The API did not answer in time."""


@dataclass(frozen=True)
class Ready:
    """What a person is told once the page answers."""

    url: str
    sign_in_url: str
    data_dir: Path
    seconds: float
    models: list[str]
    metrics_url: str | None


def up(settings: Settings, *, tell: Tell, announce: Callable[[Ready], None], workers: int = 1) -> None:
    """Run the studio until SIGINT or SIGTERM. Call it in the main thread.

    Raises AlreadyRunning, PortTaken, CannotStart, BadCredentials, DatabaseUnavailable, NotReady.
    """
    began = time.monotonic()
    data_dir = settings.data_dir.resolve()

    def start() -> None:
        with only_studio(data_dir):
            ports: dict[str, int | None] = {
                "port": page_port(settings),
                "metrics_port": metrics_port(settings),
                "sandbox_port": sandbox_port(settings),
            }
            chosen = settings.model_copy(update={"data_dir": data_dir, **ports})
            open_credentials(chosen)  # or each worker would end by it, again and again
            with _database(chosen, tell) as (url, server):
                chosen = chosen.model_copy(update={"database_url": url})
                asyncio.run(_run(chosen, server, tell, announce, workers, began))

    once_there_is_room(start, data_dir, lambda line: tell("studio", line))


@contextmanager
def _database(settings: Settings, tell: Tell) -> Iterator[tuple[str, EmbeddedPostgres | None]]:
    if settings.database_url is not None:
        yield settings.database_url, None
        return
    if not (settings.data_dir / "postgres").exists():
        tell("studio", f"making a database in {settings.data_dir}")
    server = embedded_postgres.start(settings.data_dir)
    try:
        yield server.url(), server
    finally:
        server.stop()


async def _run(
    settings: Settings,
    server: EmbeddedPostgres | None,
    tell: Tell,
    announce: Callable[[Ready], None],
    workers: int,
    began: float,
) -> None:
    stop = asyncio.Event()
    started_at = time.time()
    loops = BackgroundLoops("studio", settings.database_url, on_give_up=stop.set)
    # Who serves gets a role with fewer rights than the one that migrates.
    serving = (
        settings if server is None else settings.model_copy(update={"database_url": serving_url(server)})
    )
    state = StateFile(settings.data_dir, lambda line: tell("studio", line))
    ready = asyncio.Event()

    def on_change(pids: Mapping[str, int]) -> None:
        if ready.is_set():
            state.show(_state(serving, pids, started_at))

    supervisor = _supervisor(serving, settings.database_url or "", tell, workers, on_change, loops)
    _on_signals(stop, supervisor)
    try:
        seeded, token = await _prepare(settings, server)
    except Exception:
        if stop.is_set():  # what failed is not needed any more
            return
        raise
    if stop.is_set():
        return
    supervisor.start()
    keepers = [
        loops.start("database keeper", lambda: _keep_alive(server, stop, tell), essential=True),
        loops.start("state file", state.keep),
    ]
    try:
        if await _wait_ready(settings, stop):
            ready.set()
            on_change(supervisor.pids())
            link = f"{settings.base_url}/sign-in/link#token={token}"
            seconds = time.monotonic() - began
            with suppress(OSError):  # nobody can read it, and all else goes well
                announce(
                    Ready(
                        settings.base_url,
                        link,
                        settings.data_dir,
                        seconds,
                        seeded.models,
                        _metrics_url(settings),
                    )
                )
            await stop.wait()
        tell("studio", "stopping")
    finally:
        await supervisor.stop()
        for keeper in keepers:
            await end(keeper)
    loops.raise_if_gave_up()


async def _prepare(settings: Settings, server: EmbeddedPostgres | None) -> tuple[Seeded, str]:
    """The schema of this version, what every studio holds, and a token that signs its owner in."""
    assert settings.database_url is not None  # noqa: S101 - set by `up`
    await migrate.upgrade(settings.database_url)
    database = Database(settings.database_url, pool_size=2)
    try:
        seeded = await seed(database, settings)
        token = await create_owner_token(database, seeded.owner_id, LINK_MINUTES)
    finally:
        await database.dispose()
    if server is not None:
        await make_serving_role(server)
    return seeded, token


def _supervisor(
    settings: Settings,
    owner_url: str,
    tell: Tell,
    workers: int,
    on_change: Callable[[Mapping[str, int]], None],
    loops: BackgroundLoops,
) -> Supervisor:
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "pingvas.cli", *arguments]

    names = ["worker"] if workers == 1 else [f"worker-{number}" for number in range(1, workers + 1)]
    groups = [
        [
            *(
                Child(name, command("worker"), WORKER_STOP_SECONDS, SECRET_VARIABLES | SELLER_VARIABLES)
                for name in names
            ),
            # They make the tables of their schedule, which takes the owner's role.
            Child(
                "chores",
                command("chores"),
                without=SECRET_VARIABLES,
                own={"PINGVAS_DATABASE_URL": owner_url},
            ),
        ],
        [Child("api", command("api"), 15.0)],  # last, so that people hear what became of their jobs
    ]
    if settings.sandbox_port is not None:
        groups[0].append(Child("sandbox", command("sandbox"), without=SECRET_VARIABLES | _OF_PICTURES))

    return Supervisor(groups, _child_environment(settings), tell=tell, on_change=on_change, loops=loops)


def _child_environment(settings: Settings) -> dict[str, str]:
    # What all of them count goes into one folder, and any API process shows it. It begins at nothing, as they do.
    counts = settings.data_dir / "metrics"
    shutil.rmtree(counts, ignore_errors=True)
    with suppress(OSError):  # no room: each process counts for itself
        counts.mkdir(parents=True)
    # What would have prometheus_client map files into memory: on a full disk that ends the process.
    chosen = {
        "PINGVAS_DATABASE_URL": settings.database_url or "",
        "PINGVAS_FILE_URL_KEY": settings.key_for("file-url").hex(),  # all that a worker needs of the secret
        "PINGVAS_DATA_DIR": str(settings.data_dir),
        "PINGVAS_PORT": str(settings.port),
        "PINGVAS_METRICS_PORT": str(settings.api_metrics_port),
        "PINGVAS_SANDBOX_PORT": "" if settings.sandbox_port is None else str(settings.sandbox_port),
        shared_counts.FOLDER: str(counts),
        "PYTHONUNBUFFERED": "1",
    }
    # Settings are read in any case: one that is set in small letters would stand beside ours.
    replaced = {"PROMETHEUS_MULTIPROC_DIR", *chosen, *(f"{name}_FILE" for name in chosen)}
    return {**{name: value for name, value in os.environ.items() if name.upper() not in replaced}, **chosen}


def _on_signals(stop: asyncio.Event, supervisor: Supervisor) -> None:
    def asked() -> None:
        if stop.is_set():
            supervisor.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)


async def _keep_alive(server: EmbeddedPostgres | None, stop: asyncio.Event, tell: Tell) -> None:
    """Start the embedded server again if it dies; meanwhile the others answer `unavailable` and try again.

    On a full disk it cannot start: it is tried, more and more seldom, until there is room.
    """
    pause = pauses(longest=5.0)
    while server is not None and not stop.is_set():
        await asyncio.sleep(0.5)
        server.bound_log()
        if not server.is_dead():
            continue
        with suppress(OSError):
            tell("studio", "the database ended; starting it again")
        try:
            await server.revive_in_loop()  # in this thread, so that the server ends with it
            pause = pauses(longest=5.0)
        except (Unavailable, OSError) as error:
            with suppress(OSError):
                tell("studio", error.detail if isinstance(error, Unavailable) else str(error))
            await asyncio.sleep(next(pause))


async def _wait_ready(settings: Settings, stop: asyncio.Event) -> bool:
    """True when the API answers, False when somebody stopped us first."""
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set():
        if await _is_alive(_local_host(settings.host), settings.port):
            return True
        if time.monotonic() > deadline:
            raise NotReady(f"The API did not answer within {READY_SECONDS:.0f} s; what it said stands above.")
        await asyncio.sleep(0.05)
    return False


async def _is_alive(host: str, port: int) -> bool:
    """Ask for /healthz by hand: an HTTP client would take longer to import than the API to start."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
                status_line = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
    except OSError:  # a TimeoutError too
        return False
    return b" 200 " in status_line


def local_url(settings: Settings) -> str:
    """Where this machine reaches the API, whatever address people type."""
    return _url(_local_host(settings.host), settings.port)


def _metrics_url(settings: Settings) -> str | None:
    """Where this machine reads the metrics."""
    port = settings.api_metrics_port
    return f"{_url(_local_host(settings.metrics_host), port)}/metrics" if port else None


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _local_host(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


def _state(settings: Settings, pids: Mapping[str, int], started_at: float) -> RunningStudio:
    return RunningStudio(
        local_url(settings),
        settings.database_url or "",
        os.getpid(),
        dict(pids),
        started_at,
        _metrics_url(settings),
    )
