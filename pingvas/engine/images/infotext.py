"""Infotext: the text that AUTOMATIC1111's program writes into pictures and that many others read.

Writes our generation parameters in that layout and reads it back. Reading never raises: what cannot be
understood is prompt. Nothing read is ever run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pingvas.engine.samplers import SAMPLERS

_NEGATIVE = "Negative prompt:"
# Every repetition is bounded, or a hostile line of 64 KB would take minutes.
_PAIR = re.compile(r'\s{0,8}(\w[\w \-/]{1,60}):\s{0,8}("(?:\\.|[^\\"]){1,2000}"|[^,]{0,2000})(?:,|$)')
_SIZE = re.compile(r"^(\d{1,6})x(\d{1,6})$")
_LEAST_PAIRS = 3
# Their names, ours, and what kind of number it is.
_NUMBERS: tuple[tuple[str, str, type[int] | type[float]], ...] = (
    ("Steps", "steps", int),
    ("Seed", "seed", int),
    ("CFG scale", "cfg_scale", float),
    ("Distilled CFG Scale", "guidance", float),
    ("Denoising strength", "strength", float),
    ("Clip skip", "clip_skip", int),
    ("Mask blur", "mask_blur", int),
)
_MAX_TEXT = 200_000
_MAX_SETTINGS = 8_000


def write_infotext(parameters: Mapping[str, Any], *, version: str) -> str:
    """Parameters of one picture (the names of a job's: prompt, steps, cfg_scale, …) as infotext.

    The prompt is the one that was run, with its LoRAs as tags, for that is what other programs can run again.
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
    settings = ", ".join(f"{key}: {_quote(value)}" for key, value in pairs.items() if value is not None)
    negative = _run(parameters, "negative_prompt")
    negative_line = f"\n{_NEGATIVE} {negative}" if negative else ""
    return f"{_with_tags(parameters)}{negative_line}\n{settings}".strip()


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
    """Infotext -> parameters under our names; keys we have no name for keep theirs. `{"prompt": text}` at worst."""
    lines = text[:_MAX_TEXT].strip().split("\n")
    pairs = _PAIR.findall(lines[-1]) if len(lines[-1]) <= _MAX_SETTINGS else []
    if len(pairs) >= _LEAST_PAIRS:
        lines.pop()
    else:
        pairs = []
    prompt, negative = _split_prompts(lines)
    values = {key.strip(): _unquote(value.strip()) for key, value in pairs}
    return {"prompt": prompt, "negative_prompt": negative, **_our_names(values)}


def _split_prompts(lines: list[str]) -> tuple[str, str]:
    for number, line in enumerate(lines):
        if line.startswith(_NEGATIVE):
            rest = [line.removeprefix(_NEGATIVE).strip(), *lines[number + 1 :]]
            return "\n".join(lines[:number]).strip(), "\n".join(rest).strip()
    return "\n".join(lines).strip(), ""


def _our_names(values: dict[str, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    size = _SIZE.match(values.get("Size", ""))
    if size:
        del values["Size"]
        parameters["width"], parameters["height"] = int(size[1]), int(size[2])
    for theirs, ours, kind in _NUMBERS:
        try:
            parameters[ours] = kind(values[theirs])
        except (KeyError, ValueError):
            continue
        del values[theirs]
    sampler = _find_sampler(values.get("Sampler", ""), values.get("Schedule type", ""))
    if sampler is not None:
        parameters["sampler"] = sampler
        values.pop("Sampler")
        values.pop("Schedule type", None)
    for theirs, ours in (("Model", "model"), ("Model hash", "model_hash"), ("VAE", "vae")):
        if theirs in values:
            parameters[ours] = values.pop(theirs)
    return parameters | values


def _find_sampler(label: str, schedule: str) -> str | None:
    """Our name for a sampler; old files write the schedule into the label ("DPM++ 2M Karras")."""
    if label.endswith(" Karras"):
        label, schedule = label.removesuffix(" Karras"), "Karras"
    same = [name for name, sampler in SAMPLERS.items() if sampler.label == label]
    exact = [name for name in same if (SAMPLERS[name].schedule == "Karras") == (schedule == "Karras")]
    return next(iter(exact or same), None)


def _quote(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",\n:") else text


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value
