"""Says what a folder is: a diffusers pipeline by its model_index.json, a part by its config.json, or one file in it.

And whether the engine can open it: every part that the pipeline needs is there, with weights that are whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pingvas.engine.checkpoints import limits
from pingvas.engine.checkpoints.detect_parts import vae_families
from pingvas.engine.checkpoints.detected import (
    FAMILY_BY_TEXT_WIDTH,
    REFINER_TEXT_WIDTH,
    Detected,
    Family,
    variant_of_channels,
)
from pingvas.engine.checkpoints.lora_strengths import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from pingvas.engine.checkpoints.safetensors_header import read_header, safetensors_in
from pingvas.engine.checkpoints.small_json import read_json
from pingvas.engine.checkpoints.weight_files import find_weights, refuse_pickles
from pingvas.engine.errors import ModelLoadFailed, ModelNotFound

_TEXT = ("tokenizer", "text_encoder")
_TEXTS = (*_TEXT, "tokenizer_2", "text_encoder_2")
_SD = (*_TEXT, "unet", "vae", "scheduler")
_XL = (*_TEXTS, "unet", "vae", "scheduler")
_FLOW = (*_TEXTS, "transformer", "vae", "scheduler")
# The `_class_name` of a model_index.json, the family that runs it, and the folders it cannot be opened without. The
# pipelines of one family have the same weights, whatever they start from; SD 2 has the pipelines of SD 1.
PIPELINES: Mapping[str, tuple[Family, tuple[str, ...]]] = {
    "StableDiffusionPipeline": ("sd1", _SD),
    "StableDiffusionImg2ImgPipeline": ("sd1", _SD),
    "StableDiffusionInpaintPipeline": ("sd1", _SD),
    "StableDiffusionXLPipeline": ("sdxl", _XL),
    "StableDiffusionXLImg2ImgPipeline": ("sdxl", _XL),
    "StableDiffusionXLInpaintPipeline": ("sdxl", _XL),
    "StableDiffusion3Pipeline": ("sd3", _FLOW),
    "StableDiffusion3Img2ImgPipeline": ("sd3", _FLOW),
    "StableDiffusion3InpaintPipeline": ("sd3", _FLOW),
    "FluxPipeline": ("flux", _FLOW),
    "FluxImg2ImgPipeline": ("flux", _FLOW),
    "FluxInpaintPipeline": ("flux", _FLOW),
    # Known in order to say what they are; their entrances are told apart below.
    "StableDiffusionInstructPix2PixPipeline": ("sd1", _SD),
    "StableDiffusionXLInstructPix2PixPipeline": ("sdxl", _XL),
    "FluxFillPipeline": ("flux", _FLOW),
    "FluxControlPipeline": ("flux", _FLOW),
}
# What a refiner is made of: the larger text encoder alone.
_REFINER = ("tokenizer_2", "text_encoder_2", "unet", "vae", "scheduler")

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
    refuse_pickles(folder, folder.name)
    raise ModelNotFound(
        f"There is no model in {folder.name}: neither a model_index.json nor a safetensors file."
    )


def only_file(folder: Path) -> Path | None:
    """The safetensors file of a folder that holds one and says nothing else. Raises ModelLoadFailed for several."""
    if (folder / "model_index.json").is_file() or (folder / "config.json").is_file():
        return None
    files = safetensors_in(folder)
    if (folder / ADAPTER_CONFIG).is_file() and folder / ADAPTER_WEIGHTS in files:
        return folder / ADAPTER_WEIGHTS
    if len(files) > 1:
        raise ModelLoadFailed(
            f"{folder.name} holds {len(files)} safetensors files and no model_index.json; name one of the files."
        )
    return files[0] if files else None


def detect_components(folder: Path) -> Detected:
    """Of which family a diffusers folder is that need not be whole: only what a file lacks is taken from it.

    Raises ModelLoadFailed for one that cannot be read, or whose family nobody knows.
    """
    name = str(read_json(folder / "model_index.json").get("_class_name"))
    if name not in PIPELINES:
        raise ModelLoadFailed(f"{folder.name} is a {name[:60]}, which this studio does not run.")
    family, needed = PIPELINES[name]
    found = Detected("checkpoint", family, folder=True)
    config = folder / "unet" / "config.json"
    return _unet_pipeline(found, read_json(config)) if "unet" in needed and config.is_file() else found


def why_part_cannot_be_read(folder: Path) -> str | None:
    """Reads the headers of one part's weights. Raises ModelLoadFailed when they are missing or damaged.

    What is whole and cannot be read is returned as a sentence without its subject.
    """
    packed = limits.why_config_cannot_be_read(read_json(folder / "config.json"))
    # Which set of weights is read depends on the device.
    files = {file for half in (False, True) for file in find_weights(folder, half=half).files}
    for file in sorted(files):
        header = read_header(file, f"{folder.parent.name}/{folder.name}/{file.name}")
        packed = packed or limits.why_weights_cannot_be_read(header.tensors, header.metadata)
    return packed


def _pipeline(folder: Path) -> Detected:
    index = read_json(folder / "model_index.json")
    name = str(index.get("_class_name"))
    if name not in PIPELINES:
        says = f"a {name[:60]}, which this studio does not run"
        return Detected("unknown", folder=True, details={"says": says}, refusal=f"is {says}")
    family, needed = PIPELINES[name]
    parts = [part for part, entry in index.items() if _is_used(part, entry)]
    denoiser = "unet" if "unet" in needed else "transformer"
    if denoiser not in parts:
        raise ModelLoadFailed(f"{folder.name} is not whole: it has neither a U-Net nor a transformer.")
    config = read_json(folder / denoiser / "config.json")
    if family == "sdxl" and _is_refiner(name, parts, config):
        needed = _REFINER
    refusal = None
    for part in (*needed, *(part for part in parts if part not in needed)):
        if not (folder / part).is_dir():
            raise ModelLoadFailed(f"{folder.name} is not whole: the folder {part} is missing.")
        if part not in _WITHOUT_WEIGHTS:
            why = why_part_cannot_be_read(folder / part)
            refusal = refusal or (why and f"cannot be opened: its {part} {why}")
    found = Detected(
        "checkpoint",
        family,
        _prediction(folder) if denoiser == "unet" else "flow",
        folder=True,
        parts=tuple(
            "denoiser" if part == denoiser else part for part in parts if part not in _WITHOUT_WEIGHTS
        ),
        details={
            "pipeline": name,
            "channels": config.get("in_channels"),
            "latent_channels": config.get("out_channels"),
            "text_width": _width(config),
        },
    )
    if family == "flux":
        found = replace(found, variant=_flux_variant(config))
    elif denoiser == "unet":
        found = _unet_pipeline(found, config)
        if needed is _REFINER:
            found = replace(found, variant="refiner")
    return replace(found, refusal=refusal or limits.why_not(found))


def _is_refiner(pipeline: str, parts: list[str], config: Mapping[str, Any]) -> bool:
    bare = pipeline == "StableDiffusionXLImg2ImgPipeline" and "text_encoder" not in parts
    return bare or _width(config) == REFINER_TEXT_WIDTH


def _unet_pipeline(found: Detected, config: Mapping[str, Any]) -> Detected:
    width, family = _width(config), found.family
    if family == "sd1" and (width == 1024 or (width != 768 and config.get("use_linear_projection") is True)):
        family = "sd2"
    variant = variant_of_channels(_int(config.get("in_channels")), _int(config.get("out_channels")))
    return replace(found, family=family, variant=variant)


def _flux_variant(config: Mapping[str, Any]) -> str:
    channels, out = _int(config.get("in_channels")), _int(config.get("out_channels"))
    if out and channels == 6 * out:
        return "fill"
    if out and channels > out:
        return "control"
    return "dev" if config.get("guidance_embeds") else "schnell"


def _part(folder: Path) -> Detected:
    """A ControlNet, a VAE or a text encoder in a folder of its own."""
    config = read_json(folder / "config.json")
    name = str(config.get("_class_name") or (config.get("architectures") or ["?"])[0])
    packed = why_part_cannot_be_read(folder)
    if name in ("FluxControlNetModel", "SD3ControlNetModel"):
        found = Detected("controlnet", "flux" if name.startswith("Flux") else "sd3", folder=True)
    elif name == "ControlNetModel":
        width = _width(config)
        by_width = FAMILY_BY_TEXT_WIDTH.get(width or 0, "sd1")
        family: Family = "sdxl" if config.get("addition_embed_type") == "text_time" else by_width
        found = Detected("controlnet", family, folder=True, details={"text_width": width})
    elif name == "AutoencoderKL":
        found = _vae(config)
    elif name.startswith(("CLIPText", "T5Encoder")):
        found = Detected("text_encoder", folder=True, details={"network": name})
    else:
        says = f"a {name[:60]}, which this studio does not use alone"
        return Detected("unknown", folder=True, details={"says": says}, refusal=f"is {says}")
    return replace(found, refusal=packed or limits.why_not_part(found, config) or limits.why_not(found))


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


def _width(config: Mapping[str, Any]) -> int | None:
    width = config.get("cross_attention_dim")
    if isinstance(width, list):
        width = width[0] if width else None
    return width if type(width) is int else None


def _int(value: object) -> int:
    return value if type(value) is int else 0
