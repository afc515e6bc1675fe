"""An engine that does not answer any more: the worker says so by ending, and no job is lost with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from pingvas.engine.batch import Batch, BatchEntry
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.worker.process.gpu_worker import EngineBroken, work
from pingvas.worker.running.job_context import WorkerTimeouts
from tests.worker.studio import Studio, until


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def test_a_worker_whose_engine_is_stuck_ends_and_leaves_its_job_to_the_sweeper(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event
) -> None:
    stuck = threading.Event()

    def hang(batch: Batch) -> list[BatchEntry]:
        stuck.set()
        let_go.wait()
        return []

    async def hangs() -> bool:
        return stuck.is_set()

    timeouts = WorkerTimeouts(drain=0.0, abort=0.1, stuck=0.2)
    async with studio.context(timeouts=timeouts) as context:
        monkeypatch.setattr(context.engine.engine, "step", hang)
        job_id = await studio.submit()

        async def cancel_in_the_step_that_hangs() -> None:
            async with studio.at_work(context) as working:
                await until(hangs, "the step that hangs")
                async with studio.database.transaction() as session:
                    await request_cancel(session, studio.person, job_id)
                await working

        with pytest.raises(EngineBroken):
            await cancel_in_the_step_that_hangs()

    assert (await studio.job(job_id)).status == "processing"
    await until(studio.sweep, "the lease to lapse")
    job = await studio.job(job_id)
    assert (job.status, job.lost_attempts, job.actual_credits) == ("canceled", 1, 0)


async def test_a_worker_whose_device_refuses_everything_ends_and_another_makes_the_picture(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(batch: Batch) -> list[BatchEntry]:
        raise RuntimeError("device-side assert triggered")

    job_id = await studio.submit()
    async with studio.context() as context:
        monkeypatch.setattr(context.engine.engine, "step", fail)
        monkeypatch.setattr(context.engine.engine, "works", lambda: False)
        with pytest.raises(EngineBroken):
            await work(context, asyncio.Event())
    after = await studio.job(job_id)
    async with studio.worker():
        job = await studio.becomes(job_id, "completed", "failed")

    assert (after.status, after.lost_attempts) == ("queued", 1)
    assert (job.status, job.attempt) == ("completed", 2)
