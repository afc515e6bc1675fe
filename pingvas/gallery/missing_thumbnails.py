"""Pictures of earlier versions have one thumbnail and no hash: both are made from their files, a page at a time, the newest first.

What is found is what the index over those without a hash has; a file that cannot be read gets an empty hash, and is asked for no more.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from pingvas.adapters.storage import ObjectMissing, Storage
from pingvas.base.db import Database
from pingvas.engine.images.thumbnails import CONTENT_TYPE, NoThumbnail, thumbnails_of
from pingvas.gallery.storage_keys import large_thumbnail_key, thumbnail_key

log = logging.getLogger(__name__)

PAGE = 50
NO_HASH = "thumbhash IS NULL"
# By the index; ids are in the order of time.
_FIND = text(f"SELECT id, user_id, s3_key FROM images WHERE {NO_HASH} ORDER BY id DESC LIMIT :page")  # noqa: S608 - our own words
_FILL = text(f"""
    UPDATE images SET thumbhash = :hash, thumbnail_large_url = :large,
                      thumbnail_url = COALESCE(thumbnail_url, :small)
     WHERE id = :id AND {NO_HASH}
""")  # noqa: S608 - our own words


@dataclass(frozen=True)
class FillCounts:
    """How many pictures got their thumbnails, and how many files could not be read."""

    filled: int
    failed: int


async def fill_thumbnails(database: Database, storage: Storage, *, most: int = 2000) -> FillCounts:
    """Make what is missing of so many pictures; may be cut off at any moment. Raises StorageUnavailable."""
    filled = failed = 0
    while filled + failed < most:
        async with database.read() as session:
            found = (await session.execute(_FIND, {"page": min(PAGE, most - filled - failed)})).all()
        for row in found:
            values = await _made(storage, row)
            async with database.transaction() as session:
                await session.execute(_FILL, values)
            filled, failed = (filled + 1, failed) if values["hash"] else (filled, failed + 1)
        if not found:
            break
    return FillCounts(filled, failed)


async def _made(storage: Storage, row: Any) -> dict[str, Any]:
    """What the picture's row is to say; its objects are stored before."""
    values: dict[str, Any] = {"id": row.id, "hash": b"", "large": None, "small": None}
    try:
        made = await asyncio.to_thread(thumbnails_of, await storage.get(row.s3_key))
    except (ObjectMissing, NoThumbnail) as error:
        log.warning("no thumbnail can be made of image %s: %s", row.id, error)
        return values
    small, large = thumbnail_key(row.user_id, row.id), large_thumbnail_key(row.user_id, row.id)
    await storage.put(large, made.large, CONTENT_TYPE)
    await storage.put(small, made.small, CONTENT_TYPE)
    return values | {"hash": made.hash, "large": large, "small": small}
