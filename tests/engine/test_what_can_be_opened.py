"""One judge for model files: what cannot be opened is refused by its header with the true reason, by the engine as well."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.toy_flow import make_toy_flux, make_toy_sd3
from harness.toy_models import make_toy_model
from harness.toy_sdxl import make_toy_sdxl
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.safetensors_header import read_header
from pingvas.engine.checkpoints.transformer_names import FLUX_NAMES, SD3_NAMES
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.images.upscale import open_upscaler
from pingvas.engine.loading.load import open_model
from pingvas.engine.loading.trial import try_opening
from tests.make.flow_files import write_flow_file
from tests.make.safetensors import COMPACT_X4, SD1_FILE, Shapes, file_of, write_safetensors
from tests.make.single_files import write_single_file
from tests.make.toy_upscalers import make_compact

UNET = "model.diffusion_model."
ENTRANCE = f"{UNET}input_blocks.0.0.weight"
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("opened")


@pytest.fixture(scope="module")
def sd1(room: Path) -> Path:
    return make_toy_model(room / "sd1")


@pytest.fixture(scope="module")
def sd1_file(sd1: Path, room: Path) -> Path:
    return write_single_file(sd1, room / "sd1.safetensors", family="sd1")


@pytest.fixture(scope="module")
def xl_file(room: Path) -> Path:
    return write_single_file(make_toy_sdxl(room / "xl"), room / "xl.safetensors", family="sdxl")


@pytest.fixture(scope="module")
def flux(room: Path) -> Path:
    return make_toy_flux(room / "flux")


@pytest.fixture(scope="module")
def flux_file(flux: Path, room: Path) -> Path:
    parts = ("vae", "text_encoder", "text_encoder_2")
    return write_flow_file(flux, room / "flux.safetensors", FLUX_NAMES, parts=parts, prefix=UNET)


def load_on(device: str, path: Path, **config: Any) -> Any:
    """The model opened for a worker, or for trial on the device `meta`."""
    if device == "meta":
        return try_opening(path, config)
    return open_model(path, torch.device(device), config)


# Files with the right keys that no job can use: what is changed, the base it is changed from, and the reason.

Change = Callable[[Tensors], Tensors]


def entrance_of(channels: int) -> Change:
    return lambda tensors: tensors | {ENTRANCE: torch.randn(tensors[ENTRANCE].shape[0], channels, 3, 3)}


def with_more(name: str, value: torch.Tensor | None = None) -> Change:
    return lambda tensors: tensors | {name: torch.ones(1) if value is None else value}


def without(*starts: str) -> Change:
    return lambda tensors: {name: each for name, each in tensors.items() if not name.startswith(starts)}


def packed(name: str) -> Change:
    return lambda tensors: tensors | {name: torch.zeros(4, 1, dtype=torch.uint8)}


FIRST = f"{UNET}input_blocks.0.0"
LAYER = f"{UNET}double_blocks.0.img_attn.qkv"
UNUSABLE: list[tuple[str, Change, str]] = [
    ("sd1_file", entrance_of(8), "InstructPix2Pix"),
    ("sd1_file", entrance_of(7), "diffusion upscaler"),
    ("sd1_file", entrance_of(5), "depth model"),
    ("sd1_file", entrance_of(6), "takes 6 channels"),
    ("xl_file", entrance_of(8), "InstructPix2Pix"),
    ("sd1_file", with_more(f"{UNET}label_emb.0.0.weight"), "unCLIP"),
    ("sd1_file", with_more(f"{UNET}time_embed.cond_proj.weight"), "LCM"),
    ("sd1_file", with_more(f"{UNET}input_blocks.1.1.time_stack.0.weight"), "video"),
    ("sd1_file", with_more(f"{FIRST}.scale_weight"), "scales of their own"),
    ("sd1_file", with_more("scaled_fp8"), "scales of their own"),
    ("xl_file", with_more(f"{FIRST}.weight_scale"), "scales of their own"),
    ("flux_file", with_more(f"{LAYER}.scale_weight"), "scales of their own"),
    ("flux_file", with_more(f"{LAYER}.comfy_quant", torch.zeros(9, dtype=torch.uint8)), "scales of their own"),
    ("flux_file", with_more("text_encoders.t5xxl.transformer.scaled_fp8"), "scales of their own"),
    ("flux_file", with_more(f"{LAYER}.weight.absmax"), "quantized weights"),
    ("flux_file", with_more(f"{LAYER}.weight.quant_state.bitsandbytes__nf4"), "quantized weights"),
    ("flux_file", packed(f"{LAYER}.weight"), "of type U8"),
    ("xl_file", packed(f"{FIRST}.weight"), "of type U8"),
    ("flux_file", with_more(f"{UNET}img_in.weight", torch.zeros(32, 384)), "takes 384 channels"),
    ("flux_file", with_more(f"{UNET}img_in.weight", torch.zeros(32, 128)), "follows a drawing"),
    ("flux_file", with_more(f"{UNET}distilled_guidance_layer.in_proj.bias"), "Chroma"),
    ("flux_file", with_more(f"{UNET}double_stream_modulation_img.lin.weight"), "FLUX.2"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "change", "reason"), UNUSABLE)
def test_what_no_job_can_use_is_refused_by_its_header_and_by_the_engine_for_one_reason(
    request: pytest.FixtureRequest, tmp_path: Path, base: str, change: Change, reason: str
) -> None:
    # given
    file = tmp_path / "model.safetensors"
    tensors = load_file(request.getfixturevalue(base))
    save_file({name: value.clone() for name, value in change(tensors).items()}, file)
    components = str(request.getfixturevalue(base).with_suffix(""))

    # when
    found = detect(file)

    # then
    assert found.refusal is not None
    assert reason in found.refusal
    for device in ("cpu", "meta"):
        with pytest.raises(ModelLoadFailed, match=f"model.safetensors .*{reason}"):
            load_on(device, file, components=components)


LACKING: list[tuple[str, Change, tuple[str, ...], str]] = [
    ("sd1_file", without("cond_stage_model."), ("text_encoder",), "without its text encoder"),
    ("sd1_file", without("first_stage_model."), ("vae",), "without its VAE"),
    ("xl_file", without("conditioner.embedders.1."), ("text_encoder_2",), "without its second text encoder"),
    ("xl_file", without("conditioner.embedders.0."), ("text_encoder",), "without its first text encoder"),
    ("xl_file", without("conditioner.", "first_stage_model."), ("text_encoder", "text_encoder_2", "vae"), "text encoders and VAE"),
    ("flux_file", without("nothing"), ("tokenizer_2",), "needs the tokenizer of T5"),
    ("flux_file", without("text_encoders.t5xxl."), ("text_encoder_2", "tokenizer_2"), "second text encoder"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "change", "missing", "reason"), LACKING)
def test_what_a_file_lacks_is_named_and_may_come_from_a_folder(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    base: str,
    change: Change,
    missing: tuple[str, ...],
    reason: str,
) -> None:
    # given
    file = tmp_path / "model.safetensors"
    tensors = load_file(request.getfixturevalue(base))
    save_file({name: value.clone() for name, value in change(tensors).items()}, file)
    components = request.getfixturevalue(base).with_suffix("")

    # when
    found = detect(file)

    # then
    assert (found.refusal, found.missing) == (None, missing)
    with pytest.raises(ModelLoadFailed, match=reason):
        load_on("meta", file)
    load_on("meta", file, components=str(components))
    load_on("cpu", file, components=str(components))


def test_stable_diffusion_3_needs_a_tokenizer_only_with_t5(tmp_path: Path) -> None:
    folder = make_toy_sd3(tmp_path / "sd3")
    clip = ("vae", "text_encoder", "text_encoder_2")

    without_t5 = detect(write_flow_file(folder, tmp_path / "a.safetensors", SD3_NAMES, parts=clip))
    with_t5 = detect(
        write_flow_file(folder, tmp_path / "b.safetensors", SD3_NAMES, parts=(*clip, "text_encoder_3"))
    )

    assert (without_t5.missing, with_t5.missing) == ((), ("tokenizer_3",))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda tensors: without(f"{UNET}middle_block.1.proj_in.weight")(tensors), "lacks 1 of"),
        (lambda tensors: without("first_stage_model.decoder.conv_out.")(tensors), "its VAE lacks 2 of"),
        (with_more("first_stage_model.decoder.conv_in.bias", torch.zeros(3)), "of shape"),
        (without("cond_stage_model.transformer.text_model.final_layer_norm."), "text_encoder lacks 2 of"),
    ],
)
def test_a_trial_finds_what_the_header_alone_does_not(
    sd1_file: Path, tmp_path: Path, change: Change, says: str
) -> None:
    file = tmp_path / "model.safetensors"
    save_file({name: value.clone() for name, value in change(load_file(sd1_file)).items()}, file)

    with pytest.raises(ModelLoadFailed, match=says):
        load_on("meta", file, components=str(sd1_file.with_suffix("")))


def test_a_trial_reads_no_weight(sd1_file: Path, tmp_path: Path) -> None:
    # given: a file whose header is true, and whose gigabytes are none
    shapes: Shapes = {name: facts.shape for name, facts in read_header(sd1_file).tensors.items()}
    file = write_safetensors(tmp_path / "model.safetensors", shapes)
    size = file.stat().st_size
    data = file.read_bytes()
    hole = len(data) - 8 - int.from_bytes(data[:8], "little")
    with file.open("r+b") as opened:
        opened.truncate(size - hole)
        opened.truncate(size)

    # when
    family = try_opening(file, {"components": str(sd1_file.with_suffix(""))})

    # then
    assert family == {}


def test_published_sizes_are_tried_within_the_memory_of_any_machine(tmp_path: Path) -> None:
    # given: SD 1 as published, 4 GB in float32, of which the file holds nothing but the header
    import diffusers
    import transformers

    from pingvas.engine.checkpoints import architectures

    models: Any = diffusers
    texts: Any = transformers
    with torch.device("meta"):
        vae = models.AutoencoderKL.from_config(dict(architectures.SD1["vae"])).state_dict()
        text = texts.CLIPTextModel(
            texts.CLIPTextConfig.from_dict(dict(architectures.SD1["text_encoder"]))
        ).state_dict()
    shapes: dict[str, Any] = dict(SD1_FILE) | {
        f"first_stage_model.{name}": tuple(value.shape) for name, value in vae.items()
    }
    shapes |= {
        f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}": tuple(value.shape)
        for name, value in text.items()
    }
    file = tmp_path / "model.safetensors"
    header, at = {}, 0
    for name, shape in shapes.items():
        end = at + 4 * int(torch.Size(shape).numel())
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, end]}
        at = end
    raw = file_of(header)
    with file.open("wb") as opened:
        opened.write(raw)
        opened.truncate(len(raw) + at)

    # when: parts are built as published; the U-Net in this file is only its first layers
    with pytest.raises(ModelLoadFailed, match=r"its U-Net lacks \d+ of 686 weights"):
        try_opening(file, {})


# Files that are no models, whatever they are called.


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"Invalid username or password.\n" * 9, "a text file"),
        (b'{"error": "gated repo"}', "a text file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"GGUF\x03\x00\x00\x00" + bytes(64), "GGUF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a picture"),
        (b"\x1f\x8b\x08\x00" + bytes(64), "a packed file"),
        (b"PK\x03\x04" + bytes(64), "a pickle"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"", "ends before its header"),
    ],
)
def test_what_is_no_model_is_said_to_be_what_it_is(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)

    with pytest.raises(ModelLoadFailed, match=f"model.safetensors .*{says}"):
        detect(file)


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"blocks.0.self_attn.norm_q.weight": (8,)}, "video model"),
        ({"transformer_blocks.0.img_mod.1.weight": (8, 8)}, "Qwen-Image"),
        ({"noise_refiner.0.attention.qkv.weight": (8, 8)}, "Lumina"),
        ({"ip_adapter.1.to_k_ip.weight": (8, 8)}, "IP-Adapter"),
        ({"emb_params": (4, 768)}, "textual inversion"),
        ({"input_blocks.0.0.weight": (8, 4, 3, 3)}, "U-Net alone"),
        ({"vision_model.embeddings.class_embedding": (8,)}, "encoder of pictures"),
        ({"unet.conv_in.weight": (8, 4, 3, 3)}, "diffusers folder packed into one file"),
        ({"text_model.embeddings.token_embedding.weight": (8, 8)}, "a text encoder alone"),
        ({"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}, "its diffusers folder instead"),
        (dict(COMPACT_X4) | {"body.2.weight": (3, 8, 3, 3)}, "×1"),
    ],
)
def test_other_networks_are_refused_by_their_names(tmp_path: Path, shapes: Shapes, says: str) -> None:
    found = detect(write_safetensors(tmp_path / "thing.safetensors", shapes))

    assert found.refusal is not None
    assert says in found.refusal


def test_a_restorer_is_no_upscaler_for_the_engine_either(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadFailed, match="restores pictures"):
        open_upscaler(make_compact(tmp_path / "clean.safetensors", scale=1), torch.device("cpu"))


# Folders.


def of_pipeline(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": name}))

    return change


def edit_config(part: str, **changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / part / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return change


def lose(part: str) -> Callable[[Path], None]:
    return lambda folder: shutil.rmtree(folder / part)


def change_weights(part: str, change: Change) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (file,) = (folder / part).glob("*.safetensors")
        save_file({name: value.clone() for name, value in change(load_file(file)).items()}, file)

    return apply


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (of_pipeline("LatentConsistencyModelPipeline"), "does not run"),
        (of_pipeline("StableDiffusionControlNetPipeline"), "does not run"),
        (of_pipeline("StableVideoDiffusionPipeline"), "does not run"),
        (edit_config("unet", in_channels=8), "InstructPix2Pix"),
        (edit_config("unet", quantization_config={"quant_method": "bitsandbytes"}), "bitsandbytes"),
        (change_weights("unet", with_more("conv_in.scale_weight")), "scales of their own"),
        (change_weights("text_encoder", with_more("x.absmax")), "quantized weights"),
        (change_weights("unet", without("conv_in.bias")), "its unet lacks 1 of"),
        (change_weights("vae", with_more("decoder.conv_in.bias", torch.zeros(3))), "of shape"),
        (lose("tokenizer"), "the folder tokenizer is missing"),
        (lose("scheduler"), "the folder scheduler is missing"),
        (lose("vae"), "the folder vae is missing"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_for_one_reason(
    sd1: Path, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    # given
    folder = tmp_path / "broken"
    shutil.copytree(sd1, folder)
    damage(folder)

    # then
    for device in ("cpu", "meta"):
        with pytest.raises(ModelLoadFailed, match=f"broken.*{says}"):
            load_on(device, folder)


def test_the_pipelines_of_a_family_have_the_same_weights(flux: Path, tmp_path: Path) -> None:
    folder = tmp_path / "flux"
    shutil.copytree(flux, folder)
    of_pipeline("FluxImg2ImgPipeline")(folder)

    assert detect(folder).refusal is None
    load_on("meta", folder)


def test_a_refiner_that_lost_nothing_is_no_base_model_that_lost_an_encoder(tmp_path: Path) -> None:
    folder = make_toy_sdxl(tmp_path / "xl")
    index = json.loads((folder / "model_index.json").read_text())
    del index["text_encoder"]
    (folder / "model_index.json").write_text(json.dumps(index))
    shutil.rmtree(folder / "text_encoder")

    with pytest.raises(ModelLoadFailed, match="the folder text_encoder is missing"):
        detect(folder)
