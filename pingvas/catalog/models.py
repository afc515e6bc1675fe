"""Finding a model, and reading what it takes from its configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from pingvas.adapters.model_source import SHIPPED
from pingvas.base.errors import BadField, Forbidden, Invalid, NotFound
from pingvas.base.read_session import ReadSession
from pingvas.catalog.describe import UNUSABLE, UPSCALER
from pingvas.catalog.tables import AiModel
from pingvas.engine.requests import MAX_STEPS
from pingvas.engine.samplers import samplers_of

FEATURE_OF_FAMILY = {"flux": "flux_models"}
"""Families that only some plans run, whatever tiers a model of theirs names, and the feature that those plans have."""


class ModelLocked(Forbidden):
    code = "model_locked"
    default_detail = "This model is not part of your plan."


class MakesNoImages(Invalid):
    """A part, or an upscaler, was asked to make pictures by itself."""

    default_detail = "This model makes no pictures by itself."


@dataclass(frozen=True)
class Defaults:
    """What a job that leaves these out gets. Sizes in pixels; `guidance` is for models that take it as a number."""

    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler: str
    guidance: float | None = None


@dataclass(frozen=True)
class Limits:
    """What a job may ask of a model. Sizes in pixels; `multiple` divides width and height; `samplers` fit it."""

    multiple: int
    min_size: int
    max_size: int
    max_pixels: int
    max_steps: int
    samplers: tuple[str, ...]


def kind_of(model: AiModel) -> str:
    """The model's type, but for upscalers, which the catalog counts among the checkpoints: `upscaler`."""
    return UPSCALER if model.config.get("family") == UPSCALER else model.model_type


def makes_images(model: AiModel) -> bool:
    """Whether the model makes pictures from words: a checkpoint that is no upscaler."""
    return kind_of(model) == "checkpoint"


def bases_of(config: Mapping[str, Any]) -> set[str]:
    """What parts must be made for to fit a checkpoint (a family, or a model's name); of a part: what it was made for.

    Empty: nobody knows.
    """
    named = config.get("base") or config.get("family") or ()
    return {named} if isinstance(named, str) else set(named)


def fits(part: AiModel, checkpoint: AiModel) -> bool:
    """Whether a LoRA, ControlNet or VAE was made for the checkpoint: for its base, or for it by name."""
    return not bases_of(part.config).isdisjoint({*bases_of(checkpoint.config), checkpoint.name})


def defaults_of(config: Mapping[str, Any]) -> Defaults:
    """The defaults in a checkpoint's configuration. Raises MakesNoPictures for one without."""
    found = config.get("defaults")
    if not found:
        raise MakesNoImages
    guidance = found.get("guidance")
    return Defaults(
        width=int(found["width"]),
        height=int(found["height"]),
        steps=int(found["steps"]),
        cfg_scale=float(found["cfg_scale"]),
        sampler=str(found["sampler"]),
        guidance=None if guidance is None else float(guidance),
    )


def limits_of(config: Mapping[str, Any]) -> Limits:
    """The limits in a model's configuration, within the engine's; what it leaves out is what Stable Diffusion models bear."""
    size = config.get("size", {})
    largest = int(size.get("max", 2048))
    return Limits(
        multiple=int(size.get("multiple", 8)),
        min_size=int(size.get("min", 64)),
        max_size=largest,
        max_pixels=int(size.get("max_pixels", largest * largest)),
        max_steps=min(MAX_STEPS, int(config.get("max_steps", 150))),
        samplers=samplers_of(config),
    )


def is_unusable() -> ColumnElement[bool]:
    """Whether a row's model cannot be opened, whatever it is asked for: such a one is offered to nobody."""
    unusable: ColumnElement[bool] = AiModel.config.has_key(UNUSABLE)
    return unusable


def feature_of(config: Mapping[str, Any]) -> str | None:
    """The feature that a plan must have for a model of this configuration; None: any plan will do."""
    return FEATURE_OF_FAMILY.get(str(config.get("family")))


def ships(model: AiModel) -> bool:
    """Whether a model came with the studio."""
    return model.s3_path.startswith(SHIPPED)


def available_to(model: AiModel, plan_name: str) -> bool:
    """Whether a plan may run the model; no tiers named means every plan may."""
    return not model.required_tiers or plan_name in model.required_tiers


def require_available(model: AiModel, plan_name: str) -> None:
    """Raises ModelLocked when the plan may not run the model, and Invalid when nobody can."""
    if UNUSABLE in model.config:
        raise Invalid(f"{model.display_name} cannot be opened: {model.config[UNUSABLE]}")
    if not available_to(model, plan_name):
        raise ModelLocked(
            f"{model.display_name} needs one of these plans: {', '.join(model.required_tiers)}.",
            extra={"required_tiers": list(model.required_tiers)},
        )


async def find_model(session: ReadSession, name: str) -> AiModel | None:
    """An active model by its name."""
    model: AiModel | None = await session.scalar(
        select(AiModel).where(AiModel.name == name, AiModel.is_active)
    )
    return model


async def get_model(session: ReadSession, name: str) -> AiModel:
    """An active model by its name. Raises NotFound."""
    model = await find_model(session, name)
    if model is None:
        raise NotFound(f"There is no model named {name!r}.")
    return model


async def list_models(session: ReadSession, *, model_type: str | None = None) -> list[AiModel]:
    """The active models by name, but for those that cannot be opened."""
    query = select(AiModel).where(AiModel.is_active, ~is_unusable()).order_by(AiModel.name)
    if model_type is not None:
        query = query.where(AiModel.model_type == model_type)
    return list(await session.scalars(query))


async def require_known(session: ReadSession, names: Sequence[str], *, field: str) -> None:
    """Raises Invalid naming those of the names that are no active model's."""
    found = set(await session.scalars(select(AiModel.name).where(AiModel.is_active, AiModel.name.in_(names))))
    errors = [
        BadField(f"{field}.{place}", "no such model; GET /api/v1/models lists them")
        for place, name in enumerate(names)
        if name not in found
    ]
    if errors:
        raise Invalid("There are no models of these names.", errors=errors)
