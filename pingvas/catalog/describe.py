"""Writes a model's configuration from its files: what it is, what it fits, its habits, and what its files hold."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pingvas.base.errors import Invalid
from pingvas.catalog.contents import Files, content_hash
from pingvas.catalog.families import habits_of
from pingvas.engine.checkpoints.detect import says_missing
from pingvas.engine.checkpoints.detected import FAMILY_BY_TEXT_WIDTH, Detected
from pingvas.engine.checkpoints.safetensors_header import safetensors_in

UPSCALER = "upscaler"
# Why a model that ships cannot be opened; those that are added are refused instead.
UNUSABLE = "unusable"
_TYPES = {
    "checkpoint": "checkpoint",
    "lora": "lora",
    "controlnet": "controlnet",
    "vae": "vae",
    "upscaler": "checkpoint",
}
_UNET_FAMILIES = ("sd1", "sd2", "sdxl")


class NotAModel(Invalid):
    """Files that the studio cannot use as a model."""

    default_detail = "This is not a model that the studio can use."


def model_type_of(detected: Detected, *, has_components: bool = False) -> str:
    """The catalog's type for what was found. Raises NotAModel for what cannot be used by itself.

    `has_components`: a folder was named that has what a single file leaves out.
    """
    if detected.refusal is not None or detected.kind not in _TYPES:
        raise NotAModel(
            f"This {_noun(detected)} {detected.refusal or 'is of no kind that this studio knows'}."
        )
    if detected.variant == "refiner":
        raise NotAModel(
            "This is an SDXL refiner, which makes no pictures by itself; name it with --refiner when you add the base model."
        )
    if detected.missing and not has_components:
        raise NotAModel(f"This {_noun(detected)} {says_missing(detected)}.")
    return _TYPES[detected.kind]


def _noun(detected: Detected) -> str:
    return "folder" if detected.folder else "file"


def describe(detected: Detected, name: str, files: Files, card: Mapping[str, Any]) -> dict[str, Any]:
    """The `config` of a model called `name`. What `card` says counts more than what was found.

    `base` is what parts must be made for to fit: the family, or the model's own name where its sizes are its own.
    """
    detected = replace(detected, prediction_type=card.get("prediction_type", detected.prediction_type))
    family = card.get("family") or (UPSCALER if detected.kind == "upscaler" else detected.family)
    found: dict[str, Any] = {
        "family": family,
        "base": _base_of(detected, family, name),
        "layout": "folder" if detected.folder else "file",
        "variant": detected.variant,
        "prediction_type": detected.prediction_type,
        **{key: detected.details.get(key) for key in ("scale", "network", "rank", "text_width", "channels")},
    }
    if detected.kind == "checkpoint":
        found |= habits_of(detected)
    config = {key: value for key, value in found.items() if value is not None}
    return config | dict(card) | {"files": files, "sha256": content_hash(files)}


def _base_of(detected: Detected, family: str | None, name: str) -> str | None:
    own_sizes = (
        detected.kind == "checkpoint"
        and detected.family in _UNET_FAMILIES
        and detected.details.get("text_width") not in FAMILY_BY_TEXT_WIDTH
    )
    return name if own_sizes else family


def where_weights_are(path: Path, detected: Detected) -> Path:
    """The folder itself for a diffusers folder and for PEFT's; the file for what is one file, wherever it lies."""
    if detected.kind == "lora" and detected.folder and path.is_file():
        return path.parent
    if detected.folder or path.is_file():
        return path
    (file,) = safetensors_in(path)
    return file
