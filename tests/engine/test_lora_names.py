"""LoRAs in the names that trainers write: whichever they are, the same layers get the same numbers, or the file is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from harness.toy_flow import make_toy_flux, make_toy_sd3
from harness.toy_models import make_toy_model
from harness.toy_sdxl import make_toy_refiner, make_toy_sdxl
from pingvas.engine.checkpoints.detect import detect, why_not_lora_at
from pingvas.engine.checkpoints.detected import Family
from pingvas.engine.checkpoints.lora_files import read_lora
from pingvas.engine.checkpoints.lora_keys import NETWORK
from pingvas.engine.checkpoints.lora_layers import ModelShape, find_targets
from pingvas.engine.checkpoints.transformer_names import FLUX_NAMES, SD3_NAMES
from pingvas.engine.loading.load import open_model
from pingvas.engine.requests import LoraUse
from pingvas.engine.sampling.lora import _find, _parts
from tests.make.flow_files import publisher_layout
from tests.make.single_files import _read, _unet
from tests.make.toy_loras import Pairs, kohya_keys, peft_keys, random_pairs, weights_of, write_lora

# One row of layers to a block, two blocks in SD3's transformer and one of each kind in FLUX': as the toys have.
SHAPES = {"sd3": ModelShape(blocks=2), "flux": ModelShape(blocks=1)}
TOY = ModelShape(layers_per_block=1)

Makers = Mapping[str, tuple[Family, Callable[[Path], Path]]]
MODELS: Makers = {
    "sd1": ("sd1", make_toy_model),
    "sd2": ("sd2", lambda folder: make_toy_model(folder, second=True)),
    "sdxl": ("sdxl", make_toy_sdxl),
    "refiner": ("sdxl", make_toy_refiner),
    "sd3": ("sd3", make_toy_sd3),
    "flux": ("flux", make_toy_flux),
}


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A toy by its name, made when first asked for."""
    room = tmp_path_factory.mktemp("models")

    def find(name: str) -> Path:
        folder = room / name
        return folder if folder.is_dir() else MODELS[name][1](folder)

    return find


def changes(path: Path, family: Family, shape: ModelShape = TOY) -> dict[tuple[str, str], torch.Tensor]:
    """What a LoRA adds to the weights, by part and layer."""
    found: dict[tuple[str, str], torch.Tensor] = {}
    for each in read_lora(LoraUse("mill", path, 1.0), family, shape):
        whole = each.up.flatten(1) @ each.down.flatten(1)
        for target, rows in zip(each.targets, whole.chunk(len(each.targets)), strict=True):
            found[each.part, target.layer] = torch.cat(rows.chunk(2)[::-1]) if target.swapped else rows
    return found


def expected(pairs: Pairs, part: str = NETWORK) -> dict[tuple[str, str], torch.Tensor]:
    return {(part, layer): up.flatten(1) @ down.flatten(1) for layer, (down, up) in pairs.items()}


def same(one: Mapping[Any, torch.Tensor], other: Mapping[Any, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.allclose(one[key], other[key]) for key in one)


# Every layer.


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_of_a_model_is_known_under_its_own_name(toys: Callable[[str], Path], name: str) -> None:
    family = MODELS[name][0]
    model = open_model(toys(name), torch.device("cpu"))

    for part, network in _parts(model).items():
        layers = [
            layer for layer, module in network.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)
        ]
        assert layers
        for layer in layers:
            for joined in (False, True):
                asked = layer.replace(".", "_") if joined else layer
                found = find_targets(part, asked, family, joined=joined, shape=SHAPES.get(family, TOY))
                assert [_find(network, target.layer) for target in found] == [
                    (layer, network.get_submodule(layer))
                ]


@pytest.mark.parametrize("name", ["sd1", "sdxl", "sd3", "flux"])
def test_every_layer_under_its_publishers_name_is_the_layers_with_the_same_weights(
    toys: Callable[[str], Path], name: str
) -> None:
    family = MODELS[name][0]
    own = _read(toys(name) / ("transformer" if name in SHAPES else "unet"))
    names = {"sd3": SD3_NAMES, "flux": FLUX_NAMES}.get(name)
    published = _unet(own) if names is None else publisher_layout(own, names)
    layers = {
        key.removesuffix(".weight").removeprefix("model.diffusion_model."): value
        for key, value in published.items()
        if key.endswith(".weight") and value.dim() in (2, 4)
    }

    assert len(layers) > 20
    for layer, weight in layers.items():
        for joined in (False, True):
            asked = layer.replace(".", "_") if joined else layer
            targets = find_targets(NETWORK, asked, family, joined=joined, shape=SHAPES.get(name, TOY))
            rows = torch.cat([own[f"{target.layer}.weight"].flatten(1) for target in targets])
            if targets[0].swapped:
                rows = torch.cat(rows.chunk(2)[::-1])
            assert torch.equal(rows, weight.flatten(1))


# Every way to write them.


@pytest.fixture(scope="module")
def of_unet(toys: Callable[[str], Path]) -> Pairs:
    return random_pairs(weights_of(toys("sd1") / "unet"), "to_q", "to_k", "to_out.0", "conv1", "proj_in")


@pytest.fixture(scope="module")
def of_text(toys: Callable[[str], Path]) -> Pairs:
    pairs = random_pairs(weights_of(toys("sd1") / "text_encoder"), "q_proj", "fc2", seed=1)
    return {f"text_model.{layer.removeprefix('text_model.')}": pair for layer, pair in pairs.items()}


def halves(pairs: Pairs, down: str, up: str, prefix: str = "", cut: str = "") -> dict[str, torch.Tensor]:
    return {
        f"{prefix}{layer.removesuffix(cut)}{end}": matrix
        for layer, pair in pairs.items()
        for end, matrix in zip((down, up), pair, strict=True)
    }


def attention(pairs: Pairs) -> Pairs:
    return {layer: pair for layer, pair in pairs.items() if ".attn" in layer}


UNET_NAMES: dict[str, Callable[[Pairs], dict[str, Any]]] = {
    "diffusers": lambda pairs: peft_keys(pairs, "unet."),
    "diffusers by kohya's ends": lambda pairs: kohya_keys(pairs, "unet.", alpha=2.0, joined=False),
    "a network alone": lambda pairs: peft_keys(pairs, ""),
    "PEFT": lambda pairs: peft_keys(pairs, "base_model.model."),
    "PEFT with the adapter's name": lambda pairs: peft_keys(pairs, "base_model.model.", ".default"),
    "PEFT with another name": lambda pairs: peft_keys(pairs, "base_model.model.unet.", ".my-style"),
    "PEFT around a compiled model": lambda pairs: peft_keys(pairs, "base_model.model._orig_mod."),
    "the prefix of whole checkpoints": lambda pairs: peft_keys(pairs, "diffusion_model."),
    "its longer form": lambda pairs: peft_keys(pairs, "model.diffusion_model."),
    "kohya": lambda pairs: kohya_keys(pairs, "lora_unet", alpha=2.0),
    "kohya of old, without alpha": lambda pairs: kohya_keys(pairs, "lora_unet"),
    "lycoris": lambda pairs: kohya_keys(pairs, "lycoris", alpha=2.0),
    "OneTrainer with its embeddings": lambda pairs: (
        kohya_keys(pairs, "lora_unet", alpha=2.0)
        | {
            "bundle_emb.mill.string_to_param.*": torch.zeros(2, 32),
            "bundle_emb.mill.clip_l": torch.zeros(2, 32),
        }
    ),
    "diffusers of 2023": lambda pairs: halves(pairs, ".lora.down.weight", ".lora.up.weight", "unet."),
}


@pytest.mark.parametrize("names", UNET_NAMES)
def test_a_lora_of_a_unet_is_read_in_the_names_of(names: str, of_unet: Pairs, tmp_path: Path) -> None:
    path = write_lora(tmp_path / "mill.safetensors", UNET_NAMES[names](of_unet))

    assert same(changes(path, "sd1"), expected(of_unet))
    found = detect(path)
    assert (found.kind, found.family, found.refusal) == ("lora", "sd1", None)


def test_a_lora_in_the_names_of_the_first_attention_processors_is_read(
    of_unet: Pairs, tmp_path: Path
) -> None:
    pairs = {layer.removesuffix(".0"): pair for layer, pair in attention(of_unet).items()}
    moved = {layer.replace(".to_", ".processor.to_"): pair for layer, pair in pairs.items()}
    path = write_lora(
        tmp_path / "old.safetensors", halves(moved, "_lora.down.weight", "_lora.up.weight", "unet.")
    )

    assert same(changes(path, "sd1"), expected(attention(of_unet)))
    assert detect(path).refusal is None


@pytest.mark.parametrize(
    "write",
    [
        lambda pairs: peft_keys(pairs, "text_encoder."),
        lambda pairs: kohya_keys(pairs, "lora_te", alpha=2.0),
        lambda pairs: kohya_keys(pairs, "lora_te1", alpha=2.0),
        lambda pairs: peft_keys(pairs, "base_model.model."),
        lambda pairs: peft_keys(pairs, "text_encoders.clip_l.transformer."),
        lambda pairs: kohya_keys(pairs, "clip_l.", joined=False),
        lambda pairs: halves(pairs, ".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight", "text_encoder."),
        lambda pairs: peft_keys({layer.removeprefix("text_model."): pair for layer, pair in pairs.items()}, "text_encoder."),
    ],
)  # fmt: skip
def test_what_a_lora_adds_to_a_text_encoder_is_read(
    write: Callable[[Pairs], dict[str, Any]], of_text: Pairs, tmp_path: Path
) -> None:
    path = write_lora(tmp_path / "mill.safetensors", write(of_text))

    found = changes(path, "sd1")

    bare = {layer.removeprefix("text_model."): pair for layer, pair in of_text.items()}
    shorter = {(part, layer.removeprefix("text_model.")): value for (part, layer), value in found.items()}
    assert same(shorter, expected(bare, "text_encoder"))
    assert detect(path).refusal is None


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.bfloat16, torch.float16])
def test_small_numbers_are_cast_before_they_are_multiplied(
    dtype: torch.dtype, of_unet: Pairs, tmp_path: Path
) -> None:
    small = {layer: (down.to(dtype), up.to(dtype)) for layer, (down, up) in of_unet.items()}
    path = write_lora(tmp_path / "mill.safetensors", kohya_keys(small, "lora_unet", alpha=2.0))

    cast = {layer: (down.float(), up.float()) for layer, (down, up) in small.items()}
    assert same(changes(path, "sd1"), expected(cast))
    assert detect(path).refusal is None


def test_xl_in_its_publishers_names_is_read_with_both_text_encoders(
    toys: Callable[[str], Path], tmp_path: Path
) -> None:
    published = _unet(_read(toys("sdxl") / "unet"))
    weights = {
        key.removesuffix(".weight").removeprefix("model.diffusion_model."): value
        for key, value in published.items()
        if key.endswith(".weight") and value.dim() in (2, 4)
    }
    pairs = random_pairs(weights, "")
    texts = {
        number: random_pairs(weights_of(toys("sdxl") / part), "q_proj", seed=number)
        for number, part in ((1, "text_encoder"), (2, "text_encoder_2"))
    }
    tensors = kohya_keys(pairs, "lora_unet", alpha=2.0)
    for number, each in texts.items():
        tensors |= kohya_keys({f"text_model.{k.removeprefix('text_model.')}": v for k, v in each.items()}, f"lora_te{number}", alpha=2.0)  # fmt: skip
    path = write_lora(tmp_path / "mill.safetensors", tensors)

    found = changes(path, "sdxl")

    assert len(found) == len(pairs) + len(texts[1]) + len(texts[2])
    assert {part for part, _ in found} == {NETWORK, "text_encoder", "text_encoder_2"}
    assert (detect(path).family, detect(path).refusal) == ("sdxl", None)


def _joined_layer(width: int, parts: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(2, width), torch.randn(parts * width, 2)


@pytest.mark.parametrize(
    ("family", "write"),
    [
        ("flux", lambda pair: kohya_keys({"double_blocks.0.img_attn.qkv": pair}, "lora_unet", alpha=2.0)),
        ("flux", lambda pair: kohya_keys({"double_blocks.0.img_attn.qkv": pair}, "diffusion_model.", alpha=2.0, joined=False)),
        ("flux", lambda pair: peft_keys({"double_blocks.0.img_attn.qkv": pair}, "")),
        ("flux", lambda pair: peft_keys({"double_blocks.0.img_attn.qkv": pair}, "base_model.model.", ".default")),
        ("flux", lambda pair: halves({"double_blocks.0.processor.qkv_lora1": pair}, ".down.weight", ".up.weight")),
        ("sd3", lambda pair: kohya_keys({"joint_blocks.0.x_block.attn.qkv": pair}, "lora_unet", alpha=2.0)),
        ("sd3", lambda pair: peft_keys({"joint_blocks.0.x_block.attn.qkv": pair}, "diffusion_model.")),
    ],
)  # fmt: skip
def test_a_joined_layer_of_a_transformer_is_three_in_ours(
    family: Family, write: Callable[[Any], dict[str, Any]], tmp_path: Path
) -> None:
    down, up = _joined_layer(32)
    path = write_lora(tmp_path / "mill.safetensors", write((down, up)))

    found = changes(path, family)

    assert [layer for _, layer in found] == [f"transformer_blocks.0.attn.to_{which}" for which in "qkv"]
    assert torch.allclose(torch.cat(list(found.values())), up @ down)
    assert (detect(path).family, detect(path).refusal) == (family, None)


@pytest.mark.parametrize(
    ("family", "prefix", "layer"),
    [
        ("flux", "lora_transformer", "single_transformer_blocks.0.proj_mlp"),
        ("flux", "lora_unet", "single_blocks.0.linear2"),
        ("flux", "lora_unet", "single_blocks.0.modulation.lin"),
        ("flux", "lora_te1", "text_model.encoder.layers.0.mlp.fc1"),
        ("flux", "lora_te2", "encoder.block.0.layer.0.SelfAttention.q"),
        ("flux", "lora_te3", "encoder.block.0.layer.1.DenseReluDense.wi_0"),
        ("sd3", "lora_transformer", "transformer_blocks.0.ff_context.net.0.proj"),
        ("sd3", "lora_unet", "joint_blocks.0.context_block.mlp.fc1"),
        ("sd3", "lora_unet", "joint_blocks.0.x_block.adaLN_modulation.1"),
        ("sd3", "lora_unet", "final_layer.adaLN_modulation.1"),
        ("sd3", "lora_te1", "text_model.encoder.layers.0.self_attn.q_proj"),
        ("sd3", "lora_te2", "text_model.encoder.layers.0.self_attn.q_proj"),
        ("sd3", "lora_te3", "encoder.block.0.layer.0.SelfAttention.o"),
        ("sdxl", "lora_te2", "text_projection"),
    ],
)
def test_a_layer_of_any_part_is_read_under_the_names_of_its_trainers(
    family: Family, prefix: str, layer: str, tmp_path: Path
) -> None:
    tensors = kohya_keys({layer: _joined_layer(8, 1)}, prefix, alpha=2.0)
    path = write_lora(tmp_path / "mill.safetensors", tensors)

    assert len(changes(path, family)) == 1
    assert why_not_lora_at(path, family) is None


def test_words_that_were_trained_along_are_told_and_no_part_of_the_lora(
    of_unet: Pairs, tmp_path: Path
) -> None:
    tensors = UNET_NAMES["OneTrainer with its embeddings"](of_unet)

    found = detect(write_lora(tmp_path / "mill.safetensors", tensors))

    assert found.details["embeddings"] == ["mill"]
