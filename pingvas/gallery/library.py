"""A person's pictures: one, a page of them, changed. Shows nobody another's private picture, nor one that is in the trash."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from pingvas.accounts.actor import Actor
from pingvas.accounts.people.presence import is_here
from pingvas.base.errors import NotFound
from pingvas.base.pages import Near, Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.gallery.collections import placed_images, require_own
from pingvas.gallery.search import holds, read_terms, says, search_query
from pingvas.gallery.sharing.hidden import ImageHidden, hidden_among
from pingvas.gallery.tables import CollectionImage, Image, ImageTag, Tag
from pingvas.gallery.tags import lock_gallery, set_tags

Sort = Literal["newest", "oldest", "rating", "largest", "smallest"]
Origin = Literal["made", "uploaded"]

SHARED = ("public", "unlisted")
# As many of the list are looked at one by one, before the index of words is asked for all that it has.
NEAR = 1000

Column = InstrumentedAttribute[Any]


class ImageNotFound(NotFound):
    """No such image, or it is somebody else's private one."""

    default_detail = "There is no such image here."


@dataclass(frozen=True)
class ImageFilter:
    """Which of a person's pictures a list is to hold; None asks for all of them. Ranges hold both their ends, but for `created_to`.
    `sort` None: the newest first, or a collection's own order."""

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
    # Words and phrases, as they are typed; see `search.py`.
    q: str = ""
    # All of them.
    loras: Sequence[str] = ()
    seed: int | None = None
    origin: Origin | None = None
    api_key: UUID | None = None
    rating_from: int | None = None
    rating_to: int | None = None
    width_from: int | None = None
    width_to: int | None = None
    height_from: int | None = None
    height_to: int | None = None
    # Those in the trash instead, what went into it last first.
    trashed: bool = False


@dataclass(frozen=True)
class ImageChanges:
    """What to change; None leaves it."""

    visibility: str | None = None
    is_favorite: bool | None = None
    rating: int | None = None
    # Instead of those that it has.
    tags: Sequence[str] | None = None


async def list_images(
    session: ReadSession, actor: Actor, filter: ImageFilter, asked: PageRequest
) -> Page[Image]:
    """A page of the actor's pictures. Raises BadCursor, CollectionNotFound and TooManyWords."""
    words = await _words(session, actor.user_id, filter)
    if filter.collection is not None:
        await require_own(session, actor.user_id, filter.collection)
        if filter.sort is None:
            return await _list_in_order(session, actor, filter, filter.collection, words, asked)
    filter = replace(filter, sort=filter.sort or "newest")
    query = images_of(actor.user_id, filter)
    page = await read_page(
        session,
        query if words is None else query.where(holds(Image.id, words)),
        asked,
        order=order_of(filter),
        descending=filter.sort not in ("oldest", "smallest"),
        belongs_to=("images", actor.user_id, asdict(filter)),
        near=None if words is None else near(actor.user_id, filter, words),
    )
    return page.of(lambda row: row[0])


async def _list_in_order(
    session: ReadSession,
    actor: Actor,
    filter: ImageFilter,
    collection_id: UUID,
    words: ColumnElement[str] | None,
    asked: PageRequest,
) -> Page[Image]:
    everywhere = replace(filter, collection=None)
    conditions = [Image.user_id == actor.user_id, *_conditions(actor.user_id, everywhere)]
    if words is not None:
        conditions.append(holds(Image.id, words))
    page = await read_page(
        session,
        placed_images(collection_id, *conditions),
        asked,
        order=(CollectionImage.sort_order, CollectionImage.image_id),
        descending=False,
        belongs_to=("images", actor.user_id, asdict(filter)),
    )
    return page.of(lambda row: row[1])


def images_of(user_id: UUID, filter: ImageFilter) -> Select[*tuple[Image]]:
    """A person's pictures that a list is to hold, whatever words they have."""
    return select(Image).where(Image.user_id == user_id, *_conditions(user_id, filter))


async def matching(session: ReadSession, user_id: UUID, filter: ImageFilter) -> Select[*tuple[Image]]:
    """The same with the words that they are to have. Raises TooManyWords."""
    words = await _words(session, user_id, filter)
    query = images_of(user_id, filter)
    return query if words is None else query.where(holds(Image.id, words))


def near(user_id: UUID, filter: ImageFilter, words: ColumnElement[str]) -> Near:
    """The same, with words, among those that come next."""

    def among(place: Callable[[Select[Any]], Select[Any]]) -> Select[Any]:
        next_ones = place(select(Image).where(Image.user_id == user_id)).limit(NEAR).subquery()
        image = aliased(Image, next_ones)
        query = select(image).where(*_conditions(user_id, filter, image), says(image.id, words))
        down = filter.sort not in ("oldest", "smallest")
        order = order_of(filter, image)
        return query.order_by(*(column.desc() if down else column.asc() for column in order))

    return among


def order_of(filter: ImageFilter, image: type[Image] = Image) -> tuple[Column, ...]:
    """What a list is sorted by."""
    if filter.sort == "rating":
        return (image.rating, image.created_at, image.id)
    if filter.sort in ("largest", "smallest"):
        return (image.file_size, image.id)
    return (image.trashed_at if filter.trashed else image.created_at, image.id)


async def _words(session: ReadSession, user_id: UUID, filter: ImageFilter) -> ColumnElement[str] | None:
    """The query of the index of words; None: the list asks for none."""
    terms = read_terms(filter.q)
    if not terms and not filter.loras:
        return None
    return await search_query(session, user_id, terms, filter.loras)


def _conditions(
    user_id: UUID, filter: ImageFilter, image: type[Image] = Image
) -> Iterator[ColumnElement[bool]]:
    yield in_trash(image) if filter.trashed else not_in_trash(image)
    if filter.favorite is not None:
        # As the index says it: `IS TRUE` is not seen to be the same.
        yield image.is_favorite.expression if filter.favorite else not_(image.is_favorite)
    if filter.visibility is not None:
        # In the statement itself, for the index holds the shared ones alone.
        yield image.visibility == bindparam(None, filter.visibility, literal_execute=True)
    # The same: of these, the index holds what few images are.
    for kind, asked in ((image.job_type, filter.job_type), (image.origin, filter.origin)):
        if asked is not None:
            yield kind == bindparam(None, asked, literal_execute=True)
    for column, value in (
        (image.model, filter.model),
        (image.seed, None if filter.seed is None else Decimal(filter.seed)),
        (image.api_key_id, filter.api_key),
    ):
        if value is not None:
            yield column == value
    yield from _ranges(filter, image)
    for name in filter.tags:
        tag = select(Tag.id).where(Tag.name == name).scalar_subquery()
        tagged = select(ImageTag.image_id).where(ImageTag.user_id == user_id, ImageTag.tag_id == tag)
        yield image.id.in_(tagged)
    if filter.collection is not None:
        inside = CollectionImage.collection_id == filter.collection
        yield image.id.in_(select(CollectionImage.image_id).where(inside))


def _ranges(filter: ImageFilter, image: type[Image]) -> Iterator[ColumnElement[bool]]:
    for column, least, most in (
        (image.width, filter.width_from, filter.width_to),
        (image.height, filter.height_from, filter.height_to),
    ):
        if least is not None:
            yield column >= least
        if most is not None:
            yield column <= most
    if filter.rating_from is not None or filter.rating_to is not None:
        yield image.rating.in_(
            range(filter.rating_from or 0, (5 if filter.rating_to is None else filter.rating_to) + 1)
        )
    if filter.created_from is not None:
        yield image.created_at >= filter.created_from
    if filter.created_to is not None:
        yield image.created_at < filter.created_to


def not_in_trash(image: type[Image] = Image) -> ColumnElement[bool]:
    """What every list of images asks for."""
    return image.trashed_at.is_(None)


def in_trash(image: type[Image] = Image) -> ColumnElement[bool]:
    return image.trashed_at.is_not(None)


async def get_visible_image(session: ReadSession, actor: Actor | None, image_id: UUID) -> Image:
    """One's own picture, in the trash or not, or a public or unlisted one of anybody who is here. Raises ImageNotFound; admins are no
    exception."""
    image = await session.get(Image, image_id)
    mine = image is not None and actor is not None and image.user_id == actor.user_id
    if image is None or not (mine or (image.visibility in SHARED and image.trashed_at is None)):
        raise ImageNotFound
    if not mine and not await session.scalar(select(is_here(image.user_id))):
        raise ImageNotFound
    return image


async def change_image(session: AsyncSession, actor: Actor, image_id: UUID, changes: ImageChanges) -> Image:
    """Change one of the actor's pictures. Raises ImageNotFound, also for one in the trash, and ImageHidden where others would see one
    that an admin hides."""
    values = {
        name: value
        for name, value in (
            ("visibility", changes.visibility),
            ("is_favorite", changes.is_favorite),
            ("rating", changes.rating),
        )
        if value is not None
    }
    mine = (Image.id == image_id) & (Image.user_id == actor.user_id) & not_in_trash()
    if changes.tags is not None:
        await lock_gallery(session, actor.user_id)
    if changes.visibility in SHARED:
        await _refuse_hidden(session, mine, image_id)
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


async def _refuse_hidden(session: AsyncSession, mine: ColumnElement[bool], image_id: UUID) -> None:
    """Raises ImageHidden. The lock comes first, for who hides an image takes it too."""
    await session.execute(select(Image.id).where(mine).with_for_update(key_share=True))
    if await hidden_among(session, [image_id]):
        raise ImageHidden


async def lock_images(
    session: AsyncSession, actor: Actor, image_ids: Collection[UUID], *, also_trashed: bool = False
) -> list[UUID]:
    """Lock the actor's gallery and those of these images that are in it, or in its trash; which these are, sorted."""
    await lock_gallery(session, actor.user_id)
    mine = select(Image.id).where(Image.id.in_(image_ids), Image.user_id == actor.user_id)
    if not also_trashed:
        mine = mine.where(not_in_trash())
    return list(await session.scalars(mine.order_by(Image.id).with_for_update(key_share=True)))


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
