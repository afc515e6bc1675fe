"""Infotext: the text that AUTOMATIC1111's program writes into pictures and that many others read.

Writes our generation parameters in that layout; `infotext_grammar` knows the layout itself, `dialects.a1111` reads it back.
Reading never raises: what cannot be understood is prompt. Nothing read is ever run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pingvas.engine.images.dialects.read import read_text
from pingvas.engine.images.dialects.told import Told
from pingvas.engine.images.infotext_grammar import NEGATIVE, escape_prompt, quote
from pingvas.engine.samplers import SAMPLERS


def write_infotext(parameters: Mapping[str, Any], *, version: str, longest: int | None = None) -> str:
    """Parameters of one picture (the names of a job's: prompt, steps, cfg_scale, …) as infotext.

    The prompt is the one that was run, with its LoRAs as tags, for that is what other programs can run again. Each
    prompt is cut to `longest` characters.
    """
    sampler = SAMPLERS.get(parameters.get("sampler", ""))
    cfg_scale, guidance = parameters.get("cfg_scale"), parameters.get("guidance")
    enlarged = parameters.get("scale")
    pairs = {
        "Steps": parameters.get("steps"),
        "Sampler": sampler.label if sampler else parameters.get("sampler"),
        "Schedule type": sampler.schedule if sampler else None,
        "CFG scale": None if cfg_scale is None else f"{cfg_scale:g}",
        "Distilled CFG Scale": None if guidance is None else f"{guidance:g}",
        "Seed": parameters.get("seed"),
        "Size": f"{parameters['width']}x{parameters['height']}",
        "Model hash": parameters.get("model_hash"),
        "Model": None if enlarged else parameters.get("model"),
        "VAE": parameters.get("vae"),
        "Denoising strength": parameters.get("strength"),
        "Clip skip": parameters.get("clip_skip") if parameters.get("clip_skip", 1) > 1 else None,
        "Mask blur": parameters.get("mask_blur"),
        **_controls(parameters.get("controlnet") or ()),
        "Postprocess upscale by": f"{enlarged:g}" if enlarged else None,
        "Postprocess upscaler": parameters.get("model") if enlarged else None,
        # Our noise comes from the CPU, which other programs must be told.
        "RNG": None if enlarged else "CPU",
        "Version": version,
    }
    settings = ", ".join(f"{key}: {quote(str(value))}" for key, value in pairs.items() if value is not None)
    prompt, negative = (
        escape_prompt(text if longest is None or len(text) <= longest else f"{text[:longest]}…")
        for text in (_with_tags(parameters), _run(parameters, "negative_prompt"))
    )
    negative_line = f"\n{NEGATIVE} {negative}" if negative else ""
    return f"{prompt}{negative_line}\n{settings}".strip()


def _run(parameters: Mapping[str, Any], name: str) -> str:
    """A prompt as it was run: what stands beside the typed one, where it differs."""
    return str(parameters.get(f"resolved_{name}", parameters.get(name, "")))


def _with_tags(parameters: Mapping[str, Any]) -> str:
    tags = [f"<lora:{lora['name']}:{lora['weight']:g}>" for lora in parameters.get("loras") or ()]
    return " ".join([_run(parameters, "prompt"), *tags]).strip()


def _controls(controls: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"ControlNet {number}": (
            f"Module: {control['preprocessor']}, Model: {control['model']}, Weight: {control['weight']:g}, "
            f"Guidance Start: {control['start']:g}, Guidance End: {control['end']:g}"
        )
        for number, control in enumerate(controls)
    }


def read_infotext(text: str) -> dict[str, Any]:
    """Infotext -> parameters under our names; keys we have no name for keep theirs. `{"prompt": text}` at worst.

    JSON of another program is read as such, and says nothing when nobody knows it: it is never a prompt.
    """
    return (read_text(text) or Told()).parameters()
