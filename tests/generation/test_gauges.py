"""How the queue stands, as operators see it: true for a short one, cheap and still true in sum for a very long one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.generation.status.gauges import _OPEN, Group, read_gauges
from pingvas.generation.tables import Worker
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, submit_jobs


@pytest.fixture
async def actor(database: Database) -> Actor:
    """Somebody with the plan free: one slot in each lane."""
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session)


async def test_open_jobs_are_counted_by_status_plan_model_and_lane(database: Database, actor: Actor) -> None:
    # given one that is done, one that runs, two that wait for its slot, and one in the idle lane
    await submit_jobs(database, actor, count=4)
    await complete_job(database, await claim_job(database))
    await claim_job(database)
    await submit_jobs(database, actor, lane="idle")
    async with database.transaction() as session:
        long_ago = "UPDATE generation_jobs SET queued_at = now() - interval '1 minute' WHERE lane = 'idle'"
        await session.execute(text(long_ago))

    # when
    async with database.read() as session:
        figures = await read_gauges(session)

    # then
    found = {(group.status, group.plan, group.model, group.lane): group.jobs for group in figures.groups}
    assert found == {
        ("processing", "free", "toy", "normal"): 1,
        ("pending", "free", "toy", "normal"): 2,
        ("queued", "free", "toy", "idle"): 1,
    }
    assert figures.jobs("pending", "queued") == 3
    assert figures.oldest_wait("normal") is None
    assert 59 < (figures.oldest_wait("idle") or 0) < 300


async def test_a_lapsed_lease_is_told_until_it_is_swept(database: Database, actor: Actor) -> None:
    # given
    await submit_jobs(database, actor)
    await claim_job(database, lease_seconds=-1)

    # when
    async with database.read() as session:
        figures = await read_gauges(session)

    # then
    assert figures.lapsed_leases == 1


async def test_workers_are_those_heard_from_lately(database: Database) -> None:
    # given
    async with database.transaction() as session:
        session.add(Worker(id="a", host="one", device="cuda:0", models=["toy"]))
        session.add(Worker(id="b", host="two", device="cpu", stopping=True))
        silent = text("now() - interval '31 seconds'")
        session.add(Worker(id="c", host="three", device="cpu", heartbeat_at=silent))

    # when
    async with database.read() as session:
        figures = await read_gauges(session)

    # then
    assert [(worker.id, worker.device, worker.stopping) for worker in figures.workers] == [
        ("a", "cuda:0", False),
        ("b", "cpu", True),
    ]
    assert list(figures.workers[0].models) == ["toy"]


async def test_of_a_very_long_queue_the_front_is_looked_at_and_the_rest_is_counted(
    database: Database, actor: Actor
) -> None:
    # given
    async with database.transaction() as session:
        other = await make_person(session, plan="studio", credits=1000)
    await submit_jobs(database, actor, count=8)
    await submit_jobs(database, other, count=3)

    # when no more than three of each status are looked at
    async with database.read() as session:
        figures = await read_gauges(session, most=3)

    # then no job is missing in the sums
    assert figures.jobs("queued") == 1 + 3
    assert figures.jobs("pending") == 7
    assert Group("pending", "free", "", "", 4) in figures.groups


async def test_waiting_jobs_are_read_from_the_front_of_the_line_by_index(
    database: Database, actor: Actor
) -> None:
    # given a queue long enough that the planner has a choice
    await submit_jobs(database, actor)
    async with database.transaction() as session:
        more = """
            INSERT INTO generation_jobs (id, model_id, batch_id, job_type, status, priority, turn, estimated_credits, queued_at)
            SELECT gen_random_uuid(), model_id, batch_id, job_type, 'queued', priority, turn + n, 1, now()
              FROM generation_jobs, generate_series(1, 20000) AS n
        """
        await session.execute(text(more))
        await session.execute(text("ANALYZE generation_jobs"))

    # when
    async with database.read() as session:
        plan = await session.scalar(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {_OPEN.text}"), {"most": 100})

    # then
    (scan,) = [node for node in nodes(plan[0]["Plan"]) if node.get("Index Name") == "ix_generation_jobs_turn"]
    assert scan["Actual Rows"] == 100


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def test_reading_touches_no_job_that_has_ended(database: Database, actor: Actor) -> None:
    # given a long history and one job that waits
    await submit_jobs(database, actor)
    history = """
        INSERT INTO generation_jobs (id, model_id, batch_id, job_type, status, priority, estimated_credits, completed_at)
        SELECT gen_random_uuid(), model_id, batch_id, job_type, 'completed', 10, 1, now()
          FROM generation_jobs, generate_series(1, 20000)
    """
    async with database.transaction() as session:
        await session.execute(text(history))
    async with database.transaction() as session:
        await session.execute(text("ANALYZE generation_jobs"))

    # when
    before = await rows_read(database, "SELECT")
    async with database.read() as session:
        await read_gauges(session)
        await session.execute(text("SELECT pg_stat_force_next_flush()"))
    after_figures = await rows_read(database, "SELECT")
    after_scan = await rows_read(database, "SELECT count(parameters) FROM generation_jobs")

    # then
    assert after_figures - before < 20
    assert after_scan - after_figures > 20_000  # so that much can be seen


async def rows_read(database: Database, statement: str) -> int:
    """How many rows of the table of jobs were ever read, after this statement."""
    async with database.read() as session:
        await session.execute(text(statement))
        await session.execute(text("SELECT pg_stat_force_next_flush()"))
    total = "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'generation_jobs'"
    async with database.read() as session:
        return int(await session.scalar(text(total)) or 0)
