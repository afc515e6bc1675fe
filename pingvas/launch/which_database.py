"""Which database a command works with: the one that was named, or the embedded one of the data folder."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from pingvas.base.disk_full import is_disk_full
from pingvas.base.errors import Unavailable
from pingvas.base.settings import Settings
from pingvas.launch import embedded_postgres
from pingvas.launch.embedded_postgres import EmbeddedPostgres
from pingvas.launch.serving_role import has_serving_role, make_serving_role, serving_url


class NoDatabase(Unavailable):
    default_detail = "There is no database: start the studio with `pingvas up`, or set PINGVAS_DATABASE_URL."


def with_running_database(settings: Settings, *, as_owner: bool = False) -> Settings:
    """Settings with `database_url` set, for a process beside a running studio. Raises NoDatabase.

    `as_owner`: in the embedded server, as the owner of the tables rather than the role that serves.
    """
    if settings.database_url is not None:
        return settings
    server = embedded_postgres.find(settings.data_dir)
    if server is None:
        raise NoDatabase
    if as_owner:
        return settings.model_copy(update={"database_url": server.url()})
    if not asyncio.run(has_serving_role(server)):  # an older version runs it
        asyncio.run(make_serving_role(server))
    return settings.model_copy(update={"database_url": serving_url(server)})


@contextmanager
def with_any_database(settings: Settings) -> Iterator[Settings]:
    """Settings with `database_url` set; the embedded server is started for the block where none runs.

    In the embedded one this is the owner of the tables: it may migrate.
    """
    if settings.database_url is not None:
        yield settings
        return
    with embedded_postgres.running(settings.data_dir) as server:
        is_ours = server.process is not None
        if is_ours:
            _make_serving_role(server)  # others may find this server while it runs
        yield settings.model_copy(update={"database_url": server.url()})
        if is_ours:
            _make_serving_role(server)  # tables may have been made


def _make_serving_role(server: EmbeddedPostgres) -> None:
    try:
        asyncio.run(make_serving_role(server))
    except (asyncpg.PostgresError, OSError) as error:
        if not is_disk_full(error):  # who serves will make it at the start, and wait for room
            raise
