"""`studio.json`: who may read it, when it counts, and what becomes of it on a disk that takes nothing."""

import asyncio
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pingvas.launch.state_file import (
    AlreadyRunning,
    RunningStudio,
    StateFile,
    find_studio,
    only_studio,
    write_state,
)

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


async def until_there(path: Path) -> None:
    async with asyncio.timeout(60):
        while not path.exists():  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)


async def test_what_the_disk_does_not_take_is_told_once_and_written_when_it_does(tmp_path: Path) -> None:
    # given a folder that is not there
    folder = tmp_path / "data"
    told: list[str] = []
    state = StateFile(folder, told.append)
    keeping = asyncio.create_task(state.keep())

    # when
    for pid in (1, 2, 3):
        state.show(RunningStudio("http://127.0.0.1:8400", "", pid))
    await asyncio.sleep(0)
    folder.mkdir()
    await until_there(folder / "studio.json")

    # then the newest is there, and it goes on being kept
    with only_studio(folder):
        state.show(STUDIO)
        assert find_studio(folder) == STUDIO
    assert len(told) == 1
    assert "studio.json" in told[0]
    assert not keeping.done()
    keeping.cancel()


async def test_what_is_written_later_is_what_is_true_then(tmp_path: Path) -> None:
    # given
    folder = tmp_path / "data"
    state = StateFile(folder, lambda line: None)
    state.show(RunningStudio("http://127.0.0.1:8400", "", 1))
    state.show(STUDIO)
    folder.mkdir()

    # when
    keeping = asyncio.create_task(state.keep())
    await until_there(folder / "studio.json")
    keeping.cancel()

    # then
    assert '"pid": 42' in (folder / "studio.json").read_text()


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_half(tmp_path: Path) -> None:
    # given
    write_state(tmp_path, STUDIO)
    before = (tmp_path / "studio.json").read_text()

    # when the new one cannot be told
    with files_of_at_most(1000), pytest.raises(OSError):
        write_state(tmp_path, RunningStudio("http://127.0.0.1:8400", "x" * 5000, 7))

    # then
    assert (tmp_path / "studio.json").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["studio.json"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writes beyond `size` bytes fail, which is the nearest a test without a disk of its own comes to a full one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
