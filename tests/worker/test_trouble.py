"""Workers that die, storage that is away, a database that is cut off: the job survives, and is charged once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from pingvas.worker.running.job_context import WorkerTimeouts
from tests.make.billing import postings_of
from tests.make.generation import claim_job
from tests.worker.cable import cable_to
from tests.worker.studio import LASTING, LONG, Studio, until


@pytest.mark.slow
async def test_a_worker_killed_in_mid_job_is_replaced_and_the_job_is_charged_once(studio: Studio) -> None:
    job_id = await studio.submit(steps=LONG)
    async with studio.worker_process() as process:
        await studio.runs(job_id)
        process.kill()
        await process.wait()
    killed = await studio.job(job_id)
    await studio.shorten(job_id)

    await until(studio.sweep, "the lease to lapse")
    async with studio.worker():
        job = await studio.becomes(job_id, "completed", "failed")

    assert killed.status == "processing"
    assert (job.status, job.attempt, job.lost_attempts) == ("completed", 2, 1)
    assert len(await studio.images(job_id)) == 1
    async with studio.database.read() as session:
        postings = await postings_of(session, studio.person.user_id)
    assert [kind for kind, _ in postings] == ["bonus", "consume", "refund"]
    assert sum(amount for _, amount in postings) == 500 - job.actual_credits


@pytest.mark.slow
async def test_a_worker_terminated_in_mid_batch_loses_no_job_and_ends_in_order(studio: Studio) -> None:
    job_ids = [await studio.submit(await studio.somebody_else(), steps=LASTING) for _ in range(3)]
    async with studio.worker_process() as process:
        for job_id in job_ids:
            await studio.runs(job_id)

        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 300)

    jobs = [await studio.job(job_id) for job_id in job_ids]
    assert code == 0
    assert {job.status for job in jobs} <= {"completed", "queued"}  # done in time, or given back
    assert {job.lost_attempts for job in jobs} == {0}


def _take_away(storage: Path) -> None:
    """What a full or unmounted disk does: nothing can be written below `images`."""
    storage.mkdir(parents=True, exist_ok=True)
    (storage / "images").write_text("in the way")


async def test_a_finished_picture_waits_for_its_storage_and_keeps_its_lease(studio: Studio) -> None:
    storage = studio.settings.data_dir / "storage"
    _take_away(storage)
    settings = studio.settings.model_copy(update={"lease_seconds": 9.0})
    async with studio.worker(settings=settings):
        job_id = await studio.submit()

        async def waits() -> bool:
            """Decoded, and its lease renewed since it was claimed."""
            job = await studio.job(job_id)
            if not any(step.step_name == "VAE Decode" for step in await studio.steps(job_id)):
                return False
            lasts = job.lease_expires_at - job.started_at
            return bool(lasts.total_seconds() > 1.3 * settings.lease_seconds)

        await until(waits, "the picture to wait")
        waiting = await studio.job(job_id)
        (storage / "images").unlink()
        job = await studio.becomes(job_id, "completed", "failed", "queued")

    assert waiting.status == "processing"
    assert (job.status, job.attempt, job.lost_attempts) == ("completed", 1, 0)
    assert len(await studio.images(job_id)) == 1


async def test_a_picture_that_nobody_stores_goes_back_into_the_queue(studio: Studio) -> None:
    _take_away(studio.settings.data_dir / "storage")
    async with studio.worker(timeouts=WorkerTimeouts(store=0.0, storage_retry=3600)):
        job_id = await studio.submit()

        async def handed_back() -> bool:
            job = await studio.job(job_id)
            return bool(job.status == "queued" and job.attempt == 1)

        await until(handed_back, "the job to be handed back")

    job = await studio.job(job_id)
    assert (job.status, job.lost_attempts, job.actual_credits) == ("queued", 0, None)
    assert job.not_before is not None


async def test_a_worker_cut_off_from_the_database_writes_its_picture_when_it_is_back(
    studio: Studio, database_url: str
) -> None:
    async with cable_to(database_url) as cable:
        settings = studio.settings.model_copy(
            update={"database_url": cable.worker_url, "lease_seconds": 120.0}
        )
        async with studio.worker(settings=settings):
            job_id = await studio.submit(steps=LASTING)
            await studio.runs(job_id)

            await cable.cut()
            await asyncio.sleep(1.0)
            while_cut = await studio.job(job_id)
            await cable.mend()
            job = await studio.becomes(job_id, "completed", "failed", "queued")
            next_job = await studio.becomes(await studio.submit(), "completed", "failed")

    assert while_cut.status == "processing"
    assert (job.status, job.attempt) == ("completed", 1)
    assert next_job.status == "completed"


async def test_a_worker_that_hears_nothing_for_longer_than_its_lease_comes_back_and_writes_nothing(
    studio: Studio, database_url: str
) -> None:
    async with cable_to(database_url) as cable:
        settings = studio.settings.model_copy(update={"database_url": cable.worker_url})
        async with studio.worker(settings=settings):
            job_id = await studio.submit(steps=LASTING)
            await studio.runs(job_id)

            cable.hold()
            await until(studio.sweep, "the lease to lapse")
            other = await claim_job(studio.database, worker_id="another", lease_seconds=3600)
            reported = len(await studio.steps(job_id))
            cable.release()
            next_job = await studio.becomes(
                await studio.submit(await studio.somebody_else()), "completed", "failed"
            )

    job = await studio.job(job_id)
    assert (other.id, other.attempt) == (job_id, 2)
    assert (job.status, job.worker_id, job.attempt) == ("processing", "another", 2)
    assert await studio.images(job_id) == []
    assert len(await studio.steps(job_id)) == reported
    assert next_job.status == "completed"
