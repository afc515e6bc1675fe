"""The order of a collection: whole numbers with gaps between them. What moves gets new numbers, the rest keeps its own.

Where a gap is used up, the whole collection is numbered anew. All of it under the lock of the collection's row, but for
images that jobs put at the end: two of these may share a number, and then the older one comes first.
"""

from collections.abc import Collection as SetOf
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, delete, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import Conflict
from pingvas.base.read_session import ReadSession
from pingvas.gallery.tables import CollectionImage

GAP = 65_536
MAX_IMAGES = 10_000
# A new number must fit an integer.
_LAST = 2**31 - 1 - GAP

_IDS = bindparam("ids", type_=ARRAY(Uuid))
# Image n of `ids` gets `first + n * step`.
_NUMBERED = (
    "SELECT id, :first + (place - 1) * :step AS number FROM unnest(:ids) WITH ORDINALITY AS asked (id, place)"
)
_ADD = text(f"""
    INSERT INTO collections_images (collection_id, image_id, sort_order)
    SELECT :collection_id, id, number FROM ({_NUMBERED}) AS numbered
    ON CONFLICT (collection_id, image_id) DO NOTHING
""").bindparams(_IDS)  # noqa: S608 - our own constants
_MOVE = text(f"""
    UPDATE collections_images SET sort_order = numbered.number FROM ({_NUMBERED}) AS numbered
     WHERE collection_id = :collection_id AND image_id = numbered.id
""").bindparams(_IDS)  # noqa: S608 - our own constants
_NUMBER_ANEW = text("""
    UPDATE collections_images AS kept SET sort_order = counted.place * :gap
      FROM (SELECT image_id, row_number() OVER (ORDER BY sort_order, image_id) AS place
              FROM collections_images WHERE collection_id = :collection_id) AS counted
     WHERE kept.collection_id = :collection_id AND kept.image_id = counted.image_id
""")
# Whoever deletes a collection waits for this transaction, and this one never waits: an image of a job is worth more than its
# place. A collection that is full, gone or just being deleted gets nothing.
_ADD_MADE = text("""
    WITH made AS (
        SELECT * FROM unnest(:image_ids, :collection_ids, :user_ids) AS made (image_id, collection_id, user_id)
    ), open AS MATERIALIZED (
        SELECT id, user_id FROM collections WHERE id = ANY(:collection_ids) ORDER BY id FOR KEY SHARE SKIP LOCKED
    ), filled AS (
        SELECT id, user_id,
               (SELECT count(*) FROM collections_images WHERE collection_id = open.id) AS images,
               (SELECT COALESCE(MAX(sort_order), 0) FROM collections_images WHERE collection_id = open.id) AS last
          FROM open
    ), placed AS (
        SELECT filled.id, made.image_id, filled.images, filled.last,
               row_number() OVER (PARTITION BY filled.id ORDER BY made.image_id) AS place
          FROM made JOIN filled ON filled.id = made.collection_id AND filled.user_id = made.user_id
    )
    INSERT INTO collections_images (collection_id, image_id, sort_order)
    SELECT id, image_id, LEAST(last + place * :gap, 2147483647) FROM placed WHERE images + place <= :most
""").bindparams(*(bindparam(name, type_=ARRAY(Uuid)) for name in ("image_ids", "collection_ids", "user_ids")))


class CollectionFull(Conflict):
    code = "collection_full"
    default_detail = f"A collection has {MAX_IMAGES:,} images at most. Take some out, or make another one."


class OrderOutdated(Conflict):
    code = "order_outdated"
    default_detail = "The collection holds other images by now than those of this order. Load it again."


async def ids_in(session: ReadSession, collection_id: UUID, among: SetOf[UUID]) -> set[UUID]:
    """Which of these images are in the collection."""
    there = (CollectionImage.collection_id == collection_id) & CollectionImage.image_id.in_(among)
    return set(await session.scalars(select(CollectionImage.image_id).where(there)))


async def append(session: AsyncSession, collection_id: UUID, image_ids: Sequence[UUID]) -> None:
    """Put images at the end, in this order; those that are there stay where they are. Raises CollectionFull."""
    there = await ids_in(session, collection_id, image_ids)
    new = [image_id for image_id in dict.fromkeys(image_ids) if image_id not in there]
    if not new:
        return
    filled = select(func.count()).where(CollectionImage.collection_id == collection_id)
    if (await session.scalar(filled) or 0) + len(new) > MAX_IMAGES:
        raise CollectionFull
    last = await _edge(session, collection_id)
    if last + len(new) * GAP > _LAST:
        await _number_anew(session, collection_id)
        last = await _edge(session, collection_id)
    await session.execute(_ADD, _numbers(collection_id, new, first=last + GAP, step=GAP))


async def move(
    session: AsyncSession, collection_id: UUID, image_ids: Sequence[UUID], *, beside: UUID, before: bool
) -> None:
    """Put images, one behind the other, directly before or after another one, `beside`, that is none of them. All are in it."""
    moved = list(dict.fromkeys(image_ids))
    for _ in range(2):
        low, high = await _room(session, collection_id, moved, beside, before=before)
        step = min(GAP, (high - low) // (len(moved) + 1))
        if step > 0:
            await session.execute(_MOVE, _numbers(collection_id, moved, first=low + step, step=step))
            return
        await _number_anew(session, collection_id)
    raise RuntimeError("a collection that was just numbered has no gaps")


async def put_in_order(session: AsyncSession, collection_id: UUID, image_ids: Sequence[UUID]) -> None:
    """Give all images of a collection this order. Raises OrderOutdated when they are not the ones that are named."""
    there = set(
        await session.scalars(
            select(CollectionImage.image_id).where(CollectionImage.collection_id == collection_id)
        )
    )
    if there != set(image_ids) or len(there) != len(image_ids):
        raise OrderOutdated
    await session.execute(_MOVE, _numbers(collection_id, image_ids, first=GAP, step=GAP))


async def take_out(session: AsyncSession, collection_id: UUID, image_id: UUID) -> bool:
    """Take an image out of a collection; False: it was not in it."""
    gone = (
        delete(CollectionImage)
        .where(CollectionImage.collection_id == collection_id, CollectionImage.image_id == image_id)
        .returning(CollectionImage.image_id)
    )
    return await session.scalar(gone) is not None


async def add_made(session: AsyncSession, made: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Put images that jobs have made at the end of the collections they were asked for: image, collection and person of each.
    Where there is no such collection any more, or it is full, the image is kept without it."""
    if made:
        image_ids, collection_ids, user_ids = (list(ids) for ids in zip(*made, strict=True))
        values = {"image_ids": image_ids, "collection_ids": collection_ids, "user_ids": user_ids}
        await session.execute(_ADD_MADE, {**values, "gap": GAP, "most": MAX_IMAGES})


async def _room(
    session: ReadSession, collection_id: UUID, moved: SetOf[UUID], beside: UUID, *, before: bool
) -> tuple[int, int]:
    """The numbers between which there is room beside an image, without those that move themselves."""
    place = (CollectionImage.sort_order, CollectionImage.image_id)
    at = (
        await session.execute(
            select(*place).where(
                CollectionImage.collection_id == collection_id, CollectionImage.image_id == beside
            )
        )
    ).one()
    beyond = tuple_(*place) < tuple_(*at) if before else tuple_(*place) > tuple_(*at)
    order = [column.desc() if before else column.asc() for column in place]
    query = (
        select(CollectionImage.sort_order)
        .where(CollectionImage.collection_id == collection_id, beyond, CollectionImage.image_id.not_in(moved))
        .order_by(*order)
        .limit(1)
    )
    neighbour = await session.scalar(query)
    here = int(at.sort_order)
    if neighbour is None:
        beyond_edge = here + GAP * (len(moved) + 1) * (-1 if before else 1)
        neighbour = beyond_edge if abs(beyond_edge) <= _LAST else here
    return (int(neighbour), here) if before else (here, int(neighbour))


async def _edge(session: ReadSession, collection_id: UUID) -> int:
    query = select(func.max(CollectionImage.sort_order)).where(CollectionImage.collection_id == collection_id)
    return int(await session.scalar(query) or 0)


def _numbers(collection_id: UUID, image_ids: Sequence[UUID], *, first: int, step: int) -> dict[str, Any]:
    return {"collection_id": collection_id, "ids": list(image_ids), "first": first, "step": step}


async def _number_anew(session: AsyncSession, collection_id: UUID) -> None:
    await session.execute(_NUMBER_ANEW, {"collection_id": collection_id, "gap": GAP})
