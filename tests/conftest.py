"""What every test may ask for: a database of its own, settings, the app, a client.

The tests run on an embedded server that this run starts and throws away, or on the server that
`PINGVAS_TEST_DATABASE_URL` names (a role that may create databases). Each database is a clone of one that was
migrated once.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.launch import embedded_postgres
from tests.lifespan import running_app

SERVER = "PINGVAS_TEST_DATABASE_URL"
RUN = "PINGVAS_TEST_RUN"
KEPT = {SERVER, RUN, "PINGVAS_CHROMIUM"}
# Nothing here has to survive a crash, and the tests wait for every commit.
SERVER_OPTIONS = (
    *("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=300"),
    "max_wal_size=256MB",  # it may lie in memory
)
# A database is several hundred files: to make one takes a tenth of the work where they lie in memory.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 1024**3

_server: embedded_postgres.EmbeddedPostgres | None = None
_server_folder: Path | None = None


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith("PINGVAS_") and name not in KEPT]:
        del os.environ[name]  # a developer's own settings do not belong in the tests
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = (
        "1"  # read when the libraries are imported
    )
    # Several test processes share the cores; torch's threads would wait for each other more than they compute.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if hasattr(config, "workerinput"):
        return  # an xdist worker: the controller set all this up, and the environment came along
    os.environ[RUN] = secrets.token_hex(4)
    if getattr(config.option, "numprocesses", None) and not config.option.collectonly:
        _start_server()  # now, because only this process outlives the workers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m database` names every test that asks for one: what has to hold on each supported PostgreSQL."""
    for item in items:
        if "database_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import SchedulingThatGoesOn

    return SchedulingThatGoesOn(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    global _server
    if hasattr(config, "workerinput"):
        return
    if _server is not None:
        _server.stop()
        _server = None
        os.environ.pop(SERVER, None)
    elif SERVER in os.environ and RUN in os.environ:
        asyncio.run(_drop_databases_of_this_run(os.environ[SERVER]))
    if _server_folder is not None:
        shutil.rmtree(_server_folder, ignore_errors=True)


def _start_server() -> str:
    """The address of the server for this run; starts the embedded one on first call unless one is named."""
    global _server, _server_folder
    if SERVER not in os.environ:
        in_memory = MEMORY if _has_room(MEMORY) else None
        _server_folder = Path(tempfile.mkdtemp(prefix="pingvas-tests-", dir=in_memory))
        _server = embedded_postgres.start(_server_folder, SERVER_OPTIONS)
        os.environ[SERVER] = _server.url("postgres")
    return os.environ[SERVER]


def _has_room(memory: Path) -> bool:
    """Whether the server fits into that folder, which is memory. A run that was killed may have left its server there."""
    for left in memory.glob("pingvas-tests-*"):
        # A folder that is somebody else's, or whose server is yet to be made, stays.
        with suppress(OSError), (left / "postgres" / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
    return (
        os.access(memory, os.W_OK | os.X_OK)
        and shutil.disk_usage(memory).free > ROOM_BYTES
        and psutil.virtual_memory().available > 2 * ROOM_BYTES
    )


# Databases.


@pytest.fixture(scope="session")
def database_server() -> str:
    """The server's address with a database to administer it from."""
    return _start_server()


@pytest.fixture(scope="session")
def template_database(database_server: str) -> str:
    """The name of a migrated, otherwise empty database. The first worker that comes makes it; the others wait."""
    with ThreadPoolExecutor(1) as thread:  # a thread, because a test's event loop may exist in this one
        return thread.submit(asyncio.run, _make_template(database_server)).result()


@pytest.fixture
async def database_url(database_server: str, template_database: str) -> AsyncIterator[str]:
    """A fresh, migrated database of this test alone, with real commits."""
    name = _name()
    await _administer(database_server, *_clone(name, template_database))
    yield _url(database_server, name)
    await _administer(database_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def empty_database_url(database_server: str) -> AsyncIterator[str]:
    """A fresh database with nothing in it, for tests of the migrations themselves."""
    name = _name()
    await _administer(database_server, f"CREATE DATABASE {name} TEMPLATE template0", _lock_timeout(name))
    yield _url(database_server, name)
    await _administer(database_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The house's own Database on a fresh database: for tests that need several connections."""
    made = Database(database_url, pool_size=20)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
def shared_database_url(database_server: str, template_database: str) -> str:
    """One database per test process, for tests that roll everything back. It goes with the run."""
    name = _name()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _administer(database_server, *_clone(name, template_database))).result()
    return _url(database_server, name)


@pytest.fixture
async def session(shared_database_url: str) -> AsyncIterator[AsyncSession]:
    """A session in an outer transaction that is rolled back: its own commits and rollbacks are savepoints."""
    engine = create_async_engine(shared_database_url, poolclass=NullPool)
    async with engine.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(
            connection, expire_on_commit=False, autoflush=False, join_transaction_mode="create_savepoint"
        ) as made:
            yield made
        await outer.rollback()
    await engine.dispose()


async def _make_template(server: str) -> str:
    from pingvas.base import migrate

    name = f"pingvas_test_{os.environ[RUN]}_template"
    connection = await asyncpg.connect(_plain(server))
    try:
        # Held until the connection closes: one worker migrates, the others find it done.
        await connection.execute("SELECT pg_advisory_lock($1)", _lock_number(name))
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            building = f"{name}_building"
            await connection.execute(f"DROP DATABASE IF EXISTS {building} WITH (FORCE)")
            await connection.execute(f"CREATE DATABASE {building} TEMPLATE template0")
            await migrate.upgrade(_url(server, building))
            await connection.execute(f"ALTER DATABASE {building} RENAME TO {name}")
    finally:
        await connection.close()
    return name


async def _drop_databases_of_this_run(server: str) -> None:
    connection = await asyncpg.connect(_plain(server))
    try:
        like = f"pingvas\\_test\\_{os.environ[RUN]}\\_%"
        for row in await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE $1", like):
            await connection.execute(f"DROP DATABASE IF EXISTS {row['datname']} WITH (FORCE)")
    finally:
        await connection.close()


async def _administer(server: str, *statements: str) -> None:
    connection = await asyncpg.connect(_plain(server))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _name() -> str:
    return f"pingvas_test_{os.environ[RUN]}_{secrets.token_hex(6)}"


def _clone(name: str, template: str) -> tuple[str, str]:
    return f"CREATE DATABASE {name} TEMPLATE {template}", _lock_timeout(name)


def _lock_timeout(name: str) -> str:
    """A claim that lost its SKIP LOCKED fails instead of hanging."""
    return f"ALTER DATABASE {name} SET lock_timeout = '5s'"


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _plain(url: str) -> str:
    """The address as asyncpg itself wants it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _url(server: str, name: str) -> str:
    address = make_url(server).set(drivername="postgresql+asyncpg", database=name)
    return address.render_as_string(hide_password=False)


# The house.


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings as they are out of the box, in a folder of this test, with cheap password hashes."""

    def make(**changes: Any) -> Settings:
        ours: dict[str, Any] = {
            "data_dir": tmp_path / "data",
            "secret_key": "the tests' own secret, long enough to be one",
            "argon2_memory_kib": 64,
            "argon2_time_cost": 1,
            "rate_limits": "off",  # tests ask more in a minute than people may
        }
        return Settings(_env_file=None, **(ours | changes))

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    """Settings whose database is the fresh one of this test."""
    return make_settings(database_url=database_url)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Any]:
    """The whole ASGI app, started."""
    from pingvas.api.app import create_app

    async with running_app(create_app(settings)) as started:
        yield started


@pytest.fixture
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app with a cookie jar, nobody signed in. Errors come back as answers."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as made:
        yield made
