"""What a request may say is checked for every caller, by field, whoever built it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from pingvas.base.errors import Invalid
from pingvas.generation.requests.job_request import (
    MAX_SEED,
    ControlRequest,
    ImageRequest,
    JobRequest,
    LoraRequest,
    RefineRequest,
    UpscaleRequest,
    check_request,
    read_request,
)
from pingvas.generation.requests.prompt_rules import MAX_PROMPT

ANY = uuid4()


def image(**changes: Any) -> ImageRequest:
    return ImageRequest(**{"model": "toy", "prompt": "a mill", **changes})


def upscale(**changes: Any) -> UpscaleRequest:
    return UpscaleRequest(**{"source_image": ANY, **changes})


TAKEN: list[JobRequest] = [
    image(),
    image(prompt="👩‍👩‍👧"),
    image(prompt="<lora:mill:1>"),
    image(prompt="x" * MAX_PROMPT, seed=MAX_SEED, count=16, clip_skip=12, guidance=0, cfg_scale=30),
    image(loras=(LoraRequest("mill", -4.0),), controlnet=(ControlRequest("edges", ANY, start=1.0, end=1.0),)),
    image(job_type="img2img", source_image=ANY, prompt="", strength=0),
    image(job_type="inpaint", source_image=ANY, mask_image=ANY, mask_blur=64, mask_padding=256),
    upscale(),
    upscale(scale=8, refine=RefineRequest("toy", strength=0.6)),
]


@pytest.mark.parametrize("request_", TAKEN)
def test_what_is_within_the_limits_is_taken_as_it_is(request_: JobRequest) -> None:
    assert check_request(request_) == request_


REFUSED: list[tuple[JobRequest, list[str | int]]] = [
    (image(model=""), ["model"]),
    (image(model="x" * 201), ["model"]),
    (image(prompt=""), ["prompt"]),
    (image(prompt=" \t\n"), ["prompt"]),
    (image(prompt="\u200b\u200b"), ["prompt"]),
    (image(prompt="\u3164\u2800 \ufeff"), ["prompt"]),
    (image(prompt="x" * (MAX_PROMPT + 1)), ["prompt"]),
    (image(prompt="a\x00b"), ["prompt"]),
    (image(negative_prompt="\ud800"), ["negative_prompt"]),
    (image(width=7), ["width"]),
    (image(height=16385), ["height"]),
    (image(steps=0), ["steps"]),
    (image(steps=1001), ["steps"]),
    (image(steps="many"), ["steps"]),
    (image(cfg_scale=0.5), ["cfg_scale"]),
    (image(cfg_scale=math.nan), ["cfg_scale"]),
    (image(sampler="x" * 41), ["sampler"]),
    (image(seed=-1), ["seed"]),
    (image(seed=MAX_SEED + 1), ["seed"]),
    (image(count=0), ["count"]),
    (image(count=17), ["count"]),
    (image(clip_skip=0), ["clip_skip"]),
    (image(guidance=math.inf), ["guidance"]),
    (image(format="gif"), ["format"]),
    (image(visibility="secret"), ["visibility"]),
    (image(lane="fast"), ["lane"]),
    (image(vae=""), ["vae"]),
    (image(loras=(LoraRequest("mill", 4.1),)), ["loras", 0, "weight"]),
    (image(loras=tuple(LoraRequest(f"l{n}") for n in range(9))), ["loras"]),
    (image(controlnet=(ControlRequest("edges", ANY, weight=-1),)), ["controlnet", 0, "weight"]),
    (image(controlnet=(ControlRequest("edges", ANY, start=0.6, end=0.5),)), ["controlnet", 0, "end"]),
    (image(controlnet=(ControlRequest("edges", ANY),) * 4), ["controlnet"]),
    (image(job_type="img2img"), ["source_image"]),
    (image(job_type="inpaint", mask_image=ANY), ["source_image"]),
    (image(source_image=ANY), ["source_image"]),
    (image(job_type="img2img", source_image=ANY, mask_image=ANY), ["mask_image"]),
    (image(job_type="img2img", source_image=ANY, strength=1.01), ["strength"]),
    (image(job_type="img2img", source_image="no id"), ["source_image"]),
    (image(job_type="inpaint", source_image=ANY, mask_blur=-1), ["mask_blur"]),
    (image(job_type="inpaint", source_image=ANY, inpaint_area="half"), ["inpaint_area"]),
    (upscale(scale=1), ["scale"]),
    (upscale(scale=8.1), ["scale"]),
    (upscale(refine=RefineRequest("toy", strength=0.7)), ["refine", "strength"]),
    (upscale(refine=RefineRequest("toy", steps=0)), ["refine", "steps"]),
    (upscale(count=2), ["count"]),
]


@pytest.mark.parametrize(("request_", "path"), REFUSED)
def test_what_is_beyond_them_is_refused_by_field(request_: JobRequest, path: list[str | int]) -> None:
    with pytest.raises(Invalid) as refused:
        check_request(request_)

    assert [error.name for error in refused.value.errors] == [".".join(map(str, path))]


def test_every_bad_field_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        check_request(image(steps=0, seed=-1, loras=(LoraRequest(""),)))

    assert [error.name for error in refused.value.errors] == ["steps", "seed", "loras.0.name"]


def test_a_request_is_read_from_its_fields_and_what_is_none_is_left_out() -> None:
    told = {
        "job_type": "upscale",
        "source_image": str(ANY),
        "scale": 2,
        "refine": {"model": "toy", "seed": 7},
    }

    request = read_request(told | {"width": 512, "resolved_prompt": "x"})

    assert request == upscale(scale=2, refine=RefineRequest("toy", seed=7))
    assert read_request({"model": "toy", "prompt": "a mill"}) == image()


def test_a_request_that_is_changed_is_checked_again() -> None:
    good = check_request(image())
    assert isinstance(good, ImageRequest)

    with pytest.raises(Invalid):
        check_request(replace(good, count=99))
