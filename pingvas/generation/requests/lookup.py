"""What a request names: models and pictures, found, and checked to be there, allowed and made for one another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, select

from pingvas.base.errors import BadField, Invalid
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import Row, entity, fetch
from pingvas.billing.entitlements import Entitlements
from pingvas.catalog.describe import UPSCALER
from pingvas.catalog.models import (
    MakesNoImages,
    ModelLocked,
    bases_of,
    feature_of,
    fits,
    is_unusable,
    kind_of,
    require_available,
    ships,
)
from pingvas.catalog.tables import AiModel
from pingvas.gallery.tables import Image
from pingvas.generation.pricing.price import USUAL_SCALE, own_scale
from pingvas.generation.pricing.speeds import QUOTED_BY_SIZE
from pingvas.generation.requests.job_request import ImageRequest, JobRequest, UpscaleRequest, images_named

_KINDS = {
    "checkpoint": "a model",
    "lora": "a LoRA",
    "controlnet": "a ControlNet",
    "vae": "a VAE",
    UPSCALER: "an upscaler",
}
_NAMED = select(AiModel, QUOTED_BY_SIZE).where(
    AiModel.is_active, AiModel.name == any_(bindparam("names", type_=ARRAY(Text)))
)
# Most requests name one model. PostgreSQL keeps the plan of this statement, and makes that of the other anew each time.
_NAMED_ONE = select(AiModel, QUOTED_BY_SIZE).where(AiModel.is_active, AiModel.name == bindparam("name"))
_UPSCALERS = (
    select(AiModel, QUOTED_BY_SIZE)
    .where(AiModel.is_active, AiModel.config["family"].astext == UPSCALER, ~is_unusable())
    .order_by(AiModel.created_at, AiModel.id)
)
_IMAGES = select(Image).where(
    Image.user_id == bindparam("user_id"), Image.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)


@dataclass(frozen=True)
class MayUse:
    """Which models somebody may have run: those of their plan and, where they ask with a key that names some, of these."""

    entitlements: Entitlements
    only: frozenset[str] | None = None

    def allows(self, model: AiModel) -> bool:
        """Whether it is one of them."""
        may = self.entitlements
        is_ours = may.is_one_of(model.required_tiers) and may.has(feature_of(model.config))
        return is_ours and (self.only is None or model.name in self.only)

    def require(self, model: AiModel) -> None:
        """Raises ModelLocked or FeatureLocked when it is none of them, and Invalid when nobody can run it."""
        require_available(model, self.entitlements.plan_name)
        self.entitlements.require(feature_of(model.config))
        if self.only is not None and model.name not in self.only:
            raise ModelLocked(
                f"This API key may not use {model.display_name}.", extra={"models": sorted(self.only)}
            )


Ratios = dict[UUID, Mapping[str, float]]
"""Of models by id: how many times as long as by their own figures they take, by size; see `speeds.ratio_for`."""


@dataclass(frozen=True)
class RequestInputs:
    """The rows a job is made from. `parts` are the LoRAs, ControlNets and the VAE; `refine` the refining model."""

    model: AiModel
    parts: Sequence[AiModel] = ()
    refine: AiModel | None = None
    images: Mapping[UUID, Image] = field(default_factory=dict)
    ratios: Ratios = field(default_factory=dict)


async def find_for_images(
    session: ReadSession, user_id: UUID, request: ImageRequest, lora_names: Collection[str], may: MayUse
) -> RequestInputs:
    """Everything the request names, with the LoRAs of its prompts. Raises Invalid naming the fields, and ModelLocked."""
    asked = [(control.model, "controlnet", "controlnet") for control in request.controlnet]
    listed = {lora.name for lora in request.loras}
    asked += [(name, "lora", "loras" if name in listed else "prompt") for name in sorted(lora_names)]
    if request.vae is not None:
        asked.append((request.vae, "vae", "vae"))
    rows, ratios = await _find_models(session, {request.model, *(name for name, _, _ in asked)})
    model = _main_model(rows, request.model, "model", may)
    errors: list[BadField] = []
    parts: dict[str, AiModel] = {}
    for name, kind, where in asked:
        part = rows.get(name)
        problem = _what_is_wrong_with(part, name, kind, model)
        if problem is not None:
            errors.append(BadField(where, problem))
        elif part is not None:
            may.require(part)
            parts[name] = part
    images = await _find_images(session, user_id, request, errors)
    if not errors:
        _check_mask(request, images, errors)
    if errors:
        raise Invalid("The request names what cannot be used.", errors=errors)
    return RequestInputs(model, tuple(parts.values()), images=images, ratios=ratios)


async def find_for_upscale(
    session: ReadSession, user_id: UUID, request: UpscaleRequest, may: MayUse
) -> RequestInputs:
    """The picture, the upscaler (chosen when none is named), and the refining model."""
    names = {name for name in (request.model, request.refine and request.refine.model) if name}
    rows, ratios = await _find_models(session, names) if names else ({}, {})
    if request.model is None:
        upscalers, theirs = _by_name(await fetch(session, _UPSCALERS, {}))
        ratios |= theirs
        model = _choose(list(upscalers.values()), request.scale, may)
    else:
        model = _named_upscaler(rows, request.model, may)
    refine = None
    if request.refine is not None:
        refine = _main_model(rows, request.refine.model, "refine", may)
    errors: list[BadField] = []
    images = await _find_images(session, user_id, request, errors)
    if errors:
        raise Invalid("The request names what cannot be used.", errors=errors)
    return RequestInputs(model, refine=refine, images=images, ratios=ratios)


async def _find_models(session: ReadSession, names: Collection[str]) -> tuple[dict[str, AiModel], Ratios]:
    if len(names) == 1:
        (name,) = names
        return _by_name(await fetch(session, _NAMED_ONE, {"name": name}))
    return _by_name(await fetch(session, _NAMED, {"names": list(names)}))


def _by_name(found: Sequence[Row]) -> tuple[dict[str, AiModel], Ratios]:
    """Models by name, and what was learned of how long they take."""
    models = {row.name: entity(AiModel, row) for row in found}
    return models, {row.id: row.quoted or {} for row in found}


async def _find_images(
    session: ReadSession, user_id: UUID, request: JobRequest, errors: list[BadField]
) -> dict[UUID, Image]:
    named = list(images_named(request))
    if not named:
        return {}
    rows = await session.scalars(_IMAGES, {"user_id": user_id, "ids": [image_id for image_id, _ in named]})
    images = {image.id: image for image in rows}
    for image_id, where in named:
        if image_id not in images:
            errors.append(BadField(where, f"you have no image {image_id}"))
        elif images[image_id].trashed_at is not None:
            errors.append(BadField(where, f"the image {image_id} is in the trash; restore it first"))
    return images


def _main_model(rows: Mapping[str, AiModel], name: str, where: str, may: MayUse) -> AiModel:
    """A model that makes pictures by itself."""
    model = rows.get(name)
    if model is None:
        raise _no_model(name, where)
    kind = kind_of(model)
    if kind != "checkpoint":
        instead = "it goes with job_type upscale" if kind == UPSCALER else "name a model of type checkpoint"
        raise MakesNoImages(
            f"{name!r} is {_KINDS[kind]}, which makes no pictures by itself.",
            errors=[BadField(where, f"is {_KINDS[kind]}; {instead}")],
        )
    may.require(model)
    return model


def _named_upscaler(rows: Mapping[str, AiModel], name: str, may: MayUse) -> AiModel:
    model = rows.get(name)
    if model is None:
        raise _no_model(name, "model")
    if kind_of(model) != UPSCALER:
        raise Invalid(
            f"{name!r} is no upscaler.",
            errors=[BadField("model", "is no upscaler; leave it out to have one chosen")],
        )
    may.require(model)
    return model


def _choose(upscalers: list[AiModel], scale: float | None, may: MayUse) -> AiModel:
    """Of those that ship, else of all: the smallest that reaches the scale by itself, else the one that reaches farthest.

    Of equals the one that has been here longest, so what an operator adds is used where it is named, and no new model
    takes the place of one that works. `upscalers` come oldest first.
    """
    if not upscalers:
        raise Invalid(
            "No upscaler is installed in this studio.",
            errors=[BadField("model", "there is no upscaler here; its operator can add one")],
        )
    allowed = [model for model in upscalers if may.allows(model)]
    if not allowed:
        may.require(upscalers[0])
    allowed = [model for model in allowed if ships(model)] or allowed
    wanted = USUAL_SCALE if scale is None else scale
    reaching = [model for model in allowed if own_scale(model.config) >= wanted]
    if reaching:
        return min(reaching, key=lambda model: own_scale(model.config))
    return max(allowed, key=lambda model: own_scale(model.config))


def _what_is_wrong_with(part: AiModel | None, name: str, kind: str, model: AiModel) -> str | None:
    """Why a part cannot be used with the model; None: it can, as far as anybody knows."""
    if part is None:
        return f"there is no {_KINDS[kind].split()[-1]} named {name!r}"
    if kind_of(part) != kind:
        return f"{name!r} is {_KINDS[kind_of(part)]}, not {_KINDS[kind]}"
    made_for, ours = bases_of(part.config), bases_of(model.config)
    if made_for and ours and not fits(part, model):
        return f"{name!r} is made for {' or '.join(sorted(made_for))}, and {model.name!r} is {' or '.join(sorted(ours))}"
    return None


def _check_mask(request: ImageRequest, images: Mapping[UUID, Image], errors: list[BadField]) -> None:
    if request.job_type != "inpaint" or request.source_image is None:
        return
    source = images[request.source_image]
    if request.mask_image is None:
        if source.format == "jpg":
            errors.append(
                BadField("mask_image", "is needed: the source is a JPEG, which has nothing transparent")
            )
        return
    mask = images[request.mask_image]
    if (mask.width, mask.height) != (source.width, source.height):
        sizes = f"it has {mask.width}×{mask.height} pixels and the source {source.width}×{source.height}"
        errors.append(BadField("mask_image", f"must be as large as the source: {sizes}"))


def _no_model(name: str, where: str) -> Invalid:
    return Invalid(
        f"There is no model named {name!r}.",
        errors=[BadField(where, "no such model; GET /api/v1/models lists them")],
    )
