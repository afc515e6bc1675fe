"""A full disk is known as that, whoever says it: the system, PostgreSQL, a library, the studio's own errors."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pingvas.adapters.storage import StorageFull, StorageUnavailable
from pingvas.base.db import Database, DatabaseFull, DatabaseUnavailable
from pingvas.base.disk_full import is_disk_full, says_disk_full

FULL = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"


def test_what_the_system_says_is_understood_however_deep_it_lies() -> None:
    # given
    with pytest.raises(OSError) as caught, Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")

    # when
    try:
        try:
            raise caught.value
        except OSError as error:
            raise RuntimeError("a picture could not be kept") from error
    except RuntimeError as error:
        wrapped = error

    # then
    assert is_disk_full(caught.value)
    assert is_disk_full(wrapped)
    assert is_disk_full(OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)))


def test_other_errors_are_not_taken_for_it() -> None:
    for error in (
        OSError(errno.EACCES, "No space left on device"),
        RuntimeError("No space left on device"),
        DatabaseUnavailable(),
        StorageUnavailable(),
    ):
        assert not is_disk_full(error), repr(error)


def test_the_studios_own_errors_say_it_by_their_code() -> None:
    assert is_disk_full(DatabaseFull())
    assert is_disk_full(StorageFull())


async def test_what_postgresql_says_is_told_as_that_and_the_next_transaction_goes_through(
    database: Database,
) -> None:
    with pytest.raises(DatabaseFull) as caught:
        async with database.transaction() as session:
            await session.execute(text(FULL))

    assert isinstance(caught.value.__cause__, DBAPIError)
    assert is_disk_full(caught.value.__cause__)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("said", "full"),
    [
        ("Generic LocalFileSystem error: No space left on device (os error 28)", True),
        ('Io { source: Os { code: 28, kind: StorageFull, message: "…" } }', True),
        ("(os error 122)", True),
        ("Permission denied (os error 13)", False),
        ("status code: 281", False),
        ("No space left on device", False),  # people may write so
    ],
)
def test_what_a_library_repeats_of_the_system_is_understood(said: str, full: bool) -> None:
    assert says_disk_full(said) is full
