"""What a person asks for, made complete: defaults filled in from the model, limits checked, seeds drawn."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pingvas.base.errors import Invalid
from pingvas.catalog.models import Limits, defaults_of, limits_of
from pingvas.engine.samplers import SAMPLERS

MAX_PROMPT = 2_000
MAX_COUNT = 16
MAX_SEED = 2**32 - 1
MIN_CFG, MAX_CFG = 1.0, 30.0


@dataclass(frozen=True)
class Wish:
    """A request for `count` pictures by text. None means: what the model does by default; `seed` None: random."""

    model: str
    prompt: str
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    seed: int | None = None
    count: int = 1
    format: str = "png"
    visibility: str = "private"


def complete(wish: Wish, model_config: Mapping[str, Any]) -> dict[str, Any]:
    """Everything one picture needs but its seed. Raises Invalid, naming every field the model cannot do."""
    defaults = defaults_of(model_config)
    parameters: dict[str, Any] = {
        "model": wish.model,
        "prompt": wish.prompt,
        "negative_prompt": wish.negative_prompt,
        "width": defaults.width if wish.width is None else wish.width,
        "height": defaults.height if wish.height is None else wish.height,
        "steps": defaults.steps if wish.steps is None else wish.steps,
        "cfg_scale": defaults.cfg_scale if wish.cfg_scale is None else wish.cfg_scale,
        "sampler": defaults.sampler if wish.sampler is None else wish.sampler,
        "format": wish.format,
        "visibility": wish.visibility,
    }
    errors = _check(parameters, limits_of(model_config))
    if errors:
        raise Invalid("The request asks for something this model cannot do.", errors=errors)
    return parameters


def seeds(wish: Wish) -> list[int]:
    """One seed per picture: the asked or a random one, then the next ones up, wrapping at 2³²."""
    first = secrets.randbelow(MAX_SEED + 1) if wish.seed is None else wish.seed
    return [(first + index) % (MAX_SEED + 1) for index in range(wish.count)]


def _check(parameters: Mapping[str, Any], limits: Limits) -> list[dict[str, Any]]:
    errors = []

    def refuse(field: str, message: str) -> None:
        errors.append({"loc": ["body", field], "msg": message})

    for side in ("width", "height"):
        pixels = parameters[side]
        if pixels % limits.multiple:
            refuse(side, f"must be a multiple of {limits.multiple}")
        if not limits.min_size <= pixels <= limits.max_size:
            refuse(side, f"must be from {limits.min_size} to {limits.max_size}")
    if parameters["width"] * parameters["height"] > limits.max_pixels:
        refuse("width", f"width × height must not exceed {limits.max_pixels} pixels")
    sampler = SAMPLERS.get(parameters["sampler"])
    if sampler is None:
        refuse("sampler", f"must be one of {', '.join(SAMPLERS)}")
    max_steps = min(limits.max_steps, (sampler and sampler.max_steps) or limits.max_steps)
    if not 1 <= parameters["steps"] <= max_steps:
        refuse("steps", f"must be from 1 to {max_steps}")
    return errors
