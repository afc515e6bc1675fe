"""The trash: what a person deletes goes there first, comes back from there, or goes for good.

An image in the trash is in no list, no collection and no count of its owner's, and nobody else sees it; its bytes still fill the
storage. It keeps its tags, which say that they are of no account, and its places in collections stand in a table of their own.
Deleting the row for good puts its objects into the deletion outbox by a trigger; nothing here touches storage.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.gallery.collection_order import MAX_IMAGES
from pingvas.gallery.library import ImageNotFound, in_trash, lock_images
from pingvas.gallery.tables import Collection, CollectionImage, Image, ImageTag, TrashedPlace
from pingvas.gallery.tags import lock_gallery, lock_tags_of

# So many go at a time when the trash is emptied, and when their days are over.
EMPTIED_AT_ONCE = 1000
PURGED_AT_ONCE = 500

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_PUT_ASIDE = text("""
    WITH gone AS (
        DELETE FROM collections_images WHERE image_id = ANY(:ids)
        RETURNING image_id, collection_id, sort_order, added_at
    )
    INSERT INTO trashed_places (image_id, collection_id, sort_order, added_at) SELECT * FROM gone
""").bindparams(_IDS)
# A collection that has been filled meanwhile gets as many back as it has room for.
_PUT_BACK = text("""
    WITH back AS (
        DELETE FROM trashed_places WHERE image_id = ANY(:ids)
        RETURNING image_id, collection_id, sort_order, added_at
    ), filled AS (
        SELECT collection_id, count(*) AS images FROM collections_images
         WHERE collection_id IN (SELECT collection_id FROM trashed_places WHERE image_id = ANY(:ids))
         GROUP BY collection_id
    ), counted AS (
        SELECT back.*, COALESCE(images, 0) + row_number() OVER (
                   PARTITION BY collection_id ORDER BY sort_order, image_id) AS nth
          FROM back LEFT JOIN filled USING (collection_id)
    )
    INSERT INTO collections_images (collection_id, image_id, sort_order, added_at)
    SELECT collection_id, image_id, sort_order, added_at FROM counted WHERE nth <= :most
    ON CONFLICT (collection_id, image_id) DO NOTHING
""").bindparams(_IDS)
_DUE = text("""
    SELECT user_id, id FROM images
     WHERE trashed_at < now() - make_interval(secs => :keep) ORDER BY trashed_at LIMIT :most
""")
# Locked meanwhile or not: what was restored stays.
_STILL_DUE = text("""
    SELECT id FROM images
     WHERE id = ANY(:ids) AND trashed_at < now() - make_interval(secs => :keep) ORDER BY id FOR NO KEY UPDATE
""").bindparams(_IDS)


@dataclass(frozen=True)
class Trash:
    """How many images are in somebody's trash, and how many bytes they still fill."""

    count: int
    size: int


@dataclass(frozen=True)
class Emptied:
    """How many images were deleted for good, and whether there are more in the trash."""

    count: int
    more: bool


async def read_trash(session: ReadSession, actor: Actor) -> Trash:
    """What is in the actor's trash."""
    query = select(func.count(), func.coalesce(func.sum(Image.file_size), 0))
    row = (await session.execute(query.where(Image.user_id == actor.user_id, in_trash()))).one()
    return Trash(row[0], int(row[1]))


async def move_to_trash(session: AsyncSession, actor: Actor, image_id: UUID) -> None:
    """Delete one of the actor's images, so that it can come back. Raises ImageNotFound."""
    await _require(session, actor, image_id)
    await trash_them(session, actor, [image_id])


async def restore_image(session: AsyncSession, actor: Actor, image_id: UUID) -> Image:
    """Bring one of the actor's images back as it was. One that is not in the trash stays. Raises ImageNotFound."""
    await _require(session, actor, image_id)
    await restore_them(session, actor, [image_id])
    return await session.get_one(Image, image_id, populate_existing=True)


async def delete_for_good(session: AsyncSession, actor: Actor, image_id: UUID) -> None:
    """Delete one of the actor's images, in the trash or not; its bytes follow by the outbox. Raises ImageNotFound."""
    await _require(session, actor, image_id)
    await delete_them_for_good(session, actor, [image_id])


async def trash_them(session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> None:
    """Move images into the trash. They and their owner's gallery are locked."""
    await _lock_collections(session, CollectionImage.collection_id, CollectionImage.image_id.in_(image_ids))
    await session.execute(_PUT_ASIDE, {"ids": list(image_ids)})
    await _take_tags_into_account(session, image_ids, is_trashed=True)
    moving = update(Image).where(Image.id.in_(image_ids), Image.trashed_at.is_(None))
    await session.execute(moving.values(trashed_at=func.now()))


async def restore_them(session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> None:
    """Bring images back from the trash, with their tags and into the collections that are still there. Locked as above."""
    await _lock_collections(session, TrashedPlace.collection_id, TrashedPlace.image_id.in_(image_ids))
    await session.execute(_PUT_BACK, {"ids": list(image_ids), "most": MAX_IMAGES})
    await _take_tags_into_account(session, image_ids, is_trashed=False)
    await session.execute(update(Image).where(Image.id.in_(image_ids), in_trash()).values(trashed_at=None))


async def delete_them_for_good(session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> None:
    """Delete images; their bytes follow by the outbox. Locked as above."""
    await _lock_collections(session, CollectionImage.collection_id, CollectionImage.image_id.in_(image_ids))
    await lock_tags_of(session, image_ids=image_ids)
    await session.execute(delete(Image).where(Image.id.in_(image_ids)))


async def empty_trash(session: AsyncSession, actor: Actor, at_once: int = EMPTIED_AT_ONCE) -> Emptied:
    """Delete for good what is in the actor's trash, so many at a time, what has been in it for the longest first."""
    await lock_gallery(session, actor.user_id)
    mine = select(Image.id).where(Image.user_id == actor.user_id, in_trash())
    found = list(await session.scalars(mine.order_by(Image.trashed_at, Image.id).limit(at_once + 1)))
    going = sorted(found[:at_once])
    if going:
        await delete_them_for_good(session, actor, going)
    return Emptied(len(going), len(found) > at_once)


async def purge_trash(database: Database, keep: timedelta, at_once: int = PURGED_AT_ONCE) -> int:
    """Delete for good what has been in the trash for longer than `keep`; how many. May be cut off at any moment."""
    deleted, seconds = 0, keep.total_seconds()
    while True:
        async with database.read() as session:
            due = (await session.execute(_DUE, {"keep": seconds, "most": at_once})).all()
        theirs: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for row in due:
            theirs[row.user_id].append(row.id)
        for user_id, ids in theirs.items():
            deleted += await _purge(database, user_id, ids, seconds)
        if len(due) < at_once:
            return deleted


async def _purge(database: Database, user_id: UUID, image_ids: Sequence[UUID], keep: float) -> int:
    async with database.transaction() as session:
        await lock_gallery(session, user_id)
        due = list(await session.scalars(_STILL_DUE, {"ids": list(image_ids), "keep": keep}))
        await delete_them_for_good(session, Actor(user_id, "user", None), due)
    return len(due)


async def _require(session: AsyncSession, actor: Actor, image_id: UUID) -> None:
    if not await lock_images(session, actor, [image_id], also_trashed=True):
        raise ImageNotFound


async def _lock_collections(
    session: AsyncSession, collection_id: InstrumentedAttribute[UUID], condition: ColumnElement[bool]
) -> None:
    """In the order of their ids: whoever arranges one of them has it locked as well."""
    holding = select(collection_id).where(condition)
    locked = select(Collection.id).where(Collection.id.in_(holding)).order_by(Collection.id)
    await session.execute(locked.with_for_update(key_share=True))


async def _take_tags_into_account(
    session: AsyncSession, image_ids: Sequence[UUID], *, is_trashed: bool
) -> None:
    changing = update(ImageTag).where(
        ImageTag.image_id.in_(image_ids), ImageTag.is_trashed.is_not(is_trashed)
    )
    await session.execute(changing.values(is_trashed=is_trashed))
