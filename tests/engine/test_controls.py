"""ControlNets: a picture steered by another one, alone and among pictures that are not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from harness.toy_models import make_toy_model
from harness.toy_sdxl import make_toy_sdxl
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.requests import ControlUse
from tests.make.toy_controls import make_toy_control


@pytest.fixture(scope="module")
def control(toy_f8: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_control(toy_f8, tmp_path_factory.mktemp("controls") / "toy")


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    image = Image.new("RGB", (64, 64), "black")
    ImageDraw.Draw(image).rectangle((16, 16, 40, 48), outline="white", width=3)
    return image


def pixels(engine: Engine, request: Any) -> np.ndarray:
    return np.asarray(engine.run(request).image, dtype=np.int16)


def test_a_controlled_picture_is_the_one_that_diffusers_draws(
    engine: Engine, toy_f8: Path, control: Path, drawing: Image.Image, ask: Any
) -> None:
    from diffusers import ControlNetModel, DPMSolverMultistepScheduler, StableDiffusionControlNetPipeline

    pipeline = StableDiffusionControlNetPipeline.from_pretrained(
        toy_f8,
        controlnet=ControlNetModel.from_pretrained(control, dtype=torch.float32),
        dtype=torch.float32,
        safety_checker=None,
    )
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    request = ask(steps=4, controls=(ControlUse(control, drawing, weight=0.7, start=0.25, end=0.8),))

    ours = pixels(engine, request)
    theirs = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        image=drawing,
        num_inference_steps=4,
        guidance_scale=request.cfg_scale,
        controlnet_conditioning_scale=0.7,
        control_guidance_start=0.25,
        control_guidance_end=0.8,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]

    assert np.abs(ours - np.asarray(theirs, dtype=np.int16)).max() <= 1
    assert not np.array_equal(ours, pixels(engine, ask(steps=4)))


def test_a_controlled_picture_of_sdxl_is_the_one_that_diffusers_draws(
    drawing: Image.Image, ask: Any, tmp_path: Path
) -> None:
    from diffusers import (
        ControlNetModel,
        DPMSolverMultistepScheduler,
        StableDiffusionXLControlNetPipeline,
    )

    model = make_toy_sdxl(tmp_path / "sdxl")
    control = make_toy_control(model, tmp_path / "control")
    pipeline = StableDiffusionXLControlNetPipeline.from_pretrained(
        model, controlnet=ControlNetModel.from_pretrained(control, dtype=torch.float32), dtype=torch.float32
    )
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    engine = Engine("cpu", threads=1)
    engine.load(model, {})
    request = ask(steps=3, controls=(ControlUse(control, drawing, weight=0.7),))

    ours = pixels(engine, request)
    theirs = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        image=drawing,
        num_inference_steps=3,
        guidance_scale=request.cfg_scale,
        controlnet_conditioning_scale=0.7,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]

    assert np.abs(ours - np.asarray(theirs, dtype=np.int16)).max() <= 1
    assert not np.array_equal(ours, pixels(engine, ask(steps=3)))


def test_a_control_without_weight_or_time_changes_nothing(
    engine: Engine, control: Path, drawing: Image.Image, ask: Any
) -> None:
    plain = pixels(engine, ask())

    weightless = pixels(engine, ask(controls=(ControlUse(control, drawing, weight=0.0),)))
    timeless = pixels(engine, ask(controls=(ControlUse(control, drawing, start=0.5, end=0.5),)))

    assert np.array_equal(weightless, plain)
    assert np.array_equal(timeless, plain)


def test_controlled_and_free_pictures_share_a_batch(
    engine: Engine, control: Path, drawing: Image.Image, ask: Any
) -> None:
    requests = [
        ask(seed=1, controls=(ControlUse(control, drawing),)),
        ask(seed=2),
        ask(seed=3, cfg_scale=1.0, controls=(ControlUse(control, drawing, weight=0.5),) * 2),
    ]
    alone = [pixels(engine, request) for request in requests]
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]

    while batch.entries:
        engine.step(batch)

    for entry, expected in zip(entries, alone, strict=True):
        image = entry.outcome.image  # type: ignore[union-attr]
        assert np.abs(np.asarray(image, dtype=np.int16) - expected).max() <= 1


def test_a_control_picture_of_another_size_is_fitted_and_prepared(
    engine: Engine, engine_f16: Engine, toy_f16: Path, control: Path, drawing: Image.Image, ask: Any
) -> None:
    larger = drawing.resize((200, 120))

    canny = pixels(engine, ask(controls=(ControlUse(control, larger, "canny"),), width=72))
    plain = pixels(engine, ask(controls=(ControlUse(control, larger, "none"),), width=72))

    assert canny.shape == (64, 72, 3)
    assert not np.array_equal(canny, plain)


def test_a_control_that_cannot_be_used_is_named_and_the_engine_lives(
    engine: Engine, control: Path, drawing: Image.Image, ask: Any, tmp_path: Path
) -> None:
    before = pixels(engine, ask())
    wider = make_toy_model(tmp_path / "wider", width=24)
    strange = make_toy_control(wider, tmp_path / "strange")
    pickled = tmp_path / "pickled"
    shutil.copytree(control, pickled)
    (pickled / "diffusion_pytorch_model.safetensors").rename(pickled / "diffusion_pytorch_model.bin")

    with pytest.raises(InvalidParameters, match="strange"):
        engine.run(ask(controls=(ControlUse(strange, drawing),)))
    with pytest.raises(ModelLoadFailed, match="pickle"):
        engine.run(ask(controls=(ControlUse(pickled, drawing),)))
    with pytest.raises(ModelNotFound, match="nowhere"):
        engine.run(ask(controls=(ControlUse(tmp_path / "nowhere", drawing),)))
    with pytest.raises(InvalidParameters, match="depth"):
        engine.run(ask(controls=(ControlUse(control, drawing, "depth"),)))

    assert np.array_equal(pixels(engine, ask()), before)
