"""Checkpoints that are one file: weights and pictures as from the folder they were written from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.toy_models import CONFIG, make_toy_model
from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl
from pingvas.engine.checkpoints import architectures, clip_vocabulary
from pingvas.engine.checkpoints.clip_vocabulary import make_tokenizer
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.engine import Engine
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.families.stable_diffusion import StableDiffusion
from pingvas.engine.loading.single_file import open_vae_file
from pingvas.engine.loading.single_file_parts import SingleFile, read_tensors
from pingvas.engine.requests import EngineRequest
from tests.make.single_files import write_single_file
from tests.same_pictures import assert_same_picture, assert_same_weights

Ask = Callable[..., EngineRequest]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def sd1(folder: Path) -> Path:
    """A file beside `parts`, the folder it was written from."""
    return write_single_file(make_toy_model(folder / "parts"), folder / "toy.safetensors", family="sd1")


def _load(path: Path, **config: Any) -> Engine:
    engine = Engine("cpu", threads=1)
    engine.load(path, CONFIG | config)
    return engine


@pytest.mark.parametrize("family", ["sd1", "sd2", "sd2 inpainting", "sdxl", "refiner"])
def test_a_file_draws_what_the_folder_draws(tmp_path: Path, ask: Ask, family: str) -> None:
    make: dict[str, Callable[[Path], Path]] = {
        "sd1": lambda folder: make_toy_model(folder),
        "sd2": lambda folder: make_toy_model(folder, second=True, prediction_type="v_prediction"),
        "sd2 inpainting": lambda folder: make_toy_model(folder, second=True, inpainting=True),
        "sdxl": lambda folder: make_toy_sdxl(folder),
        "refiner": lambda folder: make_toy_refiner(folder),
    }
    parts = make[family](tmp_path / "parts")
    file = write_single_file(parts, tmp_path / "toy.safetensors", family=family.split()[0])
    request = ask(negative_prompt="", prompt="a red house!", steps=2)

    opened, wanted = _load(file, components="parts"), _load(parts)

    assert_same_weights(opened._family, wanted._family)
    assert_same_picture(opened.run(request).image, wanted.run(request).image)


def test_weights_of_the_right_type_are_used_where_they_lie(sd1: Path) -> None:
    tensors = read_tensors(sd1)
    file = SingleFile(sd1, detect(sd1), tensors, None, {}, torch.device("cpu"), torch.float32)
    mapped = tensors["first_stage_model.decoder.conv_in.bias"]

    norm = file.fill("norm", lambda: torch.nn.LayerNorm(8), {"weight": mapped, "bias": mapped.half()})

    assert norm.weight.data_ptr() == mapped.data_ptr()
    assert norm.bias.dtype == torch.float32
    assert not norm.weight.requires_grad


def test_half_precision_is_computed_in_full_on_a_cpu(sd1: Path, tmp_path: Path, ask: Ask) -> None:
    halved = {name: value.half() for name, value in load_file(sd1).items()}
    save_file(halved, tmp_path / "half.safetensors")

    engine = _load(tmp_path / "half.safetensors", components=str(sd1.parent / "parts"))

    assert engine._family is not None
    assert {part.dtype for part in engine._family.parts()} == {torch.float32}
    assert engine.run(ask(steps=1)).image.size == (64, 64)


def test_a_part_that_the_file_lacks_comes_from_the_components(sd1: Path, tmp_path: Path) -> None:
    whole = load_file(sd1)
    lacking = {name: value for name, value in whole.items() if not name.startswith(("first", "cond"))}
    save_file(lacking, tmp_path / "unet-only.safetensors")

    engine = _load(tmp_path / "unet-only.safetensors", components=str(sd1.parent / "parts"))

    assert engine._family is not None
    decoder = engine._family.vae.decoder
    assert torch.equal(decoder.conv_in.weight, whole["first_stage_model.decoder.conv_in.weight"])


@pytest.mark.parametrize("layout", ["first publishers'", "diffusers'"])
def test_an_autoencoder_alone_is_built_like_the_one_it_replaces(
    sd1: Path, tmp_path: Path, layout: str
) -> None:
    own = sd1.parent / "parts" / "vae"
    config = json.loads((own / "config.json").read_text())
    file = own / "diffusion_pytorch_model.safetensors"
    if layout != "diffusers'":
        bare = {
            name.removeprefix("first_stage_model."): value
            for name, value in load_file(sd1).items()
            if name.startswith("first_stage_model.")
        }
        file = tmp_path / "vae.safetensors"
        save_file(bare, file)

    vae = open_vae_file(file, config, torch.device("cpu"), torch.float32)

    for name, value in load_file(own / "diffusion_pytorch_model.safetensors").items():
        assert torch.equal(vae.state_dict()[name], value)
    assert vae.config.scaling_factor == config["scaling_factor"]


def test_what_a_model_predicts_is_said_by_the_catalog_or_the_file(
    sd1: Path, tmp_path: Path, ask: Ask
) -> None:
    says_so = tmp_path / "v.safetensors"
    save_file(load_file(sd1) | {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}, says_so)
    components = str(sd1.parent / "parts")

    told = _load(sd1, components=components, prediction_type="v_prediction")
    read = _load(says_so, components=components)

    assert told._family is not None
    assert read._family is not None
    assert told._family.scheduler_config["prediction_type"] == "v_prediction"
    assert read._family.scheduler_config["prediction_type"] == "v_prediction"
    assert read._family.scheduler_config["rescale_betas_zero_snr"] is True
    assert read.run(ask(steps=1)).image.size == (64, 64)


def test_a_folder_with_one_file_is_that_file(sd1: Path, tmp_path: Path) -> None:
    shutil.copy(sd1, tmp_path / "model.safetensors")

    engine = _load(tmp_path, components=str(sd1.parent / "parts"))

    assert engine._family is not None
    assert isinstance(engine._family, StableDiffusion)


def _cut_off(file: Path, _: dict[str, torch.Tensor]) -> None:
    file.write_bytes(file.read_bytes()[:-4096])


def _write_noise(file: Path, _: dict[str, torch.Tensor]) -> None:
    file.write_bytes(b"\xff" * 4096)


def _lose_a_weight(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    del tensors["model.diffusion_model.middle_block.1.proj_in.weight"]
    save_file(tensors, file)


def _change_a_shape(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    tensors["first_stage_model.decoder.conv_in.bias"] = torch.zeros(3)
    save_file(tensors, file)


def _lose_the_text_encoder(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    save_file({k: v for k, v in tensors.items() if not k.startswith("cond_stage")}, file)


def _be_a_part(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    save_file({k: v for k, v in tensors.items() if k.startswith("first_stage")}, file)


def _have_strange_numbers_in_names(file: Path, tensors: dict[str, torch.Tensor]) -> None:
    tensors["model.diffusion_model.input_blocks.99999.0.op.weight"] = torch.zeros(1)
    tensors["model.diffusion_model.input_blocks.0.0.weight"] = torch.zeros(1)
    save_file(tensors, file)


@pytest.mark.parametrize(
    "damage",
    [
        _cut_off,
        _write_noise,
        _lose_a_weight,
        _change_a_shape,
        _lose_the_text_encoder,
        _be_a_part,
        _have_strange_numbers_in_names,
    ],
)
def test_a_damaged_file_is_refused_by_name(
    sd1: Path, tmp_path: Path, damage: Callable[[Path, dict[str, torch.Tensor]], None]
) -> None:
    # Tokenizers and configurations only: there are no weights to take instead.
    bare = tmp_path / "bare"
    shutil.copytree(sd1.parent / "parts", bare, ignore=shutil.ignore_patterns("*.safetensors"))
    broken = tmp_path / "broken.safetensors"
    shutil.copy(sd1, broken)
    damage(broken, {name: value.clone() for name, value in load_file(sd1).items()})

    with pytest.raises(ModelLoadFailed, match="broken"):
        _load(broken, components="bare")


def test_a_toy_is_not_built_as_the_published_models_are(sd1: Path) -> None:
    with pytest.raises(ModelLoadFailed, match=r"components|is not whole"):
        _load(sd1)


def test_components_that_are_not_there_are_named(sd1: Path) -> None:
    with pytest.raises(ModelLoadFailed, match="components of toy"):
        _load(sd1, components="nowhere")


def test_without_a_vocabulary_it_says_where_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_vocabulary, "PACKAGES", ("no_such_package",))
    clip_vocabulary._read_merges.cache_clear()

    with pytest.raises(ModelLoadFailed, match="pip install openai-clip"):
        make_tokenizer()


def test_our_tokenizer_counts_as_clip_does() -> None:
    tokenizer = make_tokenizer("!")

    ids = tokenizer("a photo of a cat, ASTRONAUT").input_ids

    assert ids == [49406, 320, 1125, 539, 320, 2368, 267, 18376, 49407]
    assert (len(tokenizer), tokenizer.pad_token_id) == (49408, 0)


@pytest.mark.parametrize(
    ("architecture", "part", "weights"),
    [
        (architectures.SD1, "unet", 859_520_964),
        (architectures.SD1, "vae", 83_653_863),
        (architectures.SD1, "text_encoder", 123_060_480),
        (architectures.SD2, "unet", 865_910_724),
        (architectures.SD2, "text_encoder", 340_387_840),
        (architectures.SDXL, "unet", 2_567_463_684),
        (architectures.SDXL, "text_encoder_2", 694_659_840),
        (architectures.SDXL_REFINER, "unet", 2_259_526_660),
    ],
)
def test_the_architectures_have_as_many_weights_as_those_published(
    architecture: architectures.Architecture, part: str, weights: int
) -> None:
    import diffusers
    import transformers
    from accelerate import init_empty_weights

    texts: dict[str, Any] = {
        "text_encoder": transformers.CLIPTextModel,
        "text_encoder_2": transformers.CLIPTextModelWithProjection,
    }
    config = json.loads(json.dumps(architecture[part]))
    with init_empty_weights():
        if part == "unet":
            built: Any = diffusers.UNet2DConditionModel.from_config(config)
        elif part == "vae":
            built = diffusers.AutoencoderKL.from_config(config)
        else:
            built = texts[part](transformers.CLIPTextConfig.from_dict(config))

    assert sum(weight.numel() for weight in built.parameters()) == weights
