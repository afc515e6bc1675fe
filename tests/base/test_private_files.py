"""Who may read what the studio writes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from pingvas.base.settings import REPOSITORY, Settings

PROGRAM = """
from pathlib import Path
from pingvas.base.private_files import keep_files_private
from pingvas.base.settings import load_settings
settings = load_settings()
keep_files_private(settings)
settings.data_dir.mkdir(parents=True, exist_ok=True)
(settings.data_dir / "storage").mkdir(exist_ok=True)
(settings.data_dir / "storage" / "new.png").write_text("x")
"""


def run(data_dir: Path, **settings: object) -> None:
    """A process of the studio that starts on this folder and writes a picture."""
    chosen = {f"PINGVAS_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PINGVAS_")}
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env=environment | chosen | {"PINGVAS_DATA_DIR": str(data_dir)},
        check=True,
        umask=0o022,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def made(path: Path, rights: int) -> Path:
    """A folder with these rights, or a file when its name has an ending."""
    path.touch() if path.suffix else path.mkdir(parents=True)
    path.chmod(rights)
    return path


def test_what_is_new_is_for_its_owner_alone(tmp_path: Path) -> None:
    run(tmp_path / "data")

    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "storage") == 0o700
    assert mode(tmp_path / "data" / "storage" / "new.png") == 0o600


def test_folders_and_files_of_an_older_version_are_closed(tmp_path: Path) -> None:
    # given
    data = made(tmp_path / "data", 0o755)
    made(data / "storage", 0o755)
    made(data / "studio.json", 0o644)
    elsewhere = made(tmp_path / "pictures", 0o755)
    made(elsewhere / "images", 0o755)

    # when
    run(data, storage_url=elsewhere.as_uri())

    # then
    assert {
        path.name: oct(mode(path)) for path in (data, data / "storage", elsewhere, elsewhere / "images")
    } == {
        "data": "0o700",
        "storage": "0o700",
        "pictures": "0o700",
        "images": "0o700",
    }
    assert mode(data / "studio.json") == 0o600


def test_an_operator_may_let_the_group_read(tmp_path: Path) -> None:
    data = made(tmp_path / "data", 0o755)

    run(data, umask="027")

    assert mode(data) == 0o750
    assert mode(data / "storage") == 0o750
    assert mode(data / "storage" / "new.png") == 0o640


def test_a_folder_that_holds_other_peoples_things_stays_open_and_what_is_ours_in_it_is_closed(
    tmp_path: Path,
) -> None:
    # given
    home = made(tmp_path / "home", 0o755)
    letters = made(home / "letters.txt", 0o644)
    ours = made(home / "storage", 0o755)

    # when
    run(home)

    # then
    assert (mode(home), mode(letters), mode(ours)) == (0o755, 0o644, 0o700)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    # given somebody's folder that the storage is a link to
    data = made(tmp_path / "data", 0o755)
    shared = made(tmp_path / "shared", 0o755)
    (data / "storage").symlink_to(shared)

    # when
    run(data)

    # then
    assert mode(shared) == 0o755
    assert mode(data) == 0o700


@pytest.mark.parametrize("umask", ["", "77", "0o77", "777", "-77", "088", "7777"])
def test_a_umask_that_is_none_is_refused(make_settings: Callable[..., Settings], umask: str) -> None:
    with pytest.raises(ValidationError):
        make_settings(umask=umask)
