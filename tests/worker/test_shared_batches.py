"""Jobs of different people in one batch: each gets its own picture, at its own price, whatever becomes of the others."""

from __future__ import annotations

import io
import time
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from pingvas.adapters.storage import open_storage
from pingvas.base.ids import new_id
from pingvas.engine.batch import Batch, BatchEntry
from pingvas.generation.lifecycle.cancel import request_cancel
from pingvas.worker.running.job_context import WorkerTimeouts
from tests.worker.studio import LONG, Studio

# Steps of a job that is under way while its neighbour is stopped, and then ends.
MIDDLING = 40
MIXED: list[dict[str, Any]] = [
    {"prompt": "a red house", "seed": 1, "steps": 8, "sampler": "dpmpp_2m"},
    {"prompt": "the sea", "seed": 2, "steps": 12, "sampler": "euler_a", "cfg_scale": 7.0},
    {"prompt": "a tree", "seed": 3, "steps": 6, "sampler": "heun", "cfg_scale": 1.0},
    {"prompt": "a boat", "seed": 5, "steps": 10, "sampler": "ddim", "negative_prompt": "fog"},
]


async def submit_by_several(studio: Studio, asked: list[dict[str, Any]]) -> list[UUID]:
    """Each request by another person, for a person's own jobs wait for each other."""
    return [await studio.submit(await studio.somebody_else(), **each) for each in asked]


async def ended(studio: Studio, job_ids: list[UUID]) -> list[Any]:
    return [await studio.becomes(job_id, "completed", "failed", "canceled") for job_id in job_ids]


async def pixels(studio: Studio, job_id: UUID) -> np.ndarray:
    (image,) = await studio.images(job_id)
    data = await open_storage(studio.settings).get(image.s3_key)
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened, dtype=np.int16)


async def test_jobs_of_several_people_share_a_batch_and_get_the_pictures_they_would_get_alone(
    studio: Studio,
) -> None:
    async with studio.context(worker_batch=1) as context, studio.at_work(context):
        alone = await submit_by_several(studio, MIXED)
        alone_jobs = await ended(studio, alone)
        alone_stats = context.engine.stats
    together = await submit_by_several(studio, MIXED)

    async with studio.context() as context, studio.at_work(context):
        jobs = await ended(studio, together)
        stats = context.engine.stats

    assert {job.status for job in alone_jobs + jobs} == {"completed"}
    assert (alone_stats.batches, alone_stats.largest_batch) == (4, 1)
    assert (stats.batches, stats.pictures, stats.largest_batch) == (1, 4, 4)
    for one, other in zip(alone, together, strict=True):
        assert np.abs(await pixels(studio, one) - await pixels(studio, other)).max() <= 1
    assert len({(await pixels(studio, job_id)).tobytes() for job_id in together}) == 4


async def test_what_the_jobs_of_a_batch_used_is_the_time_that_was_worked(studio: Studio) -> None:
    job_ids = await submit_by_several(studio, [each | {"width": 256, "height": 256} for each in MIXED])

    async with studio.context() as context, studio.at_work(context):
        jobs = await ended(studio, job_ids)
        stats = context.engine.stats

    assert stats.batches == 1
    assert sum(job.gpu_seconds for job in jobs) == pytest.approx(stats.busy_seconds, rel=0.01)


async def test_a_late_job_joins_the_batch_that_is_under_way(studio: Studio) -> None:
    async with studio.context(step_seconds=0.03) as context, studio.at_work(context):
        long_id = await studio.submit(steps=LONG)
        await studio.runs(long_id)

        late_id = await studio.submit(await studio.somebody_else(), sampler="euler")
        late = await studio.becomes(late_id, "completed", "failed")
        long = await studio.job(long_id)
        stats = context.engine.stats
        async with studio.database.transaction() as session:
            await request_cancel(session, studio.person, long_id)
        await ended(studio, [long_id])

    assert (late.status, long.status) == ("completed", "processing")
    assert (stats.batches, stats.largest_batch) == (1, 2)


async def test_a_job_of_another_size_waits_for_its_own_batch(studio: Studio) -> None:
    job_ids = await submit_by_several(studio, [{"steps": 20}, {"width": 72, "steps": 20}, {"steps": 20}])

    async with studio.context() as context, studio.at_work(context):
        jobs = await ended(studio, job_ids)
        stats = context.engine.stats

    assert {job.status for job in jobs} == {"completed"}
    assert (stats.batches, stats.pictures, stats.largest_batch) == (2, 3, 2)


async def test_jobs_that_only_seem_to_fit_are_made_in_batches_of_their_own(studio: Studio) -> None:
    job_ids = await submit_by_several(studio, [{"width": 64}, {"width": 72}])
    await studio.execute("UPDATE generation_jobs SET batch_key = 'the same'")

    async with studio.context() as context, studio.at_work(context):
        jobs = await ended(studio, job_ids)

    assert {job.status for job in jobs} == {"completed"}
    assert (context.engine.stats.batches, context.engine.stats.largest_batch) == (2, 1)


async def test_a_canceled_job_leaves_its_batch_and_the_others_stay(studio: Studio) -> None:
    other = await studio.somebody_else()
    async with studio.context(step_seconds=0.03) as context, studio.at_work(context):
        canceled_id, kept_id = await studio.submit(steps=LONG), await studio.submit(other, steps=MIDDLING)
        await studio.runs(canceled_id)
        await studio.runs(kept_id)

        async with studio.database.transaction() as session:
            await request_cancel(session, studio.person, canceled_id)
        canceled, kept = await ended(studio, [canceled_id, kept_id])

    assert (canceled.status, kept.status, kept.attempt) == ("canceled", "completed", 1)
    assert 0 < canceled.actual_credits < canceled.estimated_credits
    assert context.engine.stats.batches == 1


async def test_a_job_whose_source_is_gone_fails_alone(studio: Studio) -> None:
    bad_id, *good_ids = await submit_by_several(studio, [{}, {}, {}])
    await studio.execute(
        "UPDATE generation_jobs SET job_type = 'img2img', parameters = parameters || jsonb_build_object('source_image', CAST(:gone AS text))"
        " WHERE id = :id",
        gone=str(new_id()),
        id=bad_id,
    )

    async with studio.context() as context, studio.at_work(context):
        bad, *good = await ended(studio, [bad_id, *good_ids])

    assert (bad.status, bad.failure_code, bad.actual_credits) == ("failed", "invalid_parameters", 0)
    assert [(job.status, job.attempt) for job in good] == [("completed", 1)] * 2


async def test_a_job_that_somebody_else_has_now_is_left_alone_and_its_neighbour_goes_on(
    studio: Studio,
) -> None:
    other = await studio.somebody_else()
    async with studio.context(step_seconds=0.03) as context, studio.at_work(context):
        lost_id, kept_id = await studio.submit(steps=LONG), await studio.submit(other, steps=MIDDLING)
        await studio.runs(lost_id)
        await studio.runs(kept_id)

        await studio.execute(
            "UPDATE generation_jobs SET worker_id = 'another', attempt = attempt + 1,"
            " lease_expires_at = now() + interval '1 hour' WHERE id = :id",
            id=lost_id,
        )
        reported = len(await studio.steps(lost_id))
        (kept,) = await ended(studio, [kept_id])

    lost = await studio.job(lost_id)
    assert (kept.status, kept.attempt) == ("completed", 1)
    assert (lost.status, lost.worker_id, lost.attempt) == ("processing", "another", 2)
    assert await studio.images(lost_id) == []
    assert len(await studio.steps(lost_id)) == reported


async def test_a_worker_told_to_stop_hands_its_whole_batch_back(studio: Studio) -> None:
    job_ids = await submit_by_several(studio, [{"steps": LONG}, {"steps": LONG}, {"steps": LONG}])
    async with (
        studio.context(timeouts=WorkerTimeouts(drain=0.0, abort=60.0)) as context,
        studio.at_work(context),
    ):
        for job_id in job_ids:
            await studio.runs(job_id)

    jobs = [await studio.job(job_id) for job_id in job_ids]
    assert context.engine.stats.largest_batch == 3
    assert {(job.status, job.worker_id, job.lost_attempts) for job in jobs} == {("queued", None, 0)}


async def test_a_bug_in_a_batch_costs_the_others_one_attempt_because_they_are_tried_again_alone(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison_id, *good_ids = await submit_by_several(studio, [{"prompt": "poison"}, {}, {}])

    async with studio.context() as context:
        engine = context.engine.engine
        step, tripped = engine.step, False

        def trip(batch: Batch) -> list[BatchEntry]:
            nonlocal tripped
            if not tripped and len(batch.entries) < 3:
                time.sleep(0.01)
                return []  # the others are on their way
            if any(entry.request.prompt == "poison" for entry in batch.entries):
                tripped = True
                raise RuntimeError("a bug that poison brings out")
            return step(batch)

        monkeypatch.setattr(engine, "step", trip)
        async with studio.at_work(context):
            poison, *good = await ended(studio, [poison_id, *good_ids])

    assert (poison.status, poison.failure_code, poison.actual_credits) == ("failed", "internal_error", 0)
    assert poison.attempt == studio.settings.max_attempts
    assert [(job.status, job.attempt, job.lost_attempts) for job in good] == [("completed", 2, 1)] * 2
    assert await studio.images(poison_id) == []


async def test_an_attempt_that_takes_too_long_is_stopped_and_costs_nothing(studio: Studio) -> None:
    before = await studio.balance()
    job_id = await studio.submit(steps=LONG)

    async with studio.context(job_run_seconds=0.5) as context, studio.at_work(context):
        (job,) = await ended(studio, [job_id])

    assert (job.status, job.failure_code, job.actual_credits) == ("failed", "timeout", 0)
    assert "fewer steps" in job.error_message
    assert await studio.balance() == before


async def test_a_job_whose_deadline_passes_is_stopped_and_its_neighbour_goes_on(studio: Studio) -> None:
    before = await studio.balance()
    late_id = await studio.submit(steps=LONG)
    await studio.execute("UPDATE generation_jobs SET deadline_at = clock_timestamp() + interval '1 second'")
    kept_id = await studio.submit(await studio.somebody_else(), steps=MIDDLING)

    async with studio.context() as context, studio.at_work(context):
        late, kept = await ended(studio, [late_id, kept_id])

    assert (late.status, late.failure_code, late.actual_credits) == ("failed", "timeout", 0)
    assert "deadline" in late.error_message
    assert await studio.balance() == before
    assert (kept.status, kept.attempt) == ("completed", 1)
