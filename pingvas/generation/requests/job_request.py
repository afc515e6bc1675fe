"""What a person asks for, as they said it. None means: what the model does by default; a `seed` of None: random."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Lane = Literal["normal", "idle"]
JobType = Literal["txt2img", "img2img", "inpaint", "upscale"]
Preprocessor = Literal["none", "canny", "scribble", "depth"]
InpaintArea = Literal["whole", "masked"]

MAX_COUNT = 16
MAX_SEED = 2**63 - 1
MIN_CFG, MAX_CFG = 1.0, 30.0
MAX_GUIDANCE = 30.0
MAX_CLIP_SKIP = 12
MAX_LORAS, MAX_LORA_WEIGHT = 8, 4.0
MAX_CONTROLS, MAX_CONTROL_WEIGHT = 3, 2.0
MAX_MASK_BLUR, MAX_MASK_PADDING = 64, 256
MIN_REFINE, MAX_REFINE = 0.05, 0.6
MAX_SCALE = 8.0
STRENGTH = 0.75
REFINE_STRENGTH = 0.25
_USUAL_SEEDS = 2**32


@dataclass(frozen=True)
class LoraWish:
    """A LoRA by its name, and how strongly it counts."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class ControlWish:
    """A ControlNet, the picture that steers it, and from which share of the steps to which."""

    model: str
    image: UUID
    preprocessor: Preprocessor = "canny"
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True)
class Wish:
    """`count` pictures from text (`txt2img`), from text and a picture, or from text and a picture's masked part."""

    model: str
    prompt: str = ""
    negative_prompt: str = ""
    job_type: JobType = "txt2img"
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    seed: int | None = None
    count: int = 1
    clip_skip: int = 1
    guidance: float | None = None
    loras: tuple[LoraWish, ...] = ()
    controlnet: tuple[ControlWish, ...] = ()
    vae: str | None = None
    format: str = "png"
    visibility: str = "private"
    lane: Lane = "normal"
    # From here on for img2img and inpaint.
    source_image: UUID | None = None
    strength: float = STRENGTH
    # From here on for inpaint. No mask image: what is transparent in the source is repainted.
    mask_image: UUID | None = None
    mask_blur: int = 4
    inpaint_area: InpaintArea = "whole"
    mask_padding: int = 32
    mask_invert: bool = False


@dataclass(frozen=True)
class RefineWish:
    """A light pass of diffusion over an enlarged picture."""

    model: str
    prompt: str = ""
    negative_prompt: str = ""
    strength: float = REFINE_STRENGTH
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    seed: int | None = None


@dataclass(frozen=True)
class UpscaleWish:
    """A larger copy of a picture. `model` None: an installed one that fits the scale; `scale` None: the model's own."""

    source_image: UUID
    model: str | None = None
    scale: float | None = None
    refine: RefineWish | None = None
    format: str = "png"
    visibility: str = "private"
    lane: Lane = "normal"
    job_type: Literal["upscale"] = "upscale"
    count: Literal[1] = 1


def draw_seed(asked: int | None) -> int:
    """The seed asked for, or a random one, which every other program takes too."""
    return secrets.randbelow(_USUAL_SEEDS) if asked is None else asked


def seeds(wish: Wish) -> list[int]:
    """One seed per picture: the asked or a random one, then the next ones up. Those below 2³² wrap there, for it is as
    far as other programs count."""
    first = draw_seed(wish.seed)
    end = _USUAL_SEEDS if first < _USUAL_SEEDS else MAX_SEED + 1
    return [(first + index) % end for index in range(wish.count)]


def images_named(wish: Wish | UpscaleWish) -> Iterator[tuple[UUID, str]]:
    """The id of every picture a wish is made from, and the field that names it."""
    if wish.source_image is not None:
        yield wish.source_image, "source_image"
    if isinstance(wish, Wish):
        if wish.mask_image is not None:
            yield wish.mask_image, "mask_image"
        for control in wish.controlnet:
            yield control.image, "controlnet"
