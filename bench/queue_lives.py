"""How many whole lives of a job a second, next to the bare life of a job of procrastinate?

Ours: somebody submits (checked, priced, credits taken, ledger row, turn), a worker claims, and completes with settlement
and the picture's row. procrastinate: defer, fetch, finish, without people, money or pictures. In batches people still
submit one by one; a worker claims several jobs at once, which procrastinate cannot, and completes each by itself.
Last, requests for several pictures, next to procrastinate's deferring as many at once.
"""

from __future__ import annotations

import argparse

from bench._figures import report
from bench._queue_clients import alternate, median_rate
from bench._queue_systems import CLIENTS, PEOPLE, Systems, installed, on_a_server
from pingvas.billing.ledger import find_disagreements
from pingvas.launch.embedded_postgres import EmbeddedPostgres


async def _measure(
    systems: Systems, batch: int, options: argparse.Namespace, *, together: bool = False
) -> None:
    turns = await alternate(
        {
            "ours": systems.studio.life(batch, together=together),
            "procrastinate": systems.procrastinate.life(batch, defer_together=together),
            "bare loop": systems.loop.life(batch),
        },
        clients=options.clients,
        seconds=options.seconds,
        turns=options.turns,
    )
    rate = {name: median_rate(taken) for name, taken in turns.items()}
    async with systems.studio.database.read() as session:
        disagreements = await find_disagreements(session)
    asked = f"requests for {batch}" if together else "requests for 1"
    report(
        f"Whole lives, {options.people:,} people, {options.clients} clients, {asked}, claims of {batch}, {options.waiting:,} waiting,"
        f" medians of {options.turns} × {options.seconds} s",
        [
            *((name, f"{value:,.0f} a second") for name, value in rate.items()),
            ("ours ÷ procrastinate (goal 1)", f"{rate['ours'] / rate['procrastinate']:.2f}"),
            ("balances that are not what the ledger says", str(len(disagreements))),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--waiting", type=int, default=1000, help="jobs that wait in each queue all the time")
    options = parser.parse_args()

    async def measure(server: EmbeddedPostgres) -> None:
        async with installed(server, people=options.people, clients=options.clients) as systems:
            for system in (systems.studio, systems.loop, systems.procrastinate):
                await system.fill(options.waiting)
            for batch in (1, 4):
                await _measure(systems, batch, options)
            await _measure(systems, 4, options, together=True)

    on_a_server(measure)


if __name__ == "__main__":
    main()
