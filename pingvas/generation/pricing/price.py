"""What a picture costs before it is made. One credit is one second of GPU time; a job never costs more than its quote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pingvas.engine.samplers import SAMPLERS
from pingvas.generation.job_parameters import (
    DiffusionParameters,
    JobParameters,
    RefineParameters,
    UpscaleParameters,
)
from pingvas.generation.pricing.large_sources import NO_MORE, MorePixels

# Seconds for a model that says nothing of its own: once per picture, and per step and megapixel.
FIXED_SECONDS = 1.0
SECONDS_PER_MEGAPIXEL_STEP = 1.0
# For an upscaler that says nothing of its own: per megapixel it makes.
SECONDS_PER_OUTPUT_MEGAPIXEL = 1.0
# How many times larger an upscaler that does not say makes a picture by itself.
USUAL_SCALE = 4.0
# Each ControlNet is about a third of the network again.
CONTROLNET_FACTOR = 1.3
# A quote is a promise, and no two pictures take exactly as long: so much more than expected is held, and what is not
# used comes back.
HEADROOM = 1.2


@dataclass(frozen=True)
class Quote:
    """The price of one picture: `seconds` expected; `credits` held until the job ends, with some headroom."""

    seconds: float
    credits: int


def quote(
    model_config: Mapping[str, Any],
    parameters: JobParameters,
    *,
    refine_config: Mapping[str, Any] | None = None,
    ratio: float = 1.0,
    refine_ratio: float = 1.0,
    more: MorePixels = NO_MORE,
) -> Quote:
    """Price one image from the model's `cost` figures, the job's complete parameters, and what was learned.

    `ratio` is how many times as long as its figures say the model takes at this size (see `speeds.py`);
    `refine_ratio` the same of the model that refines what was enlarged. `more` is what its images have beyond its size.
    """
    seconds = ratio * base_seconds(model_config, parameters) + more.seconds
    if isinstance(parameters, UpscaleParameters) and parameters.refine and refine_config is not None:
        seconds += refine_ratio * _diffusion_seconds(
            refine_config, parameters.refine, controls=0, megapixels=_megapixels(parameters)
        )
    return Quote(seconds, max(1, credits_for(HEADROOM * seconds)))


def base_seconds(model_config: Mapping[str, Any], parameters: JobParameters) -> float:
    """Seconds of one image by the model's own `cost` figures.

    - From text: `fixed_seconds` + `seconds_per_megapixel_step` × steps × megapixels. The figures are for guidance on
      and a sampler that asks the model once a step. An image made from another pays for the steps that are run. Each
      ControlNet makes the steps 1.3 times as long. What a prompt says costs nothing.
    - Enlarged: `fixed_seconds` + `seconds_per_output_megapixel` × megapixels. Refining is another model's work: an
      image of that size made from another.
    """
    if isinstance(parameters, UpscaleParameters):
        return _upscaling_seconds(model_config, parameters)
    controls = len(parameters.controlnet)
    return _diffusion_seconds(model_config, parameters, controls=controls, megapixels=_megapixels(parameters))


def own_scale(model_config: Mapping[str, Any]) -> float:
    """How many times larger an upscaler makes a picture by itself; other scales are resampled from that."""
    return float(model_config.get("scale", USUAL_SCALE))


def credits_for(gpu_seconds: float) -> int:
    """Measured or expected seconds, rounded up to whole credits."""
    return math.ceil(gpu_seconds)


def charge(*, gpu_seconds: float, quoted: int) -> int:
    """What an ended job pays: the seconds it used, rounded up, never more than was quoted."""
    return min(credits_for(gpu_seconds), quoted)


def _diffusion_seconds(
    model_config: Mapping[str, Any],
    asked: DiffusionParameters | RefineParameters,
    *,
    controls: int,
    megapixels: float,
) -> float:
    cost = model_config.get("cost", {})
    fixed = float(cost.get("fixed_seconds", FIXED_SECONDS))
    per_step = float(cost.get("seconds_per_megapixel_step", SECONDS_PER_MEGAPIXEL_STEP))
    evaluations = asked.steps_to_run * SAMPLERS[asked.sampler].evaluations
    guided = 1.0 if asked.cfg_scale > 1 else 0.5
    return fixed + per_step * evaluations * guided * math.pow(CONTROLNET_FACTOR, controls) * megapixels


def _upscaling_seconds(model_config: Mapping[str, Any], asked: UpscaleParameters) -> float:
    cost = model_config.get("cost", {})
    fixed = float(cost.get("fixed_seconds", FIXED_SECONDS))
    per_megapixel = float(cost.get("seconds_per_output_megapixel", SECONDS_PER_OUTPUT_MEGAPIXEL))
    made = max(1.0, (own_scale(model_config) / asked.scale) ** 2)
    return fixed + per_megapixel * made * _megapixels(asked)


def _megapixels(parameters: JobParameters) -> float:
    return parameters.width * parameters.height / 1e6
