"""A write in a read fails the type check, whichever way it is written; a read may be done anywhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pingvas.base.settings import REPOSITORY

_BEGINNING = """
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.events import publish_later
from pingvas.base.read_session import ReadSession


async def reads(session: ReadSession) -> None: ...


async def writes(session: AsyncSession) -> None: ...


async def use(database: Database) -> None:
    async with database.transaction() as session:
        await reads(session)
        await writes(session)
        await session.execute(update(User))
    async with database.read() as reading:
        await reads(reading)
        name = await reading.scalar(select(User.display_name))
        assert name is None or name.title()
        await reading.execute(text("SELECT 1"))
        await reading.get(User, 1)
"""
_WRITES = (
    "await writes(reading)",
    "await reading.execute(update(User))",
    "await reading.execute(delete(User))",
    "await reading.scalar(insert(User).returning(User.id))",
    "reading.add(User())",
    "await reading.flush()",
    "await reading.commit()",
    "publish_later(reading, 'a', None, {})",
)


@pytest.mark.slow
def test_what_writes_is_refused_in_a_read_and_only_that(tmp_path: Path) -> None:
    file = tmp_path / "uses.py"
    file.write_text(_BEGINNING + "".join(f"        {line}\n" for line in _WRITES))
    first = len(_BEGINNING.splitlines()) + 1

    check = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(file)]
    told = subprocess.run(check, cwd=REPOSITORY, capture_output=True, text=True).stdout

    refused = {int(line) for line in re.findall(r"^\S*uses\.py:(\d+): error:", told, re.MULTILINE)}
    assert refused == set(range(first, first + len(_WRITES))), told
