"""JSON whose fields are the settings themselves, whoever wrote it: what the programs have in common.

Fields that several programs call alike are read here; what one of them alone has stands in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pingvas.engine.images.dialects.told import Told
from pingvas.engine.images.dialects.values import (
    MAX_SEED,
    MAX_SIDE,
    MAX_STEPS,
    first,
    hash_of,
    integer,
    number,
    sampler,
    text,
)

_RESOLUTION = re.compile(r"\(?\s*(\d{1,6})\s*[,x×]\s*(\d{1,6})\s*\)?", re.ASCII)
# In the order of preference.
_PROMPT = ("prompt", "positive_prompt", "full_prompt")
_NEGATIVE = ("negative_prompt", "negativeprompt", "uc", "full_negative_prompt")
_CFG = ("cfg_scale", "cfgscale", "guidance_scale", "scale", "cfg")
_MODEL = ("model", "base_model", "use_stable_diffusion_model")
_SAMPLER = ("sampler", "sampler_name", "comfyuisampler", "scheduler")
# One of these beside a prompt: else it is JSON about something else.
_MARKS = frozenset(
    {"seed", "steps", "num_inference_steps", "cfg_scale", "cfgscale", "guidance_scale", "sampler"}
)


def read(found: Mapping[str, Any]) -> Told | None:
    """JSON of no program that is known by its marks; None when it has no prompt and no setting."""
    said = under_small_names(found)
    prompt = next((words for name in _PROMPT if (words := words_of(said.get(name))) is not None), "")
    if not prompt.strip() or not _MARKS & said.keys():
        return None
    negative = next((words for name in _NEGATIVE if (words := words_of(said.get(name))) is not None), "")
    width, height = _size(said)
    our_sampler, kept = sampler(first(said, _SAMPLER), said.get("scheduler"))
    return Told(
        prompt=prompt,
        negative_prompt=negative,
        seed=integer(said.get("seed"), MAX_SEED),
        steps=integer(first(said, ("steps", "num_inference_steps")), MAX_STEPS),
        cfg_scale=next((cfg for name in _CFG if (cfg := number(said.get(name))) is not None), None),
        sampler=our_sampler,
        width=width,
        height=height,
        model=next((model for name in _MODEL if (model := model_of(said.get(name)))), None),
        model_hash=hash_of(first(said, ("model_hash", "base_model_hash"))),
        vae=model_of(said.get("vae")),
        others=kept,
    )


def under_small_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """Labels ("Negative Prompt") and names ("negative_prompt") are the same to us."""
    return {str(name).strip().lower().replace(" ", "_"): value for name, value in found.items()}


def words_of(value: Any) -> str | None:
    """A prompt: a text, or a list of weighted parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [part.get("prompt") if isinstance(part, dict) else part for part in value]
        texts = [part for part in parts if isinstance(part, str)]
        return ", ".join(texts) if texts and len(texts) == len(parts) else None
    return None


def model_of(value: Any) -> str | None:
    """A model by its name, or by an object that has one."""
    if isinstance(value, Mapping):
        value = first(value, ("name", "model_name", "key"))
    return text(value)


def _size(said: Mapping[str, Any]) -> tuple[int | None, int | None]:
    resolution = said.get("resolution")
    if isinstance(resolution, list) and len(resolution) == 2:
        return integer(resolution[0], MAX_SIDE), integer(resolution[1], MAX_SIDE)
    size = _RESOLUTION.fullmatch(resolution) if isinstance(resolution, str) else None
    if size:
        return int(size[1]), int(size[2])
    return integer(said.get("width"), MAX_SIDE), integer(said.get("height"), MAX_SIDE)
