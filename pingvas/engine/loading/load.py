"""Opens a model, folder or file, safely: safetensors only, nothing from the network, no code that a model brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.detect import detect, expect_openable
from pingvas.engine.checkpoints.detect_folder import only_file
from pingvas.engine.checkpoints.safetensors_header import is_safetensors
from pingvas.engine.devices import pick_dtype
from pingvas.engine.errors import EngineError, ModelLoadFailed
from pingvas.engine.families.family import Family
from pingvas.engine.families.flux import Flux
from pingvas.engine.families.sd3 import StableDiffusion3
from pingvas.engine.families.sdxl import StableDiffusionXL
from pingvas.engine.families.stable_diffusion import StableDiffusion
from pingvas.engine.loading.single_file import open_single_file

FAMILIES: dict[str, type[Family]] = {
    "sd1": StableDiffusion,
    "sd2": StableDiffusion,
    "sdxl": StableDiffusionXL,
    "sd3": StableDiffusion3,
    "flux": Flux,
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
    except KeyError as error:
        raise ModelLoadFailed(f"The model {path.name} is not whole: it lacks {error.args[0]}.") from error
    # Every library below has its own errors for a damaged file, and all of them mean the same here.
    except Exception as error:
        raise ModelLoadFailed(f"The model {path.name} cannot be loaded: {error}") from error
    if config.get("refiner") and isinstance(family, StableDiffusionXL):
        family.attach_refiner(open_model(config["refiner"], device))
    return family


Opener = Callable[[torch.device, torch.dtype], Family]


def _find_opener(path: Path, config: Mapping[str, Any]) -> Opener:
    """What loads the model at `path`, which has been looked at from outside."""
    found = detect(path)
    if found.kind != "checkpoint" and found.refusal is None:
        raise ModelLoadFailed(
            f"{path.name} is a {found.kind}, which is a part of a model and not a whole one."
        )
    expect_openable(found, path.name, has_components=bool(config.get("components")))
    name = str(found.family)
    if found.folder:
        return lambda device, dtype: FAMILIES[name].open(path, device, dtype)
    file = only_file(path) if path.is_dir() else path
    return lambda device, dtype: open_single_file(file or path, name, config, device, dtype)


def size_of(path: Path) -> int:
    """Bytes of the weights in a model's folder or file; 0 when there is nothing."""
    files = [path] if path.is_file() else filter(is_safetensors, path.rglob("*"))
    return sum(file.stat().st_size for file in files)


def _quiet() -> None:
    """No progress bars: a worker has no terminal, and they are not ours to show."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        silence: Callable[[], None] = logging.disable_progress_bar
        silence()
