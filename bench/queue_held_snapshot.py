"""What is left of the rate while somebody else's transaction keeps vacuum from its work?

Whole lives of jobs, first without, then with another session that holds a snapshot: nothing that dies meanwhile can be
removed, and a queue that scans from the front of its index walks over all of it at every claim.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bench._figures import report
from bench._queue_clients import Step, Turn, take_turn
from bench._queue_systems import CLIENTS, PEOPLE, installed, on_a_server
from pingvas.launch.embedded_postgres import EmbeddedPostgres

EDGE = 10  # seconds at the beginning and at the end that are shown apart


@asynccontextmanager
async def _held_snapshot(url: str) -> AsyncIterator[None]:
    """Somebody who began a report and went for lunch."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("SELECT count(*) FROM pg_class")
            yield
    finally:
        await connection.close()


async def _measure(name: str, url: str, step: Step, options: argparse.Namespace) -> None:
    before = await take_turn(step, clients=options.clients, seconds=options.seconds_before)
    async with _held_snapshot(url):
        held = await take_turn(step, clients=options.clients, seconds=options.seconds)
    report(
        f"{name}: lives a second, {options.clients} clients, the snapshot held for {options.seconds} s",
        _rows(before, held),
    )


def _rows(before: Turn, held: Turn) -> list[tuple[str, str]]:
    seconds, edge = len(held.per_second), min(EDGE, len(held.per_second))
    first, last = held.rate_of(0, edge), held.rate_of(seconds - edge, seconds)
    return [
        ("without", f"{before.rate:,.0f} a second"),
        ("with", f"{held.rate:,.0f} a second"),
        (f"with, first {edge} s", f"{first:,.0f} a second"),
        (f"with, last {edge} s", f"{last:,.0f} a second"),
        ("with ÷ without (goal 0.5, better 0.9)", f"{held.rate / before.rate:.2f}"),
        (f"last {edge} s ÷ without", f"{last / before.rate:.2f}"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="how long the snapshot is held")
    parser.add_argument("--seconds-before", type=int, default=15)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--batch", type=int, default=4, help="jobs a worker claims at once")
    parser.add_argument("--procrastinate", action="store_true", help="measure it too; as long again")
    options = parser.parse_args()

    async def measure(server: EmbeddedPostgres) -> None:
        async with installed(server, people=options.people, clients=options.clients) as systems:
            steps = {
                "Ours": systems.studio.life(options.batch),
                "Bare loop": systems.loop.life(options.batch),
            }
            if options.procrastinate:
                steps["procrastinate"] = systems.procrastinate.life(options.batch)
            for name, step in steps.items():
                await _measure(name, systems.url, step, options)

    on_a_server(measure)


if __name__ == "__main__":
    main()
