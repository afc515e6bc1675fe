"""How many submits a second does the API take from 8 clients, next to a bare enqueue of PgQueuer?

A submit is validated, authenticated, priced, and takes credits and writes ledger and job in one durable transaction
over HTTP. The peer puts a row into its own table, without HTTP, money or a person. Both use one PostgreSQL with fsync.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text

from bench._figures import milliseconds, report
from harness.catalog import make_model
from harness.running_studio import an_address_of_ones_own, free_port
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.launch import embedded_postgres
from pingvas.launch.seed import seed

CLIENTS = 8
PEOPLE_EACH = 10  # nobody's own line of waiting jobs grows long in the time
SECONDS = 10.0
BODY = {"job_type": "txt2img", "model": "toy", "prompt": "a red house at sunset"}


async def _person(http: aiohttp.ClientSession, number: int) -> dict[str, str]:
    body = {
        "email": f"bench{number}@example.com",
        "password": "a long and quiet river",
        "display_name": "Bench",
    }
    at = an_address_of_ones_own()
    async with http.post("/api/v1/auth/register", json=body, headers=at) as answer:
        assert answer.status == 201, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}


async def _submit(
    http: aiohttp.ClientSession, people: list[dict[str, str]], until: float, took: list[float]
) -> None:
    for person in cycle(people):
        began = time.perf_counter()
        if began > until:
            return
        async with http.post("/api/v1/jobs", json=BODY, headers=person) as answer:
            await answer.read()
            assert answer.status == 202, await answer.text()
        took.append(time.perf_counter() - began)


async def _ours(url: str, database: Database) -> list[float]:
    took: list[float] = []
    async with aiohttp.ClientSession(url) as http:
        people = [await _person(http, number) for number in range(CLIENTS * PEOPLE_EACH)]
        async with database.transaction() as session:
            await session.execute(
                text("""
                    WITH given AS (
                        INSERT INTO credit_grants (id, user_id, subscription_id, kind, source_key, amount, remaining)
                        SELECT gen_random_uuid(), user_id, id, 'bonus', 'bench:' || id, 1000000, 1000000 FROM subscriptions
                    )
                    INSERT INTO credit_transactions (id, user_id, subscription_id, transaction_type, amount,
                                                     balance_after, description, created_at)
                    SELECT gen_random_uuid(), user_id, id, 'bonus', 1000000, remaining_credits + 1000000, 'bench',
                           clock_timestamp() FROM subscriptions
                """)
            )
            await session.execute(
                text("UPDATE subscriptions SET remaining_credits = remaining_credits + 1000000")
            )
            endless = (
                "max_open_jobs = 1000000, requests_per_minute = 1000000, generations_per_minute = 1000000"
            )
            await session.execute(text(f"UPDATE subscription_plans SET {endless}"))  # noqa: S608 - our own constants
        until = time.perf_counter() + SECONDS
        await asyncio.gather(
            *(_submit(http, people[first::CLIENTS], until, took) for first in range(CLIENTS))
        )
    return took


async def _peer(url: str) -> list[float]:
    took: list[float] = []

    async def client(until: float) -> None:
        connection = await asyncpg.connect(url)
        queries = Queries(AsyncpgDriver(connection))
        while time.perf_counter() < until:
            began = time.perf_counter()
            await queries.enqueue(["picture"], [b'{"prompt": "a red house at sunset"}'], [10])
            took.append(time.perf_counter() - began)
        await connection.close()

    connection = await asyncpg.connect(url)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()
    until = time.perf_counter() + SECONDS
    await asyncio.gather(*(client(until) for _ in range(CLIENTS)))
    return took


async def _measure(folder: Path, server: embedded_postgres.EmbeddedPostgres) -> None:
    port = free_port()
    settings = Settings(data_dir=folder, database_url=server.url(), port=port)
    await migrate.upgrade(server.url())
    database = Database(server.url())
    await seed(database, settings)
    async with database.transaction() as session:
        await make_model(session)
    environment: dict[str, Any] = {
        **os.environ,
        "PINGVAS_DATA_DIR": str(folder),
        "PINGVAS_DATABASE_URL": server.url(),
        "PINGVAS_PORT": str(port),
        "PINGVAS_LOG_LEVEL": "warning",
        "PINGVAS_ARGON2_MEMORY_KIB": "8",  # signing up is not what is measured
    }
    api = await asyncio.create_subprocess_exec(sys.executable, "-m", "pingvas.cli", "api", env=environment)
    try:
        await _until_alive(f"http://127.0.0.1:{port}/healthz")
        ours = await _ours(f"http://127.0.0.1:{port}", database)
    finally:
        api.terminate()
        await api.wait()
    await database.dispose()
    plain = server.url().replace("+asyncpg", "")
    peer = await _peer(plain)
    report(
        f"Submits a second, {CLIENTS} clients, {SECONDS:.0f} s, clients and PostgreSQL on the same machine",
        [
            ("POST /jobs", f"{len(ours) / SECONDS:.0f} a second, {milliseconds(ours)}"),
            ("PgQueuer enqueue, no HTTP", f"{len(peer) / SECONDS:.0f} a second, {milliseconds(peer)}"),
            ("ratio", f"{len(ours) / len(peer):.2f}"),
        ],
    )


async def _until_alive(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError("the API did not start")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        server = embedded_postgres.start(Path(name))
        try:
            asyncio.run(_measure(Path(name), server))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
