"""What a worker is given for a claimed job, and what it is told when something has gone since."""

from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import make_model, make_parts
from harness.jobs import image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.generation.job_parameters import InpaintParameters
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.requests.job_inputs import InputModelGone, JobInputs, SourceGone, find_inputs
from pingvas.generation.requests.job_request import (
    ControlRequest,
    ImageRequest,
    LoraRequest,
    RefineRequest,
    UpscaleRequest,
)
from tests.make.billing import make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, submit_request


@pytest.fixture
async def person(database: Database) -> Actor:
    async with database.transaction() as session:
        await make_model(session)
        await make_parts(session)
        return await make_person(session)


async def make_picture(database: Database, person: Actor) -> UUID:
    async with database.transaction() as session:
        return (await make_image(session, person.user_id, width=128, height=128)).id


async def claimed(database: Database, person: Actor, asked: ImageRequest | UpscaleRequest) -> ClaimedJob:
    await submit_request(database, person, asked)
    return await claim_job(database)


async def inputs_of(database: Database, job: ClaimedJob) -> JobInputs:
    async with database.read() as session:
        return await find_inputs(session, job.user_id, job.parameters)


async def everything(database: Database, person: Actor) -> ClaimedJob:
    """A repainting with a LoRA of the list and one of the prompt, a ControlNet and a VAE."""
    source, mask, steering = [await make_picture(database, person) for _ in range(3)]
    async with database.transaction() as session:
        await make_model(session, name="soft", model_type="lora", config={"base": "sd1"})
    asked = image_request(
        job_type="inpaint",
        prompt="a house <lora:soft:-0.5>",
        source_image=source,
        mask_image=mask,
        loras=(LoraRequest("sketchy", 0.8),),
        controlnet=(ControlRequest("edges", steering, "none", 0.7, 0.1, 0.9),),
        vae="bright",
    )
    return await claimed(database, person, asked)


async def test_a_job_that_names_nothing_needs_nothing_but_its_model(
    database: Database, person: Actor
) -> None:
    job = await claimed(database, person, image_request())

    assert await inputs_of(database, job) == JobInputs()


async def test_a_job_from_before_loras_existed_has_none(database: Database, person: Actor) -> None:
    job = await claimed(database, person, image_request())
    for name in ("loras", "controlnet", "vae"):
        del job.stored_parameters[name]

    assert await inputs_of(database, job) == JobInputs()


async def test_a_worker_learns_where_everything_a_job_names_lies(database: Database, person: Actor) -> None:
    # given
    job = await everything(database, person)

    # when
    inputs = await inputs_of(database, job)

    # then
    assert inputs.source is not None
    assert inputs.mask is not None
    assert inputs.vae is not None
    assert isinstance(job.parameters, InpaintParameters)
    assert inputs.source.id == job.parameters.source_image
    assert inputs.source.key == f"images/{person.user_id}/{inputs.source.id}.v2.png"
    assert (inputs.mask.format, inputs.mask.width, inputs.mask.height) == ("png", 128, 128)
    assert [(lora.model.name, lora.model.kind, lora.weight) for lora in inputs.loras] == [
        ("sketchy", "lora", 0.8), ("soft", "lora", -0.5),
    ]  # fmt: skip
    (control,) = inputs.controls
    how = control.parameters
    assert (control.model.name, control.model.path) == ("edges", "/edges")
    assert (how.preprocessor, how.weight, how.start, how.end) == ("none", 0.7, 0.1, 0.9)
    assert (inputs.vae.name, inputs.vae.config) == ("bright", {"base": "sd1"})
    assert inputs.refine is None


async def test_an_upscale_is_claimed_with_its_upscaler_and_refined_by_another_model(
    database: Database, person: Actor
) -> None:
    # given
    asked = UpscaleRequest(await make_picture(database, person), refine=RefineRequest("toy"))
    job = await claimed(database, person, asked)

    # when
    inputs = await inputs_of(database, job)

    # then
    assert (job.job_type, job.model_name, job.model_path) == ("upscale", "four", "/four")
    assert inputs.source is not None
    assert inputs.refine is not None
    assert (inputs.refine.name, inputs.refine.kind) == ("toy", "checkpoint")


async def test_a_picture_deleted_meanwhile_is_the_requests_fault(database: Database, person: Actor) -> None:
    # given
    job = await everything(database, person)
    asked = job.parameters
    assert isinstance(asked, InpaintParameters)
    for image_id in (asked.mask_image, asked.source_image, asked.controlnet[0].image):
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM images WHERE id = :id"), {"id": image_id})

            # when
            with pytest.raises(SourceGone, match=str(image_id)) as refused:
                await find_inputs(session, job.user_id, job.parameters)

        # then
        assert refused.value.code == "invalid_parameters"


async def test_a_model_removed_meanwhile_is_not_found(database: Database, person: Actor) -> None:
    # given
    job = await everything(database, person)
    for gone in ("sketchy", "soft", "edges", "bright"):
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM ai_models WHERE name = :name"), {"name": gone})

            # when
            with pytest.raises(InputModelGone, match=gone) as refused:
                await find_inputs(session, job.user_id, job.parameters)

        # then
        assert refused.value.code == "model_not_found"
