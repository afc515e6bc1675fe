"""What one job is to make, complete to the last detail: typed here, and JSON only in the table, under the API's names.

`read_parameters` also reads what older versions have stored: what they did not know has its default, and what nobody
knows any more is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.requests import steps_to_run

JobType = Literal["txt2img", "img2img", "inpaint", "upscale"]


class UnreadableParameters(InvalidParameters):
    """The parameters of a job do not say what is to be made."""


class _Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class LoraParameters(_Parameters):
    """A LoRA by its name, and how strongly it counts."""

    name: str
    weight: float = 1.0


class ControlParameters(_Parameters):
    """A ControlNet, the image that steers it, and from which share of the steps to which."""

    model: str
    image: UUID
    preprocessor: str = "canny"
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0


class _Prompted(_Parameters):
    """What every pass of diffusion is told. The prompts are as they were typed; `resolved_*` as they are run, where that
    is something else."""

    model: str
    prompt: str
    negative_prompt: str = ""
    steps: int
    cfg_scale: float
    sampler: str
    seed: int
    resolved_prompt: str | None = None
    resolved_negative_prompt: str | None = None

    @property
    def prompt_to_run(self) -> str:
        return self.prompt if self.resolved_prompt is None else self.resolved_prompt

    @property
    def negative_prompt_to_run(self) -> str:
        return (
            self.negative_prompt if self.resolved_negative_prompt is None else self.resolved_negative_prompt
        )


class _Kept(_Parameters):
    """How large the image is, in pixels, and how it is kept."""

    width: int
    height: int
    format: str = "png"
    visibility: str = "private"
    tags: tuple[str, ...] = ()


class DiffusionParameters(_Prompted, _Kept):
    """What every image that is made from words has in common."""

    clip_skip: int = 1
    guidance: float | None = None
    loras: tuple[LoraParameters, ...] = ()
    controlnet: tuple[ControlParameters, ...] = ()
    vae: str | None = None

    @property
    def steps_to_run(self) -> int:
        return self.steps


class TextToImageParameters(DiffusionParameters):
    """An image from text."""

    job_type: Literal["txt2img"] = "txt2img"


class FromImageParameters(DiffusionParameters):
    """What images from text and another image have in common."""

    source_image: UUID
    strength: float = 1.0

    @property
    def steps_to_run(self) -> int:
        return steps_to_run(self.steps, self.strength)


class ImageToImageParameters(FromImageParameters):
    """An image from text and another image."""

    job_type: Literal["img2img"] = "img2img"


class InpaintParameters(FromImageParameters):
    """The masked part of an image made anew. No mask image: what is transparent in the source is."""

    job_type: Literal["inpaint"] = "inpaint"
    mask_image: UUID | None = None
    mask_blur: int = 4
    inpaint_area: Literal["whole", "masked"] = "whole"
    mask_padding: int = 32
    mask_invert: bool = False


class RefineParameters(_Prompted):
    """A light pass of diffusion over an enlarged image."""

    strength: float

    @property
    def steps_to_run(self) -> int:
        return steps_to_run(self.steps, self.strength)


class UpscaleParameters(_Kept):
    """A larger copy of an image; width and height are those it will have."""

    job_type: Literal["upscale"] = "upscale"
    model: str
    source_image: UUID
    scale: float
    refine: RefineParameters | None = None


JobParameters = TextToImageParameters | ImageToImageParameters | InpaintParameters | UpscaleParameters

_ADAPTER: TypeAdapter[JobParameters] = TypeAdapter(Annotated[JobParameters, Field(discriminator="job_type")])
# Left out of the JSON where they say nothing new.
_RESOLVED = ("resolved_prompt", "resolved_negative_prompt")


def read_parameters(job_type: str, stored: Mapping[str, Any]) -> JobParameters:
    """The parameters of a job from its row. Raises UnreadableParameters."""
    try:
        return _ADAPTER.validate_python({**stored, "job_type": job_type})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
        raise UnreadableParameters(f"The job does not say what is to be made ({wrong}).") from error


def stored_parameters(parameters: JobParameters) -> dict[str, Any]:
    """The parameters as they stand in the table, as JSON; the job's type has a column of its own."""
    stored = parameters.model_dump(mode="json", exclude={"job_type"})
    if not stored["tags"]:
        del stored["tags"]
    for prompted in (stored, stored.get("refine")):
        for name in _RESOLVED:
            if prompted and prompted.get(name, ...) is None:
                del prompted[name]
    return stored


def images_of(parameters: JobParameters) -> Iterator[UUID]:
    """The ids of the images that a job is made from."""
    if isinstance(parameters, FromImageParameters | UpscaleParameters):
        yield parameters.source_image
    if isinstance(parameters, InpaintParameters) and parameters.mask_image is not None:
        yield parameters.mask_image
    if not isinstance(parameters, UpscaleParameters):
        yield from (control.image for control in parameters.controlnet)


def models_of(parameters: JobParameters) -> Iterator[str]:
    """The names of the models that a job needs beside its own."""
    if isinstance(parameters, UpscaleParameters):
        if parameters.refine is not None:
            yield parameters.refine.model
        return
    yield from (lora.name for lora in parameters.loras)
    yield from (control.model for control in parameters.controlnet)
    if parameters.vae is not None:
        yield parameters.vae
