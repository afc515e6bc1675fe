"""A connection that breaks at the COMMIT: nobody knows what became of it, and nobody claims to. Before it, nothing was kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database, DatabaseUnavailable, OutcomeUnknown
from pingvas.base.events import after_commit
from pingvas.base.statements import fetch
from pingvas.base.tables import ChoreRun
from tests.make.cut_at_commit import CommitCutter, Cut, cutting_commits

_ADD = text("INSERT INTO chore_runs (name, started_at) VALUES ('kept', now()) RETURNING name")
_ADD_AND_BE_CUT = text(
    "INSERT INTO chore_runs (name, started_at) SELECT 'kept', now() FROM pg_terminate_backend(pg_backend_pid()) RETURNING name"
)


@pytest.fixture
async def cutter(database_url: str) -> AsyncIterator[CommitCutter]:
    async with cutting_commits(database_url) as made:
        yield made


@pytest.fixture
async def cut_database(cutter: CommitCutter) -> AsyncIterator[Database]:
    made = Database(cutter.url)
    yield made
    await made.dispose()


async def _by_the_driver(session: AsyncSession) -> None:
    await fetch(session, _ADD, {})


async def _by_sqlalchemy(session: AsyncSession) -> None:
    await session.execute(_ADD)


async def _by_adding(session: AsyncSession) -> None:
    session.add(ChoreRun(name="kept", started_at=func.now()))


@pytest.mark.parametrize("write", [_by_the_driver, _by_sqlalchemy, _by_adding])
@pytest.mark.parametrize(("cut", "kept"), [("unheard", []), ("unanswered", ["kept"])])
async def test_a_commit_that_was_cut_says_that_nobody_knows(
    write: Callable[[AsyncSession], Awaitable[None]],
    cut: Cut,
    kept: list[str],
    cutter: CommitCutter,
    cut_database: Database,
    database: Database,
) -> None:
    told: list[str] = []
    cutter.cut_next = cut

    async def write_and_commit() -> None:
        async with cut_database.transaction() as session:
            await write(session)
            after_commit(session, lambda: told.append("committed"))

    with pytest.raises(OutcomeUnknown) as raised:
        await write_and_commit()

    assert cutter.cuts == 1
    assert "Nothing was changed" not in raised.value.detail
    assert told == []
    async with database.read() as session:
        assert list(await session.scalars(select(ChoreRun.name))) == kept
    assert cut_database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    async with cut_database.transaction() as session:  # the next one has a connection of its own
        await session.execute(text("SELECT 1"))


@pytest.mark.parametrize("by_sqlalchemy", [False, True])
async def test_a_connection_cut_before_the_commit_has_changed_nothing_and_says_so(
    database: Database, by_sqlalchemy: bool
) -> None:
    async def be_cut() -> None:
        async with database.transaction() as session:
            if by_sqlalchemy:
                await session.execute(_ADD_AND_BE_CUT)
            else:
                await fetch(session, _ADD_AND_BE_CUT, {})

    with pytest.raises(DatabaseUnavailable) as raised:
        await be_cut()

    assert not isinstance(raised.value, OutcomeUnknown)
    assert "Nothing was changed" in raised.value.detail


async def test_what_is_sent_only_at_the_end_and_cut_there_has_changed_nothing(database: Database) -> None:
    async def be_cut() -> None:
        async with database.transaction() as session, database.transaction() as other:
            session.add(ChoreRun(name="kept", started_at=func.now()))
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            await other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with pytest.raises(DatabaseUnavailable) as raised:
        await be_cut()

    assert not isinstance(raised.value, OutcomeUnknown)


async def test_a_statement_that_commits_by_itself_and_is_cut_says_that_nobody_knows(
    database: Database,
) -> None:
    with pytest.raises(OutcomeUnknown):
        async with database.autocommit() as session:
            await fetch(session, _ADD_AND_BE_CUT, {})


async def test_a_database_that_cannot_be_reached_has_been_told_nothing() -> None:
    database = Database("postgresql://a:b@nowhere.invalid/c")

    with pytest.raises(DatabaseUnavailable) as raised:
        async with database.autocommit() as session:
            await fetch(session, _ADD, {})

    assert not isinstance(raised.value, OutcomeUnknown)
