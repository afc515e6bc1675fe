"""What a picture costs before it is made. One credit is one second of GPU time; a job never costs more than its quote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Seconds for a model that says nothing of its own: once per picture, and per step and megapixel.
FIXED_SECONDS = 1.0
SECONDS_PER_MEGAPIXEL_STEP = 1.0


@dataclass(frozen=True)
class Quote:
    """The price of one picture: `seconds` expected, `credits` held until the job ends."""

    seconds: float
    credits: int


def quote(model_config: Mapping[str, Any], *, width: int, height: int, steps: int) -> Quote:
    """Price a picture of `width` × `height` pixels in `steps` steps, from the model's `cost` figures."""
    cost = model_config.get("cost", {})
    fixed = float(cost.get("fixed_seconds", FIXED_SECONDS))
    per_step = float(cost.get("seconds_per_megapixel_step", SECONDS_PER_MEGAPIXEL_STEP))
    seconds = fixed + per_step * steps * (width * height / 1e6)
    return Quote(seconds, max(1, credits_for(seconds)))


def credits_for(gpu_seconds: float) -> int:
    """Measured or expected seconds, rounded up to whole credits."""
    return math.ceil(gpu_seconds)


def charge(*, gpu_seconds: float, quoted: int) -> int:
    """What an ended job pays: the seconds it used, rounded up, never more than was quoted."""
    return min(credits_for(gpu_seconds), quoted)
