"""What a picture costs before it is made. One credit is one second of GPU time; a job never costs more than its quote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pingvas.engine.samplers import SAMPLERS

# Seconds for a model that says nothing of its own: once per picture, and per step and megapixel.
FIXED_SECONDS = 1.0
SECONDS_PER_MEGAPIXEL_STEP = 1.0


@dataclass(frozen=True)
class Quote:
    """The price of one picture: `seconds` expected, `credits` held until the job ends."""

    seconds: float
    credits: int


def quote(model_config: Mapping[str, Any], parameters: Mapping[str, Any]) -> Quote:
    """Price one picture from the model's `cost` figures and the job's complete parameters.

    The figures are for guidance on and a sampler that asks the model once a step.
    """
    cost = model_config.get("cost", {})
    fixed = float(cost.get("fixed_seconds", FIXED_SECONDS))
    per_step = float(cost.get("seconds_per_megapixel_step", SECONDS_PER_MEGAPIXEL_STEP))
    evaluations = parameters["steps"] * SAMPLERS[parameters["sampler"]].evaluations
    guided = 1.0 if parameters["cfg_scale"] > 1 else 0.5
    megapixels = parameters["width"] * parameters["height"] / 1e6
    seconds = fixed + per_step * evaluations * guided * megapixels
    return Quote(seconds, max(1, credits_for(seconds)))


def credits_for(gpu_seconds: float) -> int:
    """Measured or expected seconds, rounded up to whole credits."""
    return math.ceil(gpu_seconds)


def charge(*, gpu_seconds: float, quoted: int) -> int:
    """What an ended job pays: the seconds it used, rounded up, never more than was quoted."""
    return min(credits_for(gpu_seconds), quoted)
