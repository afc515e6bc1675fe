"""Says what a model file or folder is, from its keys and shapes, and whether the engine can open it, or why not.

The one judge: `models add`, `models verify`, `doctor` and the engine's openers all ask here. The name, the suffix and the
metadata are claims; metadata decides only where the shapes leave a choice. No torch, and no tensor is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pingvas.engine.checkpoints import limits
from pingvas.engine.checkpoints.detect_folder import detect_folder, only_file
from pingvas.engine.checkpoints.detect_lora import find_lora, why_not_lora
from pingvas.engine.checkpoints.detect_parts import (
    find_controlnet,
    find_text_encoder,
    find_upscaler,
    find_vae,
)
from pingvas.engine.checkpoints.detected import (
    FAMILY_BY_TEXT_WIDTH,
    REFINER_TEXT_WIDTH,
    Detected,
    Family,
    Prediction,
    variant_of_channels,
)
from pingvas.engine.checkpoints.lora_strengths import UnusableLora, find_adapter_config, read_adapter_config
from pingvas.engine.checkpoints.safetensors_header import Header, TensorFacts, is_safetensors, read_header
from pingvas.engine.errors import ModelLoadFailed, ModelNotFound

__all__ = ["Detected", "detect", "detect_header", "expect_openable", "why_not_lora_at"]

# What a single file of each family may hold; what it lacks of it has to come from a diffusers folder beside it.
_WANTED: Mapping[str, tuple[str, ...]] = {
    "sd1": ("text_encoder", "vae"),
    "sd2": ("text_encoder", "vae"),
    "sdxl": ("text_encoder", "text_encoder_2", "vae"),
    "refiner": ("text_encoder_2", "vae"),
    # Stable Diffusion 3 can do without T5, and FLUX.1 cannot. T5's tokenizer is in no file.
    "sd3": ("text_encoder", "text_encoder_2", "vae"),
    "flux": ("text_encoder", "text_encoder_2", "tokenizer_2", "vae"),
}


def detect(path: Path) -> Detected:
    """What is at `path`. Raises ModelNotFound, or ModelLoadFailed for a pickle or a damaged file; never runs any of it.

    What is sound and cannot be opened has a `refusal`; of no kind we know it is `unknown` besides.
    """
    if path.is_dir():
        file = only_file(path)
        return detect_folder(path) if file is None else _detect_file(file, find_adapter_config(path))
    return _detect_file(path, find_adapter_config(path))


def why_not_lora_at(path: Path, family: Family) -> str | None:
    """Why the engine can lay the LoRA at `path` over no model of `family`, as a `refusal`; None: it can.

    Raises what `detect` raises.
    """
    file = (only_file(path) if path.is_dir() else None) or path
    config = find_adapter_config(path)
    try:
        adapter = None if config is None else read_adapter_config(config)
    except UnusableLora as error:
        return str(error)
    return why_not_lora(read_header(file), family, adapter)


def _detect_file(path: Path, config: Path | None) -> Detected:
    """`config` is what PEFT may have put beside the weights of a LoRA."""
    if not path.exists():
        raise ModelNotFound(f"There is nothing at {path.name}.")
    header = read_header(path)
    if not is_safetensors(path):
        raise ModelLoadFailed(
            f"{path.name} is named as something else than .safetensors; rename it if it is."
        )
    found = detect_header(header)
    if found.kind != "lora" or config is None:
        return found
    # The two are one thing: how strongly the weights count stands in the other file.
    try:
        return replace(detect_header(header, read_adapter_config(config)), folder=True)
    except UnusableLora as error:
        return replace(found, refusal=str(error), folder=True)


def detect_header(header: Header, adapter: Mapping[str, Any] | None = None) -> Detected:
    """What a file with this header is. `adapter` is the content of PEFT's configuration beside it."""
    tensors = header.tensors
    found = (
        find_lora(header, adapter)
        or find_controlnet(tensors)
        or _find_checkpoint(header)
        or find_vae(header)
        or find_text_encoder(tensors)
        or find_upscaler(tensors)
    )
    packed = limits.why_weights_cannot_be_read(tensors, header.metadata)
    if found is None:
        says = limits.says_what_else(tensors)
        return Detected("unknown", details={"says": says}, refusal=packed or f"is {says}")
    found = replace(found, missing=_missing(found))
    return replace(found, refusal=packed or found.refusal or limits.why_not(found))


def expect_openable(found: Detected, name: str, *, has_components: bool = False) -> None:
    """Raises ModelLoadFailed with the reason when what was found cannot be opened.

    `has_components`: a folder is named that has what a single file lacks; whether it has is seen when it is opened.
    """
    if found.refusal is not None:
        raise ModelLoadFailed(f"{name} {found.refusal}.")
    if found.missing and not has_components:
        raise ModelLoadFailed(f"{name} {says_missing(found)}.")


def says_missing(found: Detected) -> str:
    """What a single file lacks and how to bring it, in a sentence without its subject and its point."""
    texts = [part for part in found.missing if part.startswith("text_encoder")]
    wanted = [part for part in _WANTED[_wants(found)] if part.startswith("text_encoder")]
    names = []
    if texts:
        which = {"text_encoder": "first ", "text_encoder_2": "second "}[texts[0]] if len(wanted) > 1 else ""
        names.append("text encoders" if len(texts) > 1 else f"{which}text encoder ({texts[0]})")
    if "vae" in found.missing:
        names.append("VAE")
    tokenizer = next((part for part in found.missing if part.startswith("tokenizer")), None)
    sentences = [f"holds the model without its {' and '.join(names)}"] if names else []
    if tokenizer:
        sentences.append(f"needs the tokenizer of T5 ({tokenizer}), which no single file brings along")
    return (
        f"{', and it '.join(sentences)}: name a diffusers folder of the same family that has what is missing as its "
        "components (--components), or take the diffusers folder of the model itself"
    )


def _wants(found: Detected) -> str:
    return "refiner" if found.variant == "refiner" else str(found.family)


def _missing(found: Detected) -> tuple[str, ...]:
    if found.kind != "checkpoint":
        return ()
    missing = [part for part in _WANTED[_wants(found)] if part not in found.parts]
    if found.family == "sd3" and "text_encoder_3" in found.parts:
        missing.append("tokenizer_3")
    return tuple(missing)


def _find_checkpoint(header: Header) -> Detected | None:
    """A single file in the layout of the first publishers: `model.diffusion_model.…`, or a bare FLUX or SD3 transformer."""
    tensors = header.tensors
    if limits.is_foreign_checkpoint(tensors):
        says = limits.says_what_else(tensors)
        return Detected("unknown", details={"says": says}, refusal=f"is {says}")
    prefix = "model.diffusion_model." if _any(tensors, "model.diffusion_model.") else ""
    if prefix + "input_blocks.0.0.weight" in tensors and prefix:
        return _unet_checkpoint(header)
    if prefix + "double_blocks.0.img_attn.norm.key_norm.scale" in tensors:
        return _flux_checkpoint(tensors, prefix)
    if prefix + "joint_blocks.0.context_block.adaLN_modulation.1.bias" in tensors:
        return Detected("checkpoint", "sd3", "flow", parts=_parts(tensors, "sd3"))
    return None


def _unet_checkpoint(header: Header) -> Detected:
    tensors = header.tensors
    shape = tensors["model.diffusion_model.input_blocks.0.0.weight"].shape
    channels = shape[1] if len(shape) == 4 else 0
    width = _text_width(tensors)
    family: Family
    variant = None
    if _any(tensors, "conditioner.embedders.1.") or _any(tensors, "conditioner.embedders.0.transformer."):
        family = "sdxl"
    elif _any(tensors, "conditioner.embedders.0.model."):
        family, variant = "sdxl", "refiner"
    elif _any(tensors, "cond_stage_model.model."):
        family = "sd2"
    elif _any(tensors, "cond_stage_model.transformer."):
        family = "sd1"
    else:
        xl = _any(tensors, "model.diffusion_model.label_emb.")
        family = FAMILY_BY_TEXT_WIDTH.get(width or 0, "sdxl" if xl else "sd1")
        variant = "refiner" if width == REFINER_TEXT_WIDTH else None
    if variant is None:
        variant = variant_of_channels(channels, _out_channels(tensors))
    refusal = None
    if family in ("sd1", "sd2") and _any(tensors, "model.diffusion_model.label_emb."):
        refusal = (
            "takes more than words (a picture's embedding, as unCLIP models do), which no job can give it"
        )
    if _any(tensors, "model.diffusion_model.time_embed.cond_proj."):
        refusal = "takes its guidance inside the network (a distilled LCM), which no job can give it"
    details = {"channels": channels, "latent_channels": _out_channels(tensors), "text_width": width}
    found = Detected("checkpoint", family, _prediction_said(header), variant, details=details)
    # What the entrance says is the truer reason.
    return replace(found, parts=_parts(tensors, _wants(found)), refusal=limits.why_not(found) or refusal)


def _flux_checkpoint(tensors: Mapping[str, TensorFacts], prefix: str) -> Detected:
    variant = "dev" if _any(tensors, prefix + "guidance_in.") else "schnell"
    entrance = tensors.get(prefix + "img_in.weight")
    exit_ = tensors.get(prefix + "final_layer.linear.weight")
    details = {}
    if entrance is not None and len(entrance.shape) == 2:
        details["channels"] = entrance.shape[1]
        if exit_ is not None and len(exit_.shape) == 2 and entrance.shape[1] > exit_.shape[0]:
            variant = "fill" if entrance.shape[1] == 6 * exit_.shape[0] else "control"
    return Detected("checkpoint", "flux", "flow", variant, parts=_parts(tensors, "flux"), details=details)


def _out_channels(tensors: Mapping[str, TensorFacts]) -> int:
    found = tensors.get("model.diffusion_model.out.2.weight")
    return int(found.shape[0]) if found is not None and found.shape else 0


def _text_width(tensors: Mapping[str, TensorFacts]) -> int | None:
    for name, facts in tensors.items():
        if name.startswith("model.diffusion_model.") and name.endswith("attn2.to_k.weight"):
            return facts.shape[1] if len(facts.shape) == 2 else None
    return None


def _parts(tensors: Mapping[str, TensorFacts], wants: str) -> tuple[str, ...]:
    """What the file holds beside the denoiser; the layouts of the families are not taken for one another."""
    open_clip = "conditioner.embedders.0.model." if wants == "refiner" else "conditioner.embedders.1.model."
    t5 = "text_encoder_2" if wants == "flux" else "text_encoder_3"
    prefixes = {
        "sd1": {"text_encoder": "cond_stage_model.transformer."},
        "sd2": {"text_encoder": "cond_stage_model.model."},
        "sdxl": {"text_encoder": "conditioner.embedders.0.transformer.", "text_encoder_2": open_clip},
        "refiner": {"text_encoder_2": open_clip},
        "flux": {"text_encoder": "text_encoders.clip_l.", t5: "text_encoders.t5xxl."},
        "sd3": {
            "text_encoder": "text_encoders.clip_l.",
            "text_encoder_2": "text_encoders.clip_g.",
            t5: "text_encoders.t5xxl.",
        },
    }[wants]
    parts = ["denoiser"]
    if _any(tensors, "first_stage_model.") or _any(tensors, "vae."):
        parts.append("vae")
    return (*parts, *(part for part, prefix in prefixes.items() if _any(tensors, prefix)))


def _prediction_said(header: Header) -> Prediction | None:
    """Most files do not say; the families' first publishers predicted the noise."""
    if "v_pred" in header.tensors:
        return "v_prediction"
    said = header.metadata.get("modelspec.prediction_type", "").lower()
    if said in ("v", "v_prediction", "v-prediction"):
        return "v_prediction"
    return "epsilon" if said == "epsilon" else None


def _any(tensors: Mapping[str, TensorFacts], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in tensors)
