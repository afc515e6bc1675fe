"""Opens a model, folder or file, safely: safetensors only, nothing from the network, no code that a model brings along."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.detect_folder import only_file
from pingvas.engine.checkpoints.safetensors_header import PICKLES
from pingvas.engine.checkpoints.single_file import open_single_file
from pingvas.engine.devices import pick_dtype
from pingvas.engine.errors import EngineError, ModelLoadFailed, ModelNotFound
from pingvas.engine.families.family import Family
from pingvas.engine.families.flux import Flux
from pingvas.engine.families.sd3 import StableDiffusion3
from pingvas.engine.families.sdxl import StableDiffusionXL
from pingvas.engine.families.stable_diffusion import StableDiffusion

# The `_class_name` of a model_index.json, the family that runs it, and the parts that must have weights.
FAMILIES: dict[str, tuple[type[Family], tuple[str, ...]]] = {
    "StableDiffusionPipeline": (StableDiffusion, ("text_encoder", "unet", "vae")),
    "StableDiffusionImg2ImgPipeline": (StableDiffusion, ("text_encoder", "unet", "vae")),
    "StableDiffusionInpaintPipeline": (StableDiffusion, ("text_encoder", "unet", "vae")),
    "StableDiffusionXLPipeline": (StableDiffusionXL, ("text_encoder", "text_encoder_2", "unet", "vae")),
    # What refiners are published as: they have the larger text encoder alone.
    "StableDiffusionXLImg2ImgPipeline": (StableDiffusionXL, ("text_encoder_2", "unet", "vae")),
    "StableDiffusionXLInpaintPipeline": (
        StableDiffusionXL,
        ("text_encoder", "text_encoder_2", "unet", "vae"),
    ),
    "StableDiffusion3Pipeline": (StableDiffusion3, ("text_encoder", "text_encoder_2", "transformer", "vae")),
    "FluxPipeline": (Flux, ("text_encoder", "text_encoder_2", "transformer", "vae")),
}


def open_model(path: Path, device: torch.device, config: Mapping[str, Any] | None = None) -> Family:
    """Load the model at `path`: a diffusers folder, a safetensors file, or a folder with just that file.

    `config` is what the catalog says of it. `components`: a diffusers folder of the same family, for what a single
    file does not bring along. `refiner`: the path of one. Both may be relative to where the model is. Raises
    ModelNotFound or ModelLoadFailed, each saying what is the matter.
    """
    config = dict(config or {})
    for name in ("components", "refiner"):
        if config.get(name):
            config[name] = path.parent / str(config[name])
    opener = _find_opener(path, config)
    try:
        _quiet()
        family = opener(device, pick_dtype(device))
    except (EngineError, MemoryError, torch.OutOfMemoryError):
        raise
    # Every library below has its own errors for a damaged file, and all of them mean the same here.
    except Exception as error:
        raise ModelLoadFailed(f"The model {path.name} cannot be loaded: {error}") from error
    if config.get("refiner") and isinstance(family, StableDiffusionXL):
        family.attach_refiner(open_model(config["refiner"], device))
    return family


Opener = Callable[[torch.device, torch.dtype], Family]


def _find_opener(path: Path, config: Mapping[str, Any]) -> Opener:
    """What loads the model at `path`, which has been looked at from outside."""
    index = path / "model_index.json"
    file = only_file(path) if path.is_dir() and not index.is_file() else path
    if file is None or not file.exists():
        raise ModelNotFound(f"There is no model in {path.name}: model_index.json is missing.")
    if file.is_dir():
        family = _family_of(path, index)
        return lambda device, dtype: family.open(path, device, dtype)
    found = detect(file)
    if found.kind != "checkpoint" or found.family is None:
        says = found.details.get("says") or f"a {found.kind}, which is a part of a model and not a whole one"
        raise ModelLoadFailed(f"{file.name} is {says}.")
    name = found.family
    return lambda device, dtype: open_single_file(file, name, config, device, dtype)


def _family_of(folder: Path, index: Path) -> type[Family]:
    try:
        pipeline = json.loads(index.read_text("utf-8"))["_class_name"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelLoadFailed(f"The model_index.json of {folder.name} cannot be read.") from error
    if pipeline not in FAMILIES:
        raise ModelLoadFailed(f"{folder.name} is a {pipeline}; this engine does not know that family.")
    family, parts = FAMILIES[pipeline]
    for part in parts:
        _expect_safetensors(folder, part)
    return family


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
