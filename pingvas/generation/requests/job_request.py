"""What a person asks for, as they said it, and the limits of what may be said: every caller's request is checked here.

None means: what the model does by default; a `seed` of None: random. What a model in particular can do is checked
where its row is known, in `parameters.py`.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.config import JsonDict

from pingvas.base.errors import BadField, Invalid, message_of
from pingvas.engine.samplers import SAMPLERS
from pingvas.gallery.tag_names import TagNames
from pingvas.generation.requests.prompt_rules import MAX_PROMPT, why_no_prompt

Lane = Literal["normal", "idle"]
Preprocessor = Literal["none", "canny", "scribble", "depth"]
InpaintArea = Literal["whole", "masked"]
Format = Literal["png", "jpg", "webp"]
Visibility = Literal["private", "public", "unlisted"]

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


def _storable(said: str) -> str:
    """PostgreSQL takes every Unicode text but NUL, and no half of a surrogate pair."""
    if "\x00" in said:
        raise ValueError("must not contain the NUL character")
    if any("\ud800" <= character <= "\udfff" for character in said):
        raise ValueError("must be valid Unicode")
    return said


def _checked(*, is_needed: bool) -> Callable[[str], str]:
    """Refuses a prompt in the words of the documentation, which a plain limit of length does not know."""

    def check(prompt: str) -> str:
        if wrong := why_no_prompt(prompt, is_needed=is_needed):
            raise ValueError(wrong)
        return prompt

    return check


def _negative(prompt: str) -> str:
    _checked(is_needed=False)(prompt.strip())  # blanks ask for nothing, as an empty one does
    return prompt


def _whole(said: Any) -> Any:
    """JSON has one kind of number: 20.0 is a whole one, and neither "20" nor true is a number."""
    if isinstance(said, float) and said.is_integer():
        return int(said)
    if isinstance(said, bool) or not isinstance(said, int):
        raise ValueError("must be a whole number")
    return said


# Behind the limits, so that it comes before them and they stay in the document.
WHOLE = BeforeValidator(_whole)

# As near as a pattern comes to a prompt that shows something.
_SEEN = r"[^\s\u0000-\u0020\u007f-\u00a0\u00ad]"
_SHOWN_LIMIT: JsonDict = {"maxLength": MAX_PROMPT, "pattern": f"^$|{_SEEN}"}
_SHOWN_NEED: JsonDict = {"maxLength": MAX_PROMPT, "minLength": 1, "pattern": _SEEN}
# A pattern, for the page's types would be of one set: which samplers there are is said by each model.
_SAMPLERS: JsonDict = {"pattern": f"^({'|'.join(SAMPLERS)})$"}

# The values that a request may have, for whoever takes one from outside, too.
Text = Annotated[str, AfterValidator(_storable)]
ModelName = Annotated[Text, Field(min_length=1, max_length=200)]
Prompt = Annotated[Text, AfterValidator(_checked(is_needed=False)), Field(json_schema_extra=_SHOWN_LIMIT)]
# Of an image that is made from nothing but its prompt.
NeededPrompt = Annotated[Text, AfterValidator(_checked(is_needed=True)), Field(json_schema_extra=_SHOWN_NEED)]
NegativePrompt = Annotated[
    Text, AfterValidator(_negative), Field(json_schema_extra={"maxLength": MAX_PROMPT})
]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Side = Annotated[int, Field(ge=8, le=16384, multiple_of=8), WHOLE]
Steps = Annotated[int, Field(ge=1, le=1000), WHOLE]
Cfg = Annotated[Number, Field(ge=MIN_CFG, le=MAX_CFG)]
Sampler = Annotated[Text, Field(max_length=40, json_schema_extra=_SAMPLERS)]
Seed = Annotated[int, Field(ge=0, lt=MAX_SEED + 1), WHOLE]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT), WHOLE]
ClipSkip = Annotated[int, Field(ge=1, le=MAX_CLIP_SKIP), WHOLE]
Guidance = Annotated[Number, Field(ge=0, le=MAX_GUIDANCE)]
LoraWeight = Annotated[Number, Field(ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT)]
ControlWeight = Annotated[Number, Field(ge=0, le=MAX_CONTROL_WEIGHT)]
Share = Annotated[Number, Field(ge=0, le=1)]
MaskBlur = Annotated[int, Field(ge=0, le=MAX_MASK_BLUR), WHOLE]
MaskPadding = Annotated[int, Field(ge=0, le=MAX_MASK_PADDING), WHOLE]
RefineStrength = Annotated[Number, Field(ge=MIN_REFINE, le=MAX_REFINE)]
Scale = Annotated[Number, Field(gt=1, le=MAX_SCALE)]

_CHECKED_AGAIN = ConfigDict(revalidate_instances="always")


@dataclass(frozen=True)
class LoraRequest:
    """A LoRA by its name, and how strongly it counts."""

    __pydantic_config__: ClassVar[ConfigDict] = _CHECKED_AGAIN

    name: ModelName
    weight: LoraWeight = 1.0


@dataclass(frozen=True)
class ControlRequest:
    """A ControlNet, the image that steers it, and from which share of the steps to which."""

    __pydantic_config__: ClassVar[ConfigDict] = _CHECKED_AGAIN

    model: ModelName
    image: UUID
    preprocessor: Preprocessor = "canny"
    weight: ControlWeight = 1.0
    start: Share = 0.0
    end: Share = 1.0


@dataclass(frozen=True)
class ImageRequest:
    """`count` images from text (`txt2img`), from text and an image, or from text and an image's masked part."""

    __pydantic_config__: ClassVar[ConfigDict] = _CHECKED_AGAIN

    model: ModelName
    prompt: Prompt = ""
    negative_prompt: NegativePrompt = ""
    job_type: Literal["txt2img", "img2img", "inpaint"] = "txt2img"
    width: Side | None = None
    height: Side | None = None
    steps: Steps | None = None
    cfg_scale: Cfg | None = None
    sampler: Sampler | None = None
    seed: Seed | None = None
    count: Count = 1
    clip_skip: ClipSkip = 1
    guidance: Guidance | None = None
    loras: Annotated[tuple[LoraRequest, ...], Field(max_length=MAX_LORAS)] = ()
    controlnet: Annotated[tuple[ControlRequest, ...], Field(max_length=MAX_CONTROLS)] = ()
    vae: ModelName | None = None
    format: Format = "png"
    visibility: Visibility = "private"
    collection_id: UUID | None = None
    lane: Lane = "normal"
    tags: TagNames = ()
    # From here on for img2img and inpaint.
    source_image: UUID | None = None
    strength: Share = STRENGTH
    # From here on for inpaint. No mask image: what is transparent in the source is repainted.
    mask_image: UUID | None = None
    mask_blur: MaskBlur = 4
    inpaint_area: InpaintArea = "whole"
    mask_padding: MaskPadding = 32
    mask_invert: bool = False


@dataclass(frozen=True)
class RefineRequest:
    """A light pass of diffusion over an enlarged image."""

    __pydantic_config__: ClassVar[ConfigDict] = _CHECKED_AGAIN

    model: ModelName
    prompt: Prompt = ""
    negative_prompt: NegativePrompt = ""
    strength: RefineStrength = REFINE_STRENGTH
    steps: Steps | None = None
    cfg_scale: Cfg | None = None
    sampler: Sampler | None = None
    seed: Seed | None = None


@dataclass(frozen=True)
class UpscaleRequest:
    """A larger copy of an image. `model` None: an installed one that fits the scale; `scale` None: the model's own."""

    __pydantic_config__: ClassVar[ConfigDict] = _CHECKED_AGAIN

    source_image: UUID
    model: ModelName | None = None
    scale: Scale | None = None
    refine: RefineRequest | None = None
    format: Format = "png"
    visibility: Visibility = "private"
    collection_id: UUID | None = None
    lane: Lane = "normal"
    tags: TagNames = ()
    job_type: Literal["upscale"] = "upscale"
    count: Literal[1] = 1


JobRequest = ImageRequest | UpscaleRequest

_CANNOT_BE_DONE = "The request asks for something that cannot be done."
_IMAGE: TypeAdapter[ImageRequest] = TypeAdapter(ImageRequest)
_UPSCALE: TypeAdapter[UpscaleRequest] = TypeAdapter(UpscaleRequest)


def check_request(request: JobRequest) -> JobRequest:
    """The request, every value of it within its limits. Raises Invalid, naming every field that is not."""
    return _validated(_IMAGE if isinstance(request, ImageRequest) else _UPSCALE, request)


def read_request(said: Mapping[str, Any]) -> JobRequest:
    """The request that these fields make up, checked; what is no field of a request is left out. Raises Invalid."""
    return _validated(_UPSCALE if said.get("job_type") == "upscale" else _IMAGE, dict(said))


def _validated(adapter: TypeAdapter[Any], said: object) -> JobRequest:
    try:
        request: JobRequest = adapter.validate_python(said)
    except ValidationError as error:
        wrong = [BadField(".".join(map(str, each["loc"])), message_of(each)) for each in error.errors()]
        raise Invalid(_CANNOT_BE_DONE, errors=wrong) from error
    if wrong := list(_contradictions(request)):
        raise Invalid(_CANNOT_BE_DONE, errors=wrong)
    return request


def _contradictions(request: JobRequest) -> Iterator[BadField]:
    """What no single value shows."""
    if isinstance(request, UpscaleRequest):
        return
    if request.job_type == "txt2img":
        if wrong := why_no_prompt(request.prompt, is_needed=True):
            yield BadField("prompt", wrong)
        if request.source_image is not None:
            yield BadField("source_image", "is not used by txt2img; ask for img2img or inpaint")
    elif request.source_image is None:
        yield BadField("source_image", f"is needed for {request.job_type}")
    if request.mask_image is not None and request.job_type != "inpaint":
        yield BadField("mask_image", f"is not used by {request.job_type}; ask for inpaint")
    for place, control in enumerate(request.controlnet):
        if control.end < control.start:
            yield BadField(f"controlnet.{place}.end", "must not be before start")


def draw_seed(asked: int | None) -> int:
    """The seed asked for, or a random one, which every other program takes too."""
    return secrets.randbelow(_USUAL_SEEDS) if asked is None else asked


def seeds(request: ImageRequest) -> list[int]:
    """One seed per image: the asked or a random one, then the next ones up. Those below 2³² wrap there, for it is as
    far as other programs count."""
    first = draw_seed(request.seed)
    end = _USUAL_SEEDS if first < _USUAL_SEEDS else MAX_SEED + 1
    return [(first + index) % end for index in range(request.count)]


def images_named(request: JobRequest) -> Iterator[tuple[UUID, str]]:
    """The id of every image a request is made from, and the field that names it."""
    if request.source_image is not None:
        yield request.source_image, "source_image"
    if isinstance(request, ImageRequest):
        if request.mask_image is not None:
            yield request.mask_image, "mask_image"
        for control in request.controlnet:
            yield control.image, "controlnet"
