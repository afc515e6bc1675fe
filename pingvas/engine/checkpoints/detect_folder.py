"""Says what a folder is: a diffusers pipeline by its model_index.json, a part by its config.json, or one file in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pingvas.engine.checkpoints.detect_parts import vae_families
from pingvas.engine.checkpoints.detected import (
    FAMILY_BY_TEXT_WIDTH,
    REFINER_TEXT_WIDTH,
    Detected,
    Family,
    variant_of_channels,
)
from pingvas.engine.checkpoints.safetensors_header import PICKLES, read_header
from pingvas.engine.errors import ModelLoadFailed, ModelNotFound

MAX_CONFIG_BYTES = 4 * 1024 * 1024

# Parts of a pipeline that pictures are made without.
_IDLE_PARTS = ("safety_checker", "feature_extractor", "image_encoder")
_PARTS_OF_LIBRARIES = ("diffusers", "transformers")
_WITHOUT_WEIGHTS = ("tokenizer", "tokenizer_2", "tokenizer_3", "scheduler", "feature_extractor")
# What tells a VAE's family when its shapes do not: the scale of its latents.
_FAMILY_BY_SCALING: tuple[tuple[float, Family], ...] = ((0.13025, "sdxl"), (1.5305, "sd3"), (0.3611, "flux"))


def detect_folder(folder: Path) -> Detected:
    """What is in `folder`. Raises ModelNotFound, or ModelLoadFailed for what is damaged or comes as a pickle."""
    if (folder / "model_index.json").is_file():
        return _pipeline(folder)
    if (folder / "config.json").is_file():
        return _part(folder)
    _refuse_pickles(folder, folder.name)
    raise ModelNotFound(
        f"There is no model in {folder.name}: neither a model_index.json nor a safetensors file."
    )


def only_file(folder: Path) -> Path | None:
    """The safetensors file of a folder that holds one and says nothing else. Raises ModelLoadFailed for several."""
    if (folder / "model_index.json").is_file() or (folder / "config.json").is_file():
        return None
    files = [file for file in sorted(folder.iterdir()) if file.suffix == ".safetensors"]
    if len(files) > 1:
        raise ModelLoadFailed(
            f"{folder.name} holds {len(files)} safetensors files and no model_index.json; name one of the files."
        )
    return files[0] if files else None


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of one part, headers checked. Raises ModelLoadFailed when one is missing or damaged."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        _refuse_pickles(folder, f"{folder.parent.name}/{folder.name}")
        raise ModelLoadFailed(f"{folder.parent.name} has no weights in {folder.name}.")
    for index in folder.glob("*.safetensors.index*.json"):
        shards = read_json(index).get("weight_map", {})
        names = set(shards.values()) if isinstance(shards, dict) else set()
        missing = sorted(str(name) for name in names if not (folder / str(name)).is_file())
        if missing:
            raise ModelLoadFailed(
                f"{folder.parent.name} is not whole: {folder.name}/{missing[0]} is missing."
            )
    for file in files:
        read_header(file)
    return files


def read_json(path: Path) -> dict[str, Any]:
    """A small JSON object. Raises ModelLoadFailed."""
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ModelLoadFailed(f"{path.parent.name}/{path.name} is too large to be a configuration.")
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelLoadFailed(f"{path.parent.name}/{path.name} cannot be read.") from error
    if not isinstance(found, dict):
        raise ModelLoadFailed(f"{path.parent.name}/{path.name} is not a configuration.")
    return found


def _pipeline(folder: Path) -> Detected:
    index = read_json(folder / "model_index.json")
    name = str(index.get("_class_name"))
    family = _family_of_pipeline(name)
    if family is None:
        return Detected(
            "unknown", folder=True, details={"says": f"a {name[:60]}, which this studio does not run"}
        )
    parts = [part for part, entry in index.items() if _is_used(part, entry)]
    for part in parts:
        if not (folder / part).is_dir():
            raise ModelLoadFailed(f"{folder.name} is not whole: the folder {part} is missing.")
        if part not in _WITHOUT_WEIGHTS:
            weight_files(folder / part)
    denoiser = "unet" if "unet" in parts else "transformer"
    if denoiser not in parts:
        raise ModelLoadFailed(f"{folder.name} is not whole: it has neither a U-Net nor a transformer.")
    config = read_json(folder / denoiser / "config.json")
    found = Detected(
        "checkpoint",
        family,
        _prediction(folder) if family in ("sd1", "sd2", "sdxl") else "flow",
        folder=True,
        parts=tuple(
            "denoiser" if part == denoiser else part for part in parts if part not in _WITHOUT_WEIGHTS
        ),
        details={"pipeline": name, "channels": config.get("in_channels"), "text_width": _width(config)},
    )
    if family == "flux":
        return replace(found, variant=_flux_variant(config))
    if family == "sd3":
        return found
    return _unet_pipeline(found, config)


def _unet_pipeline(found: Detected, config: Mapping[str, Any]) -> Detected:
    width, family = _width(config), found.family
    if family == "sd1" and (width == 1024 or (width != 768 and config.get("use_linear_projection") is True)):
        family = "sd2"
    variant = variant_of_channels(_int(config.get("in_channels")), _int(config.get("out_channels")))
    if family == "sdxl" and (width == REFINER_TEXT_WIDTH or "text_encoder" not in found.parts):
        variant = "refiner"
    return replace(found, family=family, variant=variant)


def _flux_variant(config: Mapping[str, Any]) -> str:
    channels, out = _int(config.get("in_channels")), _int(config.get("out_channels"))
    if out and channels == 6 * out:
        return "fill"
    if out and channels > out:
        return "control"
    return "dev" if config.get("guidance_embeds") else "schnell"


def _family_of_pipeline(name: str) -> Family | None:
    """SD 2 has the pipelines of SD 1."""
    families: tuple[tuple[str, Family], ...] = (
        ("StableDiffusionXL", "sdxl"),
        ("StableDiffusion3", "sd3"),
        ("Flux", "flux"),
        ("LatentConsistencyModel", "sd1"),
        ("StableDiffusion", "sd1"),
    )
    others = ("Flux2", "Flux3", "FluxKontext", "StableDiffusionUpscale", "StableDiffusionLatentUpscale",
              "StableDiffusionDepth2Img", "StableDiffusionGLIGEN")  # fmt: skip
    if not name.endswith("Pipeline") or name.startswith(others):
        return None
    return next((family for start, family in families if name.startswith(start)), None)


def _part(folder: Path) -> Detected:
    """A ControlNet, a VAE or a text encoder in a folder of its own."""
    config = read_json(folder / "config.json")
    name = str(config.get("_class_name") or (config.get("architectures") or ["?"])[0])
    weight_files(folder)
    if name in ("FluxControlNetModel", "SD3ControlNetModel"):
        return Detected("controlnet", "flux" if name.startswith("Flux") else "sd3", folder=True)
    if name == "ControlNetModel":
        width = _width(config)
        by_width = FAMILY_BY_TEXT_WIDTH.get(width or 0, "sd1")
        family: Family = "sdxl" if config.get("addition_embed_type") == "text_time" else by_width
        return Detected("controlnet", family, folder=True, details={"text_width": width})
    if name == "AutoencoderKL":
        return _vae(config)
    if name.startswith(("CLIPText", "T5Encoder")):
        return Detected("text_encoder", folder=True, details={"network": name})
    return Detected(
        "unknown", folder=True, details={"says": f"a {name[:60]}, which this studio does not use alone"}
    )


def _vae(config: Mapping[str, Any]) -> Detected:
    channels = _int(config.get("latent_channels")) or 4
    scaling = config.get("scaling_factor", 0.18215)
    family = next((family for value, family in _FAMILY_BY_SCALING if scaling == value), None)
    details = {"channels": channels, "families": [family] if family else list(vae_families(channels))}
    return Detected("vae", family, folder=True, details=details)


def _is_used(part: str, entry: object) -> bool:
    return (
        not part.startswith("_")
        and part not in _IDLE_PARTS
        and isinstance(entry, list)
        and len(entry) == 2
        and entry[0] in _PARTS_OF_LIBRARIES
        and "/" not in part
        and "\\" not in part
        and part != ".."
    )


def _prediction(folder: Path) -> Any:
    path = folder / "scheduler" / "scheduler_config.json"
    said = read_json(path).get("prediction_type", "epsilon") if path.is_file() else "epsilon"
    return said if said in ("epsilon", "v_prediction", "sample") else None


def _refuse_pickles(folder: Path, name: str) -> None:
    pickled = next((file for file in sorted(folder.glob("*")) if file.suffix.lower() in PICKLES), None)
    if pickled is not None:
        raise ModelLoadFailed(
            f"{name}/{pickled.name} is a pickle, which can run any code when opened. "
            "Only safetensors files are loaded: convert it first."
        )


def _width(config: Mapping[str, Any]) -> int | None:
    width = config.get("cross_attention_dim")
    if isinstance(width, list):
        width = width[0] if width else None
    return width if type(width) is int else None


def _int(value: object) -> int:
    return value if type(value) is int else 0
