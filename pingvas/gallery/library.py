"""A person's pictures: one, a page of them, changed. Shows nobody another's private picture, nor one that is in the trash."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import NotFound
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.collections import placed_images, require_own
from pingvas.gallery.tables import CollectionImage, Image, ImageTag, Tag
from pingvas.gallery.tags import lock_gallery, set_tags

Sort = Literal["newest", "oldest"]

SHARED = ("public", "unlisted")


class ImageNotFound(NotFound):
    """No such image, or it is somebody else's private one."""

    default_detail = "There is no such image here."


@dataclass(frozen=True)
class ImageFilter:
    """Which of a person's pictures a list is to hold; None asks for all of them. `sort` None: the newest first, or a collection's
    own order."""

    favorite: bool | None = None
    visibility: str | None = None
    model: str | None = None
    job_type: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    sort: Sort | None = None
    collection: UUID | None = None
    # All of them, in the form that they are kept in.
    tags: Sequence[str] = ()
    # Those in the trash instead, what went into it last first.
    trashed: bool = False


@dataclass(frozen=True)
class ImageChanges:
    """What to change; None leaves it."""

    visibility: str | None = None
    is_favorite: bool | None = None
    # Instead of those that it has.
    tags: Sequence[str] | None = None


async def list_images(
    session: ReadSession, actor: Actor, filter: ImageFilter, asked: PageRequest
) -> Page[Image]:
    """A page of the actor's pictures. Raises BadCursor and CollectionNotFound."""
    if filter.collection is not None:
        await require_own(session, actor.user_id, filter.collection)
        if filter.sort is None:
            return await _list_in_order(session, actor, filter, filter.collection, asked)
    filter = replace(filter, sort=filter.sort or "newest")
    page = await read_page(
        session,
        images_of(actor.user_id, filter),
        asked,
        order=(Image.trashed_at if filter.trashed else Image.created_at, Image.id),
        descending=filter.sort == "newest",
        belongs_to=("images", actor.user_id, asdict(filter)),
    )
    return page.of(lambda row: row[0])


async def _list_in_order(
    session: ReadSession, actor: Actor, filter: ImageFilter, collection_id: UUID, asked: PageRequest
) -> Page[Image]:
    everywhere = replace(filter, collection=None)
    page = await read_page(
        session,
        placed_images(collection_id).where(
            Image.user_id == actor.user_id, *_conditions(actor.user_id, everywhere)
        ),
        asked,
        order=(CollectionImage.sort_order, CollectionImage.image_id),
        descending=False,
        belongs_to=("images", actor.user_id, asdict(filter)),
    )
    return page.of(lambda row: row[1])


def images_of(user_id: UUID, filter: ImageFilter) -> Select[*tuple[Image]]:
    """A person's pictures that a list is to hold."""
    return select(Image).where(Image.user_id == user_id, *_conditions(user_id, filter))


def _conditions(user_id: UUID, filter: ImageFilter) -> Iterator[ColumnElement[bool]]:
    # job_type and model stand in the parameters, so a picture keeps them when its job's row is gone.
    params = Image.generation_params
    yield in_trash() if filter.trashed else not_in_trash()
    if filter.favorite is not None:
        yield Image.is_favorite.is_(filter.favorite)
    if filter.visibility is not None:
        yield Image.visibility == filter.visibility
    if filter.model is not None:
        yield params["model"].astext == filter.model
    if filter.job_type is not None:
        yield params["job_type"].astext == filter.job_type
    if filter.created_from is not None:
        yield Image.created_at >= filter.created_from
    if filter.created_to is not None:
        yield Image.created_at < filter.created_to
    for name in filter.tags:
        tag = select(Tag.id).where(Tag.name == name).scalar_subquery()
        tagged = select(ImageTag.image_id).where(ImageTag.user_id == user_id, ImageTag.tag_id == tag)
        yield Image.id.in_(tagged)
    if filter.collection is not None:
        inside = CollectionImage.collection_id == filter.collection
        yield Image.id.in_(select(CollectionImage.image_id).where(inside))


def not_in_trash() -> ColumnElement[bool]:
    """What every list of images asks for."""
    return Image.trashed_at.is_(None)


def in_trash() -> ColumnElement[bool]:
    return Image.trashed_at.is_not(None)


async def get_visible_image(session: ReadSession, actor: Actor | None, image_id: UUID) -> Image:
    """One's own picture, in the trash or not, or anybody's public or unlisted one. Raises ImageNotFound; admins are no exception."""
    image = await session.get(Image, image_id)
    mine = image is not None and actor is not None and image.user_id == actor.user_id
    if image is None or not (mine or (image.visibility in SHARED and image.trashed_at is None)):
        raise ImageNotFound
    return image


async def change_image(session: AsyncSession, actor: Actor, image_id: UUID, changes: ImageChanges) -> Image:
    """Change one of the actor's pictures. Raises ImageNotFound, also for one in the trash."""
    values = {
        name: value
        for name, value in (("visibility", changes.visibility), ("is_favorite", changes.is_favorite))
        if value is not None
    }
    mine = (Image.id == image_id) & (Image.user_id == actor.user_id) & not_in_trash()
    if changes.tags is not None:
        await lock_gallery(session, actor.user_id)
    if values:
        await session.execute(update(Image).where(mine).values(**values))
    query = select(Image).where(mine).execution_options(populate_existing=True)
    if changes.tags is not None:
        query = query.with_for_update(key_share=True)
    image = await session.scalar(query)
    if image is None:
        raise ImageNotFound
    if changes.tags is not None:
        await set_tags(session, actor.user_id, image.id, changes.tags)
    return image


async def tags_of(session: ReadSession, image_ids: list[UUID]) -> dict[UUID, list[str]]:
    """The tag names of each picture, sorted."""
    query = (
        select(ImageTag.image_id, Tag.name)
        .join(Tag, Tag.id == ImageTag.tag_id)
        .where(ImageTag.image_id.in_(image_ids))
        .order_by(Tag.name)
    )
    names: dict[UUID, list[str]] = {image_id: [] for image_id in image_ids}
    for image_id, name in await session.execute(query):
        names[image_id].append(name)
    return names
