"""Opens the parts of a diffusers folder: modules from safetensors, in shards or as a variant, and plain configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.filled_modules import (
    fill,
    fill_clip,
    fill_t5,
    read_all,
    with_new_attention_names,
)
from pingvas.engine.checkpoints.small_json import read_json
from pingvas.engine.checkpoints.weight_files import find_weights


def open_module(kind: Any, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """The module of class `kind` whose configuration and weights are in `folder`, on `device` and ready for use.

    Raises ModelLoadFailed for what is missing or misshapen, and whatever the libraries raise on damaged files.
    """
    config = read_json(folder / "config.json")
    # The dtype is always ours: fp16 files kept in fp16 would need minutes a picture on a CPU.
    weights = read_all(find_weights(folder, half=dtype == torch.float16).files, device)
    owner, part = folder.parent.name, folder.name
    if not hasattr(kind, "config_class"):
        return fill(
            owner, part, lambda: kind.from_config(config), with_new_attention_names(weights), device, dtype
        )
    described = kind.config_class.from_pretrained(folder, local_files_only=True)
    if described.model_type == "t5":
        return fill_t5(owner, part, described, weights, device, dtype)
    return fill_clip(owner, part, kind, described, lambda _: weights, device, dtype)


def open_tokenizer(kind: Any, folder: Path) -> Any:
    """The tokenizer of class `kind` in `folder`."""
    return kind.from_pretrained(folder, local_files_only=True)


def read_config(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when there is no file. Raises ModelLoadFailed for anything else."""
    return read_json(path) if path.is_file() else {}


def vae_dtype(config: Any, dtype: torch.dtype) -> torch.dtype:
    """In which an SDXL autoencoder is to work: most of them overflow in fp16, and say so."""
    upcast = dtype == torch.float16 and config.get("force_upcast", True)
    return torch.float32 if upcast else dtype
