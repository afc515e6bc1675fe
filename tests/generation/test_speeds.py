"""What is learned of how long models take: how soon, how steadily, and what prices make of it."""

import asyncio
import math
import random
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from harness.catalog import CONFIG, make_model, make_parts
from harness.jobs import image_request
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.catalog.tables import AiModel
from pingvas.generation.job_parameters import RefineParameters, TextToImageParameters, UpscaleParameters
from pingvas.generation.pricing.price import charge
from pingvas.generation.pricing.speeds import (
    ENOUGH,
    WILD,
    WINDOW,
    Measurement,
    Speed,
    follow,
    learn,
    measure,
    ratio_for,
    size_bucket,
)
from pingvas.generation.requests import submit
from pingvas.generation.requests.job_request import RefineRequest, UpscaleRequest
from pingvas.generation.status import jobs
from pingvas.generation.tables import ModelSpeed
from tests.make.billing import make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job, submit_jobs

PICTURE = TextToImageParameters(
    model="toy", prompt="a house", seed=7, width=256, height=256, steps=20, cfg_scale=4.0, sampler="dpmpp_2m"
)
EXPECTED = 1.0 + 20 * 0.256**2
AT_256 = size_bucket(256 * 256)


# Measured and priced may stay a tenth apart, and what is learned comes near the truth bit by bit.
NEAR = 1.15


def settled(ratio: float) -> Speed:
    """A model of which enough is known."""
    return Speed(learned=ratio, samples=WINDOW, quoted=ratio)


def jobs_until_priced(speed: Speed | None, truth: float) -> int:
    """How many jobs that take `truth` it needs until the price is near it."""
    for number in count(1):
        speed = follow(speed, truth)
        if 1 / NEAR <= speed.quoted / truth <= NEAR:
            return number
    raise AssertionError


# The rule.


def test_a_size_is_learned_together_with_its_like() -> None:
    assert size_bucket(256 * 256) == 32
    assert size_bucket(264 * 248) == 32
    assert size_bucket(512 * 512) == 36
    assert size_bucket(512 * 768) == 37
    assert size_bucket(1) == size_bucket(0) == 0


def test_a_measurement_is_the_seconds_taken_over_those_the_figures_say() -> None:
    model = new_id()

    about_two: Any = pytest.approx(2.0)
    assert measure(model, CONFIG, PICTURE, 2 * EXPECTED) == Measurement(model, AT_256, about_two)


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf, 1e9])
def test_what_cannot_be_a_measurement_is_none(seconds: float) -> None:
    assert measure(new_id(), CONFIG, PICTURE, seconds) is None


def test_a_picture_that_two_models_worked_on_teaches_neither() -> None:
    refine = RefineParameters(
        model="toy", prompt="", seed=7, steps=20, cfg_scale=4.0, sampler="dpmpp_2m", strength=0.3
    )
    enlarged = UpscaleParameters(
        model="four", source_image=new_id(), width=512, height=512, scale=2.0, refine=refine
    )

    assert measure(new_id(), {}, enlarged, 3.0) is None
    assert measure(new_id(), {}, enlarged.model_copy(update={"refine": None}), 3.0) is not None


def test_a_model_whose_figures_are_far_off_is_priced_right_after_five_jobs() -> None:
    assert jobs_until_priced(None, 30.0) == ENOUGH
    assert jobs_until_priced(None, 0.02) == ENOUGH


@pytest.mark.parametrize(
    ("change", "most"), [(0.5, 20), (2.0, 20), (0.25, 30), (4.0, 30), (0.05, 55), (20.0, 55)]
)
def test_a_machine_that_became_faster_or_slower_is_priced_right_after_so_many_jobs(
    change: float, most: int
) -> None:
    assert ENOUGH < jobs_until_priced(settled(1.0), change) <= most


@pytest.mark.parametrize("wild", [1e-4, 1e4])
def test_one_wild_measurement_moves_no_price(wild: float) -> None:
    # given what varies by a few percent, as jobs do
    chance = random.Random(1)
    speed = settled(1.0)
    for _ in range(50):
        speed = follow(speed, chance.uniform(0.97, 1.03))
    assert speed.quoted == 1.0

    # when
    speed = follow(speed, wild)
    for _ in range(50):
        speed = follow(speed, chance.uniform(0.97, 1.03))

        # then
        assert speed.quoted == 1.0


def test_a_wild_first_measurement_is_outvoted() -> None:
    speed = follow(None, 10.0)

    for _ in range(2 * WINDOW):
        speed = follow(speed, 1.0)

    assert 1 / NEAR <= speed.quoted <= NEAR


@given(truth=st.floats(0.01, 100), noise=st.floats(0, 0.08), seed=st.integers())
def test_prices_stand_still_while_jobs_only_vary(truth: float, noise: float, seed: int) -> None:
    chance = random.Random(seed)
    speed = settled(truth)

    for _ in range(100):
        speed = follow(speed, truth * math.exp(chance.uniform(-noise, noise)))

    assert speed.quoted == truth


@given(ratios=st.lists(st.floats(1e-4, 1e4), min_size=1, max_size=60))
def test_what_is_learned_lies_among_what_was_measured_and_moves_in_bounds(ratios: list[float]) -> None:
    speed: Speed | None = None
    for ratio in ratios:
        before, speed = speed, follow(speed, ratio)
        if before is not None and before.samples >= ENOUGH:
            assert abs(math.log(speed.learned / before.learned)) <= math.log(WILD) / before.samples + 1e-9

    assert speed is not None
    assert min(ratios) / 1.0001 <= speed.learned <= max(ratios) * 1.0001
    assert speed.samples == min(len(ratios), WINDOW)
    if len(ratios) < ENOUGH:
        assert speed.quoted == 1.0


def test_a_size_nobody_has_made_yet_is_priced_as_the_nearest_one() -> None:
    known = {"32": 2.0, "36": 3.0}

    def at(side: int) -> float:
        return ratio_for(known, PICTURE.model_copy(update={"width": side, "height": side}))

    assert (at(256), at(512)) == (2.0, 3.0)
    assert (at(64), at(2048)) == (2.0, 3.0)
    assert at(362) == 3.0  # in the middle: the larger one
    assert ratio_for(None, PICTURE) == ratio_for({}, PICTURE) == 1.0


# With the database.


async def teach(database: Database, model_id: UUID, ratio: float, times: int, bucket: int = AT_256) -> None:
    """So many jobs of the model took `ratio` times as long as its figures say."""
    async with database.transaction(durable=False) as session:
        await learn(session, [Measurement(model_id, bucket, ratio)] * times)


async def speeds_of(database: Database) -> dict[int, Speed]:
    async with database.read() as session:
        rows = list(await session.scalars(select(ModelSpeed)))
        return {row.size_bucket: Speed(row.learned, row.samples, row.quoted) for row in rows}


async def test_many_measurements_at_once_teach_what_they_would_one_by_one(database: Database) -> None:
    # given
    async with database.transaction() as session:
        model = await make_model(session)
    chance = random.Random(3)
    measured = [Measurement(model.id, chance.choice([30, 32]), chance.uniform(0.5, 4.0)) for _ in range(40)]
    one_by_one: dict[int, Speed] = {}
    for each in measured:
        one_by_one[each.size_bucket] = follow(one_by_one.get(each.size_bucket), each.ratio)

    # when they come in three parts
    for part in (measured[:1], measured[1:25], measured[25:], []):
        async with database.transaction(durable=False) as session:
            await learn(session, part)

    # then
    assert await speeds_of(database) == one_by_one


async def test_workers_that_learn_at_once_lose_nothing_and_never_deadlock(database: Database) -> None:
    # given two models known at one size each
    async with database.transaction() as session:
        models = [await make_model(session, name=name) for name in ("a", "b")]
    for model in models:
        await teach(database, model.id, 1.0, 1)
    measured = [Measurement(model.id, AT_256, 1.0) for model in models]

    # when eight workers tell of both, in either order
    async def tell(number: int) -> None:
        async with database.transaction(durable=False) as session:
            await learn(session, measured if number % 2 else measured[::-1])

    await asyncio.gather(*(tell(number) for number in range(8)))

    # then
    async with database.read() as reading:
        assert list(await reading.scalars(select(ModelSpeed.samples))) == [9.0, 9.0]


async def test_a_model_that_is_gone_is_no_obstacle(database: Database) -> None:
    async with database.transaction() as session:
        model = await make_model(session)

    async with database.transaction(durable=False) as session:
        await learn(session, [Measurement(new_id(), AT_256, 2.0), Measurement(model.id, AT_256, 2.0)])

    assert await speeds_of(database) == {AT_256: Speed(2.0, 1.0, 1.0)}


async def test_the_estimate_is_what_is_held_before_and_after_the_prices_moved(database: Database) -> None:
    # given
    async with database.transaction() as session:
        model = await make_model(session)
        actor = await make_person(session, credits=500)
    found = []

    # when a model turns out slower and slower
    for ratio in (1.0, 3.0, 9.0):
        await teach(database, model.id, ratio, 40)
        async with database.read() as session:
            price = await submit.estimate(session, actor, image_request())
        accepted = await submit_jobs(database, actor)

        # then
        async with database.read() as session:
            view = await jobs.get_job(session, actor, accepted.job_ids[0])
            assert view.job.estimated_credits == price.credits == accepted.estimated_credits
            assert view.job.estimated_seconds == price.seconds
        found.append(price)
    assert [price.seconds for price in found] == [
        pytest.approx(ratio * EXPECTED, rel=NEAR - 1) for ratio in (1.0, 3.0, 9.0)
    ]
    assert [price.credits for price in found] == [math.ceil(1.2 * price.seconds) for price in found]


async def test_a_few_measurements_change_no_price_and_other_sizes_follow_those_that_are_known(
    database: Database,
) -> None:
    async with database.transaction() as session:
        model = await make_model(session)
        actor = await make_person(session)

    async def seconds(**changes: Any) -> float:
        async with database.read() as session:
            return (await submit.estimate(session, actor, image_request(**changes))).seconds

    await teach(database, model.id, 5.0, ENOUGH - 1)
    assert await seconds() == pytest.approx(EXPECTED)

    await teach(database, model.id, 5.0, 1)
    assert await seconds() == pytest.approx(5.0 * EXPECTED)
    assert await seconds(width=512, height=512) == pytest.approx(5.0 * (1.0 + 20 * 0.512**2))


async def test_enlarging_is_priced_by_what_was_learned_of_both_models(database: Database) -> None:
    # given an upscaler that is twice as fast as it says, and a model that is three times as slow
    async with database.transaction() as session:
        painter = await make_model(session)
        await make_parts(session)
        actor = await make_person(session)
        image = await make_image(session, actor.user_id, width=128, height=128)
        upscaler = await session.scalar(select(AiModel).where(AiModel.name == "four"))
    assert upscaler is not None
    at_512 = size_bucket(512 * 512)
    await teach(database, upscaler.id, 0.5, 20, at_512)
    await teach(database, painter.id, 3.0, 20, at_512)

    async def seconds(**changes: Any) -> float:
        asked = UpscaleRequest(source_image=image.id, **changes)
        async with database.read() as session:
            return (await submit.estimate(session, actor, asked)).seconds

    # when it is named, and when it is chosen
    named, chosen = await seconds(model="four"), await seconds()
    refined = await seconds(refine=RefineRequest("toy", strength=0.5, steps=10))

    # then
    assert named == chosen == pytest.approx(0.5 * (1.0 + 10.0 * 0.512**2))
    assert refined == pytest.approx(named + 3.0 * (1.0 + 5 * 0.512**2))


async def test_a_job_that_runs_past_its_quote_pays_the_quote(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
    accepted = await submit_jobs(database, actor)

    # when
    await complete_job(database, await claim_job(database), gpu_seconds=1000.0)

    # then
    async with database.read() as session:
        job = (await jobs.get_job(session, actor, accepted.job_ids[0])).job
    assert job.actual_credits == job.estimated_credits == accepted.estimated_credits
    assert job.actual_credits == charge(gpu_seconds=1000.0, quoted=accepted.estimated_credits)
    assert job.gpu_seconds == 1000.0
