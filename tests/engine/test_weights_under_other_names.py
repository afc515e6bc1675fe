"""The same weights under the names that people's files have: `.sft`, layouts of 2022, variants, shards, plain 8 bits."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.toy_models import CONFIG, make_toy_model, toy_vae
from pingvas.catalog.contents import list_files
from pingvas.catalog.describe import where_weights_are
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.engine import Engine
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.images.upscale import open_upscaler
from pingvas.engine.loading.autoencoders import open_vae
from pingvas.engine.loading.load import open_model, size_of
from pingvas.engine.loading.model_library import Library
from pingvas.engine.memory.model_cache import ModelCache
from pingvas.engine.requests import ControlUse, EngineRequest, Setup
from tests.make.single_files import write_single_file
from tests.make.toy_controls import make_toy_control
from tests.make.toy_upscalers import make_esrgan

CPU = torch.device("cpu")
Pixels = npt.NDArray[np.uint8]
Ask = Callable[..., EngineRequest]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("names")


@pytest.fixture(scope="module")
def sd1(room: Path) -> Path:
    return make_toy_model(room / "sd1")


@pytest.fixture(scope="module")
def bright(room: Path) -> Path:
    """A VAE that is not the model's own, in a folder."""
    torch.manual_seed(9)
    toy_vae().save_pretrained(room / "bright")
    return room / "bright"


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    (file,) = folder.glob("*.safetensors")
    return {name: value.clone() for name, value in load_file(file).items()}


def draw(setup: Setup, request: EngineRequest) -> Pixels:
    engine = Engine("cpu", threads=1)
    engine.prepare(setup)
    return np.asarray(engine.run(request).image)


def in_the_names_of_2022(name: str) -> str:
    for now, then in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        name = name.replace(f".attentions.0.{now}.", f".attentions.0.{then}.")
    return name


def same(one: Any, other: Any) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("prefix", ["", "first_stage_model.", "vae."])
def test_a_vae_in_the_names_of_2022_is_the_vae_of_the_same_weights(
    sd1: Path, bright: Path, tmp_path: Path, ask: Ask, prefix: str
) -> None:
    # given
    named = {prefix + in_the_names_of_2022(name): value for name, value in weights_in(bright).items()}
    # Linear layers were convolutions over single pixels then.
    for name in [name for name in named if name.endswith(("query.weight", "proj_attn.weight"))]:
        named[name] = named[name][:, :, None, None]
    assert any(".proj_attn." in name for name in named)
    file = tmp_path / "vae.safetensors"
    save_file(named, file)

    # when
    drawn = draw(Setup(sd1, CONFIG, vae=file), ask())

    # then
    assert detect(file).kind == "vae"
    assert np.array_equal(drawn, draw(Setup(sd1, CONFIG, vae=bright), ask()))


def test_a_checkpoint_may_hold_its_vae_in_diffusers_layout(sd1: Path, tmp_path: Path) -> None:
    # given
    file = write_single_file(sd1, tmp_path / "model.safetensors", family="sd1")
    whole = {name: value.clone() for name, value in load_file(file).items() if not name.startswith("first")}
    vae = {
        f"first_stage_model.{in_the_names_of_2022(name)}": value
        for name, value in weights_in(sd1 / "vae").items()
    }
    save_file(whole | vae, file)

    # when
    family = open_model(file, CPU, {"components": str(sd1)})

    # then
    assert same(family.vae, open_model(sd1, CPU).vae)


def test_a_folder_in_the_names_of_2022_is_opened(sd1: Path, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    shutil.copytree(sd1, folder)
    (file,) = (folder / "vae").glob("*.safetensors")
    save_file({in_the_names_of_2022(name): value for name, value in weights_in(folder / "vae").items()}, file)

    assert same(open_model(folder, CPU).vae, open_model(sd1, CPU).vae)


# `.sft` is a name that safetensors files are published under.


def as_sft(folder: Path) -> Path:
    for file in folder.rglob("*.safetensors"):
        file.rename(file.with_suffix(".sft"))
    return folder


def test_every_kind_of_model_is_opened_under_the_shorter_name(
    sd1: Path, bright: Path, tmp_path: Path, ask: Ask
) -> None:
    # given
    folder = as_sft(Path(shutil.copytree(sd1, tmp_path / "folder")))
    vae = as_sft(Path(shutil.copytree(bright, tmp_path / "vae")))
    file = tmp_path / "model.sft"
    write_single_file(sd1, tmp_path / "model.safetensors", family="sd1").rename(file)
    alone = tmp_path / "ae.sft"
    shutil.copy(next(bright.glob("*.safetensors")), alone)
    control = as_sft(make_toy_control(sd1, tmp_path / "control"))

    # then
    assert same(open_model(folder, CPU).network, open_model(sd1, CPU).network)
    assert same(open_model(file, CPU, {"components": str(folder)}).vae, open_model(sd1, CPU).vae)
    family = open_model(sd1, CPU)
    family.own_vae = family.vae
    assert same(open_vae(vae, family), open_vae(bright, family))
    assert same(open_vae(alone, family), open_vae(bright, family))
    larger = make_esrgan(tmp_path / "grow.safetensors").rename(tmp_path / "grow.sft")
    assert open_upscaler(larger, CPU).scale == 4
    from PIL import Image

    use = ControlUse(control, Image.new("RGB", (64, 64), (9, 99, 9)))
    assert draw(Setup(folder, CONFIG), ask(controls=(use,))).shape == (64, 64, 3)
    # The catalog counts and finds them too.
    assert size_of(folder) == size_of(sd1)
    assert {path.suffix for path in list_files(alone)} == {".sft"}


def test_a_folder_with_one_file_may_have_it_under_the_shorter_name(tmp_path: Path) -> None:
    (tmp_path / "grow").mkdir()
    file = make_esrgan(tmp_path / "grow.safetensors").rename(tmp_path / "grow" / "grow.sft")
    # What macOS leaves beside each file on other people's disks.
    (tmp_path / "grow" / "._grow.sft").write_bytes(b"\0\x05\x16\x07")

    found = detect(tmp_path / "grow")

    assert where_weights_are(tmp_path / "grow", found) == file
    library = Library(CPU, ModelCache(CPU, device_bytes=0, memory_bytes=0))
    assert library.upscaler(tmp_path / "grow").scale == 4


# Variants and shards.


def renamed(part: str, pattern: str, name: str) -> Callable[[Path], None]:
    def rename(folder: Path) -> None:
        for file in (folder / part).glob("*.safetensors"):
            file.rename(file.with_name(re.sub(pattern, name, file.name)))

    return rename


def half_precision_beside(folder: Path) -> None:
    for file in list(folder.rglob("*.safetensors")):
        halved = {name: value.half() for name, value in load_file(file).items()}
        save_file(halved, file.with_suffix(".fp16.safetensors"))


def in_shards(folder: Path) -> None:
    weights = weights_in(folder / "unet")
    for file in (folder / "unet").glob("*.safetensors"):
        file.unlink()
    names = sorted(weights)
    for number in (0, 1):
        shard = folder / "unet" / f"diffusion_pytorch_model-0000{number + 1}-of-00002.safetensors"
        save_file({name: weights[name] for name in names[number::2]}, shard)


def a_whole_checkpoint_beside(folder: Path) -> None:
    save_file({"first_stage_model.x": torch.ones(1)}, folder / "vae" / "sdxl_vae.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        half_precision_beside,
        in_shards,
        a_whole_checkpoint_beside,
        renamed("vae", "diffusion_pytorch_model", "my_vae"),
        renamed("unet", r"\.safetensors", ".fp16.safetensors"),
        renamed("text_encoder", "model", "pytorch_model"),
    ],
)
def test_weights_are_found_whatever_a_folder_calls_them(
    sd1: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(sd1, folder)
    change(folder)

    found, plain = open_model(folder, CPU), open_model(sd1, CPU)

    assert detect(folder).refusal is None
    for ours, theirs in zip(
        (found.network, found.vae, *found.text_encoders),
        (plain.network, plain.vae, *plain.text_encoders),
        strict=True,
    ):
        assert same(ours, theirs)


def test_a_shard_that_is_missing_is_named(sd1: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(sd1, folder)
    in_shards(folder)
    (folder / "unet" / "diffusion_pytorch_model-00002-of-00002.safetensors").unlink()

    with pytest.raises(ModelLoadFailed, match="unet/diffusion_pytorch_model-00002-of-00002"):
        detect(folder)


def test_weights_under_two_names_that_nobody_knows_are_not_guessed_at(sd1: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(sd1, folder)
    (file,) = (folder / "vae").glob("*.safetensors")
    shutil.copy(file, file.with_name("one.safetensors"))
    file.rename(file.with_name("two.safetensors"))

    with pytest.raises(ModelLoadFailed, match="under 2 names"):
        detect(folder)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.bfloat16])
def test_plain_weights_of_few_bits_are_the_same_numbers_in_many(
    sd1: Path, tmp_path: Path, ask: Ask, dtype: torch.dtype
) -> None:
    # given: the U-Net in few bits without scales, and the same numbers in full
    few = tmp_path / "few.safetensors"
    file = write_single_file(sd1, tmp_path / "full.safetensors", family="sd1")
    tensors = {name: value.clone() for name, value in load_file(file).items()}
    rounded = {
        name: value.to(dtype) if name.startswith("model.") else value for name, value in tensors.items()
    }
    save_file(rounded, few)
    save_file({name: value.float() for name, value in rounded.items()}, file)
    config = CONFIG | {"components": str(sd1)}

    # then
    assert np.array_equal(draw(Setup(few, config), ask()), draw(Setup(file, config), ask()))
