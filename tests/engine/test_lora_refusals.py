"""What is in a LoRA's file and cannot be laid over a model is named, and what the file was made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pingvas.engine.checkpoints.detect import detect, why_not_lora_at
from pingvas.engine.checkpoints.detected import Family
from pingvas.engine.checkpoints.lora_files import read_lora
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.requests import LoraUse
from tests.make.toy_loras import kohya_keys, peft_keys, write_lora


def _joined_layer(width: int, parts: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(2, width), torch.randn(parts * width, 2)


LAYER = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
KOHYA = f"lora_unet_{LAYER.replace('.', '_')}"
PAIR = {LAYER: (torch.ones(2, 32), torch.ones(32, 2))}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({f"{KOHYA}.hada_w1_a": torch.ones(2, 2)}, "LoHa"),
    ({f"{KOHYA}.lokr_w1": torch.ones(2, 2)}, "LoKr"),
    ({f"{KOHYA}.oft_blocks": torch.ones(2, 2)}, "OFT"),
    ({f"{KOHYA}.oft_diag": torch.ones(2)}, "OFT"),
    ({f"unet.{LAYER}.oft_R.weight": torch.ones(2, 2)}, "OFT"),
    ({f"{KOHYA}.on_input": torch.ones(2), f"{KOHYA}.weight": torch.ones(2)}, "IA3"),
    ({f"{KOHYA}.a1.weight": torch.ones(2, 2), f"{KOHYA}.b1.weight": torch.ones(2, 2)}, "GLoRA"),
    ({"lora_unet_conv_in.diff": torch.ones(2, 2)}, "whole differences"),
    ({"lora_unet_conv_in.diff_b": torch.ones(2)}, "whole differences"),
    ({"lora_unet_conv_norm_out.w_norm": torch.ones(2)}, "normalize"),
    ({f"unet.{LAYER}.lora_embedding_A": torch.ones(2, 2)}, "table of words"),
    ({f"{KOHYA}.scale_weight": torch.ones(1)}, "scales of their own"),
    ({"scaled_fp8": torch.zeros(2)}, "scales of their own"),
    ({f"unet.{LAYER}.reshape_weight": torch.ones(2)}, "another shape"),
    ({"unet.time_embedding.linear_1.bias": torch.ones(2)}, r"time_embedding\.linear_1\.bias"),
    ({"base_model.model.classifier.modules_to_save.weight": torch.ones(2)}, "modules_to_save"),
    ({"clip_l": torch.ones(2, 32)}, "clip_l"),
    ({"lora_unet_another_layer.alpha": torch.tensor(1.0)}, "half of lora_unet_another_layer is missing"),
    (peft_keys({"elsewhere": PAIR[LAYER]}, "unet."), r"1 of its 2 layers are not those of .*\(unet\.elsewhere"),
    (kohya_keys(PAIR, "unet.", joined=False) | kohya_keys(PAIR, "lora_unet"), "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "why"), REFUSED)
def test_what_was_not_laid_over_the_model_is_refused_by_name(
    more: dict[str, Any], why: str, tmp_path: Path
) -> None:
    path = write_lora(tmp_path / "mill.safetensors", peft_keys(PAIR, "unet.") | more)

    found = detect(path)

    assert found.kind == "lora"
    assert found.refusal is not None
    with pytest.raises(InvalidParameters, match=why) as refused:
        read_lora(LoraUse("mill", path, 1.0), "sd1")
    assert found.refusal in str(refused.value) or "scales" in found.refusal


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (f"{KOHYA}.hada_w1_a", "LoHa"),
        (f"diffusion_model.{LAYER}.lokr_w1", "LoKr"),
        (f"lycoris_{LAYER.replace('.', '_')}.oft_blocks", "OFT"),
        (f"{KOHYA}.on_input", "IA3"),
        (f"{KOHYA}.b1.weight", "GLoRA"),
        (f"diffusion_model.{LAYER}.diff", "whole differences"),
    ],
)
def test_relatives_of_lora_are_told_apart_without_any_matrix(name: str, why: str, tmp_path: Path) -> None:
    found = detect(write_lora(tmp_path / "mill.safetensors", {name: torch.ones(2, 2)}))

    assert found.kind == "lora"
    assert why in (found.refusal or "")


def test_half_a_pair_is_no_lora(tmp_path: Path) -> None:
    tensors = peft_keys(PAIR, "unet.")
    del tensors[f"unet.{LAYER}.lora_B.weight"]

    refusal = detect(write_lora(tmp_path / "mill.safetensors", tensors)).refusal

    assert refusal == f"is not whole: half of unet.{LAYER} is missing (up)"


def test_two_loras_in_one_file_are_no_lora(tmp_path: Path) -> None:
    other = {LAYER.replace("to_q", "to_k"): PAIR[LAYER]}
    path = write_lora(tmp_path / "a.safetensors", peft_keys(PAIR, "", ".one") | peft_keys(other, "", ".two"))

    assert "several LoRAs in one file (one, two)" in (detect(path).refusal or "")


def test_matrices_of_whole_numbers_are_refused(tmp_path: Path) -> None:
    whole = {LAYER: (torch.ones(2, 32, dtype=torch.int8), torch.ones(32, 2, dtype=torch.int8))}
    path = write_lora(tmp_path / "mill.safetensors", peft_keys(whole, "unet."))

    with pytest.raises(InvalidParameters, match="I8"):
        read_lora(LoraUse("mill", path, 1.0), "sd1")
    assert detect(path).refusal is not None


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = write_lora(
        tmp_path / "mill.safetensors",
        peft_keys({LAYER: (torch.full((2, 32), torch.nan), torch.ones(32, 2))}, "unet."),
    )

    with pytest.raises(InvalidParameters, match="no numbers"):
        read_lora(LoraUse("mill", path, 1.0), "sd1")


def test_a_control_lora_says_that_it_is_one(tmp_path: Path) -> None:
    tensors = peft_keys({"img_in": (torch.ones(2, 128), torch.ones(32, 2))}, "")
    tensors["double_blocks.0.img_attn.norm.query_norm.scale"] = torch.ones(16)

    found = detect(write_lora(tmp_path / "mill.safetensors", tensors))

    assert (found.kind, found.family) == ("lora", "flux")
    assert "control LoRA" in (found.refusal or "")


def test_a_lora_of_a_family_that_is_not_run_names_what_it_changes(tmp_path: Path) -> None:
    path = write_lora(
        tmp_path / "wan.safetensors",
        peft_keys({"blocks.0.cross_attn.k_img": PAIR[LAYER]}, "diffusion_model."),
    )

    assert detect(path).refusal == (
        "corrects layers that are of no family known here (diffusion_model.blocks.0.cross_attn.k_img.lora_A.weight)"
    )


@pytest.mark.parametrize(
    ("tensors", "family", "says"),
    [
        (peft_keys(PAIR, "unet."), "flux", ("(sd1)", "(flux)")),
        (kohya_keys({"double_blocks.0.img_attn.qkv": _joined_layer(8)}, "lora_unet"), "sdxl", ("FLUX.1", "Stable Diffusion XL")),
        (kohya_keys({"joint_blocks.0.x_block.attn.qkv": _joined_layer(8)}, "lora_unet"), "sd1", ("(sd3)", "(sd1)")),
        (peft_keys({LAYER.replace("attn1.to_q", "attn2.to_k"): (torch.ones(2, 2048), torch.ones(8, 2))}, "unet."), "sd1", ("(sdxl)", "(sd1)")),
        (peft_keys({LAYER.replace("attn1.to_q", "attn2.to_k"): (torch.ones(2, 768), torch.ones(8, 2))}, "unet."), "sd2", ("(sd1)", "(sd2)")),
    ],
)  # fmt: skip
def test_a_lora_of_another_family_is_refused_naming_both(
    tensors: dict[str, Any], family: Family, says: tuple[str, str], tmp_path: Path
) -> None:
    refusal = why_not_lora_at(write_lora(tmp_path / "mill.safetensors", tensors), family)

    assert refusal is not None
    assert all(word in refusal for word in says)
    assert refusal.startswith("was made for ")
