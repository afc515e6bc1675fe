"""Toy LoRAs for toy models: random corrections, in the formats that trainers write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]


def make_toy_lora(
    model: Path, file: Path, *, format: str = "diffusers", seed: int = 0, rank: int = 2
) -> Path:
    """A LoRA over the U-Net's attention and the text encoder of the diffusers folder `model`.

    `format`: `diffusers`, `peft` (as PEFT saves the U-Net alone) or `kohya` (with alphas of half the rank).
    """
    import torch
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
    from safetensors.torch import save_file
    from transformers import CLIPTextModel

    torch.manual_seed(seed)
    network: Any = UNet2DConditionModel.from_pretrained(model / "unet", dtype=torch.float32)
    network = inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=rank, target_modules=ATTENTION), network)
    text: Any = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32)
    text = inject_adapter_in_model(
        LoraConfig(r=rank, lora_alpha=rank, target_modules=["q_proj", "v_proj"]), text
    )
    of_network = _random(get_peft_model_state_dict(network))
    of_text = _random(get_peft_model_state_dict(text))
    if format == "peft":
        save_file({f"base_model.model.{key}": value for key, value in of_network.items()}, file)
    elif format == "diffusers":
        parts = {f"unet.{key}": value for key, value in of_network.items()}
        parts |= {f"text_encoder.{key}": value for key, value in of_text.items()}
        save_file(parts, file)
    elif format == "kohya":
        parts = _kohya("lora_unet", of_network, rank) | _kohya("lora_te", of_text, rank)
        save_file(parts, file)
    else:
        raise ValueError(format)
    return file


def _random(weights: dict[str, Any]) -> dict[str, Any]:
    """The same tensors with something in both halves; trainers start with one of them zero."""
    import torch

    return {key: torch.randn_like(value) * 0.5 for key, value in sorted(weights.items())}


def _kohya(prefix: str, weights: dict[str, Any], rank: int) -> dict[str, Any]:
    import torch

    found: dict[str, Any] = {}
    for key, value in weights.items():
        module, half = key.removesuffix(".weight").rsplit(".", 1)
        if prefix == "lora_te" and not module.startswith("text_model."):
            module = f"text_model.{module}"
        name = f"{prefix}_{module.replace('.', '_')}"
        found[f"{name}.{'lora_down' if half == 'lora_A' else 'lora_up'}.weight"] = value
        found[f"{name}.alpha"] = torch.tensor(rank / 2)
    return found
