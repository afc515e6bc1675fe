"""Plans are rows: what an operator changes or adds there decides about turns, and metrics tell of it by name."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.base.metrics import REGISTRY
from pingvas.generation.lifecycle import slots
from pingvas.generation.queue.fairness import head_start
from pingvas.generation.status.gauges import read_gauges
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, submit_jobs

_OWN_PLAN = """
    INSERT INTO subscription_plans (id, name, display_name, credits_per_month, storage_bytes, max_queues, queue_weight)
    VALUES (gen_random_uuid(), 'school', 'School', 0, 1000000000, 2, 40)
"""
_JOBS = text("SELECT status, priority, plan_name, turn FROM generation_jobs ORDER BY id")


async def execute(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def test_a_changed_weight_holds_from_the_next_job_on(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        first, second = await make_person(session), await make_person(session)
    await submit_jobs(database, first)

    # when
    await execute(database, "UPDATE subscription_plans SET queue_weight = 20 WHERE name = 'free'")
    await submit_jobs(database, second)

    # then
    async with database.read() as session:
        rows = (await session.execute(_JOBS)).all()
    assert [(row.priority, row.turn) for row in rows] == [(10, head_start(10)), (20, head_start(20))]


async def test_a_job_that_waited_for_a_slot_gets_todays_weight_and_plan(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor, count=2)

    # when
    await execute(database, _OWN_PLAN)
    await execute(
        database,
        "UPDATE subscriptions SET plan_id = (SELECT id FROM subscription_plans WHERE name = 'school')",
    )
    assert await slots.promote_overlooked(database) == 1

    # then
    async with database.read() as session:
        rows = (await session.execute(_JOBS)).all()
    assert [(row.status, row.priority, row.plan_name) for row in rows] == [
        ("queued", 10, "free"),
        ("queued", 40, "school"),
    ]


async def test_metrics_name_the_plan_though_another_has_its_weight(database: Database) -> None:
    # given a plan of an operator's own, as heavy as one that ships
    async with database.transaction() as session:
        await make_model(session)
        await make_person(session)
    await execute(database, _OWN_PLAN.replace("40", "50"))
    async with database.transaction() as session:
        actor = await make_person(session, plan="school")
    labels = {"plan": "school", "model": "toy", "outcome": "completed", "code": ""}
    before = REGISTRY.get_sample_value("pingvas_jobs_ended_total", labels) or 0.0

    # when
    await submit_jobs(database, actor, count=3)
    async with database.read() as session:
        gauges = await read_gauges(session)
    await complete_job(database, await claim_job(database))

    # then
    assert {group.plan for group in gauges.groups} == {"school"}
    assert REGISTRY.get_sample_value("pingvas_jobs_ended_total", labels) == before + 1


@pytest.mark.parametrize("weight", [0, 101])
async def test_a_weight_beyond_the_range_is_refused(database: Database, weight: int) -> None:
    async with database.transaction() as session:
        await make_person(session)

    with pytest.raises(Exception, match="chk_subscription_plans_queue_weight"):
        await execute(database, f"UPDATE subscription_plans SET queue_weight = {weight}")
