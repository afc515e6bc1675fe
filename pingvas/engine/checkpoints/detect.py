"""Says what a model file or folder is, from its keys and shapes: the name, the suffix and the metadata are claims.

No torch, and no tensor is read. Metadata decides only where the shapes leave a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from pingvas.engine.checkpoints.safetensors_header import Header, read_header
from pingvas.engine.errors import ModelLoadFailed, ModelNotFound

__all__ = ["Detected", "detect", "detect_header", "why_not_lora_at"]


def detect(path: Path) -> Detected:
    """What is at `path`. Raises ModelNotFound, or ModelLoadFailed for a pickle or a damaged file; never runs any of it.

    What is sound and of no kind we know is `unknown`, with `details["says"]`.
    """
    if path.is_dir():
        file = only_file(path)
        return detect_folder(path) if file is None else _detect_file(file, find_adapter_config(path))
    return _detect_file(path, find_adapter_config(path))


def why_not_lora_at(path: Path, family: Family) -> str | None:
    """The sentence with which the engine would refuse the LoRA at `path` on any model of `family`; None: it takes it.

    Raises what `detect` raises.
    """
    file = (only_file(path) if path.is_dir() else None) or path
    config = find_adapter_config(path)
    try:
        adapter = None if config is None else read_adapter_config(config)
    except UnusableLora as error:
        return f"This LoRA {error}."
    return why_not_lora(read_header(file), family, adapter)


def _detect_file(path: Path, config: Path | None) -> Detected:
    if not path.exists():
        raise ModelNotFound(f"There is nothing at {path.name}.")
    header = read_header(path)
    if path.suffix.lower() not in (".safetensors", ".sft"):
        raise ModelLoadFailed(
            f"{path.name} is named as something else than .safetensors; rename it if it is."
        )
    found = detect_header(header)
    if found.kind != "lora" or config is None:
        return found
    # PEFT's folder is one thing: how strongly its weights count stands in the other file.
    try:
        found = find_lora(header, read_adapter_config(config)) or found
    except UnusableLora as error:
        found = replace(found, details={**found.details, "refused": f"This LoRA {error}."})
    return replace(found, folder=True)


def detect_header(header: Header) -> Detected:
    """What a file with this header is."""
    tensors = header.tensors
    return (
        find_lora(header)
        or find_controlnet(tensors)
        or _find_checkpoint(header)
        or find_vae(header)
        or find_text_encoder(tensors)
        or find_upscaler(tensors)
        or Detected("unknown", details={"says": _what_else(tensors)})
    )


def _find_checkpoint(header: Header) -> Detected | None:
    """A single file in the layout of the first publishers: `model.diffusion_model.…`, or a bare FLUX or SD3 transformer."""
    tensors = header.tensors
    prefix = "model.diffusion_model." if _any(tensors, "model.diffusion_model.") else ""
    if prefix + "input_blocks.0.0.weight" in tensors and prefix:
        return _unet_checkpoint(header)
    if prefix + "double_blocks.0.img_attn.norm.key_norm.scale" in tensors:
        return _flux_checkpoint(tensors, prefix)
    if prefix + "joint_blocks.0.context_block.adaLN_modulation.1.bias" in tensors:
        return Detected("checkpoint", "sd3", "flow", parts=_parts(tensors))
    return None


def _unet_checkpoint(header: Header) -> Detected:
    tensors = header.tensors
    shape = tensors["model.diffusion_model.input_blocks.0.0.weight"].shape
    channels = shape[1] if len(shape) == 4 else 0
    width = _text_width(tensors)
    family: Family
    variant = None
    if _any(tensors, "conditioner.embedders.1."):
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
    return Detected(
        "checkpoint",
        family,
        _prediction_said(header),
        variant,
        parts=_parts(tensors),
        details={"channels": channels, "text_width": width},
    )


def _flux_checkpoint(tensors: Mapping[str, Any], prefix: str) -> Detected | None:
    others = ("distilled_guidance_layer.", "txt_in.individual_token_refiner.", "single_stream_modulation.")
    if any(_any(tensors, prefix + other) for other in others):
        return None  # relatives of FLUX.1 that are built from the same blocks
    variant = "dev" if _any(tensors, prefix + "guidance_in.") else "schnell"
    entrance = tensors.get(prefix + "img_in.weight")
    exit_ = tensors.get(prefix + "final_layer.linear.weight")
    details = {}
    if entrance is not None and len(entrance.shape) == 2:
        details["channels"] = entrance.shape[1]
        if exit_ is not None and len(exit_.shape) == 2 and entrance.shape[1] > exit_.shape[0]:
            variant = "fill" if entrance.shape[1] == 6 * exit_.shape[0] else "control"
    return Detected("checkpoint", "flux", "flow", variant, parts=_parts(tensors), details=details)


def _out_channels(tensors: Mapping[str, Any]) -> int:
    found = tensors.get("model.diffusion_model.out.2.weight")
    return int(found.shape[0]) if found is not None and found.shape else 0


def _text_width(tensors: Mapping[str, Any]) -> int | None:
    for name, facts in tensors.items():
        if name.startswith("model.diffusion_model.") and name.endswith("attn2.to_k.weight"):
            return facts.shape[1] if len(facts.shape) == 2 else None
    return None


def _parts(tensors: Mapping[str, Any]) -> tuple[str, ...]:
    parts = ["denoiser"]
    if _any(tensors, "first_stage_model.") or _any(tensors, "vae."):
        parts.append("vae")
    texts = (
        ("text_encoder", ("cond_stage_model.", "conditioner.embedders.0.", "text_encoders.clip_l.")),
        ("text_encoder_2", ("conditioner.embedders.1.", "text_encoders.clip_g.")),
        ("text_encoder_3", ("text_encoders.t5xxl.",)),
    )
    parts += [part for part, prefixes in texts if any(_any(tensors, prefix) for prefix in prefixes)]
    return tuple(parts)


def _prediction_said(header: Header) -> Prediction | None:
    """Most files do not say; the families' first publishers predicted the noise."""
    if "v_pred" in header.tensors:
        return "v_prediction"
    said = header.metadata.get("modelspec.prediction_type", "").lower()
    if said in ("v", "v_prediction", "v-prediction"):
        return "v_prediction"
    return "epsilon" if said == "epsilon" else None


def _what_else(tensors: Mapping[str, Any]) -> str:
    if _any(tensors, "down_blocks.") and _any(tensors, "time_embedding."):
        return "a U-Net alone, without its text encoder and VAE; add the whole folder it came in"
    if _any(tensors, "transformer_blocks.") and _any(tensors, "time_text_embed."):
        return "a transformer alone, without its text encoders and VAE; add the whole folder it came in"
    if "emb_params" in tensors or "string_to_param" in tensors or "clip_g" in tensors:
        return "a textual inversion, which this studio does not use"
    return "of no kind that this studio knows"


def _any(tensors: Mapping[str, Any], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in tensors)
