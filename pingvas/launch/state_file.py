"""`studio.json` in the data folder: where the running studio is, for the commands on the same machine.

Only its owner may read it, for it carries the database's address with the password.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pingvas.base.errors import Conflict

NAME = "studio.json"
LOCK = "studio.lock"


class AlreadyRunning(Conflict):
    default_detail = "A studio is already running on this data folder."


@dataclass(frozen=True)
class RunningStudio:
    """`url` is where this machine reaches it. `pids` names its processes. `started_at` is in Unix seconds."""

    url: str
    database_url: str
    pid: int
    pids: dict[str, int] = field(default_factory=dict)
    started_at: float = 0.0


def write_state(data_dir: Path, studio: RunningStudio) -> None:
    """Replace the file as a whole."""
    path = data_dir / NAME
    fresh = data_dir / f"{NAME}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(studio), file, indent=2)
    fresh.replace(path)


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
