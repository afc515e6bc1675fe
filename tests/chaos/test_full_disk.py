"""A disk that fills under a running studio, database and all, and is emptied again: nobody touches anything else."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import httpx
import pytest
from PIL import Image

from harness.running_studio import wait_for
from pingvas.base.database_url import for_asyncpg
from tests.chaos.customers import Customers
from tests.chaos.ordeal import expect_nothing_lost, ordeal
from tests.chaos.small_disk import StudioOnASmallDisk, studio_on_a_small_disk
from tests.chaos.studio_under_fire import is_alive, make_models

pytestmark = pytest.mark.slow

LEASE_SECONDS = 15.0
FULL_SECONDS = 10.0
# More of PostgreSQL's log than it has room for: it cannot go on then.
WRITTEN_MEGABYTES = 64


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioOnASmallDisk]:
    folder = tmp_path_factory.mktemp("small")
    with studio_on_a_small_disk(
        folder,
        lease_seconds=LEASE_SECONDS,
        models_dir=make_models(folder / "models"),
        secret_key="a secret of the tests, long enough to be one",
        worker_device="cpu",
        argon2_memory_kib=64,
        argon2_time_cost=1,
        max_attempts=100,
    ) as running:
        yield running


def test_a_disk_that_fills_and_empties_loses_nothing(
    studio: StudioOnASmallDisk, capsys: pytest.CaptureFixture[str]
) -> None:
    # given somebody with a picture to keep
    answers: list[httpx.Response] = []
    before = studio.state()
    with closing(Customers(studio.url, 1)) as people:
        person = people.clients[0]

        def fills_and_empties() -> None:
            studio.fill()
            answers.append(upload(person))
            asyncio.run(write_until_it_fails(studio.database_url))
            full_until = time.monotonic() + FULL_SECONDS
            while time.monotonic() < full_until:
                answers.append(upload(person))
                assert is_alive(studio.url)
                time.sleep(0.5)
            studio.empty()
            wait_for(lambda: is_ready(studio.url), "the studio to be well again")

        # when
        tally = ordeal(studio, fills_and_empties, name="disk full", capsys=capsys)

        # then everybody was told to come back, and is served now
        assert [answer.status_code for answer in answers] == [503] * len(answers)
        assert {answer.json()["code"] for answer in answers} <= {
            "storage_full",
            "unavailable",
            "outcome_unknown",
        }
        assert answers[0].json()["code"] == "storage_full"
        assert upload(person).status_code == 201
    expect_nothing_lost(tally)

    # and the database was started again by the studio, whose other processes have lived through it
    assert studio.said("the database ended")
    assert studio.said(": ended (") == []
    assert studio.state() == before


def test_processes_that_die_on_a_full_disk_are_there_again_once_it_is_not(studio: StudioOnASmallDisk) -> None:
    # given
    before = studio.state()
    assert before is not None

    # when the API and the worker are killed while nothing can be written
    studio.fill()
    kill(before.pids["api"])
    kill(before.pids["worker"])
    wait_for(lambda: is_alive(studio.url), "another API")
    studio.empty()

    # then the studio is whole again, and says so in its file
    wait_for(lambda: is_ready(studio.url), "the studio to be well again")
    wait_for(lambda: is_true(studio), "the file to be true")
    after = studio.state()
    assert after is not None
    assert not {before.pids["api"], before.pids["worker"]} & set(after.pids.values())


def test_nobody_else_on_the_machine_may_look_into_the_folder(studio: StudioOnASmallDisk) -> None:
    with closing(Customers(studio.url, 1)) as people:
        assert upload(people.clients[0]).status_code == 201

    assert studio.disk.stat().st_mode & 0o077 == 0
    open_to_others = [path for path in studio.disk.rglob("*") if path.lstat().st_mode & 0o077]
    assert open_to_others == []


def upload(client: httpx.Client) -> httpx.Response:
    """Send a picture of 300 kB in."""
    picture = io.BytesIO()
    Image.effect_noise((640, 640), 90).save(picture, "PNG")
    return client.post("/api/v1/images", files={"file": ("noise.png", picture.getvalue(), "image/png")})


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=20).status_code == 200
    except httpx.HTTPError:
        return False


def is_true(studio: StudioOnASmallDisk) -> bool:
    """Whether the file names all processes, and those that it names are there."""
    state = studio.state()
    return (
        state is not None
        and set(state.pids) == {"api", "worker", "chores", "sandbox"}
        and all(Path(f"/proc/{pid}").exists() for pid in state.pids.values())
    )


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def write_until_it_fails(url: str) -> None:
    """Have the database write to its log until it cannot, as a busy studio would."""
    try:
        connection = await asyncpg.connect(for_asyncpg(url), timeout=10)
        for _ in range(WRITTEN_MEGABYTES):
            await connection.execute(
                "SELECT pg_logical_emit_message(true, 'test', repeat('x', 1048576))", timeout=10
            )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return
    raise AssertionError("the database had room for all of it, so this run has shown nothing")
