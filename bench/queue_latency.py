"""How long from "please" to "started" when nobody else wants anything?

A process of its own claims as a worker does: it sleeps until PostgreSQL's NOTIFY wakes it, looks, and sleeps again. The
seconds are those between the moment the job entered the line and the moment it was claimed, by the database's clock,
and those between the call of submit and the worker having the job in hand, by this machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence

import uvloop

from bench._figures import milliseconds, report
from bench._queue_studio import MODEL, WORKER, Studio
from bench._queue_systems import on_a_server
from pingvas.base.db import Database
from pingvas.base.events import Event
from pingvas.base.loops import BackgroundLoops
from pingvas.base.notify import WAKE_WORKERS, Notifier
from pingvas.generation.lifecycle import claims
from pingvas.launch.embedded_postgres import EmbeddedPostgres
from pingvas.worker.process.wakeup import woken_by_new_jobs

POLL_SECONDS = 1.0


class _Waker:
    """Tells idle workers of new work; nobody listens to the events here."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def publish(self, events: Sequence[Event], *, wake_workers: bool) -> None:
        del events
        if wake_workers:
            self._notifier.wake(WAKE_WORKERS)


async def work(url: str, jobs: int) -> None:
    """Claim `jobs` jobs; one line of JSON for each: its id, when it was in hand, and how long it was in line."""
    database = Database(url, pool_size=1)
    async with woken_by_new_jobs(url, BackgroundLoops("worker")) as wakeup:
        print(json.dumps({"ready": True}), flush=True)
        while jobs > 0:
            wakeup.clear()
            async with database.transaction() as session:
                found = await claims.claim(session, worker_id=WORKER, lease_seconds=600, holds=[MODEL])
            in_hand = time.time()
            for job in found:
                in_line = (job.started_at - job.queued_at).total_seconds()
                print(json.dumps({"id": str(job.id), "in_hand": in_hand, "in_line": in_line}), flush=True)
            jobs -= len(found)
            if not found:
                await wakeup.wait(POLL_SECONDS)
    await database.dispose()


async def _measure(server: EmbeddedPostgres, options: argparse.Namespace) -> None:
    studio = await Studio.install(server.url(), people=100, connections=1)
    notifier = Notifier(server.url())
    await notifier.start()
    studio.database.publisher = _Waker(notifier)
    command = (
        sys.executable,
        "-m",
        "bench.queue_latency",
        "--work",
        server.url(),
        "--jobs",
        str(options.jobs),
    )
    worker = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert worker.stdout is not None
    await worker.stdout.readline()
    await asyncio.sleep(1)
    in_line, until_in_hand = [], []
    for _ in range(options.jobs):
        asked = time.time()
        await studio.submit()
        told = json.loads(await worker.stdout.readline())
        in_line.append(told["in_line"])
        until_in_hand.append(told["in_hand"] - asked)
        await asyncio.sleep(random.uniform(0.02, 0.08))
    await worker.wait()
    await notifier.close()
    await studio.close()
    report(
        f"From enqueued to started, idle, {options.jobs} jobs",
        [
            ("in line until claimed", milliseconds(in_line)),
            ("submit called until the worker has the job", milliseconds(until_in_hand)),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--work", metavar="URL", help="be the worker (the benchmark starts this itself)")
    options = parser.parse_args()
    if options.work:
        uvloop.run(work(options.work, options.jobs))
    else:
        on_a_server(lambda server: _measure(server, options))


if __name__ == "__main__":
    main()
