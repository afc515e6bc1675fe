"""LoRA files: what kohya's trainers, PEFT and diffusers write, read into one form.

Diffusers' own readers turn the many key formats into module names; the rest is made uniform here: one pair of matrices
for each module, with the file's alpha already multiplied in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.errors import InvalidParameters, ModelLoadFailed, ModelNotFound
from pingvas.engine.requests import LoraUse

Pairs = dict[str, dict[str, torch.Tensor]]
"""By part of the model (`unet`, `text_encoder`, …): PEFT's keys, `<module>.lora_A.weight` and `…lora_B.weight`."""

# Where PEFT itself puts the model's own names.
_PEFT_PREFIX = "base_model.model."
_READERS = {
    "sd": "StableDiffusionLoraLoaderMixin",
    "sdxl": "StableDiffusionXLLoraLoaderMixin",
    "sd3": "SD3LoraLoaderMixin",
    "flux": "FluxLoraLoaderMixin",
}
_HALF = re.compile(
    r"^(?P<module>.+?)[._](?:lora(?:_linear_layer)?\.)?(?P<half>lora_A|lora_B|down|up)\.weight$"
)
_OLD_ATTENTION = re.compile(r"(?:\.processor)?\.to_(?P<which>q|k|v|out)$")


def read_lora(use: LoraUse, family: str, network: str, network_config: Any) -> Pairs:
    """The corrections in a LoRA's file. `network` is what the family's network is called in keys.

    Raises ModelNotFound, ModelLoadFailed (damaged, a pickle), InvalidParameters (not a LoRA one knows).
    """
    from safetensors.torch import load_file

    path = _file_of(use)
    try:
        stored = load_file(path)
    except Exception as error:
        raise ModelLoadFailed(f"The LoRA {use.name} cannot be read: {error}") from error
    stored = {key.removeprefix(_PEFT_PREFIX): value for key, value in stored.items()}
    if not any(key.startswith(("lora_", "unet.", "transformer.", "text_encoder")) for key in stored):
        # PEFT saves a network alone, without a name for it.
        stored = {f"{network}.{key}" if ".lora_" in key else key: value for key, value in stored.items()}
    try:
        weights, alphas = _converted(stored, family, network_config)
        return _paired(weights, alphas or {})
    # The readers below fail in many ways at what they do not know, and all of them mean the same here.
    except Exception as error:
        raise InvalidParameters(
            f"The LoRA {use.name} is of a kind that is not known, or made for another family than {family}."
        ) from error


def _file_of(use: LoraUse) -> Path:
    path = use.path
    if path.is_dir():
        path = next(iter(sorted(path.glob("*.safetensors"))), path / "a .safetensors file")
    if not path.is_file():
        raise ModelNotFound(f"The LoRA {use.name} is not there: {path.name} is missing.")
    if path.suffix != ".safetensors":
        raise ModelLoadFailed(
            f"The LoRA {use.name} is not a safetensors file. Pickles can run any code when opened: convert it first."
        )
    return path


def _converted(
    stored: Mapping[str, torch.Tensor], family: str, network_config: Any
) -> tuple[dict[str, torch.Tensor], Mapping[str, Any] | None]:
    from diffusers.loaders import lora_pipeline

    reader: Any = getattr(lora_pipeline, _READERS[family])
    if family == "sd3":
        return reader.lora_state_dict(dict(stored)), None
    if family == "flux":
        weights, alphas = reader.lora_state_dict(dict(stored), return_alphas=True)
    else:
        weights, alphas = reader.lora_state_dict(dict(stored), unet_config=network_config)
    return weights, alphas


def _paired(weights: Mapping[str, torch.Tensor], alphas: Mapping[str, Any]) -> Pairs:
    """Raises ValueError for a key that is no half of a pair."""
    pairs: Pairs = {}
    for key, value in weights.items():
        found = _HALF.match(key)
        if found is None:
            raise ValueError(f"not half of a LoRA: {key}")
        part, _, module = found["module"].partition(".")
        half = "lora_A" if found["half"] in ("lora_A", "down") else "lora_B"
        alpha = alphas.get(f"{key}.alpha", alphas.get(f"{found['module']}.alpha"))
        if half == "lora_A" and alpha is not None:
            value = value * (float(alpha) / value.shape[0])
        pairs.setdefault(part, {})[f"{_named(part, module)}.{half}.weight"] = value
    for part, halves in pairs.items():
        if len({key.rsplit(".lora_", 1)[0] for key in halves}) * 2 != len(halves):
            raise ValueError(f"a half is missing in {part}")
    return pairs


def _named(part: str, module: str) -> str:
    """The module's name today; older files name attention by its processor and text encoders with one more level."""
    text = part.startswith("text_encoder")
    found = _OLD_ATTENTION.search(module)
    if found is not None:
        which = found["which"]
        new = f"{which}_proj" if text else {"out": "to_out.0"}.get(which, f"to_{which}")
        module = f"{module[: found.start()]}.{new}"
    return module
