"""Opening model folders, good and bad."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.toy_models import CONFIG
from pingvas.engine.engine import Engine
from pingvas.engine.errors import ModelLoadFailed, ModelNotFound
from pingvas.engine.requests import Setup


def test_a_folder_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        Engine("cpu", threads=1).load(tmp_path / "nothing", CONFIG)


def _replace_weights_by_a_pickle(model: Path) -> None:
    (model / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    (model / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps({"weight": 1}))


def _truncate_weights(model: Path) -> None:
    weights = model / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


def _write_noise(model: Path) -> None:
    (model / "text_encoder" / "model.safetensors").write_bytes(b"\xff" * 4096)


def _forget_the_weights(model: Path) -> None:
    (model / "unet" / "diffusion_pytorch_model.safetensors").unlink()


def _be_of_another_family(model: Path) -> None:
    (model / "model_index.json").write_text(json.dumps({"_class_name": "SomethingElsePipeline"}))


def _break_the_index(model: Path) -> None:
    (model / "model_index.json").write_text("{")


def _lose_the_tokenizer(model: Path) -> None:
    shutil.rmtree(model / "tokenizer")


def _lose_the_scheduler(model: Path) -> None:
    shutil.rmtree(model / "scheduler")


@pytest.mark.parametrize(
    "damage",
    [
        _replace_weights_by_a_pickle,
        _truncate_weights,
        _write_noise,
        _forget_the_weights,
        _be_of_another_family,
        _break_the_index,
        _lose_the_tokenizer,
        _lose_the_scheduler,
    ],
)
def test_a_damaged_model_is_refused_and_the_engine_goes_on(
    toy_f8: Path, tmp_path: Path, ask: Any, damage: Callable[[Path], None]
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(toy_f8, broken)
    damage(broken)
    engine = Engine("cpu", threads=1)

    with pytest.raises(ModelLoadFailed, match="broken"):
        engine.load(broken, CONFIG)

    assert not engine.has(Setup(broken))
    engine.load(toy_f8, CONFIG)
    assert engine.run(ask(steps=1)).image.size == (64, 64)


@pytest.mark.parametrize(
    "projection",
    [
        {},
        {"weights": [[1, 2]], "bias": [0]},
        {"weights": "red", "bias": []},
        {"weights": [[1, 1, 1]] * 8, "bias": [0] * 3},
    ],
)
def test_a_preview_matrix_that_does_not_fit_is_refused(toy_f8: Path, projection: Any) -> None:
    engine = Engine("cpu", threads=1)

    with pytest.raises(ModelLoadFailed, match="latent_rgb"):
        engine.load(toy_f8, {"latent_rgb": projection})

    assert engine.setup is None


def test_a_half_precision_folder_is_computed_in_full_on_a_cpu(toy_f8: Path, tmp_path: Path, ask: Any) -> None:
    from diffusers import StableDiffusionPipeline

    halved = tmp_path / "halved"
    StableDiffusionPipeline.from_pretrained(toy_f8, dtype=torch.float16).save_pretrained(halved)
    engine = Engine("cpu", threads=1)

    engine.load(halved, CONFIG)

    family = engine._family
    assert family is not None
    assert {part.dtype for part in family.parts()} == {torch.float32}


def test_loading_the_loaded_model_again_does_nothing(engine: Engine, toy_f8: Path) -> None:
    before = engine._family

    engine.load(str(toy_f8), CONFIG)

    assert engine._family is before


@pytest.mark.parametrize("name", ["cuda:99", "magic"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Engine(name)
