"""Toy LoRAs for toy models: random corrections, in the formats that trainers write; and models with the same in their weights."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]

Pairs = dict[str, tuple[Any, Any]]
"""By layer: the matrix of its inputs (rank, inputs), and the one of its outputs (outputs, rank)."""


def make_toy_lora(
    model: Path, file: Path, *, format: str = "diffusers", seed: int = 0, rank: int = 2
) -> Path:
    """A LoRA over the U-Net's attention and the text encoder of the diffusers folder `model`.

    `format`: `diffusers`, `peft` (as PEFT saves the U-Net alone) or `kohya` (with alphas of half the rank).
    """
    of_network = random_pairs(weights_of(model / "unet"), *ATTENTION, seed=seed, rank=rank, scale=0.5)
    of_text = random_pairs(
        weights_of(model / "text_encoder"), "q_proj", "v_proj", seed=seed + 1, rank=rank, scale=0.5
    )
    if format == "peft":
        return write_lora(file, peft_keys(of_network, "base_model.model."))
    if format == "diffusers":
        return write_lora(file, peft_keys(of_network, "unet.") | peft_keys(of_text, "text_encoder."))
    if format == "kohya":
        named = {f"text_model.{layer.removeprefix('text_model.')}": pair for layer, pair in of_text.items()}
        keys = kohya_keys(of_network, "lora_unet", alpha=rank / 2)
        return write_lora(file, keys | kohya_keys(named, "lora_te", alpha=rank / 2))
    raise ValueError(format)


def weights_of(part: Path) -> dict[str, Any]:
    """The weights in a part of a diffusers folder, by layer."""
    from safetensors.torch import load_file

    (file,) = part.glob("*.safetensors")
    return {
        name.removesuffix(".weight"): value
        for name, value in load_file(file).items()
        if name.endswith(".weight") and value.dim() in (2, 4)
    }


def random_pairs(
    weights: Mapping[str, Any], *ends: str, seed: int = 0, rank: int = 2, scale: float = 0.25
) -> Pairs:
    """A correction for every layer whose name ends with one of `ends`; of convolutions the first matrix has the kernel."""
    import torch

    torch.manual_seed(seed)
    pairs = {}
    for name, weight in sorted(weights.items()):
        if name.endswith(ends):
            more = [1] * (weight.dim() - 2)
            pairs[name] = (
                torch.randn(rank, *weight.shape[1:]) * scale,
                torch.randn(len(weight), rank, *more) * scale,
            )
    return pairs


def product(pair: tuple[Any, Any], weight: Any) -> Any:
    """What a pair adds to a weight, in its shape."""
    down, up = pair
    return (up.flatten(1) @ down.flatten(1)).view_as(weight)


def peft_keys(pairs: Pairs, prefix: str, middle: str = "") -> dict[str, Any]:
    """PEFT's and diffusers' names."""
    return {
        f"{prefix}{layer}.lora_{half}{middle}.weight": matrix
        for layer, pair in pairs.items()
        for half, matrix in zip("AB", pair, strict=True)
    }


def kohya_keys(
    pairs: Pairs, prefix: str, *, alpha: float | None = None, joined: bool = True
) -> dict[str, Any]:
    """The names of kohya's trainers. `alpha` None: no tensor says it."""
    import torch

    keys: dict[str, Any] = {}
    for layer, (down, up) in pairs.items():
        start = f"{prefix}_{layer.replace('.', '_')}" if joined else f"{prefix}{layer}"
        keys |= {f"{start}.lora_down.weight": down, f"{start}.lora_up.weight": up}
        if alpha is not None:
            keys[f"{start}.alpha"] = torch.tensor(alpha)
    return keys


def write_lora(file: Path, tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> Path:
    """These tensors as a safetensors file."""
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.clone().contiguous() for name, value in tensors.items()},
        file,
        metadata=None if metadata is None else dict(metadata),
    )
    return file


def with_weights(model: Path, to: Path, part: str, weights: Mapping[str, Any]) -> Path:
    """A copy of the diffusers folder `model` in `to`, with other weights in these layers of a part."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(model, to)
    (file,) = (to / part).glob("*.safetensors")
    stored = load_file(file)
    for layer, weight in weights.items():
        assert stored[f"{layer}.weight"].shape == weight.shape
        stored[f"{layer}.weight"] = weight
    save_file({name: value.contiguous() for name, value in stored.items()}, file, metadata={"format": "pt"})
    return to
