"""How many jobs a second can be claimed and completed, next to a hand-written SKIP LOCKED loop and procrastinate?

Ours completes with the picture's row, the settlement and the next job of that person. The bare loop updates one lean
table; the loop with the same duties also writes balance, ledger and picture, each in one statement of its own tables.
procrastinate defers, fetches and finishes, since it has no way to finish what was not fetched. One process, many clients.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bench._figures import report
from bench._queue_clients import Turn, alternate, median_rate
from bench._queue_systems import CLIENTS, Systems, installed, on_a_server
from pingvas.launch.embedded_postgres import EmbeddedPostgres

OURS, BARE, DUTIES, PEER = "ours", "bare loop", "loop with the same duties", "procrastinate"
OURS_CLAIM, LOOP_CLAIM = "ours, claim alone", "loop, claim alone"


def _rows(turns: dict[str, list[Turn]]) -> Sequence[tuple[str, str]]:
    rate = {name: median_rate(taken) for name, taken in turns.items()}
    return [
        *((name, f"{value:,.0f} a second") for name, value in rate.items()),
        ("ours ÷ bare loop (goal 0.7)", f"{rate[OURS] / rate[BARE]:.2f}"),
        ("ours ÷ loop with the same duties", f"{rate[OURS] / rate[DUTIES]:.2f}"),
        ("ours ÷ loop, claim alone", f"{rate[OURS_CLAIM] / rate[LOOP_CLAIM]:.2f}"),
        ("ours ÷ procrastinate (goal 5)", f"{rate[OURS] / max(rate[PEER], 1e-9):.2f}"),
    ]


async def _measure(systems: Systems, batch: int, options: argparse.Namespace) -> None:
    studio, loop, procrastinate = systems.studio, systems.loop, systems.procrastinate
    await studio.fill(options.waiting)
    await loop.fill(options.waiting * 10)  # it is that much quicker
    turns = await alternate(
        {
            OURS: studio.claim_and_complete(batch),
            BARE: loop.claim_and_complete(batch),
            DUTIES: loop.claim_and_complete_with_duties(batch),
            PEER: procrastinate.life(batch, defer_together=True),
            OURS_CLAIM: studio.claim(batch),
            LOOP_CLAIM: loop.claim(batch),
        },
        clients=options.clients,
        seconds=options.seconds,
        turns=options.turns,
    )
    report(
        f"Claim and complete, batch {batch}, {options.clients} clients, medians of {options.turns} × {options.seconds} s",
        _rows(turns),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--waiting", type=int, default=100_000, help="jobs in line before each batch size")
    options = parser.parse_args()

    async def measure(server: EmbeddedPostgres) -> None:
        async with installed(server, clients=options.clients) as systems:
            for batch in (1, 20):
                await _measure(systems, batch, options)

    on_a_server(measure)


if __name__ == "__main__":
    main()
