"""Stable Diffusion XL: the same pixels as the pipelines of diffusers, with and without a refiner."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from harness.toy_models import CONFIG
from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl
from pingvas.engine.checkpoints.folder_parts import vae_dtype
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed
from pingvas.engine.families.sdxl import StableDiffusionXL
from pingvas.engine.requests import EngineRequest
from pingvas.engine.sampling import denoise

Ask = Callable[..., EngineRequest]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_sdxl(tmp_path_factory.mktemp("sdxl") / "base")


@pytest.fixture(scope="module")
def refiner(base: Path) -> Path:
    return make_toy_refiner(base.parent / "refiner")


@pytest.fixture(scope="module")
def xl(base: Path, refiner: Path) -> Engine:
    """An engine with the toy base in memory, and its refiner."""
    engine = Engine("cpu", threads=1)
    engine.load(base, CONFIG | {"refiner": "refiner"})
    return engine


@pytest.fixture(scope="module")
def refiner_alone(refiner: Path) -> Engine:
    engine = Engine("cpu", threads=1)
    engine.load(refiner, CONFIG)
    return engine


@cache
def _pipeline(kind: str, folder: Path) -> Any:
    import diffusers

    made = getattr(diffusers, kind).from_pretrained(folder, dtype=torch.float32, add_watermarker=False)
    made.scheduler = diffusers.EulerDiscreteScheduler.from_config(made.scheduler.config)
    made.set_progress_bar_config(disable=True)
    return made


def _call(pipeline: Any, request: EngineRequest, **more: Any) -> Any:
    usual = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "num_inference_steps": request.steps,
        "guidance_scale": request.cfg_scale,
        "generator": torch.Generator("cpu").manual_seed(request.seed),
    }
    return pipeline(**(usual | more)).images[0]


@pytest.mark.parametrize(
    "changes",
    [{}, {"cfg_scale": 1.0}, {"negative_prompt": ""}, {"prompt": "", "width": 96, "height": 64}],
    ids=["guided", "not guided", "no negative prompt", "no prompt, not square"],
)
def test_our_loop_draws_what_the_pipeline_of_diffusers_draws(
    xl: Engine, base: Path, ask: Ask, changes: dict[str, Any]
) -> None:
    request = ask(sampler="euler", steps=4, **changes)

    ours = xl.run(request).image

    pipeline = _pipeline("StableDiffusionXLPipeline", base)
    theirs = _call(pipeline, request, width=request.width, height=request.height)
    assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_a_model_may_want_an_empty_negative_prompt_to_be_read(tmp_path: Path, ask: Ask) -> None:
    folder = make_toy_sdxl(tmp_path / "reads-it", zeros_for_empty=False)
    engine = Engine("cpu", threads=1)
    engine.load(folder, {**CONFIG})
    request = ask(sampler="euler", negative_prompt="")

    ours = engine.run(request).image

    theirs = _call(_pipeline("StableDiffusionXLPipeline", folder), request, width=64, height=64)
    assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_a_refiner_ends_what_the_model_began(xl: Engine, base: Path, refiner: Path, ask: Ask) -> None:
    request = ask(sampler="euler", steps=5, refiner_start=0.6)

    ours = xl.run(request).image

    first, second = (
        _pipeline("StableDiffusionXLPipeline", base),
        _pipeline("StableDiffusionXLImg2ImgPipeline", refiner),
    )
    second.vae = first.vae
    begun = _call(first, request, width=64, height=64, denoising_end=0.6, output_type="latent")
    theirs = _call(second, request, image=begun[None], denoising_start=0.6)
    assert np.array_equal(np.asarray(ours), np.asarray(theirs))
    assert ours.tobytes() != xl.run(ask(sampler="euler", steps=5)).image.tobytes()


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_refiner_may_do_everything_or_nothing(
    xl: Engine, refiner_alone: Engine, ask: Ask, start: float
) -> None:
    request = ask(sampler="euler", refiner_start=start)
    family = xl._family
    assert family is not None

    latents = _walk(family, request)

    expected = refiner_alone if start == 0 else xl
    assert expected._family is not None
    assert torch.equal(latents, _walk(expected._family, ask(sampler="euler")))


def _walk(family: Any, request: EngineRequest) -> torch.Tensor:
    with torch.inference_mode():
        row = denoise.begin(family, request)
        while not row.done:
            denoise.advance(family, [row])
    return row.latents


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2m_karras"])
def test_a_refiner_goes_on_with_every_kind_of_sampler(xl: Engine, ask: Ask, sampler: str) -> None:
    result = xl.run(ask(sampler=sampler, steps=5, refiner_start=0.5))

    assert len(result.image.getcolors(64 * 64) or []) > 1


def test_pictures_with_their_refiner_and_without_share_a_batch(xl: Engine, ask: Ask) -> None:
    requests = [
        ask(sampler="euler", steps=4, refiner_start=0.5),
        ask(seed=9, negative_prompt="", prompt="a boat"),
        ask(cfg_scale=1.0, steps=2),
    ]
    alone = [np.asarray(xl.run(request).image, np.int16) for request in requests]
    batch = xl.open_batch()
    entries = [xl.join(batch, request) for request in requests]

    while batch.entries:
        xl.step(batch)

    for entry, expected in zip(entries, alone, strict=True):
        assert not isinstance(entry.outcome, Exception)
        assert entry.outcome is not None
        assert np.abs(np.asarray(entry.outcome.image, np.int16) - expected).max() <= 1


def test_a_model_without_a_refiner_says_so(refiner_alone: Engine, engine: Engine, ask: Ask) -> None:
    for each in (refiner_alone, engine):
        with pytest.raises(InvalidParameters, match="has no refiner"):
            each.run(ask(refiner_start=0.8))


def test_what_is_no_refiner_is_refused(base: Path, toy_f8: Path) -> None:
    with pytest.raises(ModelLoadFailed, match="refiner"):
        Engine("cpu", threads=1).load(base, CONFIG | {"refiner": str(toy_f8)})


def test_long_prompts_and_weights_reach_both_text_encoders(xl: Engine, ask: Ask) -> None:
    plain = xl.run(ask(steps=1)).image

    long = xl.run(ask(steps=1, prompt="a red house, " * 20)).image
    weighted = xl.run(ask(steps=1, prompt="a (red:1.4) house")).image
    skipped = xl.run(ask(steps=1, clip_skip=3)).image

    assert len({picture.tobytes() for picture in (plain, long, weighted, skipped)}) == 4


def test_the_size_of_the_picture_is_part_of_what_the_model_is_told(xl: Engine, ask: Ask) -> None:
    assert xl._family is not None

    positive, negative = xl._family.encode(ask(width=96, height=64))

    assert negative is not None
    assert positive["sizes"].tolist() == negative["sizes"].tolist() == [[64, 96, 0, 0, 64, 96]]


def test_an_inpainting_model_sees_the_mask_and_what_is_behind_it(tmp_path: Path, ask: Ask) -> None:
    engine = Engine("cpu", threads=1)
    engine.load(make_toy_sdxl(tmp_path / "inpainting", in_channels=9), CONFIG)
    family = engine._family
    assert isinstance(family, StableDiffusionXL)

    with torch.inference_mode():
        beside = family.beside(ask(), Image.new("RGB", (64, 64), "red"), torch.ones(1, 1, 8, 8))

    assert beside is not None
    assert beside.shape == (1, 5, 8, 8)
    assert engine.run(ask(steps=1)).image.size == (64, 64)


def test_an_autoencoder_that_overflows_in_half_precision_works_in_full() -> None:
    assert vae_dtype({"force_upcast": True}, torch.float16) == torch.float32
    assert vae_dtype({}, torch.float16) == torch.float32
    assert vae_dtype({"force_upcast": False}, torch.float16) == torch.float16
    assert vae_dtype({"force_upcast": True}, torch.bfloat16) == torch.bfloat16


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("unet", {"projection_class_embeddings_input_dim": 96}),
        ("unet", {"cross_attention_dim": 32}),
        ("text_encoder_2", {"projection_dim": 41}),
        ("unet", {"in_channels": 8}),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    base: Path, tmp_path: Path, part: str, change: dict[str, Any]
) -> None:
    broken = tmp_path / "broken"
    _copy(base, broken)
    config = broken / part / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))

    with pytest.raises(ModelLoadFailed):
        Engine("cpu", threads=1).load(broken, CONFIG)


def _copy(folder: Path, to: Path) -> None:
    for file in folder.rglob("*.*"):
        target = to / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
