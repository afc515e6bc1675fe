"""`studio.json` in the data folder: where the running studio is, for the commands on the same machine.

Only its owner may read it, for it carries the database's address with the password. The studio runs without it: what a
full disk does not take is written once there is room.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pingvas.base.backoff import pauses
from pingvas.base.errors import Conflict

NAME = "studio.json"
LOCK = "studio.lock"


class AlreadyRunning(Conflict):
    default_detail = "A studio is already running on this data folder."


@dataclass(frozen=True)
class RunningStudio:
    """`url` is where this machine reaches it. `pids` names its processes. `started_at` is in Unix seconds.

    `metrics_url`: where this machine reads the metrics; None: nowhere.
    """

    url: str
    database_url: str
    pid: int
    pids: dict[str, int] = field(default_factory=dict)
    started_at: float = 0.0
    metrics_url: str | None = None


def write_state(data_dir: Path, studio: RunningStudio) -> None:
    """Replace the file as a whole, or leave the old one as it is. Raises OSError."""
    path = data_dir / NAME
    fresh = data_dir / f"{NAME}.new"
    fresh.unlink(missing_ok=True)
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(studio), file, indent=2)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


class StateFile:
    """Keeps the file true: `show` writes what is true now; what the disk does not take, `keep`, a loop, writes later."""

    def __init__(self, data_dir: Path, tell: Callable[[str], None]) -> None:
        self._data_dir = data_dir
        self._tell = tell
        self._unwritten: RunningStudio | None = None
        self._is_behind = asyncio.Event()

    def show(self, studio: RunningStudio) -> None:
        """Write it now, or else as soon as that is possible."""
        self._unwritten = studio
        try:
            self._write()
        except OSError as error:
            if not self._is_behind.is_set():
                self._is_behind.set()
                self._tell(f"{NAME} cannot be written, and is when there is room: {error}")

    async def keep(self) -> None:
        """Try again, more and more seldom, until the disk takes it."""
        while True:
            await self._is_behind.wait()
            for pause in pauses():
                await asyncio.sleep(pause)
                with suppress(OSError):
                    self._write()
                    break

    def _write(self) -> None:
        if self._unwritten is not None:
            write_state(self._data_dir, self._unwritten)
        self._unwritten = None
        self._is_behind.clear()


def remove_state(data_dir: Path) -> None:
    """The studio stopped."""
    (data_dir / NAME).unlink(missing_ok=True)


def find_studio(data_dir: Path) -> RunningStudio | None:
    """The studio that runs on this data folder and is ready. A file left by a crash does not count."""
    if not _is_locked(data_dir):
        return None
    try:
        return RunningStudio(**json.loads((data_dir / NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def only_studio(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for one studio. Raises AlreadyRunning."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = find_studio(data_dir)
            where = f" at {running.url}" if running is not None else ""
            raise AlreadyRunning(f"A studio is already running on {data_dir}{where}.") from None
        remove_state(data_dir)
        try:
            yield
        finally:
            remove_state(data_dir)


def _is_locked(data_dir: Path) -> bool:
    with suppress(OSError), (data_dir / LOCK).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
