"""Does a claim cost more when a million jobs wait than when a thousand do?

5,000 people, their jobs one after the other in line. Every claim is timed from the call to its commit.
"""

from __future__ import annotations

import argparse
import statistics
import time

from sqlalchemy import text

from bench._figures import milliseconds, percentile, report
from bench._queue_studio import Studio
from bench._queue_systems import on_a_server
from pingvas.launch.embedded_postgres import EmbeddedPostgres

# The part of a claim that reads the line; the rest works on what this found.
_FRONT = text("""
    EXPLAIN SELECT id FROM generation_jobs
     WHERE status = 'queued' AND turn >= (SELECT last_value FROM queue_clock)
       AND (not_before IS NULL OR not_before <= now())
     ORDER BY turn, id LIMIT 64
""")
INDEX = "ix_generation_jobs_turn"


async def _claims(studio: Studio, claims: int, limit: int) -> list[float]:
    took = []
    for _ in range(claims):
        began = time.perf_counter()
        jobs = await studio.take(limit)
        took.append(time.perf_counter() - began)
        assert jobs
    return took


async def _rounds(studio: Studio, waiting: int, options: argparse.Namespace) -> list[list[float]]:
    """The seconds of the claims, by round. A checkpoint first, so that the fill is not written out meanwhile."""
    async with studio.autocommit() as connection:
        await connection.exec_driver_sql("CHECKPOINT")
    await _claims(studio, 50, options.limit)
    rounds = []
    for _ in range(options.rounds):
        await studio.fill(waiting)
        rounds.append(await _claims(studio, options.claims, options.limit))
    return rounds


async def _plan(studio: Studio) -> str:
    async with studio.database.read() as session:
        return "\n".join(await session.scalars(_FRONT))


async def _measure(server: EmbeddedPostgres, options: argparse.Namespace) -> None:
    studio = await Studio.install(server.url(), people=options.people, connections=1)
    await studio.fill(options.few)
    few = await _rounds(studio, options.few, options)
    began = time.perf_counter()
    await studio.fill(options.many, rebuild_indexes=True)
    filled_in = time.perf_counter() - began
    many = await _rounds(studio, options.many, options)
    plan = await _plan(studio)
    await studio.close()
    p99 = [statistics.median(percentile(took, 0.99) for took in rounds) for rounds in (few, many)]
    report(
        f"A claim of {options.limit}, {options.people:,} people, {options.rounds} × {options.claims} claims",
        [
            (f"{options.few:,} waiting", milliseconds([took for took_in in few for took in took_in])),
            (f"{options.many:,} waiting", milliseconds([took for took_in in many for took in took_in])),
            ("p99 ÷ p99, medians of the rounds (goal 1.5)", f"{p99[1] / p99[0]:.2f}"),
            (f"the line is read by {INDEX}", "yes" if INDEX in plan else f"NO\n\n{plan}\n"),
            ("filling took", f"{filled_in:.0f} s"),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--claims", type=int, default=500, help="claims in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=int, default=1, help="jobs a claim asks for")
    options = parser.parse_args()
    on_a_server(lambda server: _measure(server, options))


if __name__ == "__main__":
    main()
