"""The body of POST /jobs: one shape per job type, told apart by `job_type`; and the body that makes a picture again.

The limits of each value are those of `generation/requests/job_request.py`, which checks every request, whoever makes it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    TypeAdapter,
    ValidationError,
)

from pingvas.base.errors import BadField, Invalid, NotFound, message_of
from pingvas.gallery.tag_names import TagNames
from pingvas.generation.requests.job_request import (
    MAX_CONTROLS,
    MAX_LORAS,
    REFINE_STRENGTH,
    STRENGTH,
    Cfg,
    ClipSkip,
    ControlRequest,
    ControlWeight,
    Count,
    Format,
    Guidance,
    ImageRequest,
    InpaintArea,
    Lane,
    LoraRequest,
    LoraWeight,
    MaskBlur,
    MaskPadding,
    ModelName,
    NeededPrompt,
    NegativePrompt,
    Preprocessor,
    Prompt,
    RefineRequest,
    RefineStrength,
    Sampler,
    Scale,
    Seed,
    Share,
    Side,
    Steps,
    UpscaleRequest,
    Visibility,
)

DEFAULT_MODEL = "pingvas-mini"

_CFG = "1 switches guidance off"


class LoraIn(BaseModel):
    """A LoRA and how strongly it counts. `<lora:name:0.8>` in the prompt does the same, and counts more."""

    model_config = ConfigDict(extra="forbid")

    name: ModelName
    weight: LoraWeight = 1.0


class ControlNetIn(BaseModel):
    """A ControlNet and the picture of mine that steers it."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    image: UUID
    preprocessor: Preprocessor = Field("canny", description="What is made of the picture first")
    weight: ControlWeight = 1.0
    start: Share = Field(0.0, description="Share of the steps after which it begins")
    end: Share = Field(1.0, description="Share of the steps after which it ends")


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
    collection_id: UUID | None = Field(
        None,
        description="A collection of mine that each image goes to the end of; where it is gone or full by then, they are kept without",
    )
    tags: TagNames = Field((), description="Of each image that comes of it")


class _Diffusion(_Every):
    """What every picture from a prompt takes. What is left out is as the model does it by default."""

    model: ModelName = DEFAULT_MODEL
    prompt: Prompt = Field("", description="`{a|b}` picks one by the seed; `<lora:name:0.8>` adds a LoRA")
    negative_prompt: NegativePrompt = ""
    width: Side | None = Field(None, description="Pixels, a multiple of 8")
    height: Side | None = Field(None, description="Pixels, a multiple of 8")
    steps: Steps | None = None
    cfg_scale: Cfg | None = Field(None, description=_CFG)
    sampler: Sampler | None = None
    seed: Seed | None = Field(None, description="Null: a random one; picture n has seed + n")
    count: Count = 1
    clip_skip: ClipSkip = Field(1, description="1: the last layer of the text encoder, 2: the one before")
    guidance: Guidance | None = Field(None, description="Distilled guidance, for FLUX alone")
    loras: list[LoraIn] = Field(default_factory=list, max_length=MAX_LORAS)
    controlnet: ControlNets = Field(default_factory=list)
    vae: ModelName | None = Field(None, description="A VAE instead of the model's own")

    def request(self) -> ImageRequest:
        """The request as the generation room knows it."""
        plain = self.model_dump(exclude={"loras", "controlnet"})
        return ImageRequest(
            **plain,
            loras=tuple(LoraRequest(lora.name, lora.weight) for lora in self.loras),
            controlnet=tuple(ControlRequest(**control.model_dump()) for control in self.controlnet),
        )


class TextToImage(_Diffusion):
    """A request for `count` pictures made from text. What is left out is as the model does it by default."""

    job_type: Literal["txt2img"]
    prompt: NeededPrompt = Field(
        examples=["a red house at sunset"],
        description="`{a|b}` picks one by the seed; `<lora:name:0.8>` adds a LoRA",
    )


class ImageToImage(_Diffusion):
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
    mask_blur: MaskBlur = Field(4, description="Softness of the mask's edge, pixels")
    inpaint_area: InpaintArea = Field(
        "whole",
        description="`masked` makes only the masked area, at full size; the picture keeps its own size",
    )
    mask_padding: MaskPadding = Field(32, description="What is seen around a masked area, pixels")
    mask_invert: StrictBool = Field(False, description="Repaint what is not masked")


class RefineIn(BaseModel):
    """A light pass of diffusion that draws details into the enlarged picture."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName = DEFAULT_MODEL
    prompt: Prompt = ""
    negative_prompt: NegativePrompt = ""
    strength: RefineStrength = REFINE_STRENGTH
    steps: Steps | None = None
    cfg_scale: Cfg | None = Field(None, description=_CFG)
    sampler: Sampler | None = None
    seed: Seed | None = Field(None, description="Null: a random one")


class Upscale(_Every):
    """A request for a larger copy of a picture of mine."""

    job_type: Literal["upscale"]
    source_image: UUID
    model: ModelName | None = Field(None, description="An upscaler; null: one that fits the scale is chosen")
    scale: Scale | None = Field(None, description="Any factor; null: the model's own")
    refine: RefineIn | None = None

    def request(self) -> UpscaleRequest:
        """The request as the generation room knows it."""
        plain = self.model_dump(exclude={"refine"})
        return UpscaleRequest(
            **plain, refine=None if self.refine is None else RefineRequest(**self.refine.model_dump())
        )


JobBody = Annotated[
    TextToImage | ImageToImage | Inpaint | Upscale,
    Field(discriminator="job_type", description="One of four shapes, told apart by `job_type`"),
]

AnyBody = TextToImage | ImageToImage | Inpaint | Upscale
_BODY: TypeAdapter[AnyBody] = TypeAdapter(JobBody)
_SHAPES: dict[str, type[BaseModel]] = {
    "txt2img": TextToImage,
    "img2img": ImageToImage,
    "inpaint": Inpaint,
    "upscale": Upscale,
}
# Said of all pictures of a request, not of one.
_OF_A_BATCH = {"count", "collection_id", "tags"}
# Not part of how a picture was made.
_LEFT_OUT = _OF_A_BATCH | {"lane", "visibility"}


class NotSaidEnough(Invalid):
    """Parameters are no body of a request; each field that is missing or bad is named."""

    def __init__(self, errors: list[BadField]) -> None:
        reasons = "; ".join(f"{error.name} {error.message}" for error in errors)
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
        raise NotSaidEnough([BadField("job_type", f"must be one of {', '.join(_SHAPES)}")])
    asked = {name: told[name] for name in shape.model_fields if name in told and name not in _OF_A_BATCH}
    refine = asked.get("refine")
    if isinstance(refine, dict):
        asked["refine"] = {name: value for name, value in refine.items() if name in RefineIn.model_fields}
    needed = ("model",) if job_type == "upscale" else ("model", "seed")
    missing = [BadField(name, "is not said") for name in needed if asked.get(name) is None]
    if missing:
        raise NotSaidEnough(missing)
    try:
        return _BODY.validate_python(asked | {"job_type": job_type})
    except ValidationError as error:
        # The first part of a place is the shape, which is no field.
        bad = [BadField(".".join(map(str, each["loc"][1:])), message_of(each)) for each in error.errors()]
        raise NotSaidEnough(bad) from error


def recipe_of(generation_params: Mapping[str, Any]) -> dict[str, Any]:
    """The same as JSON, without what is no part of how a picture was made. Raises NoRecipe, which names the fields."""
    told = {name: value for name, value in generation_params.items() if name not in _LEFT_OUT}
    try:
        body = body_of(told)
    except NotSaidEnough as error:
        named = [{"loc": ["body", *bad.name.split(".")], "msg": bad.message} for bad in error.errors]
        raise NoRecipe(error.detail, extra={"errors": named}) from None
    return body.model_dump(mode="json", exclude=_LEFT_OUT)
