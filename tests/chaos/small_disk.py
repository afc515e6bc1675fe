"""A whole studio, as `pingvas up` starts it, whose data lies on a small disk of its own that a test fills and empties.

The disk is a tmpfs in a mount namespace that only the studio's processes see, so nobody has to be root for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from harness.running_studio import RunningStudio, running_studio
from pingvas.launch.state_file import RunningStudio as State
from pingvas.launch.state_file import find_studio
from tests.chaos.studio_under_fire import ask

MEGABYTES = 170
# Shell commands that leave no byte free on the disk "$1"; `dd` says then that it could not go on.
FILL = " ".join(
    f'dd if=/dev/zero of="$1/filler" bs={size} oflag=append conv=notrunc 2>/dev/null;'
    for size in ("1M", "4k", "1")
)
_MOUNT = f'mount -t tmpfs -o size={MEGABYTES}m,mode=755 tmpfs "$1"'
_NAMESPACES = (("unshare", "-rm", "--"), ("unshare", "-m", "--"))


@dataclass
class StudioOnASmallDisk:
    """`running` prints what its processes say. `lease_seconds` is what its workers hold jobs for."""

    running: RunningStudio
    database_url: str
    lease_seconds: float

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def disk(self) -> Path:
        """The disk as this process reaches it."""
        return Path(f"/proc/{self.running.process.pid}/root{self.running.data_dir}")

    def ask(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Rows, on a connection of its own."""
        return ask(self.database_url, statement, *values)

    def state(self) -> State | None:
        """What `studio.json` says."""
        return find_studio(self.disk)

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.disk / "filler").open("ab", buffering=0) as filler:
            for size in (1024 * 1024, 4096, 1):
                _write_until_full(filler.fileno(), b"\xff" * size)

    def empty(self) -> None:
        """Give the room back."""
        (self.disk / "filler").unlink()

    def said(self, words: str) -> list[str]:
        """The lines with these words in them."""
        return [line for line in self.running.lines if words in line]


def _write_until_full(descriptor: int, data: bytes) -> None:
    try:
        while os.write(descriptor, data):
            pass
    except OSError:
        return


@contextmanager
def studio_on_a_small_disk(
    folder: Path,
    *,
    lease_seconds: float,
    before: str = "",
    while_starting: Callable[[StudioOnASmallDisk], None] = lambda studio: None,
    **settings: object,
) -> Iterator[StudioOnASmallDisk]:
    """Start it, and stop it in order afterwards. Skips the test where nobody may mount anything.

    `before` are shell commands on the mounted disk ("$1", with Python as "$2"), each ended by a semicolon.
    """

    def look(running: RunningStudio) -> None:
        while_starting(StudioOnASmallDisk(running, "", lease_seconds))

    disk = folder / "disk"
    disk.mkdir()
    command = in_a_namespace(disk, f'{before} exec "$2" -m pingvas.cli up')
    with running_studio(
        disk, command=command, while_starting=look, lease_seconds=lease_seconds, **settings
    ) as running:
        studio = StudioOnASmallDisk(running, "", lease_seconds)
        state = studio.state()
        assert state is not None
        studio.database_url = state.database_url
        yield studio


def in_a_namespace(disk: Path, script: str) -> list[str]:
    """The command that runs a shell script where the disk ("$1") is mounted; "$2" is Python."""
    return [*_namespace(disk), "sh", "-c", f"{_MOUNT} && {{ {script}; }}", "up", str(disk), sys.executable]


def _namespace(disk: Path) -> Sequence[str]:
    for prefix in _NAMESPACES if sys.platform == "linux" else ():
        trial = [*prefix, "sh", "-c", _MOUNT, "mount", str(disk)]
        if subprocess.run(trial, capture_output=True).returncode == 0:
            return prefix
    pytest.skip("this machine lets nobody mount a disk of his own")
