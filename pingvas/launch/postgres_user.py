"""As whom PostgreSQL runs: it refuses to be root, so where the studio is root it becomes somebody else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pingvas.base.disk_full import CODE
from pingvas.base.errors import Unavailable
from pingvas.launch.end_with_parent import end_with_parent


class CannotStart(Unavailable):
    """The embedded server cannot be made or started; the detail says what to do."""


class NoRoom(CannotStart):
    """The disk takes no more bytes."""

    code = CODE


@dataclass(frozen=True)
class Runner:
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


def choose_runner(folder: Path) -> Runner:
    """As whom the server of this folder can run here. Raises CannotStart when as nobody."""
    if os.geteuid() != 0:
        return Runner()
    # A user namespace in which root is called 1000: files stay root's, so it works anywhere, /root included.
    prefix = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return Runner(prefix=prefix)
    # User namespaces are forbidden here: become the user `nobody`, who then owns the folder.
    uid, gid = 65534, 65534
    data_dir = folder.parent
    if data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(data_dir.stat().st_mode & 0o7777 | 0o001)  # through it, not into it
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            raise CannotStart(
                f"PostgreSQL does not run as root, and {parent} lets no other user in. Run as a normal user, "
                "choose another PINGVAS_DATA_DIR, or point PINGVAS_DATABASE_URL at a server."
            )
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, gid, follow_symlinks=False)
    folder.chmod(0o700)
    return Runner(uid=uid, gid=gid)
