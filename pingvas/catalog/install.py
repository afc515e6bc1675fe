"""Models that an operator adds, and takes away again: the rows of the catalog; their files are not touched here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import Conflict, NotFound
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.catalog.models import bases_of, makes_images
from pingvas.catalog.tables import AiModel

Removal = Literal["deleted", "switched_off"]


class NameTaken(Conflict):
    default_detail = "A model of this name is in the catalog already."


@dataclass(frozen=True)
class NewModel:
    """A model about to be added. `path` is where it lies on this machine, None for what is fetched when needed."""

    name: str
    display_name: str
    model_type: str
    version: str
    address: str
    path: str | None
    size_bytes: int
    config: Mapping[str, Any]
    required_tiers: Sequence[str] = ()


async def add_model(session: AsyncSession, new: NewModel) -> AiModel:
    """Put a model into the catalog; one of the same name that was switched off is replaced. Raises NameTaken."""
    model = await find_by_name(session, new.name)
    if model is not None and model.is_active:
        raise NameTaken(
            f"A model named {new.name!r} is in the catalog already. Choose another --name, or remove it first."
        )
    if model is None:
        model = AiModel(id=new_id(), name=new.name)
        session.add(model)
    model.display_name = new.display_name
    model.model_type = new.model_type
    model.version = new.version
    model.s3_path = new.address
    model.efs_cache_path = new.path
    model.size_bytes = new.size_bytes
    model.config = dict(new.config)
    model.required_tiers = list(new.required_tiers)
    model.is_active = True
    await session.flush()
    return model


async def remove_model(session: AsyncSession, model: AiModel, *, keep_row: bool) -> Removal:
    """Delete a model's row, or only switch it off: when `keep_row`, or when jobs name it and must stay explained."""
    if not keep_row:
        try:
            async with session.begin_nested():
                await session.execute(delete(AiModel).where(AiModel.id == model.id))
        except IntegrityError:
            keep_row = True
    if not keep_row:
        return "deleted"
    await session.execute(update(AiModel).where(AiModel.id == model.id).values(is_active=False))
    return "switched_off"


async def find_by_name(session: ReadSession, name: str) -> AiModel | None:
    """A model by its name, switched off or not."""
    found: AiModel | None = await session.scalar(select(AiModel).where(AiModel.name == name))
    return found


async def get_by_name(session: ReadSession, name: str) -> AiModel:
    """A model by its name, switched off or not. Raises NotFound."""
    found = await find_by_name(session, name)
    if found is None:
        raise NotFound(f"There is no model named {name!r}; `pingvas models list` shows them.")
    return found


async def list_catalog(session: ReadSession) -> list[AiModel]:
    """Every model by name, those that are switched off too."""
    return list(await session.scalars(select(AiModel).order_by(AiModel.name)))


async def known_bases(session: ReadSession) -> set[str]:
    """What a part may say it is made for: the bases and names of the models that make pictures."""
    checkpoints = [model for model in await list_catalog(session) if makes_images(model)]
    return {name for model in checkpoints for name in (model.name, *bases_of(model.config))}


async def base_by_text_width(session: ReadSession, width: int) -> str | None:
    """The base of the only models in the catalog that read text of this width; None when there is no such one."""
    checkpoints = [model for model in await list_catalog(session) if model.config.get("text_width") == width]
    bases = {base for model in checkpoints for base in bases_of(model.config)}
    return bases.pop() if len(bases) == 1 else None
