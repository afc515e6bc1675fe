"""Stable Diffusion 3 and FLUX.1 as one file: weights and pictures as from the folder they were written from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.toy_flow import CONFIG, make_toy_flux, make_toy_sd3
from pingvas.engine.checkpoints.transformer_names import FLUX_NAMES, SD3_NAMES, Names
from pingvas.engine.checkpoints.transformer_weights import rename
from pingvas.engine.engine import Engine
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.requests import EngineRequest
from tests.make.flow_files import publisher_layout, write_flow_file
from tests.make.single_files import _read
from tests.same_pictures import assert_same_picture, assert_same_weights

Ask = Callable[..., EngineRequest]
EVERYTHING = ("vae", "text_encoder", "text_encoder_2", "text_encoder_3")


def load(path: Path, **config: Any) -> Engine:
    engine = Engine("cpu", threads=1)
    engine.load(path, CONFIG | config)
    return engine


def assert_same(one: Engine, other: Engine, request: EngineRequest) -> None:
    assert_same_weights(one._family, other._family)
    assert_same_picture(one.run(request).image, other.run(request).image)


def components(folder: Path, where: Path, parts: tuple[str, ...]) -> str:
    """What a file with `parts` needs beside it: the folder, without the weights that the file has."""
    shutil.copytree(folder, where / "components")
    for part in ("transformer", *parts):
        for weights in (where / "components" / part).glob("*.safetensors"):
            weights.unlink()
    return str(where / "components")


@pytest.fixture(scope="module")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_sd3(tmp_path_factory.mktemp("files") / "sd3")


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_flux(tmp_path_factory.mktemp("files") / "flux")


@pytest.mark.parametrize("parts", [(), EVERYTHING])
def test_a_stable_diffusion_3_file_draws_what_the_folder_draws(
    sd3: Path, tmp_path: Path, ask: Ask, parts: tuple[str, ...]
) -> None:
    file = write_flow_file(
        sd3, tmp_path / "toy.safetensors", SD3_NAMES, parts=parts, prefix="model.diffusion_model."
    )
    request = ask(sampler="euler", steps=2)

    opened = load(file, components=components(sd3, tmp_path, parts))

    assert_same(opened, load(sd3), request)


@pytest.mark.parametrize(("parts", "prefix"), [((), ""), (EVERYTHING, "model.diffusion_model.")])
def test_a_flux_file_draws_what_the_folder_draws(
    flux: Path, tmp_path: Path, ask: Ask, parts: tuple[str, ...], prefix: str
) -> None:
    file = write_flow_file(flux, tmp_path / "toy.safetensors", FLUX_NAMES, parts=parts, prefix=prefix)
    request = ask(sampler="euler", steps=2, cfg_scale=1.0)

    opened = load(file, components=components(flux, tmp_path, parts))

    assert_same(opened, load(flux), request)


def test_what_neither_the_file_nor_the_components_have_is_named(flux: Path, tmp_path: Path) -> None:
    file = write_flow_file(flux, tmp_path / "toy.safetensors", FLUX_NAMES, parts=())
    without_t5 = components(flux, tmp_path, ("text_encoder_2",))

    with pytest.raises(ModelLoadFailed, match="components"):
        Engine("cpu", threads=1).load(file, CONFIG)
    with pytest.raises(ModelLoadFailed, match="text_encoder_2"):
        Engine("cpu", threads=1).load(file, CONFIG | {"components": without_t5})


def test_weights_with_scales_of_their_own_are_refused(flux: Path, tmp_path: Path) -> None:
    file = write_flow_file(flux, tmp_path / "toy.safetensors", FLUX_NAMES, parts=())
    save_file({**load_file(file), "double_blocks.0.img_attn.qkv.scale_weight": torch.ones(1)}, file)

    with pytest.raises(ModelLoadFailed, match="scale_weight"):
        Engine("cpu", threads=1).load(file, CONFIG | {"components": str(flux)})


@pytest.mark.parametrize(("family", "names", "times"), [("sd3", SD3_NAMES, 1), ("flux", FLUX_NAMES, 96)])
def test_weights_get_the_names_that_diffusers_gives_them(
    request: pytest.FixtureRequest, family: str, names: Names, times: int
) -> None:
    from diffusers.loaders import single_file_utils

    convert: Any = getattr(single_file_utils, f"convert_{family}_transformer_checkpoint_to_diffusers")
    laid_out = publisher_layout(_read(request.getfixturevalue(family) / "transformer"), names)
    # Theirs knows FLUX.1 in its published width only, so columns are left out and rows multiplied.
    told_apart = {
        name: torch.arange(len(value) * times) + number * 10**6
        for number, (name, value) in enumerate(laid_out.items())
    }
    if "context_embedder.weight" in laid_out:
        told_apart["context_embedder.weight"] = told_apart["context_embedder.weight"][:, None]

    ours = rename(told_apart, names, 32 * times)

    theirs = convert(dict(told_apart))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
