"""Which database a command works with, and as which of its roles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from pingvas.base import migrate
from pingvas.base.database_url import for_asyncpg
from pingvas.base.settings import Settings
from pingvas.launch import embedded_postgres
from pingvas.launch.embedded_postgres import EmbeddedPostgres
from pingvas.launch.serving_role import serving_url
from pingvas.launch.which_database import NoDatabase, with_any_database, with_running_database


@pytest.fixture
def here(make_settings: Callable[..., Settings]) -> Settings:
    """Settings of a data folder with the embedded server, which is not running."""
    return make_settings()


@pytest.fixture
def older(here: Settings) -> Iterator[EmbeddedPostgres]:
    """The server of the folder as an older version ran it: with tables and one role."""
    server = embedded_postgres.start(here.data_dir)
    asyncio.run(migrate.upgrade(server.url()))
    yield server
    server.stop()


def ask(url: str, question: str) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(for_asyncpg(url))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(asked())


def test_whichever_command_starts_the_server_of_an_older_folder_makes_the_role_that_serves(
    here: Settings, older: EmbeddedPostgres
) -> None:
    # given
    older.stop()

    # when
    with with_any_database(here):
        server = embedded_postgres.find(here.data_dir)
        assert server is not None

        # then another command can serve beside it
        assert ask(serving_url(server), "SELECT count(*) FROM users") == 0
        assert ask(serving_url(server), "SELECT current_user") == "pingvas_serving"


def test_a_command_beside_a_studio_of_an_older_version_makes_the_role_too(
    here: Settings, older: EmbeddedPostgres
) -> None:
    chosen = [with_running_database(here) for _ in range(2)]

    for settings in chosen:
        assert settings.database_url is not None
        assert ask(settings.database_url, "SELECT current_user") == "pingvas_serving"
        assert ask(settings.database_url, "SELECT count(*) FROM users") == 0


def test_those_who_make_tables_go_by_the_owner(here: Settings, older: EmbeddedPostgres) -> None:
    settings = with_running_database(here, as_owner=True)

    assert settings.database_url == older.url()


def test_tables_that_a_command_makes_in_a_new_folder_can_be_served_and_the_version_cannot_be_changed(
    here: Settings,
) -> None:
    # given
    with with_any_database(here) as settings:
        assert settings.database_url is not None
        asyncio.run(migrate.upgrade(settings.database_url))

    # when
    server = embedded_postgres.start(here.data_dir)

    # then
    try:
        assert ask(serving_url(server), "SELECT count(*) FROM users") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(serving_url(server), "DELETE FROM alembic_version RETURNING 1")
    finally:
        server.stop()


def test_a_database_that_was_named_is_taken_as_it_is(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(database_url="postgresql://a@127.0.0.1:9/b")

    assert with_running_database(settings) is settings
    with with_any_database(settings) as found:
        assert found is settings


def test_where_none_runs_a_command_that_needs_a_running_one_says_what_to_do(
    here: Settings,
) -> None:
    with pytest.raises(NoDatabase, match="pingvas up"):
        with_running_database(here)
