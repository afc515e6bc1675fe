"""How long does a year of usage take to read, next to adding up the jobs themselves, and how long to count them?

A year of 300,000 jobs of 50 people. The peer is the same sums by one GROUP BY over the jobs.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from bench._figures import milliseconds, report
from bench._server import run_with_server
from harness.catalog import make_model
from pingvas.base import migrate
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.open_account import open_account
from pingvas.billing.plans import seed_plans
from pingvas.generation.usage.read_usage import read_usage
from pingvas.generation.usage.roll_up import roll_up
from pingvas.launch import embedded_postgres

PEOPLE = 50
JOBS = 300_000
TURNS = 20
# Ids in the order of their times, as those of real jobs are.
FILL = f"""
    INSERT INTO generation_jobs (id, user_id, model_id, batch_id, job_type, status, priority, estimated_credits,
                                 actual_credits, gpu_seconds, created_at, completed_at)
    SELECT CAST(lpad(to_hex(CAST(extract(epoch FROM at) * 1000 AS bigint)), 12, '0') || '7' || substr(md5(n::text), 1, 3)
                || '8' || substr(md5(n::text), 4, 15) AS uuid),
           ($1::uuid[])[1 + n % {PEOPLE}], $2, gen_random_uuid(), 'txt2img', 'completed', 10, 3, 3, 2.5, at, at + interval '10 s'
      FROM (SELECT n, now() - interval '364 days' + n * interval '104 s' AS at FROM generate_series(1, {JOBS}) AS n) AS made
"""  # noqa: S608 - our own figures
SUMS = """
    SELECT CAST(completed_at AT TIME ZONE 'UTC' AS date), model_id, job_type, api_key_id, count(*), SUM(actual_credits),
           SUM(gpu_seconds)
      FROM generation_jobs
     WHERE ($1::uuid IS NULL OR user_id = $1) AND completed_at >= $2 AND completed_at IS NOT NULL
     GROUP BY 1, 2, 3, 4
"""


async def _time(read: Callable[[], Awaitable[Any]]) -> list[float]:
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        await read()
        took.append(time.perf_counter() - began)
    return took


async def _run(folder: Path, server: embedded_postgres.EmbeddedPostgres) -> None:
    settings = Settings(data_dir=folder, database_url=server.url())
    await migrate.upgrade(server.url())
    database = Database(server.url(), pool_size=2)
    people: list[UUID] = []
    async with database.transaction() as session:
        await seed_plans(session)
        model = await make_model(session)
        for number in range(PEOPLE):
            email = f"bench{number}@example.com"
            user = await open_account(session, settings, email=email, password=None, display_name="Bench")
            people.append(user.id)
    bare = await asyncpg.connect(for_asyncpg(server.url()))
    await bare.execute("SET session_replication_role = replica")
    await bare.execute(FILL, people, model.id)
    await bare.execute("ANALYZE generation_jobs")
    first = datetime.now(UTC) - timedelta(days=364)
    began = time.perf_counter()
    counted = await roll_up(database)
    rows = [(f"count {counted:,} jobs, the first time", f"{time.perf_counter() - began:.2f} s")]
    rows.append(("count again, nothing new", milliseconds(await _time(lambda: roll_up(database)))))

    for name, who in (("of one person", people[0]), ("of everybody", None)):

        async def ours(user_id: UUID | None = who) -> None:
            async with database.read() as session:
                await read_usage(session, user_id, first.date())

        async def peer(user_id: UUID | None = who) -> None:
            await bare.fetch(SUMS, user_id, first)

        rows.append((f"a year {name}", milliseconds(await _time(ours))))
        rows.append((f"a year {name}, from the jobs", milliseconds(await _time(peer))))
    await bare.close()
    await database.dispose()
    report(f"A year of usage, {JOBS:,} jobs of {PEOPLE} people", rows)


def main() -> None:
    run_with_server(_run)


if __name__ == "__main__":
    main()
