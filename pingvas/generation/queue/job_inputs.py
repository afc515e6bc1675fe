"""What a worker needs for a claimed job beside its model: the rows that the job's parameters name.

Everything was there when the job was taken; what has gone since is an error that ends the job and gives its
credits back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, select

from pingvas.base.read_session import ReadSession
from pingvas.catalog.models import kind_of
from pingvas.catalog.tables import AiModel
from pingvas.engine.errors import InvalidParameters, ModelNotFound
from pingvas.gallery.tables import Image
from pingvas.generation.queue.claims import ClaimedJob

_MODELS = select(AiModel).where(AiModel.name == any_(bindparam("names", type_=ARRAY(Text))))
_IMAGES = select(Image).where(
    Image.user_id == bindparam("user_id"), Image.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)


class SourceGone(InvalidParameters):
    """A picture that the job is made from was deleted while the job waited."""


class PartGone(ModelNotFound):
    """A model that the job uses was removed while the job waited."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture in storage: where its bytes are, and its size in pixels."""

    id: UUID
    key: str
    format: str
    width: int
    height: int


@dataclass(frozen=True)
class ModelPart:
    """A row of the catalog. `path` is the copy that workers share, None until there is one; `kind` knows `upscaler`."""

    name: str
    kind: str
    path: str | None
    origin: str
    config: dict[str, Any]
    size_bytes: int


@dataclass(frozen=True)
class LoraPart:
    """A LoRA and how strongly it counts."""

    model: ModelPart
    weight: float


@dataclass(frozen=True)
class ControlPart:
    """A ControlNet, the picture that steers it, and from which share of the steps to which."""

    model: ModelPart
    image: StoredPicture
    preprocessor: str
    weight: float
    start: float
    end: float


@dataclass(frozen=True)
class Parts:
    """Everything a job names beside its model. For an upscale, the job's model is the upscaler."""

    source: StoredPicture | None = None
    mask: StoredPicture | None = None
    loras: tuple[LoraPart, ...] = ()
    controls: tuple[ControlPart, ...] = ()
    vae: ModelPart | None = None
    refine: ModelPart | None = None


async def load_parts(session: ReadSession, job: ClaimedJob) -> Parts:
    """Find what the job's parameters name. Raises SourceGone and PartGone; a job that names nothing asks nothing."""
    asked = job.parameters
    models = await _find_models(session, set(_names(asked)))
    images = await _find_images(session, job.user_id, set(_image_ids(asked)))

    def picture(image_id: str | None) -> StoredPicture | None:
        return None if image_id is None else images[UUID(image_id)]

    refine = asked.get("refine")
    return Parts(
        source=picture(asked.get("source_image")),
        mask=picture(asked.get("mask_image")),
        loras=tuple(LoraPart(models[lora["name"]], lora["weight"]) for lora in asked.get("loras") or ()),
        controls=tuple(
            ControlPart(
                models[control["model"]],
                images[UUID(control["image"])],
                control["preprocessor"],
                control["weight"],
                control["start"],
                control["end"],
            )
            for control in asked.get("controlnet") or ()
        ),
        vae=models[asked["vae"]] if asked.get("vae") else None,
        refine=models[refine["model"]] if refine else None,
    )


def _names(asked: Mapping[str, Any]) -> Iterator[str]:
    yield from (lora["name"] for lora in asked.get("loras") or ())
    yield from (control["model"] for control in asked.get("controlnet") or ())
    if asked.get("vae"):
        yield asked["vae"]
    if asked.get("refine"):
        yield asked["refine"]["model"]


def _image_ids(asked: Mapping[str, Any]) -> Iterator[UUID]:
    for name in ("source_image", "mask_image"):
        if asked.get(name):
            yield UUID(asked[name])
    yield from (UUID(control["image"]) for control in asked.get("controlnet") or ())


async def _find_models(session: ReadSession, names: set[str]) -> dict[str, ModelPart]:
    if not names:
        return {}
    found = {
        row.name: ModelPart(
            row.name, kind_of(row), row.efs_cache_path, row.s3_path, row.config, row.size_bytes
        )
        for row in await session.scalars(_MODELS, {"names": list(names)})
    }
    if missing := sorted(names - set(found)):
        raise PartGone(f"{', '.join(missing)} was removed from this studio while the job waited.")
    return found


async def _find_images(
    session: ReadSession, user_id: UUID | None, ids: set[UUID]
) -> dict[UUID, StoredPicture]:
    if not ids:
        return {}
    found = {
        row.id: StoredPicture(row.id, row.s3_key, row.format, row.width, row.height)
        for row in await session.scalars(_IMAGES, {"user_id": user_id, "ids": list(ids)})
    }
    if missing := sorted(str(image_id) for image_id in ids - set(found)):
        raise SourceGone(f"The image {', '.join(missing)} was deleted while the job waited.")
    return found
