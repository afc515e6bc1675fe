"""What the engine makes of a request, with the true components at toy size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pingvas.engine.engine import Engine
from pingvas.engine.errors import Canceled, InvalidParameters, NotANumber, OutOfMemory
from pingvas.engine.requests import DENOISING, VAE_DECODE, StepReport
from pingvas.engine.samplers import SAMPLERS


def test_the_same_request_gives_the_same_pixels(engine: Engine, ask: Any) -> None:
    first = engine.run(ask())
    other = engine.run(ask(seed=8))

    again = engine.run(ask())

    assert again.image.tobytes() == first.image.tobytes()
    assert other.image.tobytes() != first.image.tobytes()


def test_our_loop_draws_what_the_pipeline_of_diffusers_draws(engine: Engine, toy_f8: Path, ask: Any) -> None:
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(toy_f8, dtype=torch.float32, safety_checker=None)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    request = ask(sampler="euler", width=72, height=64, steps=5)

    ours = engine.run(request).image
    theirs = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        width=72,
        height=64,
        num_inference_steps=5,
        guidance_scale=request.cfg_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]

    assert np.array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_makes_a_picture_and_counts_its_steps(
    engine: Engine, engine_f16: Engine, ask: Any, sampler: str
) -> None:
    for each in (engine, engine_f16):
        reports: list[StepReport] = []

        result = each.run(ask(sampler=sampler, steps=4), reports.append)

        assert result.image.size == (64, 64)
        assert len(result.image.getcolors(64 * 64) or []) > 1
        assert [report.step for report in reports if report.step_name == DENOISING] == [1, 2, 3, 4]
        assert reports[-1] == StepReport(4, 4, VAE_DECODE)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_step_is_enough_for_every_sampler(engine: Engine, ask: Any, sampler: str) -> None:
    result = engine.run(ask(sampler=sampler, steps=1))

    assert result.image.size == (64, 64)


@pytest.mark.parametrize("size", [(136, 200), (8, 8), (72, 40), (64, 64)])
def test_any_multiple_of_eight_comes_back_at_exactly_that_size(
    engine: Engine, engine_f16: Engine, ask: Any, size: tuple[int, int]
) -> None:
    for each in (engine, engine_f16):
        result = each.run(ask(width=size[0], height=size[1], steps=1))

        assert result.image.size == size


def test_guidance_of_one_leaves_the_negative_prompt_out(engine: Engine, ask: Any) -> None:
    without = engine.run(ask(cfg_scale=1.0, negative_prompt="rain"))

    other = engine.run(ask(cfg_scale=1.0, negative_prompt="fog"))
    guided = engine.run(ask(cfg_scale=4.0, negative_prompt="fog"))

    assert other.image.tobytes() == without.image.tobytes()
    assert guided.image.tobytes() != without.image.tobytes()


def test_a_canceled_picture_stops_within_a_step_and_the_next_one_is_whole(engine: Engine, ask: Any) -> None:
    expected = engine.run(ask())
    reports: list[StepReport] = []

    with pytest.raises(Canceled) as canceled:
        engine.run(ask(steps=20), reports.append, lambda: len(reports) >= 2)

    assert [report.step for report in reports] == [1, 2]
    assert canceled.value.gpu_seconds > 0
    assert engine.run(ask()).image.tobytes() == expected.image.tobytes()


def test_previews_may_be_drawn_later_and_keep_the_shape_of_the_picture(engine_f16: Engine, ask: Any) -> None:
    reports: list[StepReport] = []
    engine_f16.run(ask(width=136, height=200, steps=3), reports.append)

    previews = [report.preview() for report in reports if report.preview is not None]

    assert len(previews) == 3
    for preview in previews:
        assert preview is not None
        with Image.open(io.BytesIO(preview)) as image:
            assert (image.format, image.size) == ("WEBP", (87, 128))


def test_a_model_without_a_projection_is_given_one(toy_f8: Path, ask: Any) -> None:
    engine = Engine("cpu", threads=1)
    engine.load(toy_f8, {})
    reports: list[StepReport] = []

    engine.run(ask(), reports.append)

    previews = [report.preview() for report in reports if report.preview]
    assert len(previews) == 3
    assert all(previews)


def test_numbers_that_blow_up_are_named_and_the_engine_lives(engine: Engine, ask: Any) -> None:
    expected = engine.run(ask())

    with pytest.raises(NotANumber, match="lower cfg_scale"):
        engine.run(ask(cfg_scale=1e38))

    assert engine.run(ask()).image.tobytes() == expected.image.tobytes()


def test_too_little_memory_is_named_and_the_engine_lives(
    engine: Engine, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = engine.run(ask())
    assert engine._family is not None

    def no_room(*_: Any, **__: Any) -> None:
        torch.empty(2**60)

    with monkeypatch.context() as patched:
        patched.setattr(engine._family.vae, "decode", no_room)
        with pytest.raises(OutOfMemory, match="64x64"):
            engine.run(ask())

    assert engine.run(ask()).image.tobytes() == expected.image.tobytes()


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 100},
        {"height": 0},
        {"width": 10_000},
        {"steps": 0},
        {"steps": -3},
        {"cfg_scale": float("nan")},
        {"cfg_scale": -1.0},
        {"seed": -1},
        {"seed": 2**64},
        {"sampler": "magic"},
        {"sampler": "lcm", "steps": 51},
    ],
)
def test_a_request_that_cannot_be_done_cannot_be_made(ask: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameters):
        ask(**wrong)
