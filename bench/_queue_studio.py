"""Our queue under measurement: people, models and waiting jobs by set-based SQL, all else by the product's own functions."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench._queue_clients import Done, Step
from bench._queue_payload import PARAMETERS, PAYLOAD
from harness.catalog import make_model
from harness.jobs import finished_image_of, image_request
from pingvas.accounts.actor import Actor
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from pingvas.generation.job_parameters import read_parameters
from pingvas.generation.lifecycle import claims
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import End
from pingvas.generation.queue.batch_key import batch_key
from pingvas.generation.requests import submit
from pingvas.worker.running.end_writer import EndWriter

MODEL = "toy"
WORKER = "worker-1"
GPU_SECONDS = 1.5  # less than was quoted, so that every job has something to give back

_USERS = text("""
    INSERT INTO users (id, email, display_name)
    SELECT gen_random_uuid(), 'person' || number || '@example.com', 'Somebody' FROM generate_series(1, :people) AS number
    RETURNING id
""")
_SUBSCRIPTIONS = text("""
    INSERT INTO subscriptions (id, user_id, plan_id, remaining_credits, current_period_start, current_period_end)
    SELECT gen_random_uuid(), person.id, plan.id, 1000000000, CURRENT_DATE, CURRENT_DATE + 30
      FROM users AS person, subscription_plans AS plan WHERE plan.name = 'enterprise'
""")
_BONUS = text("""
    WITH given AS (
        INSERT INTO credit_grants (id, user_id, subscription_id, kind, source_key, amount, remaining)
        SELECT gen_random_uuid(), user_id, id, 'bonus', 'bench:' || id, remaining_credits, remaining_credits FROM subscriptions
    )
    INSERT INTO credit_transactions (id, user_id, subscription_id, transaction_type, amount, balance_after)
    SELECT gen_random_uuid(), user_id, id, 'bonus', remaining_credits, remaining_credits FROM subscriptions
""")
# One job of each person after the other, as the line would have it when all of them use it alike; each paid for, as a submit does it.
_FILL = text("""
    WITH filled AS (
        INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, job_type, status, priority, turn,
                                     batch_key, parameters, estimated_credits, estimated_seconds, queued_at, deadline_at)
        SELECT uuidv7(), person.user_id, model.id, person.id, uuidv7(), 'txt2img', 'queued', 100,
               clock.last_value + 10000 + 10 * number, :batch_key, CAST(:payload AS jsonb), 3, 2.3, clock_timestamp(),
               now() + interval '1 day'
          FROM queue_clock AS clock CROSS JOIN generate_series(1, :jobs) AS number
          JOIN (SELECT id, user_id, row_number() OVER (ORDER BY id) AS place FROM subscriptions) AS person
            ON person.place = 1 + number % (SELECT count(*) FROM subscriptions)
          JOIN ai_models AS model ON model.name = :model
        RETURNING id, user_id, subscription_id, estimated_credits AS credits
    ), posted AS (
        INSERT INTO credit_transactions (id, user_id, subscription_id, job_id, transaction_type, amount, balance_after, metadata)
        SELECT uuidv7(), filled.user_id, wallet.id, filled.id, 'consume', -filled.credits,
               wallet.remaining_credits - SUM(filled.credits) OVER (PARTITION BY wallet.id ORDER BY filled.id),
               jsonb_build_object('from', jsonb_build_array(jsonb_build_array(given.id, filled.credits)))
          FROM filled JOIN subscriptions AS wallet ON wallet.id = filled.subscription_id
          JOIN credit_grants AS given ON given.source_key = 'bench:' || wallet.id
        RETURNING subscription_id, amount
    ), spent AS (
        SELECT subscription_id, SUM(amount) AS credits FROM posted GROUP BY subscription_id
    ), moved AS (
        UPDATE subscriptions SET remaining_credits = remaining_credits + spent.credits
          FROM spent WHERE subscriptions.id = spent.subscription_id
    )
    UPDATE credit_grants SET remaining = remaining + spent.credits
      FROM spent WHERE credit_grants.source_key = 'bench:' || spent.subscription_id
""")
# The rows are made from the rows that they refer to, so nobody needs to look at each of these references again.
_TRUST = text("SET LOCAL session_replication_role = replica")
_WAITING = text("SELECT count(*) FROM generation_jobs WHERE status = 'queued'")
_PLAIN_INDEXES = text("""
    SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename = 'generation_jobs' AND indexname NOT IN (SELECT conname FROM pg_constraint)
""")


class Studio:
    """A migrated database with a model, and people on the largest plan with more credits than they can spend."""

    def __init__(self, database: Database, people: Sequence[UUID]) -> None:
        self.database = database
        self._next_person = itertools.cycle(random.Random(7).sample(people, len(people)))

    @classmethod
    async def install(cls, url: str, *, people: int, connections: int) -> Studio:
        """`url` is `postgresql+asyncpg://…`."""
        await migrate.upgrade(url)
        database = Database(url, pool_size=connections)
        async with database.transaction() as session:
            await seed_plans(session)
            await make_model(session, name=MODEL)
            ids = list(await session.scalars(_USERS, {"people": people}))
            await session.execute(_SUBSCRIPTIONS)
            await session.execute(_BONUS)
        return cls(database, ids)

    async def close(self) -> None:
        await self.database.dispose()

    async def fill(self, jobs: int, *, rebuild_indexes: bool = False) -> None:
        """Have at least that many jobs waiting; `rebuild_indexes` is quicker for very many."""
        key = batch_key(read_parameters("txt2img", {**PARAMETERS, "model": MODEL}))
        async with self.database.transaction() as session:
            await session.execute(_TRUST)
            indexes = (await session.execute(_PLAIN_INDEXES)).all() if rebuild_indexes else []
            for index in indexes:
                await session.execute(text(f"DROP INDEX {index.indexname}"))
            missing = jobs - (await session.scalar(_WAITING) or 0)
            if missing > 0:
                row = {"jobs": missing, "payload": PAYLOAD, "batch_key": key, "model": MODEL}
                await session.execute(_FILL, row)
            for index in indexes:
                await session.execute(text(index.indexdef))
        async with self.autocommit() as connection:
            await connection.exec_driver_sql("VACUUM ANALYZE generation_jobs")

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncConnection]:
        """A connection for what cannot be done in a transaction."""
        async with self.database.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def take(self, limit: int) -> list[ClaimedJob]:
        """Claim as a worker does: from the clock on, and behind it when there is nothing."""
        async with self.database.autocommit() as session:
            for rewind in (False, True):
                jobs = await claims.claim(
                    session, worker_id=WORKER, lease_seconds=600, limit=limit, holds=[MODEL], rewind=rewind
                )
                if jobs:
                    return jobs
        return []

    async def complete(self, jobs: Sequence[ClaimedJob], done: Done) -> None:
        """End jobs as a worker does whose batch is done, each with its picture's row, its settlement and whoever comes
        into the free slot."""
        ends = EndWriter(self.database, WORKER)

        async def end(job: ClaimedJob) -> None:
            assert await ends.write(End(job, "completed", GPU_SECONDS, finished_image_of(job)))
            done(1)

        await asyncio.gather(*map(end, jobs))

    async def submit(self, pictures: int = 1) -> None:
        """The next person asks for so many pictures."""
        actor = Actor(next(self._next_person), "user", None)
        async with self.database.transaction() as session:
            await submit.submit(session, actor, image_request(count=pictures))

    def claim(self, batch: int) -> Step:
        """A step that claims up to `batch` jobs and leaves them."""

        async def step(done: Done) -> None:
            done(len(await self.take(batch)))

        return step

    def claim_and_complete(self, batch: int) -> Step:
        """A step that claims up to `batch` jobs and completes them."""

        async def step(done: Done) -> None:
            await self.complete(await self.take(batch), done)

        return step

    def life(self, batch: int = 1, *, together: bool = False) -> Step:
        """A step in which `batch` people ask for a picture each (or one of them for all of these), and as many jobs are
        claimed and completed."""
        claim_and_complete = self.claim_and_complete(batch)

        async def step(done: Done) -> None:
            for _ in range(1 if together else batch):
                await self.submit(batch if together else 1)
            await claim_and_complete(done)

        return step
