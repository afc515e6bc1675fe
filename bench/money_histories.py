"""Do credits and plans add up whatever happens on the way? Random histories of buying, each lived twice in one database:
undisturbed, and with events shuffled, repeated, dropped and late by months, jobs running, and the studio killed between statements.

After the seller's lists were compared both must hold the same plan and have been given the same credits, once; no balance may have
been negative and no refund lost. `HISTORIES` says how many (2,000), `SEED` which, `PROCESSES` how many at a time (one a core).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import uvloop
from sqlalchemy import text

from bench._figures import report
from harness.catalog import make_model
from harness.clock import make_clock_movable
from harness.money_life import live_twice
from harness.mortal_database import TimedDatabase, make_mortal
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.plans import seed_plans
from pingvas.launch import embedded_postgres

MODEL = "toy"
AT_ONCE = 4
SHOWN = 5
# Nothing here has to survive the machine.
SERVER_OPTIONS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=100")
_PACKS = text("""
    INSERT INTO credit_packs (id, name, credits, price)
    VALUES (gen_random_uuid(), 'small', 1000, 7), (gen_random_uuid(), 'medium', 5000, 30), (gen_random_uuid(), 'large', 20000, 110)
    ON CONFLICT DO NOTHING
""")
_OUT_OF_ORDER = text("""
    SELECT count(*) FROM (
        SELECT balance_after - amount - LAG(balance_after, 1, 0)
               OVER (PARTITION BY subscription_id ORDER BY created_at, id) AS off FROM credit_transactions) AS steps
     WHERE off <> 0
""")
_COUNTS = text("""
    SELECT (SELECT count(*) FROM billing_events) AS events, (SELECT count(*) FROM credit_transactions) AS postings,
           (SELECT count(*) FROM credit_grants) AS grants,
           (SELECT count(*) FROM billing_events WHERE status = 'failed') AS failed
""")


async def _prepare(url: str) -> None:
    await migrate.upgrade(url)
    database = Database(url, pool_size=1)
    await make_clock_movable(database)
    async with database.transaction() as session:
        await seed_plans(session)
        await session.execute(_PACKS)
        await session.execute(text("UPDATE subscription_plans SET trial_credits = 500 WHERE name <> 'free'"))
        await make_model(session, name=MODEL)
    await database.dispose()


def _live(url: str, seeds: list[str]) -> list[str]:
    make_mortal()
    return uvloop.run(_live_all(url, seeds))


async def _live_all(url: str, seeds: list[str]) -> list[str]:
    database = TimedDatabase(url, pool_size=AT_ONCE)
    wrong: list[str] = []
    left = iter(seeds)

    async def some() -> None:
        for seed in left:
            try:
                difference = await live_twice(database, seed, MODEL)
            except Exception as error:  # noqa: BLE001 - a history that fails is counted, with what it was
                difference = f"seed {seed}: {type(error).__name__}: {error}"
            if difference is not None:
                wrong.append(difference)

    await asyncio.gather(*(asyncio.create_task(some()) for _ in range(AT_ONCE)))
    await database.dispose()
    return wrong


async def _check(url: str) -> tuple[int, int, dict[str, int]]:
    database = Database(url, pool_size=1)
    async with database.read() as session:
        disagreements = len(await find_disagreements(session))
        out_of_order = int(await session.scalar(_OUT_OF_ORDER))
        counts = dict((await session.execute(_COUNTS)).one()._mapping)
    await database.dispose()
    return disagreements, out_of_order, counts


def main() -> int:
    histories = int(os.environ.get("HISTORIES", "2000"))
    first = int(os.environ.get("SEED", "0"))
    processes = int(os.environ.get("PROCESSES", "0")) or os.cpu_count() or 1
    seeds = [f"{number}-" for number in range(first, first + histories)]
    with tempfile.TemporaryDirectory() as folder:
        server = embedded_postgres.start(Path(folder), SERVER_OPTIONS)
        try:
            url = server.url("postgres")
            asyncio.run(_prepare(url))
            began = time.perf_counter()
            parts = [seeds[number::processes] for number in range(processes)]
            with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
                wrong = [line for part in pool.map(_live, [url] * processes, parts) for line in part]
            seconds = time.perf_counter() - began
            disagreements, out_of_order, counts = asyncio.run(_check(url))
        finally:
            server.stop()
    for line in wrong[:SHOWN]:
        print(line, file=sys.stderr)
    rows = [
        (
            "histories, each lived twice",
            f"{histories:,} in {seconds:.0f} s ({histories / seconds:.1f} a second)",
        ),
        ("that came to something else", f"{len(wrong):,}"),
        ("wallets that do not add up", f"{disagreements:,}"),
        ("postings out of order", f"{out_of_order:,}"),
        (
            "events, grants, postings",
            " / ".join(f"{counts[name]:,}" for name in ("events", "grants", "postings")),
        ),
        ("events that failed for good", f"{counts['failed']:,}"),
    ]
    report("Do credits and plans add up, whatever happens on the way?", rows)
    return 1 if wrong or disagreements or out_of_order else 0


if __name__ == "__main__":
    sys.exit(main())
