"""What a worker needs for a claimed job beside its model: the rows that the job's parameters name.

Everything was there when the job was taken; what has gone since is an error that ends the job and gives its
credits back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, select

from pingvas.base.errors import Forbidden, StudioError
from pingvas.base.read_session import ReadSession
from pingvas.billing.entitlements import entitlements_of
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription
from pingvas.catalog.models import ModelLocked, feature_of, kind_of
from pingvas.catalog.tables import AiModel
from pingvas.engine.errors import InvalidParameters, ModelNotFound
from pingvas.gallery.tables import Image
from pingvas.generation.job_parameters import (
    ControlParameters,
    FromImageParameters,
    InpaintParameters,
    JobParameters,
    UpscaleParameters,
    images_of,
    models_of,
)

_MODELS = select(AiModel).where(AiModel.name == any_(bindparam("names", type_=ARRAY(Text))))
_IMAGES = select(Image).where(
    Image.user_id == bindparam("user_id"), Image.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)


class SourceGone(InvalidParameters):
    """An image that the job is made from was deleted while the job waited."""


class InputModelGone(ModelNotFound):
    """A model that the job uses was removed while the job waited."""


@dataclass(frozen=True)
class StoredImage:
    """An image in storage: where its bytes are, and its size in pixels."""

    id: UUID
    key: str
    format: str
    width: int
    height: int


@dataclass(frozen=True)
class InputModel:
    """A row of the catalog. `path` is the copy that workers share, None until there is one; `kind` knows `upscaler`."""

    name: str
    kind: str
    path: str | None
    origin: str
    config: dict[str, Any]
    size_bytes: int
    tiers: Sequence[str] = ()


@dataclass(frozen=True)
class LoraInput:
    """A LoRA and how strongly it counts."""

    model: InputModel
    weight: float


@dataclass(frozen=True)
class ControlInput:
    """A ControlNet, the image that steers it, and how."""

    model: InputModel
    image: StoredImage
    parameters: ControlParameters


@dataclass(frozen=True)
class JobInputs:
    """Everything a job names beside its model. For an upscale, the job's model is the upscaler."""

    source: StoredImage | None = None
    mask: StoredImage | None = None
    loras: tuple[LoraInput, ...] = ()
    controls: tuple[ControlInput, ...] = ()
    vae: InputModel | None = None
    refine: InputModel | None = None

    @property
    def models(self) -> list[InputModel]:
        """Every model that is named."""
        parts = [*(lora.model for lora in self.loras), *(control.model for control in self.controls)]
        return [*parts, *(model for model in (self.vae, self.refine) if model is not None)]

    @property
    def sizes(self) -> dict[UUID, tuple[int, int]]:
        """Width and height of every image."""
        images = [self.source, self.mask, *(control.image for control in self.controls)]
        return {image.id: (image.width, image.height) for image in images if image is not None}


async def find_inputs(session: ReadSession, user_id: UUID | None, parameters: JobParameters) -> JobInputs:
    """Find what a job's parameters name. Raises SourceGone and InputModelGone; a job that names nothing asks nothing."""
    models = await _find_models(session, set(models_of(parameters)))
    images = await _find_images(session, user_id, set(images_of(parameters)))
    if isinstance(parameters, UpscaleParameters):
        return JobInputs(
            source=images[parameters.source_image],
            refine=None if parameters.refine is None else models[parameters.refine.model],
        )
    source = mask = None
    if isinstance(parameters, FromImageParameters):
        source = images[parameters.source_image]
    if isinstance(parameters, InpaintParameters) and parameters.mask_image is not None:
        mask = images[parameters.mask_image]
    return JobInputs(
        source=source,
        mask=mask,
        loras=tuple(LoraInput(models[lora.name], lora.weight) for lora in parameters.loras),
        controls=tuple(
            ControlInput(models[control.model], images[control.image], control)
            for control in parameters.controlnet
        ),
        vae=None if parameters.vae is None else models[parameters.vae],
    )


class NoLongerInPlan(Exception):
    """The person's plan has changed while the job waited, and does not have the model. `code` is what the job fails with."""

    def __init__(self, refused: StudioError) -> None:
        super().__init__(refused.detail)
        self.code, self.message = refused.code, refused.detail


async def refuse_what_the_plan_lost(
    session: ReadSession, user_id: UUID, models: Sequence[tuple[str, Sequence[str], Mapping[str, Any]]]
) -> None:
    """Ask once more, now that the job is taken, whether the person may run these models: name, tiers and configuration of each. Where all
    plans may, nothing is read. Raises NoLongerInPlan."""
    bound = [model for model in models if model[1] or feature_of(model[2])]
    if not bound:
        return
    try:
        held = entitlements_of(await get_current_subscription(session, user_id))
    except NoSubscription:
        return  # the account is deleted: whoever writes the job's end sees to that
    try:
        for name, tiers, config in bound:
            if not held.is_one_of(tiers):
                raise ModelLocked(f"{name} needs one of these plans: {', '.join(tiers)}.")
            held.require(feature_of(config))
    except Forbidden as refused:
        raise NoLongerInPlan(refused) from refused


async def find_key(session: ReadSession, image_id: UUID) -> str | None:
    """Where an image's bytes are now; None: it is gone."""
    return await session.scalar(select(Image.s3_key).where(Image.id == image_id))


async def _find_models(session: ReadSession, names: set[str]) -> dict[str, InputModel]:
    if not names:
        return {}
    found = {
        row.name: InputModel(
            row.name,
            kind_of(row),
            row.efs_cache_path,
            row.s3_path,
            row.config,
            row.size_bytes,
            row.required_tiers,
        )
        for row in await session.scalars(_MODELS, {"names": list(names)})
    }
    if missing := sorted(names - set(found)):
        raise InputModelGone(f"{', '.join(missing)} was removed from this studio while the job waited.")
    return found


async def _find_images(session: ReadSession, user_id: UUID | None, ids: set[UUID]) -> dict[UUID, StoredImage]:
    if not ids:
        return {}
    found = {
        row.id: StoredImage(row.id, row.s3_key, row.format, row.width, row.height)
        for row in await session.scalars(_IMAGES, {"user_id": user_id, "ids": list(ids)})
    }
    if missing := sorted(str(image_id) for image_id in ids - set(found)):
        raise SourceGone(f"The image {', '.join(missing)} was deleted while the job waited.")
    return found
