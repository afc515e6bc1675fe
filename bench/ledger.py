"""How many postings a second does the ledger take, of many wallets and of one that everybody draws from, next to the bare SQL?

A posting of ours locks the subscription, draws from the grants that expire first, moves the balance and writes the ledger's row, in one
durable transaction. The peer does what a balance alone would need: one UPDATE and one INSERT in a transaction, by the same driver.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from uuid import UUID

import asyncpg

from bench._figures import milliseconds, report
from bench._server import run_with_server
from pingvas.base import migrate
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from pingvas.billing.credits import draw
from pingvas.billing.open_account import open_account
from pingvas.billing.plans import seed_plans
from pingvas.billing.subscriptions import lock_current_subscription
from pingvas.billing.verify_ledger import verify_ledger
from pingvas.launch import embedded_postgres

CLIENTS = 8
PEOPLE_EACH = 10
SECONDS = 10.0
CREDITS = 1_000_000
PEER = """
    CREATE TABLE bare_balance (id uuid PRIMARY KEY, credits integer NOT NULL CHECK (credits >= 0));
    CREATE TABLE bare_posting (id uuid PRIMARY KEY, wallet uuid NOT NULL, amount integer NOT NULL, balance integer NOT NULL,
                               created_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON bare_posting (wallet, created_at DESC, id DESC);
"""
Post = Callable[[UUID], Awaitable[None]]


async def _people(database: Database, settings: Settings) -> list[UUID]:
    found = []
    for number in range(CLIENTS * PEOPLE_EACH):
        async with database.transaction() as session:
            name = f"bench{number}"
            user = await open_account(
                session,
                settings,
                email=f"{name}@example.com",
                password=None,
                display_name=name,
                credits=CREDITS,
            )
            found.append(user.id)
    return found


async def _measure(post: Post, wallets: list[UUID]) -> list[float]:
    """What each posting took: of each client its own wallets, or all of them one."""
    took: list[float] = []

    async def client(own: list[UUID], until: float) -> None:
        for wallet in cycle(own):
            began = time.perf_counter()
            if began > until:
                return
            await post(wallet)
            took.append(time.perf_counter() - began)

    until = time.perf_counter() + SECONDS
    of_each = [wallets[first::CLIENTS] or wallets for first in range(CLIENTS)]
    await asyncio.gather(*(client(own, until) for own in of_each))
    return took


async def _ours(database: Database, people: list[UUID]) -> list[float]:
    async def post(user_id: UUID) -> None:
        async with database.transaction() as session:
            wallet = await lock_current_subscription(session, user_id)
            await draw(session, user_id, wallet.id, 1, "bench")

    return await _measure(post, people)


async def _peer(url: str, wallets: list[UUID]) -> list[float]:
    pool = await asyncpg.create_pool(for_asyncpg(url), min_size=CLIENTS, max_size=CLIENTS)

    async def post(wallet: UUID) -> None:
        async with pool.acquire() as connection, connection.transaction():
            balance = await connection.fetchval(
                "UPDATE bare_balance SET credits = credits - 1 WHERE id = $1 RETURNING credits", wallet
            )
            await connection.execute(
                "INSERT INTO bare_posting (id, wallet, amount, balance) VALUES ($1, $2, -1, $3)",
                new_id(),
                wallet,
                balance,
            )

    try:
        return await _measure(post, wallets)
    finally:
        await pool.close()


async def _run(folder: Path, server: embedded_postgres.EmbeddedPostgres) -> None:
    settings = Settings(data_dir=folder, database_url=server.url())
    await migrate.upgrade(server.url())
    database = Database(server.url(), pool_size=CLIENTS)
    async with database.transaction() as session:
        await seed_plans(session)
    people = await _people(database, settings)
    connection = await asyncpg.connect(for_asyncpg(server.url()))
    await connection.execute(PEER)
    await connection.executemany(
        "INSERT INTO bare_balance VALUES ($1, $2)", [(person, CREDITS) for person in people]
    )
    await connection.close()
    rows = []
    for name, wallets in (("80 wallets", people), ("one wallet", people[:1])):
        # The two take turns, so that neither has the machine's better half.
        ours, bare = list[float](), list[float]()
        for _ in range(2):
            ours += await _ours(database, wallets)
            bare += await _peer(server.url(), wallets)
        rows += [
            (f"ledger, {name}", f"{len(ours) / SECONDS / 2:.0f} a second, {milliseconds(ours)}"),
            (f"bare SQL, {name}", f"{len(bare) / SECONDS / 2:.0f} a second, {milliseconds(bare)}"),
            (f"ratio, {name}", f"{len(ours) / len(bare):.2f}"),
        ]
    began = time.perf_counter()
    async with database.read() as session:
        verified = await verify_ledger(session)
    rows.append((f"`ledger verify`, {time.perf_counter() - began:.1f} s", str(verified)))
    await database.dispose()
    report(f"Postings a second, {CLIENTS} clients, 2 × {SECONDS:.0f} s each, with fsync", rows)


def main() -> None:
    run_with_server(_run)


if __name__ == "__main__":
    main()
