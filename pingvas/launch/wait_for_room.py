"""A start that finds the disk full says so and is tried again until there is room, as a running studio would go on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
from sqlalchemy.exc import DBAPIError

from pingvas.base.backoff import pauses
from pingvas.base.disk_full import is_disk_full
from pingvas.base.errors import Unavailable

# PostgreSQL asks for so much at once. It may end without having said why, where its own log found no room.
LEAST_BYTES = 16 * 1024 * 1024


def once_there_is_room(start: Callable[[], None], data_dir: Path, tell: Callable[[str], None]) -> None:
    """Call `start`, and again whenever it failed for want of room. What else it raises is raised."""
    told = False
    for pause in pauses():
        try:
            start()
            return
        except (OSError, Unavailable, DBAPIError, asyncpg.PostgresError) as error:
            if not is_disk_full(error) and has_room(data_dir):
                raise
        if not told:
            tell(f"there is no room left on the disk of {data_dir}; it starts once there is")
            told = True
        time.sleep(pause)


def has_room(folder: Path) -> bool:
    """Whether the disk of a folder that may have to be made yet has the least that a start takes."""
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free >= LEAST_BYTES
