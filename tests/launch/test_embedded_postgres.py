"""The embedded server: its data, its owner, and everything that can be left over from last time."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from pingvas.launch import embedded_postgres
from pingvas.launch.embedded_postgres import DatabaseInUse, EmbeddedPostgres
from pingvas.launch.postgres_user import CannotStart

QUICK = ("fsync=off", "max_connections=20", "shared_buffers=16MB")


@pytest.fixture
def stop_later() -> Iterator[list[EmbeddedPostgres]]:
    servers: list[EmbeddedPostgres] = []
    yield servers
    for server in servers:
        server.stop()


async def ask(server: EmbeddedPostgres, *statements: str) -> object:
    connection = await asyncpg.connect(server.url().replace("+asyncpg", ""))
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def test_what_was_stored_is_there_after_a_restart(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    first = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(first)
    await ask(first, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('red') RETURNING word")

    first.stop()
    second = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(second)

    assert await ask(second, "SELECT word FROM kept") == "red"
    assert second.port == first.port


async def test_two_data_folders_run_side_by_side(tmp_path: Path, stop_later: list[EmbeddedPostgres]) -> None:
    one = embedded_postgres.start(tmp_path / "one", QUICK)
    two = embedded_postgres.start(tmp_path / "two", QUICK)
    stop_later += [one, two]

    await ask(one, "CREATE TABLE only_here ()", "SELECT 1")

    assert one.port != two.port
    assert one.password != two.password
    assert await ask(two, "SELECT to_regclass('only_here')") is None


async def test_it_recovers_from_kill_9_with_everything_that_was_committed(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    first = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(first)
    await ask(first, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('red') RETURNING word")
    os.kill(first.pid, signal.SIGKILL)
    assert first.process is not None
    first.process.wait(10)

    assert first.is_dead()
    first.revive()

    assert not first.is_dead()
    assert await ask(first, "SELECT word FROM kept") == "red"


async def test_a_stale_pid_file_that_names_somebody_else_is_no_obstacle(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    first = embedded_postgres.start(tmp_path, QUICK)
    first.stop()
    cluster = tmp_path / "postgres" / embedded_postgres.MAJOR
    # After a power cut another program may have got the number: here this very process.
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n1\n5432\n\n127.0.0.1\n\nready   \n")

    assert embedded_postgres.find(tmp_path) is None
    second = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(second)

    assert await ask(second, "SELECT 1") == 1


async def test_a_running_server_is_found_and_not_started_twice(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    server = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(server)

    found = embedded_postgres.find(tmp_path)
    with pytest.raises(DatabaseInUse):
        embedded_postgres.start(tmp_path, QUICK)
    with embedded_postgres.running(tmp_path) as borrowed:
        assert borrowed.pid == server.pid

    assert found is not None
    assert found.url() == server.url()
    assert await ask(server, "SELECT 1") == 1  # borrowing did not stop it


async def test_another_port_is_taken_when_the_old_one_is_in_use(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    first = embedded_postgres.start(tmp_path, QUICK)
    first.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", first.port))
        squatter.listen()

        second = embedded_postgres.start(tmp_path, QUICK)
        stop_later.append(second)

    assert second.port != first.port
    assert await ask(second, "SELECT 1") == 1


async def test_nobody_gets_in_without_the_password(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    server = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(server)

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.url().replace("+asyncpg", "").replace(server.password, "guess"))

    password_file = tmp_path / "postgres" / "password"
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    assert server.password not in repr(server)


def test_a_half_made_cluster_is_made_anew(tmp_path: Path, stop_later: list[EmbeddedPostgres]) -> None:
    half = tmp_path / "postgres" / f"{embedded_postgres.MAJOR}.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    stop_later.append(embedded_postgres.start(tmp_path, QUICK))

    assert not half.exists()


def test_what_the_server_says_is_told_when_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="no_such_setting"):
        embedded_postgres.start(tmp_path, ("no_such_setting=1", "fsync=off"))


async def test_a_log_that_has_grown_large_is_begun_anew_under_the_running_server(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    # given
    server = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(server)
    log, older = server.folder / "server.log", server.folder / "server.log.1"
    server.bound_log()
    assert not older.exists()
    with log.open("a") as file:
        file.write("x" * (embedded_postgres.LOG_BYTES + 1))

    # when
    server.bound_log()
    with pytest.raises(asyncpg.UndefinedTableError):
        await ask(server, "SELECT * FROM said_after_it_was_emptied")

    # then
    assert older.stat().st_size > embedded_postgres.LOG_BYTES
    assert "said_after_it_was_emptied" in log.read_text()
    assert log.stat().st_size < 10_000


async def test_a_large_log_is_emptied_where_there_is_no_room_for_an_older_one(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    # given
    server = embedded_postgres.start(tmp_path, QUICK)
    stop_later.append(server)
    log, older = server.folder / "server.log", server.folder / "server.log.1"
    older.write_text("from before")
    with log.open("a") as file:
        file.write("x" * (embedded_postgres.LOG_BYTES + 1))

    # when writes beyond a thousand bytes fail
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        server.bound_log()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    # then
    assert not older.exists()
    assert log.stat().st_size == 0


def test_a_server_opens_no_socket_in_a_folder_and_its_files_are_its_owners(
    tmp_path: Path, stop_later: list[EmbeddedPostgres]
) -> None:
    mask = os.umask(0o077)  # as every process of the studio has it
    try:
        stop_later.append(embedded_postgres.start(tmp_path, QUICK))
    finally:
        os.umask(mask)

    found = list((tmp_path / "postgres").rglob("*"))
    assert len(found) > 100
    assert [path for path in found if path.lstat().st_mode & 0o077] == []
    assert [path for path in found if stat.S_ISSOCK(path.lstat().st_mode)] == []
    assert (tmp_path / "postgres" / embedded_postgres.MAJOR / "postmaster.pid").read_text().splitlines()[
        4
    ] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_the_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from pingvas.launch import embedded_postgres as e\n"
        f"print(e.start(Path({str(tmp_path)!r}), {QUICK!r}).pid, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    server_pid = int(owner.stdout.readline())

    owner.kill()
    owner.wait()
    owner.stdout.close()

    deadline = time.monotonic() + 15
    cluster = tmp_path / "postgres" / embedded_postgres.MAJOR
    while embedded_postgres._is_server(server_pid, cluster) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not embedded_postgres._is_server(server_pid, cluster)
    assert embedded_postgres.find(tmp_path) is None
