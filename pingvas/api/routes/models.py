"""The catalog: `/models`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.actor import Actor
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, within
from pingvas.base.read_session import ReadSession
from pingvas.billing.entitlements import entitlements_of
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription
from pingvas.catalog.models import (
    bases_of,
    defaults_of,
    get_model,
    kind_of,
    limits_of,
    list_models,
    makes_images,
)
from pingvas.catalog.tables import AiModel
from pingvas.generation.requests.lookup import MayUse

router = APIRouter(prefix="/models", tags=["models"])

ModelType = Literal["checkpoint", "lora", "controlnet", "vae"]
ModelKind = Literal["checkpoint", "upscaler", "lora", "controlnet", "vae"]


class DefaultsOut(BaseModel):
    """What a job that leaves these out gets."""

    model_config = ConfigDict(from_attributes=True)

    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler: str
    guidance: float | None = Field(description="For models that take their guidance as a number (FLUX.1 dev)")


class LimitsOut(BaseModel):
    """What a job may ask for. Sizes in pixels."""

    model_config = ConfigDict(from_attributes=True)

    multiple: int
    min_size: int
    max_size: int
    max_pixels: int
    max_steps: int
    samplers: list[str] = Field(description="Those that fit the model")


class ModelOut(BaseModel):
    """A model one may run, or a part for one. `defaults` and `limits` are those of models that make pictures."""

    name: str
    display_name: str
    model_type: ModelType
    kind: ModelKind = Field(description="As `model_type`, but upscalers are told from other checkpoints")
    family: str | None = Field(description="The architecture, as in `sd1`; `upscaler` for upscalers")
    base: list[str] = Field(
        description="A part fits the checkpoints that share a base with it, or are named here"
    )
    variant: str | None = Field(description="As in `inpainting` or `schnell`")
    scale: int | None = Field(description="How many times larger an upscaler makes a picture")
    trigger_words: list[str] = Field(description="Words that call up what a LoRA learned")
    version: str | None
    size_bytes: int
    available: bool = Field(description="Whether my plan may run it, and the API key that asks")
    required_tiers: list[str]
    defaults: DefaultsOut | None
    limits: LimitsOut | None


class ModelList(BaseModel):
    items: list[ModelOut]
    next_cursor: str | None = None


@router.get("", operation_id="list_models", dependencies=[within("lists")])
@raises(NoSubscription)
async def list_all(
    actor: ActorDep,
    session: ReadSessionDep,
    type: Annotated[ModelType | None, Query(description="Only models of this type")] = None,
    base: Annotated[
        str | None, Query(max_length=100, description="Only models of this base or family, as in `sd1`")
    ] = None,
) -> ModelList:
    """The models of this studio."""
    may = await _may_use(session, actor)
    found = await list_models(session, model_type=type)
    return ModelList(
        items=[
            _out(model, may)
            for model in found
            if base in (None, model.config.get("family"), *bases_of(model.config))
        ]
    )


@router.get("/{name}", operation_id="get_model")
async def get_one(name: str, actor: ActorDep, session: ReadSessionDep) -> ModelOut:
    """One model."""
    may = await _may_use(session, actor)
    return _out(await get_model(session, name), may)


async def _may_use(session: ReadSession, actor: Actor) -> MayUse:
    held = await get_current_subscription(session, actor.user_id)
    return MayUse(entitlements_of(held), None if actor.key is None else actor.key.models)


def _out(model: AiModel, may: MayUse) -> ModelOut:
    config, runnable = model.config, makes_images(model) and "defaults" in model.config
    return ModelOut(
        name=model.name,
        display_name=model.display_name,
        model_type=model.model_type,
        kind=kind_of(model),
        family=config.get("family"),
        base=sorted(bases_of(config)),
        variant=config.get("variant"),
        scale=config.get("scale"),
        trigger_words=[str(word) for word in config.get("trigger_words", [])],
        version=model.version,
        size_bytes=model.size_bytes or 0,
        available=may.allows(model),
        required_tiers=list(model.required_tiers),
        defaults=DefaultsOut.model_validate(defaults_of(config)) if runnable else None,
        limits=LimitsOut.model_validate(limits_of(config)) if runnable else None,
    )
