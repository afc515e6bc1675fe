"""Versions of a workflow are numbered 1, 2, 3… by the database, without gaps, and stay as they are."""

import asyncio

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.workflows.tables import Workflow, WorkflowVersion
from tests.make.accounts import make_user
from tests.make.workflows import make_version, make_workflow


async def _numbers(session: ReadSession, workflow: Workflow) -> list[int]:
    query = select(WorkflowVersion.version_number).where(WorkflowVersion.workflow_id == workflow.id)
    return sorted(await session.scalars(query))


async def test_each_workflow_counts_its_own_versions_whatever_the_writer_asks_for(
    session: AsyncSession,
) -> None:
    # given
    user = await make_user(session)
    first, second = await make_workflow(session, user.id), await make_workflow(session, user.id)

    # when
    await make_version(session, first.id)
    await make_version(session, second.id)
    await make_version(session, first.id, version_number=77)

    # then
    assert await _numbers(session, first) == [1, 2]
    assert await _numbers(session, second) == [1]


async def test_several_versions_in_one_statement_are_numbered_in_turn(session: AsyncSession) -> None:
    # given
    workflow = await make_workflow(session, (await make_user(session)).id)

    # when
    await session.execute(
        insert(WorkflowVersion).values(
            [{"id": new_id(), "workflow_id": workflow.id, "graph_data": {}} for _ in range(3)]
        )
    )

    # then
    assert await _numbers(session, workflow) == [1, 2, 3]


async def test_two_devices_that_save_at_once_get_two_numbers(database: Database) -> None:
    # given
    async with database.transaction() as session:
        workflow = await make_workflow(session, (await make_user(session)).id)

    # when: the second saves while the first has not committed yet
    async with database.transaction() as first:
        await make_version(first, workflow.id, change_note="first")

        async def save() -> int:
            async with database.transaction() as second:
                return (await make_version(second, workflow.id, change_note="second")).version_number

        second = asyncio.create_task(save())
        await asyncio.sleep(0.1)
        waited = not second.done()

    # then
    assert waited
    assert await second == 2


async def test_numbers_have_no_gaps_when_some_of_many_savers_give_up(database: Database) -> None:
    # given
    async with database.transaction() as session:
        workflow = await make_workflow(session, (await make_user(session)).id)

    class GivesUpError(Exception):
        pass

    async def save(place: int) -> None:
        try:
            async with database.transaction() as session:
                await make_version(session, workflow.id)
                if place % 3 == 0:
                    raise GivesUpError
        except GivesUpError:
            pass

    # when
    await asyncio.gather(*(save(place) for place in range(18)))

    # then
    async with database.read() as reading:
        assert await _numbers(reading, workflow) == list(range(1, 13))


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM workflow_versions",
        "UPDATE workflow_versions SET version_number = version_number + 1",
        "UPDATE workflow_versions SET graph_data = '[]'",
    ],
)
async def test_a_version_is_neither_changed_nor_deleted(session: AsyncSession, change: str) -> None:
    # given
    workflow = await make_workflow(session, (await make_user(session)).id)
    await make_version(session, workflow.id)

    # when, then
    with pytest.raises(IntegrityError, match="snapshot"):
        await session.execute(text(change))


async def test_the_note_of_a_version_may_be_reworded(session: AsyncSession) -> None:
    # given
    workflow = await make_workflow(session, (await make_user(session)).id)
    version = await make_version(session, workflow.id, change_note="frist")

    # when
    version.change_note = "first"
    await session.flush()

    # then
    query = select(WorkflowVersion.change_note).where(WorkflowVersion.id == version.id)
    assert await session.scalar(query) == "first"


@pytest.mark.parametrize("owner", [True, False])
async def test_versions_go_with_their_workflow(session: AsyncSession, owner: bool) -> None:
    # given
    user = await make_user(session)
    workflow = await make_workflow(session, user.id)
    await make_version(session, workflow.id)

    # when
    if owner:
        await session.execute(delete(User).where(User.id == user.id))
    else:
        await session.execute(delete(Workflow).where(Workflow.id == workflow.id))

    # then
    assert await _numbers(session, workflow) == []
