"""Submitting every job type: what it takes, what it names, and that an estimate is always what is held."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import CONFIG, UPSCALER, make_model, make_parts
from harness.jobs import image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.catalog.models import ModelLocked
from pingvas.gallery.tables import Image
from pingvas.generation.requests import submit
from pingvas.generation.requests.job_request import (
    ControlRequest,
    ImageRequest,
    LoraRequest,
    RefineRequest,
    UpscaleRequest,
)
from pingvas.generation.requests.parameters import OutputLimits
from pingvas.generation.status import jobs
from tests.make.billing import balance_of, make_person
from tests.make.gallery import make_image
from tests.make.generation import submit_request


class Place:
    """A person with a source picture (128×192), a mask of its size, a small one, a JPEG, and somebody else's."""

    database: Database
    actor: Actor
    images: dict[str, UUID]

    async def parameters(self, asked: ImageRequest | UpscaleRequest) -> dict[str, Any]:
        accepted = await submit_request(self.database, self.actor, asked)
        async with self.database.read() as session:
            view = await jobs.get_job(session, self.actor, accepted.job_ids[0])
        assert view.job.job_type == asked.job_type
        return view.job.parameters

    async def refusal(self, asked: ImageRequest | UpscaleRequest) -> list[tuple[str, str]]:
        """The fields that are refused, with what is said of each. Nothing has changed."""
        with pytest.raises(Invalid) as refused:
            await submit_request(self.database, self.actor, asked)
        async with self.database.read() as session:
            assert await balance_of(session, self.actor.user_id) == 500
            assert await session.scalar(text("SELECT count(*) FROM generation_jobs")) == 0
        return [(error.name.partition(".")[0], error.message) for error in refused.value.errors]


@pytest.fixture
async def place(database: Database) -> Place:
    made = Place()
    made.database = database
    async with database.transaction() as session:
        made.actor, other = await make_person(session, credits=500), await make_person(session)
        await make_model(session)
        await make_parts(session)

        async def image(owner: Actor, **changes: Any) -> Image:
            return await make_image(session, owner.user_id, **changes)

        made.images = {
            "source": (await image(made.actor, width=128, height=192)).id,
            "mask": (await image(made.actor, width=128, height=192)).id,
            "small": (await image(made.actor, width=64, height=64)).id,
            "jpeg": (await image(made.actor, width=128, height=192, format="jpg")).id,
            "theirs": (await image(other, width=128, height=192, visibility="public")).id,
        }
    return made


def control(place: Place, **changes: Any) -> ControlRequest:
    asked: dict[str, Any] = {"model": "edges", "image": place.images["small"]}
    return ControlRequest(**(asked | changes))


def inpaint(place: Place, **changes: Any) -> ImageRequest:
    named = {"source_image": place.images["source"], "mask_image": place.images["mask"]}
    return image_request(job_type="inpaint", **(named | changes))


KINDS: list[Callable[[Place], ImageRequest | UpscaleRequest]] = [
    lambda _: image_request(count=3),
    lambda place: image_request(controlnet=(control(place), control(place)), vae="bright"),
    lambda place: image_request(
        job_type="img2img", source_image=place.images["source"], strength=0.33, sampler="heun"
    ),
    lambda place: inpaint(place, count=2, cfg_scale=1.0),
    lambda place: inpaint(place, inpaint_area="masked", loras=(LoraRequest("sketchy", 0.5),)),
    lambda place: UpscaleRequest(place.images["source"]),
    lambda place: UpscaleRequest(
        place.images["source"], scale=1.7, refine=RefineRequest("toy", "{a|b}", steps=9)
    ),
]


async def test_an_estimate_is_what_is_held_for_every_kind(place: Place) -> None:
    held = 0
    for kind in KINDS:
        # given
        asked = kind(place)
        async with place.database.read() as session:
            price = await submit.estimate(session, place.actor, asked)

        # when
        accepted = await submit_request(place.database, place.actor, asked)

        # then
        assert accepted.estimated_credits == price.credits >= asked.count
        held += price.credits
        async with place.database.read() as session:
            assert await jobs.held_credits(session, place.actor.user_id) == held
            assert await balance_of(session, place.actor.user_id) == 500 - held


async def test_a_picture_from_a_picture_has_its_size_unless_told_otherwise(place: Place) -> None:
    # given
    source = place.images["source"]

    # when
    usual = await place.parameters(image_request(job_type="img2img", source_image=source))
    told = await place.parameters(
        image_request(job_type="img2img", source_image=source, width=256, strength=0.4)
    )
    masked = await place.parameters(inpaint(place, inpaint_area="masked"))

    # then
    assert (usual["width"], usual["height"], usual["strength"]) == (128, 192, 0.75)
    assert (told["width"], told["height"], told["strength"]) == (256, 192, 0.4)
    assert usual["source_image"] == str(source)
    # A masked area alone is made at the size the model does best, and put back.
    assert (masked["width"], masked["height"]) == (256, 256)


async def test_everything_a_repainting_needs_is_kept_with_it(place: Place) -> None:
    parameters = await place.parameters(inpaint(place, mask_blur=9, controlnet=(control(place, end=0.5),)))

    assert {
        name: parameters[name] for name in parameters if name.startswith(("mask", "inpaint", "control"))
    } == {
        "mask_image": str(place.images["mask"]),
        "mask_blur": 9,
        "mask_padding": 32,
        "mask_invert": False,
        "inpaint_area": "whole",
        "controlnet": [
            {
                "model": "edges",
                "image": str(place.images["small"]),
                "preprocessor": "canny",
                "weight": 1.0,
                "start": 0.0,
                "end": 0.5,
            }
        ],
    }


async def test_enlarging_takes_the_smallest_upscaler_that_reaches_the_scale(place: Place) -> None:
    # given
    async with place.database.transaction() as session:
        await make_model(session, name="two", config=UPSCALER | {"scale": 2})
    source = place.images["source"]

    # when
    usual = await place.parameters(UpscaleRequest(source))
    double = await place.parameters(UpscaleRequest(source, scale=1.5))
    beyond = await place.parameters(UpscaleRequest(source, scale=8))
    named = await place.parameters(UpscaleRequest(source, model="two"))

    # then
    assert [(p["model"], p["scale"]) for p in (usual, double, beyond, named)] == [
        ("four", 4.0), ("two", 1.5), ("four", 8), ("two", 2.0),
    ]  # fmt: skip
    assert (double["width"], double["height"]) == (192, 288)


async def test_a_refining_pass_is_decided_to_the_last_detail(place: Place) -> None:
    asked = UpscaleRequest(
        place.images["source"], refine=RefineRequest("toy", prompt="{one|one}", strength=0.3)
    )

    refine = (await place.parameters(asked))["refine"]

    assert 0 <= refine.pop("seed") < 2**32
    assert refine == {
        "model": "toy",
        "prompt": "{one|one}",
        "resolved_prompt": "one",
        "negative_prompt": "",
        "strength": 0.3,
        "steps": 20,
        "cfg_scale": 4.0,
        "sampler": "dpmpp_2m",
    }


REFUSED: list[tuple[Callable[[Place], ImageRequest | UpscaleRequest], str, str]] = [
    (lambda _: image_request(model="sketchy"), "model", "is a LoRA"),
    (lambda _: image_request(model="four"), "model", "is an upscaler"),
    (lambda _: image_request(loras=(LoraRequest("unknown"),)), "loras", "no LoRA named 'unknown'"),
    (lambda _: image_request(loras=(LoraRequest("edges"),)), "loras", "is a ControlNet, not a LoRA"),
    (lambda _: image_request(prompt="x <lora:unknown:1>"), "prompt", "no LoRA named 'unknown'"),
    (lambda _: image_request(vae="sketchy"), "vae", "is a LoRA, not a VAE"),
    (lambda _: image_request(vae="for-xl"), "vae", "'for-xl' is made for sdxl, and 'toy' is sd1"),
    (lambda place: image_request(controlnet=(control(place, model="bright"),)), "controlnet", "is a VAE"),
    (
        lambda place: image_request(controlnet=(control(place, image=place.images["theirs"]),)),
        "controlnet",
        "no image",
    ),
    (
        lambda place: image_request(job_type="img2img", source_image=place.images["theirs"]),
        "source_image",
        "no image",
    ),
    (lambda _: image_request(job_type="img2img", source_image=new_id()), "source_image", "no image"),
    (lambda place: inpaint(place, mask_image=place.images["small"]), "mask_image", "it has 64×64 pixels"),
    (lambda place: inpaint(place, mask_image=place.images["theirs"]), "mask_image", "no image"),
    (
        lambda place: inpaint(place, source_image=place.images["jpeg"], mask_image=None),
        "mask_image",
        "nothing transparent",
    ),
    (lambda place: UpscaleRequest(place.images["source"], model="toy"), "model", "is no upscaler"),
    (lambda place: UpscaleRequest(place.images["source"], model="unknown"), "model", "no such model"),
    (lambda place: UpscaleRequest(place.images["theirs"]), "source_image", "no image"),
    (
        lambda place: UpscaleRequest(place.images["source"], refine=RefineRequest("four")),
        "refine",
        "is an upscaler",
    ),
    (
        lambda place: UpscaleRequest(place.images["source"], refine=RefineRequest("toy", sampler="none")),
        "refine",
        "must be one of",
    ),
    (
        lambda place: UpscaleRequest(place.images["source"], refine=RefineRequest("toy", "<lora:sketchy:1>")),
        "refine",
        "is not taken here",
    ),
]


async def test_what_cannot_be_used_is_refused_by_field_and_nothing_changes(place: Place) -> None:
    # given
    async with place.database.transaction() as session:
        await make_model(session, name="for-xl", model_type="vae", config={"base": "sdxl"})

    for asked, field, said in REFUSED:
        # when
        ((refused, message),) = await place.refusal(asked(place))

        # then
        assert (refused, said in message) == (field, True), message


async def test_a_part_of_higher_plans_is_locked(place: Place) -> None:
    # given
    async with place.database.transaction() as session:
        await make_model(session, name="dear", model_type="lora", config={}, required_tiers=("pro",))

    # when, then
    with pytest.raises(ModelLocked):
        await place.parameters(image_request(prompt="x <lora:dear:1>"))


async def test_a_part_whose_family_nobody_knows_is_let_through(place: Place) -> None:
    # given
    async with place.database.transaction() as session:
        await make_model(session, name="odd", model_type="lora", config={})

    # when
    parameters = await place.parameters(image_request(loras=(LoraRequest("odd", -0.5),)))

    # then: the engine reads the file and knows better
    assert parameters["loras"] == [{"name": "odd", "weight": -0.5}]


async def test_a_new_upscaler_takes_the_place_of_none_that_works(place: Place) -> None:
    # given: an upscaler that was here before, and newer ones whose names come first
    async with place.database.transaction() as session:
        await make_model(session, name="aaa", config=UPSCALER)
    source = UpscaleRequest(place.images["source"])

    # when
    among_equals = await place.parameters(source)
    async with place.database.transaction() as session:
        await make_model(session, name="zzz-shipped", path="shipped:zzz", config=UPSCALER)
        await make_model(session, name="aab", path="/aab", config=UPSCALER | {"scale": 3})
    with_one_that_ships = await place.parameters(source)
    at_the_scale_of_a_newer_one = await place.parameters(UpscaleRequest(place.images["source"], scale=3))
    named = await place.parameters(UpscaleRequest(place.images["source"], model="aaa"))

    # then
    assert among_equals["model"] == "four"
    assert with_one_that_ships["model"] == at_the_scale_of_a_newer_one["model"] == "zzz-shipped"
    assert named["model"] == "aaa"


async def test_an_upscaler_that_cannot_be_opened_is_never_chosen_and_not_taken_when_named(
    place: Place,
) -> None:
    # given: one that ships, and whose files are broken
    async with place.database.transaction() as session:
        broken = UPSCALER | {"unusable": "its file is damaged"}
        await make_model(session, name="broken", path="shipped:broken", config=broken)

    # when
    chosen = await place.parameters(UpscaleRequest(place.images["source"]))

    # then
    assert chosen["model"] == "four"
    with pytest.raises(Invalid, match="cannot be opened: its file is damaged"):
        await place.parameters(UpscaleRequest(place.images["source"], model="broken"))


async def test_without_an_upscaler_that_is_said(database: Database, place: Place) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE ai_models SET is_active = false WHERE name = 'four'"))

    assert await place.refusal(UpscaleRequest(place.images["source"])) == [
        ("model", "there is no upscaler here; its operator can add one")
    ]


@pytest.mark.parametrize(
    ("largest", "field"),
    [
        (OutputLimits(side=767), "scale"),
        (OutputLimits(pixels=512 * 768 - 1), "scale"),
        (OutputLimits(side=2000, pixels=60_000), "model"),
    ],
)
async def test_a_picture_that_would_become_too_large_is_refused(
    place: Place, largest: OutputLimits, field: str
) -> None:
    asked = UpscaleRequest(place.images["source"], scale=1.1 if field == "model" else None)

    async with place.database.transaction() as session:
        with pytest.raises(Invalid) as refused:
            await submit.submit(session, place.actor, asked, largest=largest)

    assert refused.value.errors[0].name == field


GIB = 2**30


@pytest.mark.parametrize(
    ("workers", "fits"),
    [
        ([], True),  # nobody lives: one with enough may come
        ([None], True),
        ([2 * GIB, None], True),  # one does not say
        ([2 * GIB], False),
        ([2 * GIB, 4 * GIB], False),
        ([2 * GIB, 8 * GIB], True),
    ],
)
async def test_what_fits_no_worker_is_refused_before_it_waits(
    place: Place, workers: list[int | None], fits: bool
) -> None:
    # given a model that needs about six gibibytes, and a large worker that is silent
    async with place.database.transaction() as session:
        await make_model(session, name="large", size_bytes=6 * GIB, config=CONFIG)
        insert = text("""
            INSERT INTO workers (id, host, device, memory_bytes, heartbeat_at)
            VALUES (:id, 'here', 'cuda', :memory, now() - make_interval(secs => :silent))
        """)
        await session.execute(insert, {"id": "gone", "memory": 80 * GIB, "silent": 60})
        for number, memory in enumerate(workers):
            await session.execute(insert, {"id": str(number), "memory": memory, "silent": 0})
    asked = image_request(model="large")

    # when, then
    if fits:
        assert (await place.parameters(asked))["model"] == "large"
    else:
        ((field, message),) = await place.refusal(asked)
        assert (field, message) == ("width", "is too much for every worker there is; ask for less")
