"""What may be asked of the engine, and what it says while it works. A request that exists is valid."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.samplers import SAMPLERS

SIDE_MULTIPLE = 8
MAX_SIDE = 8192
# Of a source, a mask or a ControlNet's image: as many as the largest picture that can be made has.
MAX_SOURCE_PIXELS = MAX_SIDE * MAX_SIDE
MAX_STEPS = 500
MAX_SEED = 2**63 - 1
MAX_CLIP_SKIP = 12
MAX_LORA_WEIGHT = 10.0

LOADING_MODEL = "Loading model"
DENOISING = "Denoising"
VAE_DECODE = "VAE Decode"
UPSCALING = "Upscaling"


def steps_to_run(steps: int, strength: float) -> int:
    """How many of `steps` are run over a picture that keeps 1 - `strength` of itself: one at least."""
    return max(1, min(steps, int(steps * strength)))


@dataclass(frozen=True)
class LoraUse:
    """A LoRA file and how strongly it counts; `name` is for messages."""

    name: str
    path: Path
    weight: float = 1.0

    def __post_init__(self) -> None:
        _expect(f"the weight of the LoRA {self.name}", self.weight, -MAX_LORA_WEIGHT, MAX_LORA_WEIGHT)


@dataclass(frozen=True)
class Setup:
    """What has to be loaded before pictures can be made, and what the pictures of one batch share.

    `config` is what the catalog says about the model. `vae` replaces the model's own.
    """

    model: Path
    config: Mapping[str, Any] = field(default_factory=dict)
    loras: tuple[LoraUse, ...] = ()
    vae: Path | None = None


@dataclass(frozen=True)
class ControlUse:
    """A ControlNet, the picture that steers it, and when: `start` and `end` are shares of the steps.

    `depth_model` is the folder of what the preprocessor `depth` works with.
    """

    path: Path
    image: Image.Image
    preprocessor: str = "none"
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    depth_model: Path | None = None

    def __post_init__(self) -> None:
        _expect("the weight of a ControlNet", self.weight, 0.0, 10.0)
        _expect("the start of a ControlNet", self.start, 0.0, 1.0)
        _expect("the end of a ControlNet", self.end, self.start, 1.0)
        expect_source_size("a ControlNet's image", self.image)


@dataclass(frozen=True)
class Inpaint:
    """Where to repaint: `mask` is as large as the source; 255 repaints, 0 keeps the pixel as it is.

    `blur` softens the mask's edge (pixels of the source). `only_masked` renders just the masked region and
    `padding` pixels around it, at the request's full size. `keep_clear`: what is clear in the source and not repainted
    stays clear; otherwise the result is opaque.
    """

    mask: Image.Image
    blur: int = 4
    only_masked: bool = False
    padding: int = 32
    keep_clear: bool = True


@dataclass(frozen=True)
class EngineRequest:
    """One picture from text, or from text and a source. Everything is decided: the seed too.

    `cfg_scale` of 1 or less turns classifier-free guidance off, and with it the negative prompt. `guidance` is what
    distilled models (FLUX.1 dev) take as a number; others pass over it. `clip_skip` counts as people do: 1 is the
    last layer of the text encoder, 2 the one before. With a `source`, `strength` is the share of the steps that
    are run: 1 keeps nothing of it. `refiner_start` is the share of the noise after whose removal the model's refiner
    takes over; None leaves the whole way to the model.
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler: str
    seed: int
    clip_skip: int = 1
    guidance: float | None = None
    source: Image.Image | None = None
    strength: float = 1.0
    inpaint: Inpaint | None = None
    controls: tuple[ControlUse, ...] = ()
    refiner_start: float | None = None

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if side % SIDE_MULTIPLE or not SIDE_MULTIPLE <= side <= MAX_SIDE:
                raise InvalidParameters(
                    f"{name} must be a multiple of {SIDE_MULTIPLE} from {SIDE_MULTIPLE} to {MAX_SIDE}, not {side}"
                )
        _expect("steps", self.steps, 1, MAX_STEPS)
        if not math.isfinite(self.cfg_scale) or self.cfg_scale < 0:
            raise InvalidParameters(f"cfg_scale must be a number that is not negative, not {self.cfg_scale}")
        _expect("seed", self.seed, 0, MAX_SEED)
        _expect("clip_skip", self.clip_skip, 1, MAX_CLIP_SKIP)
        _expect("strength", self.strength, 0.0, 1.0)
        if self.guidance is not None:
            _expect("guidance", self.guidance, 0.0, 100.0)
        if self.refiner_start is not None:
            _expect("refiner_start", self.refiner_start, 0.0, 1.0)
        if self.inpaint is not None and self.source is None:
            raise InvalidParameters("inpainting needs a source picture")
        if self.source is not None:
            expect_source_size("the source", self.source)
        sampler = SAMPLERS.get(self.sampler)
        if sampler is None:
            raise InvalidParameters(
                f"there is no sampler {self.sampler!r}; take one of {', '.join(SAMPLERS)}"
            )
        if sampler.max_steps is not None and self.steps > sampler.max_steps:
            raise InvalidParameters(
                f"{self.sampler} takes at most {sampler.max_steps} steps, not {self.steps}"
            )

    @property
    def guided(self) -> bool:
        """Whether classifier-free guidance is on: two predictions a step instead of one."""
        return self.cfg_scale > 1

    @property
    def steps_to_run(self) -> int:
        """Denoising steps that are run: all of them from noise, `strength` of them from a source; one at least."""
        return self.steps if self.source is None else steps_to_run(self.steps, self.strength)


@dataclass(frozen=True)
class StepReport:
    """Where a picture stands. `step` of `total_steps` steps of this name are done.

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


def expect_source_size(what: str, image: Image.Image) -> None:
    """Raises InvalidParameters for a picture of more pixels than the engine works on, whoever asks."""
    if image.width * image.height > MAX_SOURCE_PIXELS:
        raise InvalidParameters(
            f"{what} is too large ({image.width}×{image.height} pixels); at most {MAX_SOURCE_PIXELS // 1_000_000} "
            "million pixels can be taken"
        )


def _expect(what: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidParameters(f"{what} must be from {low:g} to {high:g}, not {value}")
