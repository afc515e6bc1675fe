"""What a worker does with one job, from the queue to the gallery, on a real database and real storage."""

from __future__ import annotations

import io
from hashlib import sha256

import pytest
from PIL import Image
from sqlalchemy import select

from pingvas.adapters.storage import open_storage
from pingvas.engine.images.image_files import read_parameters
from pingvas.engine.images.look_hash import look_hash
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.generation.tables import Worker
from pingvas.worker.running.job_context import WorkerTimeouts
from tests.worker.studio import LONG, Recorder, Studio, until


async def test_a_job_becomes_a_stored_picture_with_its_steps_and_its_price(studio: Studio) -> None:
    recorder = Recorder()
    storage = open_storage(studio.settings)
    before = await studio.balance()

    async with studio.worker(publisher=recorder):
        job_id = await studio.submit(steps=6, width=72, height=136)
        job = await studio.becomes(job_id, "completed", "failed")

    assert (job.status, job.error_message, job.attempt) == ("completed", None, 1)
    assert await studio.balance() == before - job.actual_credits
    assert job.gpu_seconds > 0
    (image,) = await studio.images(job_id)
    data = await storage.get(image.s3_key)
    assert (image.width, image.height, image.file_size) == (72, 136, len(data))
    assert image.generation_params == read_parameters(data)
    assert image.generation_params["seed"] == 7
    assert "visibility" not in image.generation_params
    with Image.open(io.BytesIO(await storage.get(image.thumbnail_url))) as thumbnail:
        assert thumbnail.size == (72, 136)
        assert image.content_hash == sha256(data).digest()
        assert image.look_hash.to_int() == int(look_hash(thumbnail), 2)
    steps = await studio.steps(job_id)
    assert [(step.step_number, step.step_name) for step in steps][-2:] == [
        (6, "Denoising"),
        (6, "VAE Decode"),
    ]
    for step in steps:
        assert step.preview_url is None or await storage.get(step.preview_url)
    assert recorder.names[0] == "job:started"
    assert recorder.names.index("job:progress") < recorder.names.index("job:completed")


@pytest.mark.parametrize("format", ["jpg", "webp"])
async def test_the_format_asked_for_is_stored(studio: Studio, format: str) -> None:
    async with studio.worker():
        job_id = await studio.submit(format=format)
        await studio.becomes(job_id, "completed", "failed")

    (image,) = await studio.images(job_id)
    assert image.s3_key.endswith(f".{format}")
    with Image.open(io.BytesIO(await open_storage(studio.settings).get(image.s3_key))) as opened:
        assert opened.format == {"jpg": "JPEG", "webp": "WEBP"}[format]


async def test_a_running_job_that_is_canceled_stops_and_pays_for_what_it_used(studio: Studio) -> None:
    before = await studio.balance()
    async with studio.worker():
        job_id = await studio.submit(steps=LONG)
        await studio.runs(job_id)

        async with studio.database.transaction() as session:
            await request_cancel(session, studio.person, job_id)
        job = await studio.becomes(job_id, "canceled", "completed", "failed")
        next_id = await studio.submit()
        after = await studio.becomes(next_id, "completed", "failed")

    assert job.status == "canceled"
    assert 0 < job.actual_credits < job.estimated_credits
    assert await studio.images(job_id) == []
    assert after.status == "completed"
    assert await studio.balance() == before - job.actual_credits - after.actual_credits


async def test_a_job_that_cannot_be_done_fails_by_name_and_costs_nothing(studio: Studio) -> None:
    before = await studio.balance()
    await studio.execute("UPDATE ai_models SET s3_path = '/nowhere/toy', efs_cache_path = NULL")
    async with studio.worker():
        bad_id = await studio.submit()
        job = await studio.becomes(bad_id, "completed", "failed")

    assert (job.status, job.failure_code, job.actual_credits) == ("failed", "model_not_found", 0)
    assert await studio.balance() == before


async def test_a_bug_is_tried_again_to_the_limit_and_then_costs_nothing(studio: Studio) -> None:
    before = await studio.balance()
    job_id = await studio.submit()
    # Nobody foresaw a share of the steps that is no number.
    await studio.execute(
        'UPDATE ai_models SET config = config || \'{"refiner": "x", "refiner_start": "late"}\''
    )
    async with studio.worker():
        job = await studio.becomes(job_id, "completed", "failed")
        await studio.execute("UPDATE ai_models SET config = config - 'refiner'")
        good_id = await studio.submit()
        good = await studio.becomes(good_id, "completed", "failed")

    assert (job.status, job.failure_code) == ("failed", "internal_error")
    assert job.attempt == studio.settings.max_attempts
    assert good.status == "completed"
    assert await studio.balance() == before - good.actual_credits


async def test_a_job_that_does_not_say_what_to_make_fails_at_once_by_name(studio: Studio) -> None:
    before = await studio.balance()
    job_id = await studio.submit()
    await studio.execute("UPDATE generation_jobs SET parameters = parameters - 'prompt'")
    async with studio.worker():
        job = await studio.becomes(job_id, "completed", "failed")

    assert (job.status, job.failure_code, job.attempt) == ("failed", "invalid_parameters", 1)
    assert "prompt" in job.error_message
    assert await studio.balance() == before


async def test_a_job_taken_back_while_its_worker_stops_is_not_handed_to_another(studio: Studio) -> None:
    before = await studio.balance()
    async with studio.worker() as stop:
        job_id = await studio.submit(steps=LONG)
        await studio.runs(job_id)
        stop.set()
        async with studio.database.transaction() as session:
            await request_cancel(session, studio.person, job_id)
    async with studio.worker():
        job = await studio.becomes(job_id, "canceled", "completed", "failed")

    assert (job.status, job.attempt) == ("canceled", 1)
    assert await studio.balance() == before - job.actual_credits


async def test_a_worker_that_lost_its_job_writes_nothing_to_it(studio: Studio) -> None:
    async with studio.worker():
        job_id = await studio.submit(steps=LONG)
        await studio.runs(job_id)

        await studio.execute("UPDATE generation_jobs SET worker_id = 'another', attempt = attempt + 1")
        reported = len(await studio.steps(job_id))
        await studio.execute("UPDATE generation_jobs SET lease_expires_at = now() + interval '1 hour'")

    job = await studio.job(job_id)
    assert (job.status, job.worker_id, job.attempt) == ("processing", "another", 2)
    assert await studio.images(job_id) == []
    assert len(await studio.steps(job_id)) == reported


async def test_a_worker_says_that_it_lives_and_what_it_has_loaded(studio: Studio) -> None:
    async def rows() -> list[Worker]:
        async with studio.database.read() as session:
            return list(await session.scalars(select(Worker)))

    async with studio.worker():
        (row,) = await until(rows, "the worker's row")
        await studio.becomes(await studio.submit(), "completed")

    assert (row.device, row.stopping) == ("cpu", False)
    assert await rows() == []


async def test_a_worker_told_to_stop_hands_a_long_job_back(studio: Studio) -> None:
    job_id = await studio.submit(steps=LONG)
    async with studio.worker(timeouts=WorkerTimeouts(drain=0.0, abort=60.0)):
        await studio.runs(job_id)

    job = await studio.job(job_id)
    assert (job.status, job.worker_id, job.lost_attempts) == ("queued", None, 0)
    await studio.shorten(job_id)
    async with studio.worker():
        again = await studio.becomes(job_id, "completed", "failed")
    assert (again.status, again.attempt) == ("completed", 2)


async def test_a_job_that_was_left_behind_the_clock_is_found(studio: Studio) -> None:
    job_id = await studio.submit()
    await studio.execute("SELECT setval('queue_clock', (SELECT max(turn) + 1000 FROM generation_jobs))")

    async with studio.worker():
        job = await studio.becomes(job_id, "completed", "failed")

    assert (job.status, job.attempt) == ("completed", 1)


async def test_a_job_whose_model_the_plan_has_lost_meanwhile_fails_by_name_and_costs_nothing(
    studio: Studio,
) -> None:
    # given a job of a model that the plan has, and waits
    before = await studio.balance()
    job_id = await studio.submit()
    await studio.execute("UPDATE ai_models SET required_tiers = '{enterprise}'")

    # when
    async with studio.worker():
        job = await studio.becomes(job_id, "completed", "failed")

    # then
    assert (job.status, job.failure_code, job.actual_credits) == ("failed", "model_locked", 0)
    assert await studio.balance() == before
