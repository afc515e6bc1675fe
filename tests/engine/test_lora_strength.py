"""A LoRA is drawn as it was made: the picture is that of the same weights in a plain model, whatever says how they count."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.toy_flow import CONFIG as FLOW_CONFIG
from harness.toy_flow import make_toy_flux
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.lora_files import read_lora
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.requests import LoraUse
from tests.make.lora_pictures import LAYERS, Draw, off, scaled
from tests.make.toy_loras import (
    ATTENTION,
    Pairs,
    kohya_keys,
    peft_keys,
    product,
    random_pairs,
    weights_of,
    with_weights,
    write_lora,
)

TO_Q = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"


# Alpha.


@pytest.fixture(scope="module")
def four_times(toy_f8: Path, weights: dict[str, torch.Tensor], pairs: Pairs, tmp_path_factory: Any) -> Path:
    """What a LoRA of rank 2 and alpha 8 means."""
    return with_weights(
        toy_f8, tmp_path_factory.mktemp("plain") / "four", "unet", scaled(weights, pairs, 4.0)
    )


def _about(**settings: Any) -> dict[str, str]:
    return {"lora_adapter_metadata": json.dumps({f"unet.{name}": value for name, value in settings.items()})}


@pytest.mark.parametrize(
    ("keys", "metadata"),
    [
        (lambda pairs: kohya_keys(pairs, "lora_unet", alpha=8.0), None),
        (lambda pairs: kohya_keys(pairs, "unet.", alpha=8.0, joined=False), None),
        (lambda pairs: peft_keys(pairs, "unet."), _about(r=2, lora_alpha=8)),
        (lambda pairs: peft_keys(pairs, "unet."), _about(r=2, lora_alpha=4 * math.sqrt(2), use_rslora=True)),
        (lambda pairs: peft_keys(pairs, "unet."), _about(r=2, lora_alpha=2, alpha_pattern=dict.fromkeys((*ATTENTION, "conv1", "proj_in"), 8))),
        (lambda pairs: kohya_keys(pairs, "lora_unet"), {"ss_network_dim": "2", "ss_network_alpha": "8.0"}),
    ],
    ids=["kohya's tensors", "the same with dots", "the header", "rslora", "patterns", "kohya's header"],
)  # fmt: skip
def test_alpha_counts_wherever_it_stands(
    draw: Draw, toy_f8: Path, four_times: Path, pairs: Pairs, tmp_path: Path, keys: Any, metadata: Any
) -> None:
    path = write_lora(tmp_path / "mill.safetensors", keys(pairs), metadata)

    assert off(draw(toy_f8, (path, 1.0)), draw(four_times)) <= 1
    assert off(draw(four_times), draw(toy_f8)) > 20


def test_a_file_that_diffusers_saved_counts_as_it_was_trained(
    draw: Draw, toy_f8: Path, four_times: Path, pairs: Pairs, tmp_path: Path
) -> None:
    from diffusers import StableDiffusionPipeline
    from peft import LoraConfig

    config: Any = LoraConfig(r=2, lora_alpha=8, target_modules=list(LAYERS))
    StableDiffusionPipeline.save_lora_weights(
        tmp_path,
        unet_lora_layers=peft_keys(pairs, ""),
        unet_lora_adapter_metadata=config.to_dict(),
    )
    path = tmp_path / "pytorch_lora_weights.safetensors"

    assert off(draw(toy_f8, (path, 1.0)), draw(four_times)) <= 1


def test_every_part_has_an_alpha_of_its_own_in_the_header(pairs: Pairs, tmp_path: Path) -> None:
    text = {"text_model.encoder.layers.0.mlp.fc1": (torch.ones(2, 32), torch.ones(64, 2))}
    tensors = peft_keys(pairs, "unet.") | peft_keys(text, "text_encoder.")
    about = {"unet.r": 2, "unet.lora_alpha": 8, "text_encoder.r": 2, "text_encoder.lora_alpha": 1}
    path = write_lora(tmp_path / "mill.safetensors", tensors, {"lora_adapter_metadata": json.dumps(about)})

    for layer in read_lora(LoraUse("mill", path, 1.0), "sd1"):
        (target,) = layer.targets
        up = text[target.layer][1] / 2 if layer.part == "text_encoder" else pairs[target.layer][1] * 4
        assert torch.equal(layer.up, up)


def test_kohyas_header_does_not_count_where_a_tensor_says_alpha_or_the_names_are_anothers(
    pairs: Pairs, tmp_path: Path
) -> None:
    about = {"ss_network_dim": "2", "ss_network_alpha": "8.0"}
    said = write_lora(tmp_path / "said.safetensors", kohya_keys(pairs, "lora_unet", alpha=2.0), about)
    renamed = write_lora(tmp_path / "renamed.safetensors", peft_keys(pairs, "unet."), about)
    resized = write_lora(tmp_path / "resized.safetensors", kohya_keys(pairs, "lora_unet"), about | {"ss_network_dim": "4"})  # fmt: skip

    for path in (said, renamed, resized):
        for layer in read_lora(LoraUse("mill", path, 1.0), "sd1"):
            assert torch.equal(layer.up, pairs[layer.targets[0].layer][1]) or layer.up.shape[1] != 2


@pytest.mark.filterwarnings("ignore:.*have invalid shape")  # PEFT takes the biases for broken matrices
@pytest.mark.parametrize(
    "settings",
    [
        {"r": 2, "lora_alpha": 8},
        {"r": 4, "lora_alpha": 4, "use_rslora": True},
        {"r": 2, "lora_alpha": 2, "rank_pattern": {"to_q": 4, "attn2.to_k": 1}, "alpha_pattern": {r"down.*to_v": 8, "conv1": 6, "to_v": 1}},
        {"r": 2, "lora_alpha": 3, "rank_pattern": {r"^mid_block.*to_q$": 3}, "alpha_pattern": {TO_Q: 9}, "use_rslora": True},
        {"r": 2, "lora_alpha": 4, "use_dora": True},
        {"r": 2, "lora_alpha": 4, "use_dora": True, "use_rslora": True, "alpha_pattern": {"conv1": 1}},
        {"r": 2, "lora_alpha": 6, "lora_bias": True, "target_modules": ["to_out.0", "conv1", "proj_in"]},
    ],
    ids=["alpha", "rslora", "patterns", "anchored patterns", "dora", "dora and rslora", "bias"],
)  # fmt: skip
def test_a_folder_of_peft_draws_what_peft_makes_of_it(
    draw: Draw, toy_f8: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig, get_peft_model

    # given
    torch.manual_seed(3)
    network: Any = UNet2DConditionModel.from_pretrained(toy_f8 / "unet", dtype=torch.float32)
    config = LoraConfig(**({"target_modules": list(LAYERS)} | settings))
    adapted: Any = get_peft_model(copy.deepcopy(network), config)
    for name, value in adapted.named_parameters():
        if ".lora_" in name and "magnitude" not in name:
            value.data = torch.randn_like(value) * 0.25
        elif "magnitude" in name:
            value.data = value.data * (0.5 + torch.rand_like(value))
    adapted.save_pretrained(tmp_path / "adapter")

    # when
    merged = adapted.merge_and_unload()
    changed = dict(merged.state_dict())
    plain = with_weights(toy_f8, tmp_path / "plain", "unet", {})
    merged.save_pretrained(plain / "unet")

    # then
    assert any(not torch.equal(value, network.state_dict()[name]) for name, value in changed.items())
    theirs = draw(plain)
    assert off(draw(toy_f8, (tmp_path / "adapter", 1.0)), theirs) <= 1
    assert off(draw(toy_f8, (tmp_path / "adapter" / "adapter_model.safetensors", 1.0)), theirs) <= 1
    assert off(theirs, draw(toy_f8)) > 20
    found = detect(tmp_path / "adapter")
    assert (found.kind, found.family, found.folder, found.refusal) == ("lora", "sd1", True, None)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"peft_type": "LOHA"}, "kind LOHA"),
        ({"r": 4, "lora_alpha": 4}, "has rank 2 and not 4"),
        ({"r": 2, "lora_alpha": "much"}, "lora_alpha is no number"),
        ({"r": 2, "lora_alpha": 2, "init_lora_weights": "pissa_niter_16"}, "pissa_niter_16"),
        ({"r": 2, "lora_alpha": 2, "use_dora": True}, "it is a DoRA, and .* lacks the lengths of its rows"),
        ({"r": 2, "lora_alpha": 2, "layer_replication": [[0, 4]]}, "layer_replication"),
        ({"r": 2, "lora_alpha": 2, "alpha_pattern": {"((a+)+)+": 8}}, "alpha_pattern"),
        (None, "cannot be read"),
    ],
)
def test_a_configuration_that_cannot_be_followed_is_refused(
    pairs: Pairs, tmp_path: Path, settings: dict[str, Any] | None, why: str
) -> None:
    write_lora(tmp_path / "adapter_model.safetensors", peft_keys(pairs, "base_model.model."))
    config = "{" if settings is None else json.dumps({"peft_type": "LORA"} | settings)
    (tmp_path / "adapter_config.json").write_text(config)

    refusal = detect(tmp_path).refusal
    with pytest.raises(InvalidParameters, match=why) as refused:
        read_lora(LoraUse("mill", tmp_path, 1.0), "sd1")

    assert refusal is not None
    assert refusal in str(refused.value)


def test_a_configuration_beside_other_files_is_not_theirs(pairs: Pairs, tmp_path: Path) -> None:
    path = write_lora(tmp_path / "mill.safetensors", peft_keys(pairs, "base_model.model."))
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": 8}))

    (first, *_) = read_lora(LoraUse("mill", path, 1.0), "sd1")

    assert torch.equal(first.up, pairs[first.targets[0].layer][1])


# DoRA: W' = m (W + B A) / |W + B A|.


def by_row(weight: Any, pair: tuple[Any, Any], magnitude: Any, alpha: float) -> Any:
    turned = (weight + alpha / 2 * product(pair, weight)).flatten(1)
    return (magnitude.flatten()[:, None] * turned / turned.norm(dim=1, keepdim=True)).view_as(weight)


def by_column(weight: Any, pair: tuple[Any, Any], magnitude: Any, alpha: float) -> Any:
    turned = (weight + alpha / 2 * product(pair, weight)).transpose(0, 1)
    lengths = turned.flatten(1).norm(dim=1)
    sides = (-1, *[1] * (weight.dim() - 1))
    return ((magnitude.flatten() / lengths).view(sides) * turned).transpose(0, 1)


def magnitudes(weights: dict[str, torch.Tensor], pairs: Pairs, axis: int, seed: int = 5) -> dict[str, Any]:
    """A length for each row (axis 0) or column (1) of the corrected weights, in the shape that trainers write."""
    torch.manual_seed(seed)
    found = {}
    for layer in pairs:
        weight = weights[layer]
        lengths = weight.transpose(0, axis).flatten(1).norm(dim=1)
        shape = [1] * weight.dim()
        shape[axis] = -1
        found[layer] = (lengths * (0.5 + torch.rand(len(lengths)))).view(shape)
    return found


@pytest.mark.parametrize(("axis", "corrected"), [(0, by_row), (1, by_column)], ids=["rows", "columns"])
def test_a_dora_gives_rows_or_columns_the_lengths_it_has(
    draw: Draw,
    toy_f8: Path,
    weights: dict[str, torch.Tensor],
    pairs: Pairs,
    tmp_path: Path,
    axis: int,
    corrected: Any,
) -> None:
    lengths = magnitudes(weights, pairs, axis)
    tensors = kohya_keys(pairs, "lora_unet", alpha=3.0)
    tensors |= {f"lora_unet_{layer.replace('.', '_')}.dora_scale": value for layer, value in lengths.items()}
    path = write_lora(tmp_path / "dora.safetensors", tensors)

    whole = {layer: corrected(weights[layer], pair, lengths[layer], 3.0) for layer, pair in pairs.items()}
    plain = with_weights(toy_f8, tmp_path / "plain", "unet", whole)
    half = {layer: (weights[layer] + value) / 2 for layer, value in whole.items()}
    halfway = with_weights(toy_f8, tmp_path / "half", "unet", half)

    assert detect(path).refusal is None
    assert off(draw(toy_f8, (path, 1.0)), draw(plain)) <= 1
    assert off(draw(toy_f8, (path, 0.5)), draw(halfway)) <= 1
    assert off(draw(plain), draw(halfway)) > 10


def test_a_dora_and_a_lora_on_the_same_layers_add_up_in_any_order(
    draw: Draw, toy_f8: Path, weights: dict[str, torch.Tensor], pairs: Pairs, tmp_path: Path
) -> None:
    lengths = magnitudes(weights, pairs, 0)
    tensors = kohya_keys(pairs, "lora_unet")
    tensors |= {f"lora_unet_{layer.replace('.', '_')}.dora_scale": value for layer, value in lengths.items()}
    dora = write_lora(tmp_path / "dora.safetensors", tensors)
    others = random_pairs(weights, *LAYERS, seed=9, rank=3)
    lora = write_lora(tmp_path / "lora.safetensors", peft_keys(others, "unet."))

    both = {
        layer: weights[layer]
        + 0.8 * (by_row(weights[layer], pair, lengths[layer], 2.0) - weights[layer])
        - 0.4 * product(others[layer], weights[layer])
        for layer, pair in pairs.items()
    }
    plain = draw(with_weights(toy_f8, tmp_path / "both", "unet", both))

    assert off(draw(toy_f8, (dora, 0.8), (lora, -0.4)), plain) <= 1
    assert off(draw(toy_f8, (lora, -0.4), (dora, 0.8)), plain) <= 1


@pytest.mark.parametrize(("axis", "corrected"), [(0, by_row), (1, by_column)], ids=["rows", "columns"])
def test_a_dora_over_a_joined_layer_measures_it_whole(
    draw: Draw, tmp_path: Path, axis: int, corrected: Any
) -> None:
    model = make_toy_flux(tmp_path / "flux")
    own = weights_of(model / "transformer")
    single = "single_transformer_blocks.0"
    names = {
        "double_blocks.0.img_attn.qkv": [f"transformer_blocks.0.attn.to_{which}" for which in "qkv"],
        "single_blocks.0.linear1": [*(f"{single}.attn.to_{which}" for which in "qkv"), f"{single}.proj_mlp"],
    }
    joined = {layer: torch.cat([own[name] for name in parts]) for layer, parts in names.items()}
    pairs = random_pairs(joined, "qkv", "linear1")
    lengths = {layer: 3 * value for layer, value in magnitudes(joined, pairs, axis).items()}
    tensors = kohya_keys(pairs, "lora_unet", alpha=2.0)
    tensors |= {f"lora_unet_{layer.replace('.', '_')}.dora_scale": value for layer, value in lengths.items()}
    path = write_lora(tmp_path / "dora.safetensors", tensors)

    changed: dict[str, Any] = {}
    for layer, parts in names.items():
        whole = corrected(joined[layer], pairs[layer], lengths[layer], 2.0)
        rows = torch.split(whole, [len(own[name]) for name in parts])
        changed |= dict(zip(parts, rows, strict=True))
    plain = with_weights(model, tmp_path / "plain", "transformer", changed)
    how = {"config": FLOW_CONFIG, "cfg_scale": 1.0, "sampler": "euler"}

    assert off(draw(model, (path, 1.0), **how), draw(plain, **how)) <= 1
    assert off(draw(plain, **how), draw(model, **how)) > 5


# Convolutions.


def test_a_convolution_in_three_is_one(
    draw: Draw, toy_f8: Path, weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    """The Tucker form of LyCORIS: to few channels, the kernel among those, and back."""
    torch.manual_seed(4)
    tensors: dict[str, Any] = {}
    changed = {}
    for layer in (name for name in weights if name.endswith("conv1")):
        outputs, inputs, *kernel = weights[layer].shape
        down, mid, up = (
            torch.randn(shape) * 0.25 for shape in ((2, inputs, 1, 1), (2, 2, *kernel), (outputs, 2, 1, 1))
        )
        start = f"lora_unet_{layer.replace('.', '_')}"
        tensors |= {f"{start}.lora_down.weight": down, f"{start}.lora_mid.weight": mid, f"{start}.lora_up.weight": up, f"{start}.alpha": torch.tensor(4.0)}  # fmt: skip
        delta = torch.einsum("or,rmhw,mi->oihw", up.flatten(1), mid, down.flatten(1))
        changed[layer] = weights[layer] + 2 * delta
    path = write_lora(tmp_path / "mill.safetensors", tensors)
    plain = with_weights(toy_f8, tmp_path / "plain", "unet", changed)

    assert detect(path).refusal is None
    assert off(draw(toy_f8, (path, 1.0)), draw(plain)) <= 1
    assert off(draw(plain), draw(toy_f8)) > 5


def test_convolutions_of_single_pixels_may_be_written_as_matrices(
    draw: Draw, toy_f8: Path, weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    pairs = random_pairs(weights, "proj_in")
    flat = {layer: (down.flatten(1), up.flatten(1)) for layer, (down, up) in pairs.items()}
    linear = random_pairs(weights, "to_q")
    tall = {layer: (down[:, :, None, None], up[:, :, None, None]) for layer, (down, up) in linear.items()}
    path = write_lora(tmp_path / "mill.safetensors", kohya_keys(flat | tall, "lora_unet"))
    plain = with_weights(toy_f8, tmp_path / "plain", "unet", scaled(weights, pairs | linear, 1.0))

    assert off(draw(toy_f8, (path, 1.0)), draw(plain)) <= 1


def test_a_file_of_the_other_suffix_is_as_good(
    draw: Draw, toy_f8: Path, four_times: Path, pairs: Pairs, tmp_path: Path
) -> None:
    path = write_lora(tmp_path / "mill.sft", kohya_keys(pairs, "lora_unet", alpha=8.0))

    assert off(draw(toy_f8, (path, 1.0)), draw(four_times)) <= 1
