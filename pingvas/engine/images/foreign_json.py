"""JSON in which other programs say how a picture was made: SwarmUI, InvokeAI, Fooocus, NovelAI, Easy Diffusion, ComfyUI.

Read are the words, the seed, the size and the usual numbers, under our names; the rest is theirs. Nothing is run.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pingvas.engine.samplers import SAMPLERS

_LIKE_JSON = re.compile(r"\s*(?:\{\s*(?:\"|\}\s*$)|\[\s*(?:\"|\{\s*\"|\]\s*$))")
_RESOLUTION = re.compile(r"\(?\s*(\d{1,6})\s*[,x×]\s*(\d{1,6})\s*\)?")
# Ours, and theirs in the order of preference.
_PROMPTS = {
    "prompt": ("prompt", "positive_prompt", "full_prompt"),
    "negative_prompt": ("negative_prompt", "negativeprompt", "uc", "full_negative_prompt"),
}
_INTEGERS = {
    "seed": (("seed",), 2**63 - 1),
    "steps": (("steps", "num_inference_steps"), 10_000),
    "width": (("width",), 10**6),
    "height": (("height",), 10**6),
}
_CFG = ("cfg_scale", "cfgscale", "guidance_scale", "scale", "cfg")
_MODEL = ("model", "base_model", "use_stable_diffusion_model")
_SAMPLER = ("sampler", "sampler_name", "scheduler")
# One of these beside a prompt: else it is JSON about something else.
_MARKS = frozenset(
    {"seed", "steps", "num_inference_steps", "cfg_scale", "cfgscale", "guidance_scale", "sampler"}
)
_TEXTS = ("text", "text_g", "clip_l", "t5xxl", "prompt", "string", "value")
_MAX_LINKS = 100


def looks_like_json(text: str) -> bool:
    """Whether it begins as JSON does and prompts do not."""
    return _LIKE_JSON.match(text) is not None


def read_foreign_json(text: str) -> dict[str, Any] | None:
    """What JSON of another program says, under our names: empty when nobody knows it. None: it is no JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict | list):
        return None
    return _read_object(found) if isinstance(found, dict) else {}


def _read_object(found: dict[str, Any]) -> dict[str, Any]:
    for name in ("sui_image_params", "image", "meta"):
        inner = found.get(name)
        if isinstance(inner, dict):
            return _read_flat(inner | ({"model": found["model_weights"]} if "model_weights" in found else {}))
    nodes = {name: node for name, node in found.items() if _is_node(node)}
    return _read_graph(nodes) if nodes else _read_flat(found)


def _read_flat(found: Mapping[str, Any]) -> dict[str, Any]:
    """An object whose fields are the settings themselves."""
    # Labels ("Negative Prompt") and names ("negative_prompt") are the same to us.
    said = {str(name).strip().lower().replace(" ", "_"): value for name, value in found.items()}
    read: dict[str, Any] = {}
    for ours, theirs in _PROMPTS.items():
        words = next((words for name in theirs if (words := _words(said.get(name))) is not None), None)
        if words is not None:
            read[ours] = words
    if not read.get("prompt", "").strip() or not _MARKS & said.keys():
        return {}
    for ours, (names, most) in _INTEGERS.items():
        number = next(
            (number for name in names if (number := _integer(said.get(name), most)) is not None), None
        )
        if number is not None:
            read[ours] = number
    size = _RESOLUTION.fullmatch(str(said.get("resolution", "")))
    if size:
        read["width"], read["height"] = int(size[1]), int(size[2])
    cfg = next((cfg for name in _CFG if (cfg := _number(said.get(name))) is not None), None)
    if cfg is not None:
        read["cfg_scale"] = cfg
    model = next((model for name in _MODEL if (model := _model(said.get(name)))), None)
    if model:
        read["model"] = model
    sampler = next(
        (sampler for name in _SAMPLER if isinstance(sampler := said.get(name), str) and sampler), None
    )
    return read | _sampler(sampler, said.get("scheduler"))


def _words(value: Any) -> str | None:
    """A prompt: a text, or a list of weighted parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [part.get("prompt") if isinstance(part, dict) else part for part in value]
        texts = [part for part in parts if isinstance(part, str)]
        return ", ".join(texts) if texts and len(texts) == len(parts) else None
    return None


def _integer(value: Any, most: int) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,20}", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1000:
        return None
    return float(value) if math.isfinite(value) else None


def _model(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("name", "model_name", "key") if value.get(name)), None)
    return value if isinstance(value, str) else None


def _sampler(name: str | None, schedule: Any) -> dict[str, Any]:
    """Under our name where it is the same one."""
    if name is None:
        return {}
    karras = f"{name}_karras" if schedule == "karras" else name
    return {"sampler": karras} if karras in SAMPLERS else {"Sampler": name}


# --- ComfyUI: a graph of nodes, whose inputs are values or [node, output] -----------------------------------------------


def _is_node(node: Any) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def _read_graph(nodes: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What the first node that samples from a positive prompt was given."""
    samplers = [node["inputs"] for node in nodes.values() if "positive" in node["inputs"]]
    asked = next((inputs for inputs in samplers if {"seed", "noise_seed", "steps"} & inputs.keys()), None)
    if asked is None:
        return {}
    prompt = _follow(nodes, asked["positive"], _TEXTS, str)
    if not isinstance(prompt, str) or not prompt.strip():
        return {}
    negative = _follow(nodes, asked.get("negative"), _TEXTS, str)
    read: dict[str, Any] = {"prompt": prompt, "negative_prompt": negative or ""}
    seed = _follow(nodes, asked.get("seed", asked.get("noise_seed")), ("seed", "noise_seed", "value"), int)
    steps = _follow(nodes, asked.get("steps"), ("steps", "value"), int)
    for name, value in (("seed", seed), ("steps", steps)):
        if (number := _integer(value, _INTEGERS[name][1])) is not None:
            read[name] = number
    if (cfg := _number(asked.get("cfg"))) is not None:
        read["cfg_scale"] = cfg
    for name in ("width", "height"):
        side = _integer(_follow(nodes, asked.get("latent_image"), (name,), int), 10**6)
        if side:
            read[name] = side
    model = _follow(nodes, asked.get("model"), ("ckpt_name", "unet_name"), str)
    if model:
        read["model"] = model
    sampler = asked.get("sampler_name")
    return read | _sampler(sampler if isinstance(sampler, str) else None, asked.get("scheduler"))


def _follow(
    nodes: Mapping[str, dict[str, Any]], value: Any, names: Iterable[str], kind: type[str] | type[int]
) -> Any:
    """The value itself, or the first of these inputs that is one along the links behind it; None: there is none."""
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    waiting, seen = [value], set[str]()
    while waiting and len(seen) < _MAX_LINKS:
        link = waiting.pop(0)
        if not (isinstance(link, list) and len(link) == 2 and str(link[0]) in nodes) or str(link[0]) in seen:
            continue
        seen.add(str(link[0]))
        inputs = nodes[str(link[0])]["inputs"]
        for name in names:
            if isinstance(inputs.get(name), kind) and not isinstance(inputs[name], bool):
                return inputs[name]
        waiting += [each for each in inputs.values() if isinstance(each, list)]
    return None
