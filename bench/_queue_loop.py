"""The queue one would write by hand: a lean table, a partial index, SKIP LOCKED, one statement for each thing it does."""

from __future__ import annotations

import asyncpg

from bench._queue_clients import Done, Step
from bench._queue_payload import PAYLOAD

_TABLES = """
    CREATE TABLE lean_jobs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        status text NOT NULL DEFAULT 'queued',
        priority smallint NOT NULL DEFAULT 50,
        worker_id text,
        attempt smallint NOT NULL DEFAULT 0,
        lease_expires_at timestamptz,
        completed_at timestamptz,
        parameters jsonb NOT NULL
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
    CREATE INDEX lean_jobs_queued ON lean_jobs (priority DESC, id) WHERE status = 'queued';
    CREATE TABLE lean_wallets (id int PRIMARY KEY, credits bigint NOT NULL) WITH (fillfactor = 70);
    INSERT INTO lean_wallets SELECT number, 1000000000 FROM generate_series(0, 999) AS number;
    CREATE TABLE lean_ledger (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        job_id bigint NOT NULL UNIQUE REFERENCES lean_jobs,
        wallet_id int NOT NULL REFERENCES lean_wallets,
        amount int NOT NULL,
        balance bigint NOT NULL
    );
    CREATE TABLE lean_pictures (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        job_id bigint NOT NULL UNIQUE REFERENCES lean_jobs,
        key text NOT NULL UNIQUE,
        parameters jsonb NOT NULL
    );
"""
_PUT = "INSERT INTO lean_jobs (parameters) SELECT $1::jsonb FROM generate_series(1, $2::int)"
_WAITING = "SELECT count(*) FROM lean_jobs WHERE status = 'queued'"
_CLAIM = """
    UPDATE lean_jobs AS job
       SET status = 'processing', worker_id = $1, attempt = attempt + 1, lease_expires_at = now() + interval '60 s'
      FROM (SELECT id FROM lean_jobs WHERE status = 'queued'
             ORDER BY priority DESC, id LIMIT $2 FOR UPDATE SKIP LOCKED) AS next
     WHERE job.id = next.id
    RETURNING job.id, job.attempt, job.parameters
"""
_COMPLETE = """
    UPDATE lean_jobs AS job SET status = 'completed', completed_at = now(), lease_expires_at = NULL
      FROM unnest($1::bigint[], $2::int[]) AS mine (id, attempt)
     WHERE job.id = mine.id AND job.attempt = mine.attempt AND job.worker_id = $3 AND job.status = 'processing'
"""
# What ours owes as well, written as tightly as one can: the balance moves, the ledger says so, the picture has its row.
_COMPLETE_WITH_DUTIES = """
    WITH ended AS (
        UPDATE lean_jobs SET status = 'completed', completed_at = now(), lease_expires_at = NULL
         WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND status = 'processing'
        RETURNING id, parameters
    ), moved AS (
        UPDATE lean_wallets SET credits = credits + 1 FROM ended WHERE lean_wallets.id = ended.id % 1000
        RETURNING lean_wallets.id, lean_wallets.credits
    ), posted AS (
        INSERT INTO lean_ledger (job_id, wallet_id, amount, balance)
        SELECT ended.id, moved.id, 1, moved.credits FROM ended, moved
    )
    INSERT INTO lean_pictures (job_id, key, parameters)
    SELECT id, 'images/' || id || '.png', parameters FROM ended
"""


class Loop:
    """The hand-written queue, driven by asyncpg in autocommit."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def install(cls, url: str, *, connections: int) -> Loop:
        """`url` is `postgresql://…`."""
        pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
        await pool.execute(_TABLES)
        return cls(pool)

    async def close(self) -> None:
        await self._pool.close()

    async def fill(self, jobs: int) -> None:
        """Have at least that many jobs waiting."""
        missing = jobs - await self._pool.fetchval(_WAITING)
        if missing > 0:
            await self._pool.execute(_PUT, PAYLOAD, missing)
        await self._pool.execute("VACUUM ANALYZE lean_jobs")

    def claim(self, batch: int) -> Step:
        """A step that claims up to `batch` jobs and leaves them."""

        async def step(done: Done) -> None:
            done(len(await self._pool.fetch(_CLAIM, "worker-1", batch)))

        return step

    def claim_and_complete(self, batch: int) -> Step:
        """A step that claims up to `batch` jobs and ends them, all in one statement."""

        async def step(done: Done) -> None:
            async with self._pool.acquire() as connection:
                jobs = await connection.fetch(_CLAIM, "worker-1", batch)
                ids, attempts = [job["id"] for job in jobs], [job["attempt"] for job in jobs]
                await connection.execute(_COMPLETE, ids, attempts, "worker-1")
            done(len(jobs))

        return step

    def claim_and_complete_with_duties(self, batch: int) -> Step:
        """A step that claims up to `batch` jobs and ends each with balance, ledger row and picture row."""

        async def step(done: Done) -> None:
            async with self._pool.acquire() as connection:
                jobs = await connection.fetch(_CLAIM, "worker-1", batch)
                for job in jobs:
                    await connection.execute(_COMPLETE_WITH_DUTIES, job["id"], job["attempt"], "worker-1")
                    done(1)

        return step

    def life(self, batch: int = 1) -> Step:
        """A step that puts `batch` jobs in, one by one, and claims and ends as many."""
        claim_and_complete = self.claim_and_complete(batch)

        async def step(done: Done) -> None:
            for _ in range(batch):
                await self._pool.execute(_PUT, PAYLOAD, 1)
            await claim_and_complete(done)

        return step
