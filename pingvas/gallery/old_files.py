"""Files of earlier versions, which name the images they were made from: each is written anew, once, without.

The new file lies at a key of its own, for bytes of a key never change. The old one is deleted by the outbox, and its
addresses end with it. Until then nobody but its owner is given an address.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, TextClause, Uuid, bindparam, text

from pingvas.adapters.storage import ObjectMissing, Storage
from pingvas.base.db import Database
from pingvas.base.errors import Unavailable
from pingvas.engine.images.image_files import CONTENT_TYPES
from pingvas.engine.images.replace_notes import CannotReplace, notes_of, replace_notes
from pingvas.gallery.named_images import names_images, texts_without_images
from pingvas.gallery.storage_keys import image_key, is_old
from pingvas.gallery.tables import NAMES_IMAGES_IN_ITS_FILE, Image

log = logging.getLogger(__name__)

PAGE = 50
# What others may see first.
_FIND: TextClause = text(f"""
    SELECT id, user_id, s3_key, format FROM images
     WHERE {NAMES_IMAGES_IN_ITS_FILE} AND id <> ALL(:passed)
     ORDER BY visibility = 'private', id LIMIT :page
""").bindparams(bindparam("passed", type_=ARRAY(Uuid)))  # noqa: S608 - our own words
# A row that went meanwhile, or that another process has changed, is left alone.
_SWAP = text("""
    WITH changed AS (
        UPDATE images SET s3_key = :key, file_size = :size, content_hash = NULL WHERE id = :id AND s3_key = :old RETURNING id
    )
    INSERT INTO storage_deletions (key, reason) SELECT :old, 'image cleaned' FROM changed
""")


class FileBeingCleaned(Unavailable):
    """Its file still names images of its owner."""

    default_detail = "This image is being made ready to be shown to others. Try again in a few minutes."


@dataclass(frozen=True)
class CleanCounts:
    """How many files were written anew, and how many could not be."""

    cleaned: int
    failed: int


def refuse_what_names_images(image: Image) -> None:
    """For somebody else's image: raises FileBeingCleaned where its file may name others."""
    if is_old(image.s3_key) and names_images(image.generation_params):
        raise FileBeingCleaned(retry_after=300)


async def clean_old_files(database: Database, storage: Storage) -> CleanCounts:
    """Write all of them anew; may be cut off at any moment. Raises StorageUnavailable."""
    cleaned, passed = 0, list[UUID]()
    while found := await _find(database, passed):
        for id, user_id, old, format in found:
            try:
                data = await asyncio.to_thread(clean_file, await storage.get(old))
            except (ObjectMissing, CannotReplace) as error:
                log.warning("the file of image %s cannot be written anew: %s", id, error)
                passed.append(id)
                continue
            key = image_key(user_id, id, format)
            await storage.put(key, data, CONTENT_TYPES[format])
            async with database.transaction() as session:
                row = {"id": id, "old": old, "key": key, "size": len(data)}
                await session.execute(_SWAP, row)
            cleaned += 1
    return CleanCounts(cleaned, len(passed))


def clean_file(data: bytes) -> bytes:
    """A file without the ids of other images; the same bytes where it names none. Raises CannotReplace."""
    said = notes_of(data)
    told = texts_without_images(said)
    return data if told == said else replace_notes(data, told)


async def _find(database: Database, passed: Sequence[UUID]) -> list[tuple[UUID, UUID, str, str]]:
    async with database.read() as session:
        rows = await session.execute(_FIND, {"passed": list(passed), "page": PAGE})
        return [(row.id, row.user_id, row.s3_key, row.format) for row in rows]
