"""What may be asked of the engine, and what it says while it works. A request that exists is valid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.samplers import SAMPLERS

SIDE_MULTIPLE = 8
MAX_SIDE = 8192
MAX_STEPS = 500
MAX_SEED = 2**63 - 1

LOADING_MODEL = "Loading model"
DENOISING = "Denoising"
VAE_DECODE = "VAE Decode"


@dataclass(frozen=True)
class PictureRequest:
    """One picture from text. Everything is decided: the seed too.

    `cfg_scale` of 1 or less turns classifier-free guidance off, and with it the negative prompt.
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler: str
    seed: int

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if side % SIDE_MULTIPLE or not SIDE_MULTIPLE <= side <= MAX_SIDE:
                raise InvalidParameters(
                    f"{name} must be a multiple of {SIDE_MULTIPLE} from {SIDE_MULTIPLE} to {MAX_SIDE}, not {side}"
                )
        if not 1 <= self.steps <= MAX_STEPS:
            raise InvalidParameters(f"steps must be from 1 to {MAX_STEPS}, not {self.steps}")
        if not math.isfinite(self.cfg_scale) or self.cfg_scale < 0:
            raise InvalidParameters(f"cfg_scale must be a number that is not negative, not {self.cfg_scale}")
        if not 0 <= self.seed <= MAX_SEED:
            raise InvalidParameters(f"seed must be from 0 to {MAX_SEED}, not {self.seed}")
        sampler = SAMPLERS.get(self.sampler)
        if sampler is None:
            raise InvalidParameters(
                f"there is no sampler {self.sampler!r}; take one of {', '.join(SAMPLERS)}"
            )
        if sampler.max_steps is not None and self.steps > sampler.max_steps:
            raise InvalidParameters(
                f"{self.sampler} takes at most {sampler.max_steps} steps, not {self.steps}"
            )


@dataclass(frozen=True)
class StepReport:
    """Where a picture stands. `step` of `total_steps` denoising steps are done.

    `preview` makes a small WebP of what is seen so far, or None where the model has no projection; it costs
    about a millisecond, and may be called later and from another thread.
    """

    step: int
    total_steps: int
    step_name: str
    seconds_per_step: float | None = None
    preview: Callable[[], bytes | None] | None = None


@dataclass(frozen=True)
class Result:
    """A finished picture and the seconds the device worked on it (loading a model is not among them)."""

    image: Image.Image
    gpu_seconds: float
