"""What a worker's jobs took reaches the prices: in bulk, aside from the endings, and not before things are warm."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pingvas.base.db import Database
from pingvas.generation.pricing.speeds import ENOUGH
from pingvas.generation.queue.claims import ClaimedJob
from pingvas.generation.tables import ModelSpeed
from pingvas.worker.process.measurements import MOST_KEPT, Measurements, flushing
from tests.make.generation import make_running_job
from tests.worker.studio import Studio, until

EXPECTED = 1.0 + 20 * 0.256**2


@pytest.fixture
async def job(database: Database) -> ClaimedJob:
    """The first picture that a worker claims."""
    return await make_running_job(database)


def later(job: ClaimedJob, seconds: float = 1.0) -> ClaimedJob:
    """One like it that was claimed afterwards."""
    return replace(job, started_at=job.started_at + timedelta(seconds=seconds))


async def learned(database: Database) -> list[tuple[float, float, float]]:
    async with database.read() as session:
        rows = list(await session.scalars(select(ModelSpeed)))
    return [(row.learned, row.samples, row.quoted) for row in rows]


async def test_what_was_noted_is_told_at_the_end_of_the_block(database: Database, job: ClaimedJob) -> None:
    measurements = Measurements()

    async with flushing(database, measurements, seconds=3600):
        measurements.note(job, 99.0)
        for _ in range(ENOUGH):
            measurements.note(later(job), 2 * EXPECTED)
        assert await learned(database) == []

    ratio: Any = pytest.approx(2.0)
    assert await learned(database) == [(ratio, ENOUGH, ratio)]
    assert len(measurements) == 0


async def test_the_first_pictures_of_a_kind_teach_nothing(job: ClaimedJob) -> None:
    measurements = Measurements()
    large = replace(job, parameters=job.parameters | {"width": 512, "height": 512})

    measurements.note(job, 60.0)
    measurements.note(job, 60.0)  # claimed together with it
    measurements.note(later(large), 60.0)  # of another size
    assert len(measurements) == 0

    measurements.note(later(job), 2.0)
    measurements.note(later(large, seconds=2), 2.0)
    assert len(measurements) == 2


async def test_while_the_database_is_away_the_newest_are_kept(database: Database, job: ClaimedJob) -> None:
    # given
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere")
    measurements = Measurements()
    measurements.note(job, EXPECTED)
    for _ in range(MOST_KEPT):
        measurements.note(later(job), EXPECTED)

    # when
    await measurements.flush(away)
    await away.dispose()
    for _ in range(30):
        measurements.note(later(job), 3 * EXPECTED)

    # then
    assert len(measurements) == MOST_KEPT
    await measurements.flush(database)
    ((ratio, _, _),) = await learned(database)
    assert 2.5 < ratio < 3.0


async def test_a_worker_tells_now_and_then_while_it_works(database: Database, job: ClaimedJob) -> None:
    measurements = Measurements()
    measurements.note(job, EXPECTED)

    async with flushing(database, measurements, seconds=0.01):
        measurements.note(later(job), EXPECTED)
        told = await until(lambda: learned(database), "what was noted to be told")

    assert told == [(pytest.approx(1.0), 1.0, 1.0)]


async def test_what_a_worker_makes_is_learned_from(studio: Studio) -> None:
    async with studio.worker():
        for _ in range(3):
            job = await studio.becomes(await studio.submit(), "completed")

    ((ratio, samples, quoted),) = await learned(studio.database)
    assert samples == 2  # the first one was warming up
    assert 0 < ratio < 1  # its model's figures say 50 seconds
    assert quoted == 1
    assert job.gpu_seconds > 0
