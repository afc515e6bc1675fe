"""Opens a model as a worker would, to see whether a worker could: before it is taken into the catalog, and whenever asked.

Checkpoints and their parts are opened on the device `meta`: every name and shape is compared with the network that they
are to fill, tokenizers and schedulers are opened for good, and no weight is read. So a model of any size is tried within
seconds and in little memory. Upscalers are small, and are opened whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from pingvas.engine.checkpoints import architectures, detected
from pingvas.engine.checkpoints.detect import detect, expect_openable, why_not_lora_at
from pingvas.engine.checkpoints.detect_folder import only_file
from pingvas.engine.checkpoints.detected import Detected
from pingvas.engine.checkpoints.folder_parts import open_module
from pingvas.engine.errors import EngineError, InvalidParameters, ModelLoadFailed
from pingvas.engine.families import schedulers
from pingvas.engine.families.family import Family
from pingvas.engine.images.upscale import open_upscaler
from pingvas.engine.loading.autoencoders import expect_fitting, open_vae
from pingvas.engine.loading.load import FAMILIES, open_model
from pingvas.engine.loading.single_file import open_vae_file
from pingvas.engine.requests import LoraUse
from pingvas.engine.sampling import lora
from pingvas.engine.sampling.control import open_control

META = torch.device("meta")
_PUBLISHED = {
    "sd1": architectures.SD1,
    "sd2": architectures.SD2,
    "sdxl": architectures.SDXL,
    "sd3": architectures.SD3,
    "flux": architectures.FLUX_DEV,
}


@dataclass(frozen=True)
class Host:
    """A checkpoint that a part is to be used with: where it is, and what the catalog says of it."""

    path: Path
    config: Mapping[str, Any]


def try_opening(
    path: Path, config: Mapping[str, Any], *, hosts: Sequence[Host] = (), base: str | None = None
) -> dict[str, Any]:
    """Open the model at `path`; what was learned that the header does not tell (`scale` of an upscaler).

    `config` is what the catalog says, or will say, of it. A ControlNet, a LoRA or a VAE must fit one of `hosts`, where there are
    some that can be opened; without any, a VAE in a file is held against those published for the family `base`.
    Raises EngineError with the reason.
    """
    _silence()
    found = detect(path)
    expect_openable(found, path.name, has_components=bool(config.get("components")))
    match found.kind:
        case "checkpoint":
            _try_checkpoint(path, config)
        case "upscaler":
            file = only_file(path) if path.is_dir() else path
            return {"scale": open_upscaler(file or path, torch.device("cpu")).scale}
        case "controlnet" | "lora" | "vae":
            _try_part(found, path, hosts, base)
        case _:
            pass
    return {}


def _silence() -> None:
    """What the libraries find worth a remark is none for those who only want to know whether a model can be opened."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        quiet: Callable[[], None] = logging.set_verbosity_error
        quiet()


def _try_checkpoint(path: Path, config: Mapping[str, Any]) -> None:
    family = open_model(path, META, config)
    # The sampler that a job has which names none; what the scheduler's configuration asks for shows only here.
    sampler = str((config.get("defaults") or {}).get("sampler") or family.samplers[0])
    try:
        family.expect_sampler(sampler)
        if not family.flow:
            schedulers.build(sampler, family.scheduler_config)
    except EngineError:
        raise
    except Exception as error:
        raise ModelLoadFailed(f"The scheduler of {path.name} cannot be used: {error}") from error


def _try_part(found: Detected, path: Path, hosts: Sequence[Host], base: str | None) -> None:
    reason: EngineError | None = None
    for host in hosts:
        try:
            family = open_model(host.path, META, host.config)
        except EngineError:
            continue  # that one's trouble, and not this one's
        family.own_vae = family.vae
        try:
            return _fit(found, path, family)
        except EngineError as error:
            reason = error
    if reason is not None:
        raise reason
    _try_alone(found, path, base)
    return None


def _fit(found: Detected, path: Path, family: Family) -> None:
    if found.kind == "controlnet":
        open_control(path, family)
    elif found.kind == "lora":
        lora.attach(family, (LoraUse(path.stem, path, 1.0),))
    else:
        expect_fitting(open_vae(path, family), family, path.stem)


def _try_alone(found: Detected, path: Path, base: str | None) -> None:
    """A part that nothing is there for yet, against what was published."""
    import diffusers

    models: Any = diffusers
    family = base if base in FAMILIES else found.family
    if found.kind == "lora":
        named = next((name for name in detected.FAMILIES if name == family), None)
        refusal = None if named is None else why_not_lora_at(path, named)
        if refusal is not None:
            raise InvalidParameters(f"The LoRA {path.stem} {refusal}.")
        return
    file = only_file(path) if path.is_dir() else path
    try:
        if found.kind == "controlnet":
            kind = getattr(models, FAMILIES[str(family)].control_class)
            open_module(kind, path, META, torch.float32)
        elif file is not None and family is not None:
            open_vae_file(file, _PUBLISHED[family]["vae"], META, torch.float32)
        elif file is None:
            vae = open_module(models.AutoencoderKL, path, META, torch.float32)
            if family is not None:
                _expect_latents(vae, family, path.stem)
    except EngineError:
        raise
    # Every library has its own errors for a damaged file, and all of them mean the same here.
    except Exception as error:
        raise ModelLoadFailed(f"{path.name} cannot be loaded: {error}") from error


def _expect_latents(vae: Any, family: str, name: str) -> None:
    """Raises InvalidParameters when a VAE's latents are not those that the published models of a family work on."""
    published: Any = SimpleNamespace(
        channels=_PUBLISHED[family]["vae"]["latent_channels"],
        factor=2 ** (len(_PUBLISHED[family]["vae"]["block_out_channels"]) - 1),
    )
    try:
        expect_fitting(vae, published, name)
    except InvalidParameters as error:
        raise InvalidParameters(str(error).replace("this model", f"models of {family}")) from error
