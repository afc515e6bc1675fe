"""Opens the parts of a diffusers folder: modules from safetensors, in shards or as a variant, and plain configurations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch

# `model.fp16.safetensors`, `model.fp16-00001-of-00002.safetensors` and `model-00001-of-00002.fp16.safetensors`.
_SHARD = r"(?:-\d{5}-of-\d{5})?"
_VARIANT = re.compile(rf"[^.]+\.(\w+?){_SHARD}\.safetensors")


def open_module(kind: Any, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """The module of class `kind` whose configuration and weights are in `folder`, on `device` and ready for use.

    Raises whatever diffusers and transformers raise on damaged files.
    """
    # Always name the dtype: transformers would keep fp16 files in fp16, where a CPU needs minutes a picture.
    module = kind.from_pretrained(
        folder, dtype=dtype, variant=find_variant(folder, dtype), local_files_only=True, use_safetensors=True
    )
    return ready(module, device)


def open_tokenizer(kind: Any, folder: Path) -> Any:
    """The tokenizer of class `kind` in `folder`."""
    return kind.from_pretrained(folder, local_files_only=True)


def read_config(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when there is no file. Raises ValueError for anything else."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path.parent.name}/{path.name} is not a configuration")
    return found


def ready(module: Any, device: torch.device) -> Any:
    """For use and not for training, on `device`; convolutions laid out as a card likes them."""
    module.eval().requires_grad_(False).to(device)
    if device.type == "cuda" and any(weight.dim() == 4 for weight in module.parameters()):
        module.to(memory_format=torch.channels_last)
    return module


def find_variant(folder: Path, dtype: torch.dtype) -> str | None:
    """Which of several sets of weights to read; None is the one without a name, which is the most exact one.

    `fp16` is as good where fp16 is computed, and half as long to read.
    """
    names = [file.name for file in sorted(folder.glob("*.safetensors"))]
    variants = {match[1] for name in names if (match := _VARIANT.fullmatch(name))}
    if "fp16" in variants and dtype == torch.float16:
        return "fp16"
    if not variants or any(not _VARIANT.fullmatch(name) for name in names):
        return None
    return "fp16" if "fp16" in variants else min(variants)


def vae_dtype(config: Any, dtype: torch.dtype) -> torch.dtype:
    """In which an SDXL autoencoder is to work: most of them overflow in fp16, and say so."""
    upcast = dtype == torch.float16 and config.get("force_upcast", True)
    return torch.float32 if upcast else dtype
