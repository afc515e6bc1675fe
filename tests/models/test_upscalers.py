"""The upscalers that ship: better than bicubic on drawings they never saw, no seams between tiles, read by spandrel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe.upscaler import (
    Compact,
    as_floats,
    gains,
    load_upscaler,
    new_upscaler,
    spoil,
    unseen_pairs,
    upscale,
)
from pingvas.engine.images.upscale import open_upscaler

MODELS = Path(__file__).parents[2] / "models"
UNSEEN = 11_000_000


def folder_of(scale: int) -> Path:
    return MODELS / f"pingvas-upscale-x{scale}"


@pytest.fixture(scope="module", params=[2, 4])
def network(request: pytest.FixtureRequest) -> Compact:
    return load_upscaler(folder_of(request.param) / "model.safetensors")


def test_it_beats_bicubic_by_a_decibel_on_drawings_it_never_saw(network: Compact) -> None:
    pairs = unseen_pairs(network.scale, 6, UNSEEN)
    mine, bicubic = gains(network, pairs)
    assert np.mean(np.subtract(mine, bicubic)) >= 1
    assert all(a > b for a, b in zip(mine, bicubic, strict=True))


def test_tiles_leave_no_seams(network: Compact) -> None:
    small, _ = unseen_pairs(2, 1, UNSEEN)[0]
    assert network.reach <= 16
    whole, tiled = upscale(network, small), upscale(network, small, tile=48, overlap=16)
    assert int(np.abs(whole.astype(int) - tiled.astype(int)).max()) <= 1


def test_spandrel_reads_the_same_network_from_the_file(network: Compact) -> None:
    small, _ = unseen_pairs(4, 1, UNSEEN)[0]
    opened = open_upscaler(folder_of(network.scale) / "model.safetensors", torch.device("cpu"))
    assert (opened.scale, opened.channels) == (network.scale, 3)
    assert opened.architecture == "Compact"
    with torch.no_grad():
        wanted = network(as_floats(small[None])).clamp(0, 1)
        made = opened.network(as_floats(small[None]))
    assert float((made - wanted).abs().max()) < 1e-4


def test_the_description_says_what_the_file_is(network: Compact) -> None:
    folder = folder_of(network.scale)
    about = json.loads((folder / "studio.json").read_text())
    assert about["name"] == folder.name
    assert (about["family"], about["model_type"], about["scale"]) == ("upscaler", "checkpoint", network.scale)


def test_both_files_together_stay_below_5_megabytes() -> None:
    sizes = [(folder_of(scale) / "model.safetensors").stat().st_size for scale in (2, 4)]
    assert sum(sizes) <= 5_000_000


def test_another_scale_is_refused_with_the_scales_there_are() -> None:
    with pytest.raises(ValueError, match=r"scale is 3, wanted one of \[2, 4\]"):
        new_upscaler(3)


def test_spoiled_pictures_are_smaller_by_the_scale_and_stay_in_range() -> None:
    torch.manual_seed(0)
    large = torch.rand(6, 3, 64, 64)
    small = spoil(large, 4, np.random.default_rng(0))
    assert small.shape == (6, 3, 16, 16)
    assert float(small.min()) >= 0
    assert float(small.max()) <= 1
