"""A person's collections: made, changed, deleted, and what is in them. An image sits in as many as one likes.

Everybody sees a public collection, and of its images those that are public: an unlisted one is for whoever has its id, and no list
shows it. Deleting a collection deletes no image. Whatever changes one takes the lock of its row first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, Select, TextClause, delete, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from pingvas.accounts.actor import Actor
from pingvas.accounts.people.presence import is_here
from pingvas.accounts.tables import User
from pingvas.base.errors import BadField, Conflict, Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import accept_name, is_storable, shows_something
from pingvas.gallery import collection_order
from pingvas.gallery.saved_searches.tables import SavedSearch
from pingvas.gallery.tables import NAMES_IMAGES_IN_ITS_FILE, Collection, CollectionImage, Image
from pingvas.gallery.tags import lock_gallery

MAX_NAME = 120
MAX_DESCRIPTION = 1000
MAX_COLLECTIONS = 1000

# Whose file still names other images is shown to nobody else; see `old_files.py`.
_MAY_BE_SHOWN = (Image.visibility == "public", text(f"NOT ({NAMES_IMAGES_IN_ITS_FILE})"))


class CollectionNotFound(NotFound):
    """No such collection, or it is somebody else's private one."""

    default_detail = "There is no such collection here."


class CollectionIsSearch(Conflict):
    code = "collection_is_search"
    default_detail = (
        "This is a saved search: what it finds is in it, and nothing can be put into it or taken out."
    )


class NotInCollection(NotFound):
    default_detail = "This image is not in the collection."


class TooManyCollections(Conflict):
    code = "too_many_collections"
    default_detail = f"You have {MAX_COLLECTIONS:,} collections, which is as many as there can be. Delete one that you do not need."


class CollectionChanges(TypedDict, total=False):
    """What is to change; a key that is absent stays as it is. `cover_image_id` None: the first image."""

    name: str
    description: str | None
    visibility: str
    cover_image_id: UUID | None


@dataclass(frozen=True)
class CollectionView:
    """A collection as somebody may see it: how many images that are, and which one stands for it. `is_mine`: of who asks."""

    collection: Collection
    image_count: int
    cover: Image | None
    is_mine: bool


async def create_collection(
    session: AsyncSession,
    actor: Actor,
    name: str,
    description: str | None = None,
    visibility: str = "private",
) -> CollectionView:
    """An empty collection. Raises Invalid and TooManyCollections."""
    values = {
        "name": accept_name(name, field="name", longest=MAX_NAME),
        "description": _accept_description(description),
        "visibility": visibility,
    }
    # Under the person's lock, so that two made at once count each other.
    await session.get_one(User, actor.user_id, with_for_update={"key_share": True})
    there = select(func.count()).where(Collection.user_id == actor.user_id)
    if (await session.scalar(there) or 0) >= MAX_COLLECTIONS:
        raise TooManyCollections
    collection = Collection(id=new_id(), user_id=actor.user_id, **values)
    session.add(collection)
    await session.flush()
    await session.refresh(collection)
    return CollectionView(collection, 0, None, is_mine=True)


async def list_collections(
    session: ReadSession, actor: Actor, asked: PageRequest, *, holding: UUID | None = None
) -> Page[CollectionView]:
    """A page of the actor's collections, those that were changed last first; of `holding`, those that this image is in.
    Raises BadCursor."""
    query = _views(shown_to_all=False).where(Collection.user_id == actor.user_id)
    if holding is not None:
        inside = select(CollectionImage.collection_id).where(CollectionImage.image_id == holding)
        query = query.where(Collection.id.in_(inside))
    page = await read_page(
        session,
        query,
        asked,
        order=(Collection.updated_at, Collection.id),
        belongs_to=("collections", actor.user_id, holding),
    )
    covers = await _images(session, [row.cover_id for row in page.items])
    return page.of(lambda row: CollectionView(row[0], row.images, covers.get(row.cover_id), is_mine=True))


async def get_collection(session: ReadSession, actor: Actor | None, collection_id: UUID) -> CollectionView:
    """One's own collection, or anybody's public one with what everybody may see. Raises CollectionNotFound."""
    is_mine = await _is_mine(session, actor, collection_id)
    query = (
        _views(shown_to_all=not is_mine)
        .where(Collection.id == collection_id)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(query)).one()
    covers = await _images(session, [row.cover_id])
    return CollectionView(row[0], row.images, covers.get(row.cover_id), is_mine)


async def list_images_of(
    session: ReadSession, actor: Actor | None, collection_id: UUID, asked: PageRequest
) -> tuple[Page[Image], bool]:
    """A page of the images of a collection in their order, and whether it is the actor's. Of somebody else's public collection: those
    that everybody may see. Raises CollectionNotFound and BadCursor."""
    is_mine = await _is_mine(session, actor, collection_id)
    page = await read_page(
        session,
        placed_images(collection_id, *(() if is_mine else _MAY_BE_SHOWN)),
        asked,
        order=(CollectionImage.sort_order, CollectionImage.image_id),
        descending=False,
        belongs_to=("collection", collection_id, is_mine),
    )
    return page.of(lambda row: row[1]), is_mine


def placed_images(
    collection_id: UUID, *conditions: ColumnElement[bool] | TextClause
) -> Select[*tuple[CollectionImage, Image]]:
    """The images of a collection with their places, those of which the conditions are true.

    Looked up one by one, in order, whatever the planner knows of collections: of a large one it would read all images through.
    """
    placed = select(Image).where(Image.id == CollectionImage.image_id, *conditions).offset(0)
    image = aliased(Image, placed.lateral())
    return (
        select(CollectionImage, image)
        .join(image, true())
        .where(CollectionImage.collection_id == collection_id)
    )


async def require_own(session: ReadSession, user_id: UUID, collection_id: UUID) -> None:
    """Raises CollectionNotFound when it is not this person's, and CollectionIsSearch for a saved search of theirs."""
    query = select(Collection.id).where(Collection.id == collection_id, Collection.user_id == user_id)
    if await session.scalar(query) is None:
        await _refuse_search(session, user_id, collection_id)
        raise CollectionNotFound


async def _refuse_search(session: ReadSession, user_id: UUID, collection_id: UUID) -> None:
    mine = (SavedSearch.id == collection_id) & (SavedSearch.user_id == user_id)
    if await session.scalar(select(SavedSearch.id).where(mine)) is not None:
        raise CollectionIsSearch


async def change_collection(
    session: AsyncSession, actor: Actor, collection_id: UUID, changes: CollectionChanges
) -> CollectionView:
    """Change some of what is said of a collection. Raises Invalid and CollectionNotFound."""
    values: dict[str, Any] = dict(changes)
    if "name" in values:
        values["name"] = accept_name(values["name"], field="name", longest=MAX_NAME)
    if "description" in values:
        values["description"] = _accept_description(values["description"])
    await lock_collection(session, actor, collection_id)
    if "cover_image_id" in values:
        values["cover_image_url"] = await _key_of_cover(session, collection_id, values.pop("cover_image_id"))
    if values:
        await session.execute(update(Collection).where(Collection.id == collection_id).values(**values))
    return await get_collection(session, actor, collection_id)


async def delete_collection(session: AsyncSession, actor: Actor, collection_id: UUID) -> None:
    """Delete a collection; its images stay. Raises CollectionNotFound."""
    mine = (Collection.id == collection_id) & (Collection.user_id == actor.user_id)
    if await session.scalar(delete(Collection).where(mine).returning(Collection.id)) is None:
        raise CollectionNotFound


async def add_images(
    session: AsyncSession, actor: Actor, collection_id: UUID, image_ids: Sequence[UUID]
) -> CollectionView:
    """Put images of the actor's at the end of a collection, all or none; those that are in it stay where they are.
    Raises CollectionNotFound, Invalid and CollectionFull."""
    # None of them is deleted, or moved into the trash, before this is over.
    await lock_gallery(session, actor.user_id)
    await lock_collection(session, actor, collection_id)
    held = select(Image.id).where(Image.id.in_(image_ids), Image.user_id == actor.user_id)
    there = set(await session.scalars(held.where(Image.trashed_at.is_(None))))
    _refuse_unless_among(there, image_ids, "image_ids", "names an image that is not there, or not yours")
    await collection_order.append(session, collection_id, image_ids)
    return await get_collection(session, actor, collection_id)


async def remove_image(session: AsyncSession, actor: Actor, collection_id: UUID, image_id: UUID) -> None:
    """Take an image out of a collection. Raises CollectionNotFound and NotInCollection."""
    await lock_collection(session, actor, collection_id)
    if not await collection_order.take_out(session, collection_id, image_id):
        raise NotInCollection
    key = select(Image.s3_key).where(Image.id == image_id).scalar_subquery()
    was_cover = (Collection.id == collection_id) & (Collection.cover_image_url == key)
    await session.execute(update(Collection).where(was_cover).values(cover_image_url=None))


async def take_out_images(
    session: AsyncSession, actor: Actor, collection_id: UUID, image_ids: Sequence[UUID]
) -> None:
    """Take images out of a collection, as far as they are in it and it is there."""
    mine = (Collection.id == collection_id) & (Collection.user_id == actor.user_id)
    if await session.scalar(select(Collection.id).where(mine).with_for_update(key_share=True)) is None:
        return
    await lock_collection(session, actor, collection_id)
    inside = (CollectionImage.collection_id == collection_id) & CollectionImage.image_id.in_(image_ids)
    await session.execute(delete(CollectionImage).where(inside))
    keys = select(Image.s3_key).where(Image.id.in_(image_ids)).scalar_subquery()
    was_cover = (Collection.id == collection_id) & Collection.cover_image_url.in_(keys)
    await session.execute(update(Collection).where(was_cover).values(cover_image_url=None))


async def arrange(
    session: AsyncSession,
    actor: Actor,
    collection_id: UUID,
    *,
    order: Sequence[UUID] | None = None,
    move: Sequence[UUID] | None = None,
    before: UUID | None = None,
    after: UUID | None = None,
) -> CollectionView:
    """`put_in_order` or `move_images`, whichever is asked for. Raises Invalid when that is both or neither, and what they raise."""
    if order is None:
        return await move_images(session, actor, collection_id, move or (), before=before, after=after)
    if (move, before, after) != (None, None, None):
        raise Invalid("A whole order goes by itself.", field="order", reason="goes without the others")
    return await put_in_order(session, actor, collection_id, order)


async def move_images(
    session: AsyncSession,
    actor: Actor,
    collection_id: UUID,
    image_ids: Sequence[UUID],
    *,
    before: UUID | None = None,
    after: UUID | None = None,
) -> CollectionView:
    """Put images of a collection, in this order, directly before or after another of its images. Raises CollectionNotFound and
    Invalid."""
    await lock_collection(session, actor, collection_id)
    field, beside = ("after", after) if before is None else ("before", before)
    if before is not None and after is not None:
        raise Invalid(
            "Say before or after which image, not both.", field="after", reason="goes without before"
        )
    if not image_ids:
        raise Invalid("Say which images are to move.", field="move", reason="is not said")
    if beside is None:
        raise Invalid(
            "Say before or after which image.", field="before", reason="is not said, and neither is after"
        )
    if beside in image_ids:
        raise Invalid("An image cannot be put beside itself.", field=field, reason="is moved itself")
    inside = await collection_order.ids_in(session, collection_id, {*image_ids, beside})
    _refuse_unless_among(inside, image_ids, "move", "names an image that is not in the collection")
    if beside not in inside:
        raise Invalid(
            "That image is not in the collection.",
            field=field,
            reason="names an image that is not in the collection",
        )
    await collection_order.move(session, collection_id, image_ids, beside=beside, before=before is not None)
    return await get_collection(session, actor, collection_id)


async def put_in_order(
    session: AsyncSession, actor: Actor, collection_id: UUID, image_ids: Sequence[UUID]
) -> CollectionView:
    """Give all images of a collection a new order. Raises CollectionNotFound and OrderOutdated."""
    await lock_collection(session, actor, collection_id)
    await collection_order.put_in_order(session, collection_id, image_ids)
    return await get_collection(session, actor, collection_id)


def _views(*, shown_to_all: bool) -> Select[*tuple[Any, ...]]:
    """Collections, the number of their images and the id of the one that stands for each. `shown_to_all`: of public images alone."""
    inside = (
        select(CollectionImage.image_id)
        .join(Image, Image.id == CollectionImage.image_id)
        .where(CollectionImage.collection_id == Collection.id)
    )
    count = select(func.count()).where(CollectionImage.collection_id == Collection.id)
    if shown_to_all:
        inside = inside.where(*_MAY_BE_SHOWN)
        count = select(func.count()).select_from(inside.correlate(Collection).subquery())
    chosen = inside.where(Image.s3_key == Collection.cover_image_url)
    first = inside.order_by(CollectionImage.sort_order, CollectionImage.image_id).limit(1)
    cover: ColumnElement[UUID] = func.coalesce(
        chosen.correlate(Collection).scalar_subquery(), first.correlate(Collection).scalar_subquery()
    )
    return select(
        Collection, count.correlate(Collection).scalar_subquery().label("images"), cover.label("cover_id")
    )


async def _images(session: ReadSession, ids: Sequence[UUID | None]) -> dict[UUID, Image]:
    named = [id for id in ids if id is not None]
    if not named:
        return {}
    return {image.id: image for image in await session.scalars(select(Image).where(Image.id.in_(named)))}


async def _is_mine(session: ReadSession, actor: Actor | None, collection_id: UUID) -> bool:
    """Whether it is the actor's; False: a public one of somebody else who is here. Raises CollectionNotFound."""
    query = select(Collection.user_id, Collection.visibility).where(Collection.id == collection_id)
    found = (await session.execute(query)).one_or_none()
    is_mine = found is not None and actor is not None and found.user_id == actor.user_id
    if found is None or not (is_mine or found.visibility == "public"):
        raise CollectionNotFound
    # Whatever is in it is its owner's.
    if not is_mine and not await session.scalar(select(is_here(found.user_id))):
        raise CollectionNotFound
    return is_mine


async def lock_collection(session: AsyncSession, actor: Actor, collection_id: UUID) -> None:
    """From here on nobody else changes this collection of the actor's. Raises as `require_own` does."""
    mine = (Collection.id == collection_id) & (Collection.user_id == actor.user_id)
    changing = update(Collection).where(mine).values(updated_at=func.now()).returning(Collection.id)
    if await session.scalar(changing) is None:
        await _refuse_search(session, actor.user_id, collection_id)
        raise CollectionNotFound


async def _key_of_cover(session: ReadSession, collection_id: UUID, image_id: UUID | None) -> str | None:
    if image_id is None:
        return None
    inside = (CollectionImage.collection_id == collection_id) & (CollectionImage.image_id == image_id)
    query = select(Image.s3_key).join(CollectionImage, CollectionImage.image_id == Image.id).where(inside)
    key: str | None = await session.scalar(query)
    if key is None:
        reason = "names an image that is not in the collection"
        raise Invalid("The cover is one of the collection's images.", field="cover_image_id", reason=reason)
    return key


def _refuse_unless_among(there: set[UUID], named: Sequence[UUID], field: str, reason: str) -> None:
    wrong = [BadField(f"{field}.{n}", reason) for n, image_id in enumerate(named) if image_id not in there]
    if wrong:
        raise Invalid(f"The field {field} {reason}.", errors=wrong)


def _accept_description(said: str | None) -> str | None:
    if said is None or not shows_something(said):
        return None
    if len(said) > MAX_DESCRIPTION or not is_storable(said):
        reason = f"must have at most {MAX_DESCRIPTION} characters"
        raise Invalid(f"The description {reason}.", field="description", reason=reason)
    return said.strip()
