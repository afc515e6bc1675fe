"""What a saved search names that is not there any more: it opens all the same, and says so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import ImageFilter, matching
from pingvas.gallery.tables import Collection, Image, Tag, UserTag


@dataclass(frozen=True)
class Missing:
    """A part of a filter, by its name in the API, that nothing of the person's has; `value` as it is asked for."""

    field: str
    value: str


async def find_missing(session: ReadSession, user_id: UUID, filter: ImageFilter) -> list[Missing]:
    """Which tags nobody uses any more, which models and LoRAs no image was made with, and whether the collection is gone."""
    return [missing async for missing in _missing(session, user_id, filter)]


async def is_collection_there(session: ReadSession, user_id: UUID, filter: ImageFilter) -> bool:
    """Whether the collection is the person's that a filter asks for; also where it asks for none."""
    if filter.collection is None:
        return True
    mine = (Collection.id == filter.collection) & (Collection.user_id == user_id)
    return await session.scalar(select(Collection.id).where(mine)) is not None


async def _missing(session: ReadSession, user_id: UUID, filter: ImageFilter) -> AsyncIterator[Missing]:
    if filter.tags:
        own = select(Tag.name).join(UserTag, UserTag.tag_id == Tag.id).where(UserTag.user_id == user_id)
        there = set(await session.scalars(own.where(Tag.name.in_(filter.tags))))
        for name in filter.tags:
            if name not in there:
                yield Missing("tag", name)
    if filter.model is not None:
        made = select(Image.id).where(Image.user_id == user_id, Image.model == filter.model)
        if await session.scalar(made.limit(1)) is None:
            yield Missing("model", filter.model)
    for lora in filter.loras:
        with_it = await matching(session, user_id, ImageFilter(loras=(lora,)))
        if await session.scalar(with_it.with_only_columns(Image.id).limit(1)) is None:
            yield Missing("lora", lora)
    if not await is_collection_there(session, user_id, filter):
        yield Missing("collection", str(filter.collection))
