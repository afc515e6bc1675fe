"""Infotext: the text that AUTOMATIC1111's program writes into pictures and that many others read.

Writes our generation parameters in that layout and reads it back; `infotext_grammar` knows the layout itself. Reading
never raises: what cannot be understood is prompt. Nothing read is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pingvas.engine.images.foreign_json import looks_like_json, read_foreign_json
from pingvas.engine.images.infotext_grammar import NEGATIVE, escape_prompt, parse_infotext, quote
from pingvas.engine.samplers import SAMPLERS

_SIZE = re.compile(r"^(\d{1,6})x(\d{1,6})$", re.ASCII)
_WHOLE, _FRACTION = re.compile(r"[0-9]{1,19}"), re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,20})?")
_LIKE_OURS = re.compile(r"[a-z_]+")
# Their names, ours, and the most that is one.
_INTEGERS: tuple[tuple[str, str, int], ...] = (
    ("Steps", "steps", 10**6),
    ("Seed", "seed", 2**63 - 1),
    ("Clip skip", "clip_skip", 10**6),
    ("Mask blur", "mask_blur", 10**6),
)
_FRACTIONS = (
    ("CFG scale", "cfg_scale"),
    ("Distilled CFG Scale", "guidance"),
    ("Denoising strength", "strength"),
)
_MAX_TEXT = 200_000


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
    text = text[:_MAX_TEXT]
    nothing = {"prompt": "", "negative_prompt": ""}
    if looks_like_json(text) and (foreign := read_foreign_json(text)) is not None:
        return nothing | foreign
    parts = parse_infotext(text)
    if parts.settings is None and looks_like_json(text):
        return nothing  # cut off, or nearly JSON
    prompts = {"prompt": parts.prompt, "negative_prompt": parts.negative_prompt}
    return prompts | _our_names(parts.settings or {}) | parts.behind


def says_how_made(text: str) -> bool:
    """Whether a text that anybody may have written is infotext with settings, or JSON of a program that is known."""
    if looks_like_json(text) and (foreign := read_foreign_json(text)) is not None:
        return bool(foreign)
    return parse_infotext(text[:_MAX_TEXT]).settings is not None


def _our_names(values: dict[str, str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    size = _SIZE.match(values.get("Size", ""))
    if size:
        del values["Size"]
        parameters["width"], parameters["height"] = int(size[1]), int(size[2])
    for theirs, ours, most in _INTEGERS:
        if _WHOLE.fullmatch(values.get(theirs, "")) and int(values[theirs]) <= most:
            parameters[ours] = int(values.pop(theirs))
    for theirs, ours in _FRACTIONS:
        if _FRACTION.fullmatch(values.get(theirs, "")):
            parameters[ours] = float(values.pop(theirs))
    sampler = _find_sampler(values.get("Sampler", ""), values.get("Schedule type", ""))
    if sampler is not None:
        parameters["sampler"] = sampler
        values.pop("Sampler")
        values.pop("Schedule type", None)
    for theirs, ours in (("Model", "model"), ("Model hash", "model_hash"), ("VAE", "vae")):
        if theirs in values:
            parameters[ours] = values.pop(theirs)
    # Names in small letters are ours: nobody else's setting may stand for one.
    return parameters | {name: value for name, value in values.items() if not _LIKE_OURS.fullmatch(name)}


def _find_sampler(label: str, schedule: str) -> str | None:
    """Our name for a sampler; old files write the schedule into the label ("DPM++ 2M Karras")."""
    if label.endswith(" Karras"):
        label, schedule = label.removesuffix(" Karras"), "Karras"
    same = [name for name, sampler in SAMPLERS.items() if sampler.label == label]
    exact = [name for name in same if (SAMPLERS[name].schedule == "Karras") == (schedule == "Karras")]
    return next(iter(exact or same), None)
