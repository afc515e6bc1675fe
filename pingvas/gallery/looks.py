"""Which of a person's images are the same, and which look alike.

What tells it is written with the image; for images from before that, a chore reads it from what is stored. Two are the same when their bytes are; they look alike when their look hashes differ in few bits. Told to their owner alone.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Row, Uuid, bindparam, select, text

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import ObjectMissing, Storage
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.engine.images.look_hash import ImageHashes, image_hashes
from pingvas.engine.images.thumbnails import NoThumbnail, thumbnails_of
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.tables import Image

# Of so many of a person's newest images it is known how alike they are; the same bytes are found among all.
COMPARED = 20_000
# Of 256 bits: beyond this, pictures look alike by chance.
MAX_DISTANCE = 48
MAX_FOUND = 24
READ_AT_ONCE = 50

_UNREAD = text(
    "SELECT id, s3_key, thumbnail_url FROM images WHERE content_hash IS NULL ORDER BY id DESC LIMIT :most"
)
_NOTE = text("""
    UPDATE images SET content_hash = :content, look_hash = CAST(CAST(:look AS text) AS bit(256))
     WHERE id = :id AND s3_key = :key AND content_hash IS NULL
""")
_MINE = text("SELECT content_hash, look_hash FROM images WHERE id = :id AND user_id = :user_id")
_SAME = text("""
    SELECT twin.id FROM images AS twin JOIN images AS asked
        ON asked.id = :id AND twin.content_hash = asked.content_hash AND length(asked.content_hash) > 0
     WHERE twin.user_id = :user_id AND twin.content_hash IS NOT NULL AND twin.id <> :id AND twin.trashed_at IS NULL
     ORDER BY twin.id DESC LIMIT :most
""")
_ALIKE = text("""
    SELECT id, distance
      FROM (SELECT newest.id, bit_count(newest.look_hash # asked.look_hash) AS distance
              FROM (SELECT id, look_hash FROM images WHERE user_id = :user_id AND trashed_at IS NULL
                     ORDER BY created_at DESC LIMIT :compared) AS newest
              JOIN images AS asked ON asked.id = :id
             WHERE newest.id <> ALL(:besides)) AS compared
     WHERE distance <= :furthest ORDER BY distance, id DESC LIMIT :most
""").bindparams(bindparam("besides", type_=ARRAY(Uuid)))


@dataclass(frozen=True)
class Alike:
    """An image, and in how many of 256 bits its look differs."""

    image: Image
    distance: int


@dataclass(frozen=True)
class Similar:
    """`same`: of the same bytes, the newest first. `alike`: the most alike first. `is_known`: whether the image was read already."""

    same: list[Image]
    alike: list[Alike]
    is_known: bool


@dataclass(frozen=True)
class LooksRead:
    """How many images a turn has read, and how many it could not read."""

    read: int
    unreadable: int


async def find_similar(session: ReadSession, actor: Actor, image_id: UUID) -> Similar:
    """Which of the actor's images are the same as this one of theirs, or look like it. Raises ImageNotFound."""
    asked = {"id": image_id, "user_id": actor.user_id}
    mine = (await session.execute(_MINE, asked)).one_or_none()
    if mine is None:
        raise ImageNotFound
    same = list(await session.scalars(_SAME, {**asked, "most": MAX_FOUND}))
    besides = {
        "besides": [image_id, *same],
        "compared": COMPARED,
        "furthest": MAX_DISTANCE,
        "most": MAX_FOUND,
    }
    alike = (await session.execute(_ALIKE, {**asked, **besides})).all()
    query = select(Image).where(Image.id.in_([*same, *(row.id for row in alike)]))
    images = {image.id: image for image in await session.scalars(query)}
    return Similar(
        [images[id] for id in same],
        [Alike(images[row.id], row.distance) for row in alike],
        mine.content_hash is not None,
    )


async def read_looks(database: Database, storage: Storage, at_once: int = READ_AT_ONCE) -> LooksRead:
    """Read all images that nobody has read yet, the newest first; may be cut off at any moment. Raises StorageUnavailable."""
    read, unreadable = 0, 0
    while True:
        async with database.read() as session:
            images = (await session.execute(_UNREAD, {"most": at_once})).all()
        for image in images:
            hashes = await _read(storage, image)
            note = {"id": image.id, "key": image.s3_key, "content": b"", "look": None}
            if hashes is not None:
                note |= {"content": hashes.content, "look": hashes.look}
            async with database.transaction() as session:
                await session.execute(_NOTE, note)
            read += hashes is not None
            unreadable += hashes is None
        if len(images) < at_once:
            return LooksRead(read, unreadable)


async def _read(storage: Storage, image: Row[tuple[UUID, str, str | None]]) -> ImageHashes | None:
    """None: the image cannot be read."""
    try:
        data = await storage.get(image.s3_key)
    except ObjectMissing:
        return None
    small = await _thumbnail(storage, image.thumbnail_url)
    try:
        return await asyncio.to_thread(_hashes, data, small)
    except NoThumbnail:
        return None


async def _thumbnail(storage: Storage, key: str | None) -> bytes | None:
    if key is None:
        return None
    try:
        return await storage.get(key)
    except ObjectMissing:
        return None


def _hashes(data: bytes, small: bytes | None) -> ImageHashes:
    """By the thumbnail that is stored, or by one that is made for it."""
    if small is not None:
        with suppress(OSError):
            return image_hashes(data, small)
    return image_hashes(data, thumbnails_of(data).small)
