"""A start that fails for want of room is tried again; one that fails otherwise is not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pingvas.base.errors import Conflict
from pingvas.launch.postgres_user import CannotStart, NoRoom
from pingvas.launch.wait_for_room import has_room, once_there_is_room


class Start:
    """Fails with each of these errors in turn, and then goes well."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.done = False

    def __call__(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.done = True


def test_a_start_is_tried_again_until_there_is_room_and_says_so_once(tmp_path: Path) -> None:
    # given
    told: list[str] = []
    start = Start(
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), NoRoom("initdb failed: the disk is full.")
    )

    # when
    once_there_is_room(start, tmp_path, told.append)

    # then
    assert start.done
    assert told == [f"there is no room left on the disk of {tmp_path}; it starts once there is"]


@pytest.mark.parametrize(
    "error",
    [
        CannotStart("there is no PostgreSQL"),
        Conflict(),
        PermissionError(errno.EACCES, "no"),
        KeyError("a bug"),
    ],
    ids=str,
)
def test_what_else_goes_wrong_is_raised_at_once(tmp_path: Path, error: Exception) -> None:
    told: list[str] = []

    with pytest.raises(type(error)):
        once_there_is_room(Start(error), tmp_path, told.append)

    assert told == []


def test_the_room_of_a_folder_that_is_not_made_yet_is_that_of_its_disk(tmp_path: Path) -> None:
    assert has_room(tmp_path / "not" / "there") == has_room(tmp_path) is True
