"""Which database a command works with: the one that was named, or the embedded one of the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from pingvas.base.errors import Unavailable
from pingvas.base.settings import Settings
from pingvas.launch import embedded_postgres
from pingvas.launch.serving_role import serving_url


class NoDatabase(Unavailable):
    default_detail = "There is no database: start the studio with `pingvas up`, or set PINGVAS_DATABASE_URL."


def with_running_database(settings: Settings) -> Settings:
    """Settings with `database_url` set, for a process beside a running studio. Raises NoDatabase."""
    if settings.database_url is not None:
        return settings
    server = embedded_postgres.find(settings.data_dir)
    if server is None:
        raise NoDatabase
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
        yield settings.model_copy(update={"database_url": server.url()})
