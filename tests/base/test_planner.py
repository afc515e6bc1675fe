"""The planner is left to judge by itself, and its figures are made anew when a table has outgrown them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.planner_figures import LEAST, refresh_planner_figures
from pingvas.base.statements import _for_driver
from pingvas.generation.lifecycle.statements import claim_statement
from tests.make.billing import make_person
from tests.make.gallery import make_image

_QUEUED = text("""
    INSERT INTO generation_jobs (id, user_id, model_id, batch_id, job_type, status, priority, turn, estimated_credits,
                                 queued_at)
    SELECT gen_random_uuid(), :user_id, :model_id, gen_random_uuid(), 'txt2img', 'queued', 10, place, 1, now()
      FROM generate_series(1, :count) AS place
""")
_CLAIM = {"worker_id": "'w'", "lease_seconds": "30", "holds": "'{toy}'", "key": "NULL", "rewind": "false"}


async def _fill(database: Database, count: int) -> None:
    async with database.transaction() as session:
        model = await make_model(session)
        actor = await make_person(session)
        row = {"user_id": actor.user_id, "model_id": model.id, "count": count}
        await session.execute(_QUEUED, row)
        await _let_it_be_known(session)


async def _let_it_be_known(session: AsyncSession) -> None:
    """PostgreSQL tells of changes once a second otherwise."""
    await session.execute(text("SELECT pg_stat_force_next_flush()"))


async def _prepare_claim(driver: asyncpg.Connection[asyncpg.Record]) -> str:
    """The claim as a statement of this connection, and how it is executed."""
    sql, names, _ = _for_driver(claim_statement(4))
    await driver.execute(f"PREPARE claim AS {sql}")
    return f"EXECUTE claim ({', '.join(_CLAIM[name] for name in names)})"


async def _plan_of(driver: asyncpg.Connection[asyncpg.Record], execute: str) -> str:
    return "\n".join(row[0] for row in await driver.fetch(f"EXPLAIN {execute}"))


def _reads_the_front_alone(plan: str) -> bool:
    return "using ix_generation_jobs_turn" in plan and "Seq Scan on generation_jobs" not in plan


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection that keeps its plans from one transaction to the next, as those of the pool do."""
    made = await asyncpg.connect(for_asyncpg(database.url.render_as_string(hide_password=False)))
    yield made
    await made.close()


async def test_a_claim_from_a_table_that_was_never_looked_at_goes_by_the_index(
    database: Database, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    await _fill(database, 5000)
    execute = await _prepare_claim(connection)

    for _ in range(8):  # from the sixth on, PostgreSQL may keep one plan for all
        plan = await _plan_of(connection, execute)
        assert "ix_generation_jobs_turn" in plan
        assert "Seq Scan on generation_jobs" not in plan
        await connection.fetch(execute)
    await refresh_planner_figures(database)

    assert _reads_the_front_alone(await _plan_of(connection, execute))


async def test_a_plan_made_while_the_table_was_young_goes_when_it_has_grown(
    database: Database, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    # given a connection that keeps the plan of an empty table
    await connection.execute("ANALYZE generation_jobs")
    execute = await _prepare_claim(connection)
    for _ in range(8):
        await connection.fetch(execute)
    await _fill(database, 5000)
    assert not _reads_the_front_alone(await _plan_of(connection, execute)), "shows nothing: the plan is good"

    # when
    refreshed = await refresh_planner_figures(database)

    # then
    assert _reads_the_front_alone(await _plan_of(connection, execute))
    assert refreshed >= 1
    assert await refresh_planner_figures(database) == 0


async def test_figures_of_a_table_that_hardly_changed_stay(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("ANALYZE"))
    await _fill(database, LEAST // 2)

    assert await refresh_planner_figures(database) == 0


@pytest.mark.parametrize(("setting", "value"), [("enable_seqscan", "on"), ("jit", "off")])
async def test_the_planner_is_left_to_judge_by_itself(database: Database, setting: str, value: str) -> None:
    async with database.read() as session:
        assert await session.scalar(text(f"SHOW {setting}")) == value


async def test_a_question_about_most_of_a_table_reads_it_from_end_to_end(database: Database) -> None:
    async with database.transaction() as session:
        actor = await make_person(session)
        for _ in range(50):
            await make_image(session, actor.user_id)
        await session.execute(text("ANALYZE images"))

    async with database.read() as session:
        asked = text(
            "EXPLAIN SELECT format, avg(file_size) FROM images WHERE user_id = :user_id GROUP BY format"
        )
        plan = "\n".join(await session.scalars(asked, {"user_id": actor.user_id}))

    assert "Seq Scan on images" in plan
