"""Submitting: what is taken, what is refused, and that nothing changes when it is refused."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from harness.jobs import image_request
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.billing.credits import InsufficientCredits
from pingvas.billing.ledger import find_disagreements
from pingvas.catalog.models import ModelLocked
from pingvas.generation.requests import submit
from pingvas.generation.requests.job_request import seeds
from pingvas.generation.status import jobs
from tests.make.billing import balance_of, make_person, postings_of
from tests.make.generation import submit_jobs


async def _count_jobs(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(text("SELECT count(*) FROM generation_jobs")) or 0)


async def test_submitting_takes_the_estimate_and_queues_the_job(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, credits=500)
        await make_model(session)
        price = await submit.estimate(session, actor, image_request())

    # when
    accepted = await submit_jobs(database, actor)

    # then: what was quoted is what is held
    async with database.read() as session:
        view = await jobs.get_job(session, actor, accepted.job_ids[0])
        assert view.job.status == "queued"
        assert view.position == 1
        assert view.job.estimated_credits == price.credits == 3
        assert await balance_of(session, actor.user_id) == 500 - price.credits
        assert await postings_of(session, actor.user_id) == [("bonus", 500), ("consume", -price.credits)]
        assert await jobs.held_credits(session, actor.user_id) == price.credits


async def test_a_batch_fills_the_slots_of_the_plan_and_the_rest_waits(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, plan="studio")
        await make_model(session)

    # when
    accepted = await submit_jobs(database, actor, count=5, seed=2**32 - 2)

    # then
    async with database.read() as session:
        views = await jobs.read_jobs(session, actor, accepted.job_ids)
    assert [view.job.status for view in views] == ["queued"] * 3 + ["pending"] * 2
    assert [view.waiting_for for view in views] == ["worker"] * 3 + ["slot"] * 2
    assert [view.position for view in views] == [1, 2, 3, 4, 5]
    assert [view.job.parameters["seed"] for view in views] == [2**32 - 2, 2**32 - 1, 0, 1, 2]
    assert {view.job.batch_id for view in views} == {accepted.batch_id}
    assert {view.job.priority for view in views} == {75}


def test_seeds_go_up_and_begin_again_where_their_kind_ends() -> None:
    assert seeds(image_request(seed=7, count=3)) == [7, 8, 9]
    assert seeds(image_request(seed=2**32 - 1, count=2)) == [2**32 - 1, 0]
    assert seeds(image_request(seed=2**32, count=2)) == [2**32, 2**32 + 1]
    assert seeds(image_request(seed=2**63 - 1, count=2)) == [2**63 - 1, 0]


async def test_what_is_left_out_is_as_the_model_does_it(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session)
        await make_model(session)

    # when
    accepted = await submit_jobs(database, actor, seed=None)

    # then: every parameter is on the job, the drawn seed too, so that the picture can be made again
    async with database.read() as session:
        parameters = (await jobs.get_job(session, actor, accepted.job_ids[0])).job.parameters
    seed = parameters.pop("seed")
    assert 0 <= seed < 2**32
    assert parameters == {
        "model": "toy",
        "prompt": "a red house at sunset",
        "negative_prompt": "",
        "width": 256,
        "height": 256,
        "steps": 20,
        "cfg_scale": 4.0,
        "sampler": "dpmpp_2m",
        "clip_skip": 1,
        "guidance": None,
        "loras": [],
        "controlnet": [],
        "vae": None,
        "format": "png",
        "visibility": "private",
    }


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"model": "no-such-model"}, "model"),
        ({"width": 250}, "width"),
        ({"height": 4096}, "height"),
        ({"width": 32}, "width"),
        ({"steps": -5}, "steps"),
        ({"steps": 151}, "steps"),
        ({"sampler": "no-such-sampler"}, "sampler"),
        ({"sampler": "lcm", "steps": 51}, "steps"),
    ],
)
async def test_what_the_model_cannot_do_is_refused_by_field_and_nothing_changes(
    database: Database, asked: dict[str, Any], field: str
) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session, credits=500)
        await make_model(session)

    # when
    with pytest.raises(Invalid) as refused:
        await submit_jobs(database, actor, **asked)

    # then
    assert field in [error.name for error in refused.value.errors]
    assert await _count_jobs(database) == 0
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 500


async def test_without_enough_credits_no_job_of_the_batch_is_taken(database: Database) -> None:
    # given: enough for two of the three
    async with database.transaction() as session:
        actor = await make_person(session, credits=8)
        await make_model(session)

    # when
    with pytest.raises(InsufficientCredits) as refused:
        await submit_jobs(database, actor, count=3)

    # then
    assert refused.value.extra == {"required": 9, "balance": 8}
    assert await _count_jobs(database) == 0
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 8


async def test_a_model_of_higher_plans_is_locked(database: Database) -> None:
    # given
    async with database.transaction() as session:
        actor = await make_person(session)
        await make_model(session, required_tiers=("pro", "studio"))

    # when, then
    with pytest.raises(ModelLocked):
        await submit_jobs(database, actor)


async def test_fifty_submitters_at_once_never_overspend(database: Database) -> None:
    # given: credits for twenty jobs of three credits, and one to spare
    async with database.transaction() as session:
        actor = await make_person(session, credits=61)
        await make_model(session)

    # when
    outcomes = await asyncio.gather(
        *(submit_jobs(database, actor) for _ in range(50)), return_exceptions=True
    )

    # then
    assert sum(isinstance(outcome, submit.Submitted) for outcome in outcomes) == 20
    assert sum(isinstance(outcome, InsufficientCredits) for outcome in outcomes) == 30
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 1
        assert await find_disagreements(session) == []
        statuses = await session.execute(
            text("SELECT status, count(*) FROM generation_jobs GROUP BY status ORDER BY status")
        )
        assert [tuple(row) for row in statuses] == [("pending", 19), ("queued", 1)]
