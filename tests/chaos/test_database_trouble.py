"""A database that dies, loses its connections, or has none left, under a studio whose processes nobody starts again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

import asyncpg
import pytest

from pingvas.base.database_url import for_asyncpg
from tests.chaos.ordeal import expect_nothing_lost, ordeal
from tests.chaos.studio_under_fire import StudioUnderFire

pytestmark = pytest.mark.slow

DOWN_SECONDS = 2.0
KILLING_SECONDS = 4.0
TAKEN_SECONDS = 4.0
_KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name LIKE 'pingvas%'
"""


def test_a_database_that_dies_twice_and_comes_back_loses_nothing(
    studio: StudioUnderFire, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.have_workers(2)

    def dies() -> None:
        for how in (signal.SIGQUIT, signal.SIGKILL):  # told to stop at once, and killed
            assert studio.server.process is not None
            os.kill(studio.server.pid, how)
            studio.server.process.wait()
            time.sleep(DOWN_SECONDS)
            studio.server.revive()

    tally = ordeal(studio, dies, name="database down twice", capsys=capsys)

    expect_nothing_lost(tally)


def test_connections_that_are_cut_again_and_again_lose_nothing(
    studio: StudioUnderFire, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.have_workers(2)
    killed: list[int] = []

    tally = ordeal(
        studio,
        lambda: killed.append(asyncio.run(_keep_killing(studio.server.url()))),
        name="backends killed",
        capsys=capsys,
    )

    assert killed[0] > 20, "hardly a connection was cut, so this run has shown nothing"
    expect_nothing_lost(tally)


def test_a_database_without_a_free_connection_loses_nothing(
    studio: StudioUnderFire, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.have_workers(2)
    taken: list[int] = []

    tally = ordeal(
        studio,
        lambda: taken.append(asyncio.run(_take_every_connection(studio.server.url()))),
        name="no free connection",
        capsys=capsys,
    )

    assert taken[0] > 40, "connections were left, so this run has shown nothing"
    expect_nothing_lost(tally)


async def _keep_killing(url: str) -> int:
    """Cut every connection of the studio five times a second; how many."""
    connection = await asyncpg.connect(for_asyncpg(url))
    killed = 0
    deadline = time.monotonic() + KILLING_SECONDS
    while time.monotonic() < deadline:
        killed += len(await connection.fetch(_KILL))
        await asyncio.sleep(0.2)
    await connection.close()
    return killed


async def _take_every_connection(url: str) -> int:
    """Hold all that the server has, those of the studio too, for a while; how many."""
    held: list[asyncpg.Connection] = []
    killer = await asyncpg.connect(for_asyncpg(url))
    deadline = time.monotonic() + TAKEN_SECONDS
    while time.monotonic() < deadline:
        await killer.execute(_KILL)
        with suppress(asyncpg.TooManyConnectionsError):
            while True:
                held.append(await asyncpg.connect(for_asyncpg(url)))
        await asyncio.sleep(0.1)
    for connection in (killer, *held):
        await connection.close()
    return len(held)
