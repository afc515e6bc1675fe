"""A studio in plain processes that nobody starts again: each has to live through what is done to the others by itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from harness.catalog import CONFIG
from harness.running_studio import ROOT, free_port, wait_for
from harness.toy_models import CONFIG as ENGINE_CONFIG
from harness.toy_models import make_toy_model
from pingvas.base.database_url import for_asyncpg
from pingvas.launch import embedded_postgres
from pingvas.launch.embedded_postgres import EmbeddedPostgres
from pingvas.launch.end_with_parent import end_with_parent
from tests.chaos.bucket import Bucket, running_bucket

# The sweeper comes every five seconds: with these, what a dead worker held is taken up again within two leases.
SHORTEST_LEASE, LONGEST_LEASE = 8.0, 30.0
MAX_STEPS = 500  # the engine's own limit


@dataclass
class StudioUnderFire:
    """API, chores and workers on a database and a bucket of their own."""

    folder: Path
    server: EmbeddedPostgres
    bucket: Bucket
    url: str
    environment: dict[str, str]
    lease_seconds: float = LONGEST_LEASE
    api: subprocess.Popen[bytes] | None = None
    chores: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        return self.server.url()

    def start(self, command: str, name: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start `pingvas COMMAND`; what it says goes to NAME.log."""
        return start_process([command], self.folder / f"{name}.log", self.environment | environment)

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        worker = self.start("worker", f"worker-{len(self.workers)}", **environment)
        self.workers.append(worker)
        return worker

    def have_workers(self, count: int) -> list[subprocess.Popen[bytes]]:
        """So many workers that have started and claim jobs; those that live already count."""
        while len(self.living_workers()) < count:
            self.start_worker()
        wait_for(lambda: self.registered() >= count, "the workers to be there")
        return self.living_workers()

    def living_workers(self) -> list[subprocess.Popen[bytes]]:
        return [worker for worker in self.workers if worker.poll() is None]

    def end_workers(self) -> None:
        end_processes(self.living_workers())

    def registered(self) -> int:
        """Workers that the database knows and that live."""
        pids = [worker.pid for worker in self.living_workers()]
        names = [row["id"].split("-")[-2] for row in self.ask("SELECT id FROM workers WHERE NOT stopping")]
        return sum(str(pid) in names for pid in pids)

    def ask(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Rows, on a connection of its own."""
        return ask(self.server.url(), statement, *values)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def ended_by_themselves(self) -> list[str]:
        """What has ended although nobody told it to, with the last it said."""
        named = {"api": self.api, "chores": self.chores}
        named |= {f"worker-{number}": worker for number, worker in enumerate(self.workers)}
        return [
            f"{name} ended with {process.returncode}:\n{self.log(name)[-3000:]}"
            for name, process in named.items()
            if process is not None and process.poll() not in (None, 0, -signal.SIGKILL)
        ]


def ask(url: str, statement: str, *values: Any) -> list[asyncpg.Record]:
    """Rows of one statement, on a connection of its own."""

    async def asked() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(for_asyncpg(url), timeout=10)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close(timeout=5)

    return asyncio.run(asked())


@contextmanager
def studio_under_fire(folder: Path) -> Iterator[StudioUnderFire]:
    """A studio without workers. Everything of it is ended afterwards."""
    with ExitStack() as ending:
        server = embedded_postgres.start(folder, ["max_connections=60"])
        ending.callback(server.stop)
        bucket = ending.enter_context(running_bucket())
        port = free_port()
        environment = studio_environment(
            database_url=server.url(),
            storage_url=bucket.url,
            data_dir=folder,
            models_dir=make_models(folder / "models"),
            max_attempts=100,  # more patience with lost workers than a studio has by default
            port=port,
        )
        studio = StudioUnderFire(folder, server, bucket, f"http://127.0.0.1:{port}", environment)
        began = time.monotonic()
        subprocess.run(pingvas("migrate"), cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        studio.lease_seconds = _lease_for(time.monotonic() - began)
        environment["PINGVAS_LEASE_SECONDS"] = str(studio.lease_seconds)
        ending.callback(lambda: end_processes([studio.api, studio.chores, *studio.workers]))
        studio.api, studio.chores = studio.start("api", "api"), studio.start("chores", "chores")
        wait_for(lambda: is_alive(studio.url), "the API to answer")
        yield studio


def _lease_for(seconds_of_a_start: float) -> float:
    """On a quiet machine the shortest; on a busy one no process is so quick, and the default may be needed."""
    return min(LONGEST_LEASE, max(SHORTEST_LEASE, 3 * seconds_of_a_start))


def make_models(folder: Path) -> Path:
    """A models folder with one toy in it that takes as many steps as a test wants."""
    make_toy_model(folder / "toy")
    named = {"name": "pingvas-mini", "display_name": "Toy", "version": "1", "max_steps": MAX_STEPS}
    small = {"defaults": CONFIG["defaults"] | {"width": 64, "height": 64, "steps": 20}}
    cost = {"cost": {"fixed_seconds": 5.0, "seconds_per_megapixel_step": 1.0}}
    card = {**CONFIG, **ENGINE_CONFIG, **named, **small, **cost}
    (folder / "toy" / "studio.json").write_text(json.dumps(card))
    return folder


def studio_environment(**settings: object) -> dict[str, str]:
    """The environment of every process: these settings, cheap passwords, no settings of the tests' own surroundings."""
    ours = {
        "secret_key": "a secret of the tests, long enough to be one",
        "worker_device": "cpu",
        "argon2_memory_kib": 64,
        "argon2_time_cost": 1,
        "rate_limits": "off",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PINGVAS_")}
    named = {f"PINGVAS_{name.upper()}": str(value) for name, value in (ours | settings).items()}
    return kept | named | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def pingvas(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pingvas.cli", *arguments]


def start_process(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start `pingvas ARGUMENTS`, its output going to the end of `log`. It does not outlive this process."""
    with log.open("ab") as output:
        return subprocess.Popen(
            pingvas(*arguments),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            preexec_fn=end_with_parent(signal.SIGKILL),
        )


def end_processes(processes: Sequence[subprocess.Popen[bytes] | None], patience: float = 30.0) -> None:
    """SIGTERM to all, and SIGKILL to those that have not ended in time."""
    there = [process for process in processes if process is not None and process.poll() is None]
    for process in there:
        process.terminate()
    deadline = time.monotonic() + patience
    for process in there:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
