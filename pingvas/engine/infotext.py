"""Infotext: the text that AUTOMATIC1111's program writes into pictures and that many others read.

Writes our generation parameters in that layout and reads it back. Reading never raises: what cannot be
understood is prompt. Nothing read is ever run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pingvas.engine.samplers import SAMPLERS

_NEGATIVE = "Negative prompt:"
# Every repetition is bounded, or a hostile line of 64 KB would take minutes.
_PAIR = re.compile(r'\s{0,8}(\w[\w \-/]{1,60}):\s{0,8}("(?:\\.|[^\\"]){1,2000}"|[^,]{0,2000})(?:,|$)')
_SIZE = re.compile(r"^(\d{1,6})x(\d{1,6})$")
_LEAST_PAIRS = 3
_MAX_TEXT = 200_000
_MAX_SETTINGS = 8_000


def write_infotext(parameters: Mapping[str, Any], *, version: str) -> str:
    """Parameters of one picture (the names of a job's: prompt, steps, cfg_scale, …) as infotext."""
    sampler = SAMPLERS.get(parameters["sampler"])
    pairs = {
        "Steps": parameters["steps"],
        "Sampler": sampler.label if sampler else parameters["sampler"],
        "Schedule type": sampler.schedule if sampler else None,
        "CFG scale": f"{parameters['cfg_scale']:g}",
        "Seed": parameters["seed"],
        "Size": f"{parameters['width']}x{parameters['height']}",
        "Model hash": parameters.get("model_hash"),
        "Model": parameters.get("model"),
        # Our noise comes from the CPU, which other programs must be told.
        "RNG": "CPU",
        "Version": version,
    }
    settings = ", ".join(f"{key}: {_quote(value)}" for key, value in pairs.items() if value is not None)
    negative = parameters.get("negative_prompt")
    negative_line = f"\n{_NEGATIVE} {negative}" if negative else ""
    return f"{parameters['prompt']}{negative_line}\n{settings}".strip()


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
    for theirs, ours, kind in (
        ("Steps", "steps", int),
        ("Seed", "seed", int),
        ("CFG scale", "cfg_scale", float),
    ):
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
    for theirs, ours in (("Model", "model"), ("Model hash", "model_hash")):
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
