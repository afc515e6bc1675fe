"""A person's images of the same bytes, in groups: which one of each is suggested to be kept, and the others into the trash at once.

Suggested is the largest, of those one that somebody cares for (a favorite, rated, in a collection, shared with others), of those the oldest.
What tells the same bytes is read by an index of the person's own; images in the trash are no copies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.pages import Page, PageRequest, close_position, open_position
from pingvas.base.read_session import ReadSession
from pingvas.gallery.bulk_tasks import ask_for_change_of
from pingvas.gallery.changes import MoveToTrash
from pingvas.gallery.tables import BulkTask, Image

# Of one group; the others come when these are in the trash.
MAX_SHOWN = 24

# A query of its own for each image: as a part of the statement it would be a reading of everybody's collections.
IS_CARED_FOR = """CASE WHEN image.is_favorite OR image.rating > 0 OR image.visibility <> 'private'
    OR (SELECT true FROM collections_images WHERE image_id = image.id LIMIT 1) THEN 1 ELSE 0 END"""
PIXELS = "CAST(image.width AS bigint) * image.height"
_BEST_FIRST = f"{PIXELS} DESC, {IS_CARED_FOR} DESC, image.created_at, image.id"

# By the index alone, and with those in the trash.
_TWINS = """
    SELECT content_hash FROM images
     WHERE user_id = :user_id AND content_hash IS NOT NULL AND content_hash > :after
     GROUP BY content_hash HAVING count(*) > 1
"""
_GROUPS = f"""
    SELECT twin.content_hash, copy.copies, copy.size
      FROM ({_TWINS}) AS twin CROSS JOIN LATERAL (
          SELECT count(*) AS copies, max(file_size) AS size FROM images
           WHERE user_id = :user_id AND content_hash IS NOT NULL AND content_hash = twin.content_hash AND trashed_at IS NULL) AS copy
     WHERE copy.copies > 1
"""  # noqa: S608 - our own text, here and below
_PAGE = text(f"{_GROUPS} ORDER BY twin.content_hash LIMIT :most")
_TOTALS = text(f"""
    SELECT count(*) AS groups, CAST(coalesce(sum(copies - 1), 0) AS bigint) AS images,
           CAST(coalesce(sum((copies - 1) * size), 0) AS bigint) AS bytes
      FROM ({_GROUPS}) AS found
""")  # noqa: S608
_RANKED = """
    SELECT image.content_hash, image.id, row_number() OVER (PARTITION BY image.content_hash ORDER BY {order}) AS place
      FROM images AS image
     WHERE image.user_id = :user_id AND image.content_hash IS NOT NULL AND image.trashed_at IS NULL
       AND image.content_hash {among}
"""
_SHOWN = text(f"""
    SELECT content_hash, id FROM ({_RANKED.format(order=_BEST_FIRST, among="= ANY(:hashes)")}) AS ranked
     WHERE place <= :most ORDER BY content_hash, place
""").bindparams(bindparam("hashes", type_=ARRAY(LargeBinary)))  # noqa: S608
_SUPERFLUOUS = text(f"""
    SELECT id FROM ({_RANKED.format(order=f"image.id = ANY(:keep) DESC, {_BEST_FIRST}", among=f"IN ({_TWINS})")}) AS ranked
     WHERE place > 1 AND id <> ALL(:keep)
""").bindparams(bindparam("keep", type_=ARRAY(Uuid)), bindparam("user_id", type_=Uuid))  # noqa: S608


@dataclass(frozen=True)
class Group:
    """Images that are one too many: the one that is suggested to be kept comes first. `count`: with those that are not shown.
    `freed_bytes`: once it is alone."""

    images: list[Image]
    count: int
    freed_bytes: int


@dataclass(frozen=True)
class Totals:
    """All groups, the images in them that are one too many, and the bytes of those."""

    groups: int
    images: int
    bytes: int


@dataclass(frozen=True)
class Duplicates:
    """A page of groups. `totals` come with the first."""

    page: Page[Group]
    totals: Totals | None


async def list_same(session: ReadSession, actor: Actor, asked: PageRequest) -> Duplicates:
    """A page of the actor's images of the same bytes, in groups. Raises BadCursor."""
    belongs_to = ("same", actor.user_id)
    position = open_position(asked, belongs_to)
    after = b"" if position is None else bytes.fromhex(position[0])
    mine: dict[str, Any] = {"user_id": actor.user_id}
    found = (await session.execute(_PAGE, {**mine, "after": after, "most": asked.limit + 1})).all()
    groups, more = found[: asked.limit], found[asked.limit :]
    hashes = [row.content_hash for row in groups]
    shown: dict[bytes, list[UUID]] = {each: [] for each in hashes}
    for row in await session.execute(_SHOWN, {**mine, "hashes": hashes, "most": MAX_SHOWN}):
        shown[row.content_hash].append(row.id)
    images = await images_by_id(session, [id for ids in shown.values() for id in ids])
    items = [
        Group(
            [images[id] for id in shown[row.content_hash]],
            row.copies,
            (row.copies - 1) * row.size,
        )
        for row in groups
    ]
    cursor = close_position(asked, belongs_to, [hashes[-1].hex()]) if more else None
    totals = None
    if position is None:
        row = (await session.execute(_TOTALS, {**mine, "after": b""})).one()
        totals = Totals(row.groups, row.images, row.bytes)
    return Duplicates(Page(items, cursor), totals)


async def ask_to_trash_same(session: AsyncSession, actor: Actor, keep: Sequence[UUID]) -> BulkTask:
    """Have all but one of the actor's images of the same bytes moved into the trash: those in `keep` stay, and elsewhere those that are
    suggested. Raises TaskUnderWay."""
    values = {"user_id": actor.user_id, "after": b"", "keep": list(keep)}
    # An id that is nobody's, or not among copies, keeps nothing.
    superfluous = _SUPERFLUOUS.bindparams(**values).columns(id=Uuid)
    return await ask_for_change_of(session, actor, superfluous, MoveToTrash())


async def images_by_id(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Image]:
    """These images."""
    return {image.id: image for image in await session.scalars(select(Image).where(Image.id.in_(ids)))}
