"""A small studio for the worker's tests: a toy model in the catalog, somebody with credits, and ways to look at jobs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, text

from harness.catalog import make_model
from harness.toy_models import CONFIG
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.events import Event
from pingvas.base.settings import Settings
from pingvas.engine.batch import Batch, BatchEntry
from pingvas.generation.lifecycle.sweeps import sweep_leases
from pingvas.worker.process.gpu_worker import job_context, run_worker, work
from pingvas.worker.running.job_context import JobContext, WorkerTimeouts
from tests.make.billing import balance_of, make_person
from tests.make.generation import submit_jobs

REPOSITORY = Path(__file__).resolve().parents[2]
WORKER_PROGRAM = """
import asyncio
from pingvas.base.settings import load_settings
from pingvas.worker.process.gpu_worker import run_worker
asyncio.run(run_worker(load_settings()))
"""
# Steps of a job that will not end before it is stopped, and of one that runs a while and is then waited for.
LONG = 400
LASTING = 120
_JOB = text("SELECT * FROM generation_jobs WHERE id = :id")
_STEPS = text("SELECT * FROM generation_steps WHERE job_id = :id ORDER BY created_at, id")
_IMAGES = text("SELECT * FROM images WHERE job_id = :id")


@dataclass
class Recorder:
    """A publisher that keeps what it is given."""

    events: list[Event] = field(default_factory=list)

    def publish(self, events: Sequence[Event], *, wake_workers: bool) -> None:
        self.events.extend(events)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def watch(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_query_logger(lambda query: seen.append(query.query))

    event.listen(database.engine.sync_engine, "checkout", watch)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "checkout", watch)


@dataclass
class Studio:
    """Everything a test of the worker needs."""

    settings: Settings
    database: Database
    person: Actor

    async def submit(self, by: Actor | None = None, **changes: Any) -> UUID:
        asked = {"width": 64, "height": 64, "steps": 3} | changes
        return (await submit_jobs(self.database, by or self.person, **asked)).job_ids[0]

    async def somebody_else(self) -> Actor:
        """Another person with credits."""
        async with self.database.transaction() as session:
            return await make_person(session, credits=500)

    async def job(self, job_id: UUID) -> Any:
        async with self.database.read() as session:
            return (await session.execute(_JOB, {"id": job_id})).one()

    async def steps(self, job_id: UUID) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.execute(_STEPS, {"id": job_id}))

    async def images(self, job_id: UUID) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.execute(_IMAGES, {"id": job_id}))

    async def balance(self) -> int:
        async with self.database.read() as session:
            return await balance_of(session, self.person.user_id)

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.database.transaction() as session:
            await session.execute(text(statement), values)

    async def shorten(self, job_id: UUID) -> None:
        """Let the next attempt take three steps: a test has seen enough of a long one."""
        await self.execute(
            "UPDATE generation_jobs SET parameters = parameters || '{\"steps\": 3}' WHERE id = :id", id=job_id
        )

    async def becomes(self, job_id: UUID, *statuses: str) -> Any:
        """The job once it has one of these statuses."""

        async def there() -> Any:
            job = await self.job(job_id)
            return job if job.status in statuses else None

        return await until(there, f"job to become {statuses}")

    async def runs(self, job_id: UUID) -> None:
        """Wait until the job has reported a step of denoising."""

        async def there() -> bool:
            return any(step.step_name == "Denoising" for step in await self.steps(job_id))

        await until(there, "a first step")

    async def sweep(self) -> bool:
        """What the chores do: give jobs of silent workers back."""
        swept = await sweep_leases(self.database, max_attempts=self.settings.max_attempts)
        return swept.requeued + swept.failed + swept.canceled > 0

    @asynccontextmanager
    async def worker(
        self,
        *,
        publisher: Recorder | None = None,
        timeouts: WorkerTimeouts | None = None,
        settings: Settings | None = None,
    ) -> AsyncIterator[asyncio.Event]:
        """A worker in this process, while the block lasts. Yields what stops it."""
        stop = asyncio.Event()
        working = asyncio.create_task(
            run_worker(settings or self.settings, publisher=publisher, stop=stop, timeouts=timeouts)
        )
        try:
            yield stop
        finally:
            stop.set()
            await working

    @asynccontextmanager
    async def context(
        self, *, timeouts: WorkerTimeouts | None = None, step_seconds: float = 0.0, **changes: Any
    ) -> AsyncIterator[JobContext]:
        """What a worker in this process needs, with settings of its own, and no worker yet. With `step_seconds` no
        step takes less: a toy's are so short that a long job could be over before a busy machine gets to the next line.
        """
        settings = self.settings.model_copy(update=changes)
        async with job_context(settings, timeouts=timeouts) as context:
            engine = context.engine.engine
            step = engine.step

            def take_time(batch: Batch) -> list[BatchEntry]:
                time.sleep(step_seconds)
                return step(batch)

            if step_seconds:
                engine.step = take_time  # type: ignore[method-assign]
            yield context

    @asynccontextmanager
    async def at_work(self, context: JobContext) -> AsyncIterator[asyncio.Task[None]]:
        """A worker with this context, while the block lasts."""
        stop = asyncio.Event()
        working = asyncio.create_task(work(context, stop))
        try:
            yield working
        finally:
            stop.set()
            await working

    @asynccontextmanager
    async def worker_process(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A worker in a process of its own, killed at the end if it still lives."""
        chosen = {
            f"PINGVAS_{name.upper()}": str(value)
            for name, value in self.settings.model_dump(exclude_none=True, exclude_defaults=True).items()
        }
        environment = os.environ | chosen | {"OMP_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER_PROGRAM, cwd=REPOSITORY, env=environment
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def open_studio(settings: Settings, database: Database, model: Path) -> Studio:
    """A studio with the toy model and somebody who can pay."""
    defaults = {"width": 64, "height": 64, "steps": 3, "cfg_scale": 4.0, "sampler": "dpmpp_2m"}
    config = CONFIG | {"defaults": defaults, "max_steps": LONG, "cost": {"fixed_seconds": 50}}
    async with database.transaction() as session:
        await make_model(session, path=str(model), config=json.loads(json.dumps(config)))
        person = await make_person(session, credits=500)
    return Studio(settings, database, person)


async def until(condition: Callable[[], Awaitable[Any]], what: str, *, seconds: float = 300) -> Any:
    """The first true answer of `condition`. The ceiling is only there so that a broken test ends."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        await asyncio.sleep(0.02)
    return answer
