"""Stable Diffusion 1 and 2: the same pixels as the pipelines of diffusers; prompts of any length; folders of any make."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.toy_models import CONFIG, make_toy_model
from pingvas.engine.checkpoints.weight_files import find_weights
from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed
from pingvas.engine.requests import EngineRequest

Ask = Callable[..., EngineRequest]


@pytest.fixture(scope="module")
def sd2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as Stable Diffusion 2 is, with velocities predicted."""
    return make_toy_model(tmp_path_factory.mktemp("sd2") / "toy", second=True, prediction_type="v_prediction")


@pytest.fixture(scope="module")
def second(sd2: Path) -> Engine:
    engine = Engine("cpu", threads=1)
    engine.load(sd2, CONFIG)
    return engine


@pytest.mark.parametrize("negative", ["rain", ""])
def test_stable_diffusion_2_draws_what_the_pipeline_of_diffusers_draws(
    second: Engine, sd2: Path, ask: Ask, negative: str
) -> None:
    import diffusers

    pipeline: Any = diffusers.StableDiffusionPipeline.from_pretrained(
        sd2, dtype=torch.float32, safety_checker=None
    )
    pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    request = ask(sampler="euler", prompt="a red house!", negative_prompt=negative)

    ours = second.run(request).image

    theirs = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        width=64,
        height=64,
        num_inference_steps=request.steps,
        guidance_scale=request.cfg_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]
    assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_a_prompt_and_its_negative_are_of_one_length(engine: Engine, ask: Ask) -> None:
    assert engine._family is not None

    positive, negative = engine._family.encode(ask(prompt="a red house, " * 30, negative_prompt="rain"))

    assert negative is not None
    assert positive["text"].shape == negative["text"].shape
    assert positive["text"].shape[1] > 77


def test_the_end_of_a_long_prompt_counts(engine: Engine, ask: Ask) -> None:
    long = "a red house, " * 30

    first = engine.run(ask(steps=1, prompt=long + "by day")).image
    second = engine.run(ask(steps=1, prompt=long + "by night")).image

    assert first.tobytes() != second.tobytes()


def test_prompts_of_different_lengths_share_a_batch(engine: Engine, ask: Ask) -> None:
    requests = [ask(prompt="a red house, " * 30), ask(), ask(negative_prompt="fog, " * 50)]
    alone = [np.asarray(engine.run(request).image, np.int16) for request in requests]
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]

    while batch.entries:
        engine.step(batch)

    for entry, expected in zip(entries, alone, strict=True):
        assert entry.outcome is not None
        assert not isinstance(entry.outcome, Exception)
        assert np.abs(np.asarray(entry.outcome.image, np.int16) - expected).max() <= 1


def test_skipping_a_layer_changes_the_picture(second: Engine, ask: Ask) -> None:
    pictures = {second.run(ask(steps=1, clip_skip=number)).image.tobytes() for number in (1, 2)}

    assert len(pictures) == 2


def test_more_layers_than_there_are_cannot_be_skipped(engine: Engine, ask: Ask) -> None:
    with pytest.raises(InvalidParameters, match="clip_skip"):
        engine.run(ask(clip_skip=3))


def test_a_folder_of_half_precision_variants_in_shards_is_opened(toy_f8: Path, tmp_path: Path) -> None:
    import diffusers

    folder = tmp_path / "halves"
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(toy_f8, dtype=torch.float16)
    pipeline.save_pretrained(folder, variant="fp16", max_shard_size="100KB")
    engine = Engine("cpu", threads=1)

    engine.load(folder, CONFIG)

    assert len(list((folder / "unet").glob("*.fp16-0*.safetensors"))) > 1
    assert engine._family is not None
    assert {part.dtype for part in engine._family.parts()} == {torch.float32}


def test_a_shard_that_is_missing_is_a_damaged_model(toy_f8: Path, tmp_path: Path) -> None:
    import diffusers

    folder = tmp_path / "broken"
    unet: Any = diffusers.UNet2DConditionModel.from_pretrained(toy_f8 / "unet")
    shutil.copytree(toy_f8, folder, ignore=shutil.ignore_patterns("diffusion_pytorch_model*"))
    shutil.copytree(toy_f8 / "vae", folder / "vae", dirs_exist_ok=True)
    unet.save_pretrained(folder / "unet", max_shard_size="100KB")
    next((folder / "unet").glob("*-00002-of-*.safetensors")).unlink()

    with pytest.raises(ModelLoadFailed, match="broken"):
        Engine("cpu", threads=1).load(folder, CONFIG)


@pytest.mark.parametrize(
    ("names", "dtype", "variant"),
    [
        (["model.safetensors", "model.fp16.safetensors"], torch.float32, None),
        (["model.safetensors", "model.fp16.safetensors"], torch.float16, "fp16"),
        (["model.fp16.safetensors", "model.non_ema.safetensors"], torch.float32, "fp16"),
        (["model.non_ema.safetensors"], torch.bfloat16, "non_ema"),
        (["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], torch.float16, None),
        (["model.fp16-00001-of-00001.safetensors"], torch.float32, "fp16"),
        (["model-00001-of-00001.fp16.safetensors"], torch.float32, "fp16"),
        (["model.fp16.sft", "model.sft"], torch.float32, None),
        (["model.safetensors", "sdxl_vae.safetensors"], torch.float32, None),
    ],
)
def test_the_set_of_weights_that_fits_is_read(
    tmp_path: Path, names: list[str], dtype: torch.dtype, variant: str | None
) -> None:
    for name in names:
        (tmp_path / name).touch()

    found = find_weights(tmp_path, half=dtype == torch.float16)

    assert found.variant == variant
    assert {file.name for file in found.files} <= set(names)


def test_an_inpainting_model_draws_from_text_too(tmp_path: Path, ask: Ask) -> None:
    engine = Engine("cpu", threads=1)
    engine.load(make_toy_model(tmp_path / "inpainting", inpainting=True), CONFIG)

    assert engine.run(ask(steps=1)).image.size == (64, 64)
