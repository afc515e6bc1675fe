"""Opens a model folder, safely: safetensors only, nothing from the network, no code that a model brings along."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import torch

# Read when huggingface_hub is first imported, so it is said before diffusers is.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from pingvas.engine.errors import EngineError, ModelLoadFailed, ModelNotFound
from pingvas.engine.families.family import Family
from pingvas.engine.families.stable_diffusion import StableDiffusion

PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".msgpack", ".h5")
# The `_class_name` of a model_index.json, the family that runs it, and the parts that must have weights.
FAMILIES: dict[str, tuple[type[Family], tuple[str, ...]]] = {
    "StableDiffusionPipeline": (StableDiffusion, ("text_encoder", "unet", "vae")),
    "StableDiffusionInpaintPipeline": (StableDiffusion, ("text_encoder", "unet", "vae")),
}


def pick_device(name: str) -> torch.device:
    """`auto` is a CUDA card where there is one, else the CPU. Raises ValueError for a device that is not here."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"There is no device {name!r} here; try `auto` or `cpu`.") from error
    return device


def pick_dtype(device: torch.device) -> torch.dtype:
    """bf16 on cards that compute in it, fp16 on older ones, fp32 elsewhere: fp16 on a CPU is twenty times slower."""
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def open_model(folder: Path, device: torch.device) -> Family:
    """Load the model in `folder`. Raises ModelNotFound or ModelLoadFailed, each saying what is the matter."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise ModelNotFound(f"There is no model in {folder.name}: model_index.json is missing.")
    try:
        pipeline = json.loads(index.read_text("utf-8"))["_class_name"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelLoadFailed(f"The model_index.json of {folder.name} cannot be read.") from error
    if pipeline not in FAMILIES:
        raise ModelLoadFailed(f"{folder.name} is a {pipeline}; this engine does not know that family.")
    family, parts = FAMILIES[pipeline]
    for part in parts:
        _expect_safetensors(folder, part)
    try:
        _quiet()
        return family.open(folder, device, pick_dtype(device))
    except (EngineError, MemoryError, torch.OutOfMemoryError):
        raise
    # Every library below has its own errors for a damaged file, and all of them mean the same here.
    except Exception as error:
        raise ModelLoadFailed(f"The model {folder.name} cannot be loaded: {error}") from error


def size_of(path: Path) -> int:
    """Bytes of the weights in a model's folder or file; 0 when there is nothing."""
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def _expect_safetensors(folder: Path, part: str) -> None:
    files = sorted((folder / part).glob("*"))
    if any(file.suffix == ".safetensors" for file in files):
        return
    pickled = next((file for file in files if file.suffix in PICKLES), None)
    if pickled is not None:
        raise ModelLoadFailed(
            f"{part}/{pickled.name} of {folder.name} is a pickle, which can run any code when opened. "
            "Only safetensors files are loaded: convert it first."
        )
    raise ModelLoadFailed(f"The model {folder.name} has no weights for its {part}.")


def _quiet() -> None:
    """No progress bars: a worker has no terminal, and they are not ours to show."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        silence: Callable[[], None] = logging.disable_progress_bar
        silence()
