"""The parameters of a job: typed in Python, JSON in the table, and old rows are read as they were meant."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.generation.job_parameters import (
    DiffusionParameters,
    FromImageParameters,
    InpaintParameters,
    TextToImageParameters,
    UnreadableParameters,
    UpscaleParameters,
    images_of,
    models_of,
    read_parameters,
    stored_parameters,
)
from pingvas.generation.lifecycle import claims
from tests.make.billing import make_person
from tests.make.generation import WORKER, submit_jobs

SOURCE, MASK, STEERING = (str(uuid4()) for _ in range(3))
# As the first version stored it.
OLDEST: dict[str, Any] = {
    "model": "toy",
    "prompt": "a mill",
    "negative_prompt": "",
    "width": 256,
    "height": 192,
    "steps": 20,
    "cfg_scale": 4,
    "sampler": "dpmpp_2m",
    "seed": 7,
    "format": "png",
    "visibility": "private",
}
FULL: dict[str, Any] = OLDEST | {
    "clip_skip": 2,
    "guidance": None,
    "loras": [{"name": "sketchy", "weight": -0.5}],
    "controlnet": [
        {"model": "edges", "image": STEERING, "preprocessor": "none", "weight": 0.7, "start": 0.1, "end": 0.9}
    ],
    "vae": "bright",
    "resolved_prompt": "a mill at noon",
}
REFINE: dict[str, Any] = {
    "model": "toy",
    "prompt": "{a|b}",
    "negative_prompt": "",
    "strength": 0.3,
    "steps": 9,
    "cfg_scale": 4.0,
    "sampler": "euler",
    "seed": 3,
    "resolved_prompt": "a",
}
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("txt2img", FULL),
    ("img2img", FULL | {"source_image": SOURCE, "strength": 0.5}),
    (
        "inpaint",
        FULL
        | {
            "source_image": SOURCE,
            "strength": 1.0,
            "mask_image": MASK,
            "mask_blur": 9,
            "inpaint_area": "masked",
            "mask_padding": 8,
            "mask_invert": True,
        },
    ),
    (
        "upscale",
        {
            "model": "four",
            "source_image": SOURCE,
            "scale": 2.0,
            "width": 512,
            "height": 384,
            "refine": REFINE,
            "format": "webp",
            "visibility": "unlisted",
        },
    ),
]


@pytest.mark.parametrize(("job_type", "stored"), KINDS)
def test_what_is_stored_and_read_again_is_the_same(job_type: str, stored: dict[str, Any]) -> None:
    parameters = read_parameters(job_type, stored)

    assert parameters.job_type == job_type
    assert stored_parameters(parameters) == stored


def test_a_row_of_the_first_version_is_completed() -> None:
    parameters = read_parameters("txt2img", OLDEST)

    assert isinstance(parameters, TextToImageParameters)
    assert (parameters.clip_skip, parameters.loras, parameters.controlnet, parameters.vae) == (
        1,
        (),
        (),
        None,
    )
    assert parameters.prompt_to_run == "a mill"
    assert "resolved_prompt" not in stored_parameters(parameters)


def test_what_nobody_knows_any_more_is_left_out() -> None:
    assert stored_parameters(read_parameters("txt2img", FULL | {"scheduler": "karras"})) == FULL


def test_what_is_run_differs_from_what_was_typed() -> None:
    parameters = read_parameters("txt2img", FULL)

    assert isinstance(parameters, DiffusionParameters)
    assert (parameters.prompt, parameters.prompt_to_run) == ("a mill", "a mill at noon")


@pytest.mark.parametrize(("strength", "steps"), [(1.0, 20), (0.5, 10), (0.33, 6), (0.0, 1)])
def test_an_image_made_from_another_runs_its_share_of_the_steps(strength: float, steps: int) -> None:
    parameters = read_parameters("img2img", OLDEST | {"source_image": SOURCE, "strength": strength})

    assert isinstance(parameters, FromImageParameters)
    assert parameters.steps_to_run == steps


def test_everything_that_a_job_names_is_told() -> None:
    (_, repainting), (_, enlarging) = KINDS[2:]
    inpaint, upscale = read_parameters("inpaint", repainting), read_parameters("upscale", enlarging)

    assert isinstance(inpaint, InpaintParameters)
    assert isinstance(upscale, UpscaleParameters)
    assert list(images_of(inpaint)) == [UUID(SOURCE), UUID(MASK), UUID(STEERING)]
    assert list(models_of(inpaint)) == ["sketchy", "edges", "bright"]
    assert list(images_of(upscale)) == [UUID(SOURCE)]
    assert list(models_of(upscale)) == ["toy"]


@pytest.mark.parametrize(
    ("job_type", "stored"),
    [
        ("txt2img", {}),
        ("img2img", OLDEST),
        ("upscale", OLDEST),
        ("video", OLDEST),
        ("txt2img", OLDEST | {"seed": "x"}),
    ],
)
def test_what_does_not_say_enough_is_unreadable(job_type: str, stored: dict[str, Any]) -> None:
    with pytest.raises(UnreadableParameters) as refused:
        read_parameters(job_type, stored)

    assert refused.value.code == "invalid_parameters"


async def test_a_job_that_cannot_be_read_keeps_no_other_from_being_taken(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        first, second = await make_person(session), await make_person(session)
    await submit_jobs(database, first)
    async with database.transaction() as session:
        await session.execute(text("UPDATE generation_jobs SET parameters = '{}'"))
    await submit_jobs(database, second)

    # when
    async with database.transaction() as session:
        taken = [
            *await claims.claim(session, worker_id=WORKER, lease_seconds=30),
            *await claims.claim(session, worker_id=WORKER, lease_seconds=30),
        ]

    # then
    assert [job.user_id for job in taken] == [first.user_id, second.user_id]
    with pytest.raises(UnreadableParameters):
        _ = taken[0].parameters
    assert isinstance(taken[1].parameters, TextToImageParameters)
