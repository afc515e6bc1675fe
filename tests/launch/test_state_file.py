"""`studio.json`: who may read it, and when it counts."""

import stat
from pathlib import Path

import pytest

from pingvas.launch.state_file import AlreadyRunning, RunningStudio, find_studio, only_studio, write_state

STUDIO = RunningStudio(
    "http://127.0.0.1:8400", "postgresql://pingvas:secret@127.0.0.1/pingvas", 42, {"api": 43}
)


def test_a_running_studio_is_found_and_its_password_is_for_its_owner_only(tmp_path: Path) -> None:
    with only_studio(tmp_path):
        assert find_studio(tmp_path) is None  # not ready yet
        write_state(tmp_path, STUDIO)

        assert find_studio(tmp_path) == STUDIO
        assert stat.S_IMODE((tmp_path / "studio.json").stat().st_mode) == 0o600

    assert find_studio(tmp_path) is None


def test_a_second_studio_on_the_folder_is_told_where_the_first_is(tmp_path: Path) -> None:
    with only_studio(tmp_path):
        write_state(tmp_path, STUDIO)

        with pytest.raises(AlreadyRunning, match=r"127\.0\.0\.1:8400"), only_studio(tmp_path):
            pass

        assert find_studio(tmp_path) == STUDIO


def test_what_a_crash_left_does_not_count(tmp_path: Path) -> None:
    write_state(tmp_path, STUDIO)

    assert find_studio(tmp_path) is None
    with only_studio(tmp_path):
        assert find_studio(tmp_path) is None
