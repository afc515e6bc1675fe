"""How many workers the line asks for: the chart's query on a real database, and what KEDA makes of its answer."""

from __future__ import annotations

import math
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from tests.deploy.conftest import Rendered
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, submit_jobs

ONE_WORKER = 60
_TAKES = text("UPDATE generation_jobs SET estimated_seconds = :seconds WHERE status <> 'completed'")


@pytest.fixture
async def person(database: Database) -> Actor:
    """Somebody whose plan lets sixteen jobs stand in line at once."""
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session, plan="enterprise", credits=100_000)


@pytest.fixture
def query(render_chart: Callable[..., Rendered]) -> str:
    """What KEDA asks the database, one worker being wanted for each minute of work."""
    keda = {"enabled": True, "secondsPerWorker": ONE_WORKER}
    (trigger,) = render_chart(worker={"keda": keda}).get("ScaledObject")["spec"]["triggers"]
    assert (trigger["type"], trigger["metricType"]) == ("postgresql", "AverageValue")
    assert float(trigger["metadata"]["targetQueryValue"]) == ONE_WORKER
    assert float(trigger["metadata"]["activationTargetQueryValue"]) == 0
    return str(trigger["metadata"]["query"])


async def ask(database_url: str, query: str) -> float:
    """The query's one value, as a program with no types of ours reads it."""
    connection = await asyncpg.connect(for_asyncpg(database_url))
    try:
        ((value,),) = await connection.fetch(query)
    finally:
        await connection.close()
    assert isinstance(value, float)
    return value


def workers_for(value: float, *, at_least: int = 0, at_most: int = 9) -> int:
    """What KEDA and the autoscaler make of it: none for nothing, else as many targets as it holds, rounded up."""
    return min(at_most, max(at_least, math.ceil(value / ONE_WORKER)))


async def expect_to_take(database: Database, seconds: float | None) -> None:
    async with database.transaction() as session:
        await session.execute(_TAKES, {"seconds": seconds})


async def test_an_empty_line_wants_nobody(database_url: str, query: str) -> None:
    assert await ask(database_url, query) == 0


async def test_one_short_job_wants_one_worker(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    await submit_jobs(database, person)
    await expect_to_take(database, 2.5)

    value = await ask(database_url, query)

    assert value == 2.5
    assert workers_for(value) == 1


async def test_the_line_wants_a_worker_for_each_minute_of_work(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    await submit_jobs(database, person, count=10)
    await expect_to_take(database, 20)

    value = await ask(database_url, query)

    assert value == 200
    assert workers_for(value) == 4
    assert workers_for(value, at_most=3) == 3


async def test_a_long_job_wants_one_worker_and_no_more(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    await submit_jobs(database, person, count=2)
    await expect_to_take(database, 3600)

    assert workers_for(await ask(database_url, query)) == 2


async def test_a_job_nobody_could_estimate_counts_too(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    await submit_jobs(database, person)
    await expect_to_take(database, None)

    assert workers_for(await ask(database_url, query)) == 1


async def test_a_worker_that_is_busy_is_not_too_many(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    """Short jobs in the hands of three workers: none of the three is to be taken away."""
    # given
    await submit_jobs(database, person, count=3)
    await expect_to_take(database, 1)
    jobs = [await claim_job(database, worker_id=f"worker-{number}") for number in range(3)]

    # when
    busy = await ask(database_url, query)
    for number, job in enumerate(jobs):
        await complete_job(database, job, worker_id=f"worker-{number}", gpu_seconds=0.1)
    done = await ask(database_url, query)

    # then
    assert workers_for(busy) == 3
    assert workers_for(done) == 0


async def test_work_that_may_wait_wants_one_worker_in_all_and_none_beside_others(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    # given
    await submit_jobs(database, person, count=8, lane="idle")
    await expect_to_take(database, 3600)
    alone = await ask(database_url, query)

    # when
    await submit_jobs(database, person, count=2)
    await expect_to_take(database, 3600)
    beside = await ask(database_url, query)

    # then
    assert workers_for(alone) == 1
    assert workers_for(beside) == 2


async def test_a_long_line_is_not_read_to_its_end(
    database: Database, database_url: str, person: Actor, query: str
) -> None:
    """The first ten thousand jobs ask for more workers than anybody has; those behind them need no counting."""
    # given
    await submit_jobs(database, person)
    copies = text("""
        INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, job_type, status, priority, turn,
                                     parameters, estimated_credits, estimated_seconds, queued_at)
        SELECT gen_random_uuid(), user_id, model_id, subscription_id, batch_id, job_type, status, priority, turn + n,
               parameters, estimated_credits, 1, queued_at
          FROM generation_jobs, generate_series(1, 20000) AS n
    """)
    async with database.transaction() as session:
        await session.execute(copies)
        await session.execute(text("ANALYZE generation_jobs"))

    # when
    value = await ask(database_url, query)
    async with database.read() as session:
        plan = "\n".join(await session.scalars(text(f"EXPLAIN {query}")))

    # then
    assert 10_000 <= value <= 10_000 + ONE_WORKER
    assert "ix_generation_jobs_turn" in plan
    assert "Seq Scan" not in plan
