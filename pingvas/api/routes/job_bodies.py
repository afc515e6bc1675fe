"""The body of POST /jobs: one shape per job type, told apart by `job_type`; and the body that makes a picture again."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from pingvas.api.http.errors import message_of
from pingvas.api.http.wire import Text
from pingvas.base.errors import Invalid, NotFound
from pingvas.generation.requests.job_request import (
    MAX_CFG,
    MAX_CLIP_SKIP,
    MAX_CONTROL_WEIGHT,
    MAX_CONTROLS,
    MAX_COUNT,
    MAX_GUIDANCE,
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    MAX_MASK_BLUR,
    MAX_MASK_PADDING,
    MAX_REFINE,
    MAX_SCALE,
    MAX_SEED,
    MIN_CFG,
    MIN_REFINE,
    REFINE_STRENGTH,
    STRENGTH,
    ControlWish,
    InpaintArea,
    Lane,
    LoraWish,
    Preprocessor,
    RefineWish,
    UpscaleWish,
    Wish,
)
from pingvas.generation.requests.prompt_rules import MAX_PROMPT, why_no_prompt

JobType = Literal["txt2img", "img2img", "inpaint", "upscale"]
Format = Literal["png", "jpg", "webp"]
Visibility = Literal["private", "public", "unlisted"]

DEFAULT_MODEL = "pingvas-mini"

ModelName = Annotated[Text, Field(min_length=1, max_length=200)]


def _checked(is_needed: bool) -> Callable[[str], str]:
    """Refuses a prompt in the words of the documentation, which pydantic's own limits do not know."""

    def check(prompt: str) -> str:
        wrong = why_no_prompt(prompt, is_needed=is_needed)
        if wrong is not None:
            raise ValueError(wrong)
        return prompt

    return check


def _checked_negative(prompt: str) -> str:
    _checked(False)(prompt.strip())  # blanks ask for nothing, as an empty one does
    return prompt


_SHOWN_LIMIT = {"maxLength": MAX_PROMPT}
Prompt = Annotated[Text, AfterValidator(_checked(False)), Field(json_schema_extra=_SHOWN_LIMIT)]
NeededPrompt = Annotated[
    Text, AfterValidator(_checked(True)), Field(json_schema_extra=_SHOWN_LIMIT | {"minLength": 1})
]
NegativePrompt = Annotated[Text, AfterValidator(_checked_negative), Field(json_schema_extra=_SHOWN_LIMIT)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Steps = Annotated[int | None, Field(ge=1, le=1000)]
Cfg = Annotated[
    float | None,
    Field(ge=MIN_CFG, le=MAX_CFG, allow_inf_nan=False, description="1 switches guidance off"),
]
Sampler = Annotated[Text | None, Field(max_length=40)]
NotYet = Annotated[None, Field(description="Not taken yet")]


class LoraIn(BaseModel):
    """A LoRA and how strongly it counts. `<lora:name:0.8>` in the prompt does the same, and counts more."""

    model_config = ConfigDict(extra="forbid")

    name: ModelName
    weight: float = Field(1.0, ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT, allow_inf_nan=False)


class ControlNetIn(BaseModel):
    """A ControlNet and the picture of mine that steers it."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    image: UUID
    preprocessor: Preprocessor = Field("canny", description="What is made of the picture first")
    weight: float = Field(1.0, ge=0, le=MAX_CONTROL_WEIGHT, allow_inf_nan=False)
    start: Share = Field(0.0, description="Share of the steps after which it begins")
    end: Share = Field(1.0, description="Share of the steps after which it ends")

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "ControlNetIn":
        if self.end < self.start:
            raise ValueError("end must not be before start")
        return self


def _as_list(value: Any) -> Any:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


ControlNets = Annotated[
    list[ControlNetIn],
    Field(max_length=MAX_CONTROLS),
    BeforeValidator(
        _as_list,
        json_schema_input_type=ControlNetIn
        | Annotated[list[ControlNetIn], Field(max_length=MAX_CONTROLS)]
        | None,
    ),
]


class _Every(BaseModel):
    """What every request may say: how its jobs wait, and how their results are kept."""

    model_config = ConfigDict(extra="forbid")

    lane: Lane = Field("normal", description="`idle`: runs only when no other work waits")
    format: Format = "png"
    visibility: Visibility = "private"
    collection_id: NotYet = None
    tags: list[str] = Field(default_factory=list, max_length=0, description="Not taken yet")


class _Diffusion(_Every):
    """What every picture from a prompt takes. What is left out is as the model does it by default."""

    model: ModelName = DEFAULT_MODEL
    prompt: Prompt = Field("", description="`{a|b}` picks one by the seed; `<lora:name:0.8>` adds a LoRA")
    negative_prompt: NegativePrompt = ""
    width: int | None = Field(None, ge=8, le=16384, description="Pixels, a multiple of 8")
    height: int | None = Field(None, ge=8, le=16384, description="Pixels, a multiple of 8")
    steps: Steps = None
    cfg_scale: Cfg = None
    sampler: Sampler = None
    seed: int | None = Field(
        None, ge=0, le=MAX_SEED, description="Null: a random one; picture n has seed + n"
    )
    count: int = Field(1, ge=1, le=MAX_COUNT)
    clip_skip: int = Field(
        1, ge=1, le=MAX_CLIP_SKIP, description="1: the last layer of the text encoder, 2: the one before"
    )
    guidance: float | None = Field(
        None, ge=0, le=MAX_GUIDANCE, allow_inf_nan=False, description="Distilled guidance, for FLUX alone"
    )
    loras: list[LoraIn] = Field(default_factory=list, max_length=MAX_LORAS)
    controlnet: ControlNets = Field(default_factory=list)
    vae: Text | None = Field(None, max_length=200, description="A VAE instead of the model's own")

    def wish(self) -> Wish:
        """The request as the generation room knows it."""
        plain = self.model_dump(exclude={"loras", "controlnet", "collection_id", "tags"})
        return Wish(
            **plain,
            loras=tuple(LoraWish(lora.name, lora.weight) for lora in self.loras),
            controlnet=tuple(ControlWish(**control.model_dump()) for control in self.controlnet),
        )


class TextToPicture(_Diffusion):
    """A request for `count` pictures made from text. What is left out is as the model does it by default."""

    job_type: Literal["txt2img"]
    prompt: NeededPrompt = Field(
        examples=["a red house at sunset"],
        description="`{a|b}` picks one by the seed; `<lora:name:0.8>` adds a LoRA",
    )


class PictureToPicture(_Diffusion):
    """A request for `count` pictures made from text and a picture of mine.

    Width and height are the source's, fitted to the model, unless they are given.
    """

    job_type: Literal["img2img"]
    source_image: UUID
    strength: Share = Field(STRENGTH, description="0 keeps the source, 1 keeps nothing of it")


class Inpaint(_Diffusion):
    """A request to repaint the masked part of a picture of mine. What is not masked stays as it is.

    Width and height are the source's, fitted to the model, unless they are given; of a masked area alone, those the
    area is made at before it is put back.
    """

    job_type: Literal["inpaint"]
    source_image: UUID
    mask_image: UUID | None = Field(
        None,
        description="White is repainted; as large as the source. Null: what is transparent in the source is repainted",
    )
    strength: Share = Field(STRENGTH, description="0 keeps what is masked, 1 keeps nothing of it")
    mask_blur: int = Field(4, ge=0, le=MAX_MASK_BLUR, description="Softness of the mask's edge, pixels")
    inpaint_area: InpaintArea = Field(
        "whole",
        description="`masked` makes only the masked area, at full size; the picture keeps its own size",
    )
    mask_padding: int = Field(
        32, ge=0, le=MAX_MASK_PADDING, description="What is seen around a masked area, pixels"
    )
    mask_invert: bool = Field(False, description="Repaint what is not masked")


class RefineIn(BaseModel):
    """A light pass of diffusion that draws details into the enlarged picture."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName = DEFAULT_MODEL
    prompt: Prompt = ""
    negative_prompt: NegativePrompt = ""
    strength: float = Field(REFINE_STRENGTH, ge=MIN_REFINE, le=MAX_REFINE, allow_inf_nan=False)
    steps: Steps = None
    cfg_scale: Cfg = None
    sampler: Sampler = None
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="Null: a random one")


class Upscale(_Every):
    """A request for a larger copy of a picture of mine."""

    job_type: Literal["upscale"]
    source_image: UUID
    model: ModelName | None = Field(None, description="An upscaler; null: one that fits the scale is chosen")
    scale: float | None = Field(
        None, gt=1, le=MAX_SCALE, allow_inf_nan=False, description="Any factor; null: the model's own"
    )
    refine: RefineIn | None = None

    def wish(self) -> UpscaleWish:
        """The request as the generation room knows it."""
        plain = self.model_dump(exclude={"refine", "collection_id", "tags"})
        return UpscaleWish(
            **plain, refine=None if self.refine is None else RefineWish(**self.refine.model_dump())
        )


JobBody = Annotated[
    TextToPicture | PictureToPicture | Inpaint | Upscale,
    Field(discriminator="job_type", description="One of four shapes, told apart by `job_type`"),
]

AnyBody = TextToPicture | PictureToPicture | Inpaint | Upscale
_BODY: TypeAdapter[AnyBody] = TypeAdapter(JobBody)
_SHAPES: dict[str, type[BaseModel]] = {
    "txt2img": TextToPicture,
    "img2img": PictureToPicture,
    "inpaint": Inpaint,
    "upscale": Upscale,
}
# Said of all pictures of a request, not of one.
_OF_A_BATCH = {"count", "collection_id", "tags"}
# Not part of how a picture was made.
_LEFT_OUT = _OF_A_BATCH | {"lane", "visibility"}


class NotSaidEnough(Invalid):
    """Parameters are no body of a request; each field that is missing or bad is named."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        reasons = "; ".join(f"{error['loc'][-1]} {error['msg']}" for error in errors)
        super().__init__(f"This does not say enough to be made again: {reasons}.", errors=errors)


class NoRecipe(NotFound):
    """An image that cannot be made again."""

    default_detail = "This image does not say enough to be made again."


def body_of(told: Mapping[str, Any]) -> AnyBody:
    """The body that asks for a picture again, from its parameters or what it says about itself.

    Facts that are no part of a request (the engine's versions, the prompt as it was run) are left out. Defaults are
    filled in, and a picture that does not name its seed cannot be made again. Raises NotSaidEnough.
    """
    job_type = told.get("job_type", "txt2img")
    shape = _SHAPES.get(job_type) if isinstance(job_type, str) else None
    if shape is None:
        raise NotSaidEnough([_bad("job_type", f"must be one of {', '.join(_SHAPES)}")])
    asked = {name: told[name] for name in shape.model_fields if name in told and name not in _OF_A_BATCH}
    refine = asked.get("refine")
    if isinstance(refine, dict):
        asked["refine"] = {name: value for name, value in refine.items() if name in RefineIn.model_fields}
    needed = ("model",) if job_type == "upscale" else ("model", "seed")
    missing = [_bad(name, "is not said") for name in needed if asked.get(name) is None]
    if missing:
        raise NotSaidEnough(missing)
    try:
        return _BODY.validate_python(asked | {"job_type": job_type})
    except ValidationError as error:
        # The first part of a place is the shape, which is no field.
        bad = [{"loc": ["body", *each["loc"][1:]], "msg": message_of(each)} for each in error.errors()]
        raise NotSaidEnough(bad) from error


def _bad(name: str, reason: str) -> dict[str, Any]:
    return {"loc": ["body", name], "msg": reason}


def recipe_of(generation_params: Mapping[str, Any]) -> dict[str, Any]:
    """The same as JSON, without what is no part of how a picture was made. Raises NoRecipe, which names the fields."""
    told = {name: value for name, value in generation_params.items() if name not in _LEFT_OUT}
    try:
        body = body_of(told)
    except NotSaidEnough as error:
        raise NoRecipe(error.detail, extra={"errors": error.errors}) from None
    return body.model_dump(mode="json", exclude=_LEFT_OUT)


def names_pictures(parameters: Mapping[str, Any]) -> bool:
    """Whether parameters name pictures that something is made from."""
    return without_pictures(parameters) != dict(parameters)


def without_pictures(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without the ids of the pictures they name: an id alone opens an unlisted picture."""
    told = {name: value for name, value in parameters.items() if name not in ("source_image", "mask_image")}
    if isinstance(told.get("controlnet"), list):
        told["controlnet"] = [
            {name: value for name, value in control.items() if name != "image"}
            for control in told["controlnet"]
            if isinstance(control, dict)
        ]
    return told
