"""Who may read what the studio writes: its owner, and whoever an operator lets in with `PINGVAS_UMASK`; nobody else."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pingvas.base.settings import Settings

# What the studio itself puts into its data folder and into a storage folder.
_OF_DATA = {
    "mail",
    "postgres",
    "storage",
    "models",
    "metrics",
    "sandbox",
    "secret_key",
    "content_credentials.pem",
    "studio.json",
    "studio.lock",
    "lost+found",
}
_OF_STORAGE = {"avatars", "exports", "images", "thumbnails", "previews", "checks", "models", "lost+found"}
_OTHERS = 0o077


def keep_files_private(settings: Settings) -> None:
    """From here on this process and its children write private files, and what older versions left open is closed."""
    mask = int(settings.umask, 8)
    os.umask(mask)
    _close(settings.data_dir.resolve(), _OF_DATA, mask)
    storage = settings.storage_folder
    if storage is not None:
        _close(storage, _OF_STORAGE, mask)


def _close(folder: Path, ours: Collection[str], mask: int) -> None:
    """Close a folder and what lies in it. What is inside closed folders cannot be reached, and is left as it is.

    A folder that holds other people's things too (a home, /srv) stays open, and only what is ours in it is closed.
    """
    try:
        entries = list(folder.iterdir())
    except OSError:  # not there yet, or not ours to look into
        return
    known = [entry for entry in entries if entry.name in ours]
    for entry in known:
        _take_rights(entry, mask & _OTHERS)
    if len(known) == len(entries):
        _take_rights(folder, mask & _OTHERS & ~_way_through(known))


def _way_through(entries: list[Path]) -> int:
    """Where the database's folder belongs to another user (see `launch/postgres_user.py`), that one has to get there."""
    for entry in entries:
        with suppress(OSError):
            if entry.lstat().st_uid != os.geteuid():
                return stat.S_IXOTH
    return 0


def _take_rights(path: Path, taken: int) -> None:
    with suppress(OSError):  # somebody else's, or a file system without rights
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:
            return
        if found.st_mode & taken:
            path.chmod(stat.S_IMODE(found.st_mode) & ~taken)
