"""The model that ships: it loads offline like any diffusers model, is small, and draws what is asked."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoPipelineForText2Image

from models.recipe.diffusion import StableDiffusionPipeline
from models.recipe.judge import generate, spread
from models.recipe.reader import load_reader, read, time_by_sky
from pingvas.engine.samplers import SAMPLERS

FOLDER = Path(__file__).parents[2] / "models" / "pingvas-mini"


@pytest.fixture(scope="module")
def pipe() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        loaded = StableDiffusionPipeline.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def test_the_folder_is_at_most_25_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 25_000_000


def test_the_weights_are_safetensors_only() -> None:
    assert not [p for p in FOLDER.rglob("*") if p.suffix in {".bin", ".pt", ".ckpt", ".pkl"}]


def test_the_description_says_what_the_studio_needs() -> None:
    about = json.loads((FOLDER / "studio.json").read_text())
    assert about["name"] == "pingvas-mini"
    assert about["family"] == "sd1"
    assert about["base"] == "pingvas-mini"
    assert about["defaults"]["sampler"] in SAMPLERS
    assert 0 < about["cost"]["seconds_per_megapixel_step"] < 5
    channels = json.loads((FOLDER / "vae" / "config.json").read_text())["latent_channels"]
    assert np.shape(about["latent_rgb"]["weights"]) == (channels, 3)
    assert np.shape(about["latent_rgb"]["bias"]) == (3,)
    assert about["defaults"]["width"] == about["defaults"]["height"] == 256


def test_the_automatic_pipeline_finds_the_right_class() -> None:
    automatic: Any = AutoPipelineForText2Image
    loaded = automatic.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)
    assert isinstance(loaded, StableDiffusionPipeline)
    assert next(loaded.text_encoder.parameters()).dtype == torch.float32


def test_sunset_and_night_come_out_as_asked(pipe: Any) -> None:
    prompts = ["a red house at sunset", "the sea at night, moon"]
    cfg = json.loads((FOLDER / "studio.json").read_text())["defaults"]["cfg_scale"]
    pictures = generate(pipe, prompts, cfg, steps=8)
    assert [time_by_sky(picture) for picture in pictures] == ["sunset", "night"]
    shown = read(load_reader(), pictures)
    assert [found["time"] for found in shown] == ["sunset", "night"]
    assert shown[1]["place"] == "sea"


def test_number_weather_and_style_come_out_as_asked(pipe: Any) -> None:
    prompts = [
        "three white sailboats on the sea at sunrise",
        "a rainbow over green hills in the morning",
        "black and white city skyline at night with stars",
        "비 오는 도시의 빨간 자동차",
    ]
    shown = read(load_reader(), generate(pipe, prompts, cfg=2.0, steps=12))
    assert (shown[0]["thing"], shown[0]["number"]) == ("boat", "three")
    assert (shown[1]["rainbow"], shown[1]["place"]) == ("yes", "hills")
    assert (shown[2]["style"], shown[2]["place"]) == ("monochrome", "city")
    assert (shown[3]["weather"], shown[3]["place"]) == ("rain", "city")


def test_other_seeds_give_other_pictures(pipe: Any) -> None:
    pictures = generate(pipe, ["a red house"] * 4, cfg=2.0, steps=4)
    assert spread(pictures)[1] > 0.02


def test_the_same_seed_gives_the_same_picture(pipe: Any) -> None:
    one, two = (generate(pipe, ["mountains at dawn"], 3.0, steps=2) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(("width", "height"), [(128, 128), (384, 256)])
def test_other_sizes_in_steps_of_16_work(pipe: Any, width: int, height: int) -> None:
    found = pipe(
        "a boat",
        num_inference_steps=2,
        width=width,
        height=height,
        generator=torch.Generator().manual_seed(1),
    )
    assert found.images[0].size == (width, height)
