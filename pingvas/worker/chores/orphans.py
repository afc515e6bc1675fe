"""Stored objects that no row names: bytes go to storage before their row, so a process that dies between leaves some.

Only keys of the forms that the house makes are looked at; whatever else lies in the storage is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Text, TextClause, Uuid, bindparam, text

from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.gallery.storage_keys import OF_A_PART, OF_AN_IMAGE

# An object this young may still get its row: from an upload that runs, or a worker that waits for the database.
OLD_ENOUGH = timedelta(days=1)
# Clocks of the storage and the database may differ by so much.
CLOCKS = timedelta(hours=1)
PAGE = 500
# What one turn deletes at most; the rest is the next turn's.
MOST = 50_000
# With more orphans than this, and more of them than not, the database is likelier to be wrong than the storage.
SUSPICIOUS = 50

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PREVIEW = re.compile(rf"previews/({_UUID})/[0-9a-f]+\.webp")
_AVATAR = re.compile(rf"avatars/({_UUID})/{_UUID}-[0-9]+\.webp")
_ARCHIVE = re.compile(rf"archives/{_UUID}/({_UUID})\.jsonl")
_EXPORT = re.compile(rf"exports/{_UUID}/({_UUID})\.zip")

# A row can only be written for what its own job's run has stored: nothing older than the oldest run is waited for.
_BEFORE = text("""
    SELECT LEAST(now() - make_interval(secs => :old_enough),
                 (SELECT MIN(started_at) FROM generation_jobs WHERE status = 'processing')
                 - make_interval(secs => :clocks))
""")


def _named(table: str, condition: str) -> TextClause:
    return text(f"""
        SELECT stored.key FROM unnest(:keys, :ids) AS stored (key, id)
         WHERE EXISTS (SELECT FROM {table} AS row WHERE {condition})
    """).bindparams(bindparam("keys", type_=ARRAY(Text)), bindparam("ids", type_=ARRAY(Uuid)))  # noqa: S608 - our own words


# The id that stands in the key finds the row by its index; then the row must name the very key.
_NAMED_BY_IMAGE = _named(
    "images", "row.id = stored.id AND stored.key IN (row.s3_key, row.thumbnail_url, row.thumbnail_large_url)"
)
_NAMED_BY_STEP = _named("generation_steps", "row.job_id = stored.id AND row.preview_url = stored.key")

# A person's picture is found by whose it is, which stands in the key too.
_NAMED_BY_PROFILE = _named(
    "user_profiles", "row.user_id = stored.id AND stored.key LIKE row.avatar_key || '-%'"
)
_NAMED_BY_ARCHIVE = _named("image_archives", "row.id = stored.id AND row.lines_key = stored.key")
_NAMED_BY_EXPORT = _named("data_exports", "row.id = stored.id AND row.storage_key = stored.key")
_NAMED_BY_UPLOAD = _named("uploads", "row.id = stored.id AND stored.key = ANY(row.parts)")

KINDS = (
    ("images", OF_AN_IMAGE, _NAMED_BY_IMAGE),
    ("thumbnails", OF_AN_IMAGE, _NAMED_BY_IMAGE),
    ("previews", _PREVIEW, _NAMED_BY_STEP),
    ("avatars", _AVATAR, _NAMED_BY_PROFILE),
    ("exports", _EXPORT, _NAMED_BY_EXPORT),
    ("archives", _ARCHIVE, _NAMED_BY_ARCHIVE),
    ("uploads", OF_A_PART, _NAMED_BY_UPLOAD),
)


class TooManyOrphans(RuntimeError):
    """Most of what is stored has no row: nothing was deleted."""


@dataclass(frozen=True)
class OrphanCounts:
    """How many objects a turn has looked at, and how many of them it deleted."""

    looked_at: int
    deleted: int


async def delete_orphans(
    database: Database, storage: Storage, *, old_enough: timedelta = OLD_ENOUGH, suspicious: int = SUSPICIOUS
) -> OrphanCounts:
    """Delete what no row names and no row will name any more. Raises TooManyOrphans, StorageUnavailable."""
    looked_at, orphans = await find_orphans(database, storage, old_enough=old_enough)
    if len(orphans) > suspicious and 2 * len(orphans) > looked_at:
        raise TooManyOrphans(
            f"{len(orphans)} of {looked_at} stored objects have no row, so none was deleted. Is this the database that "
            "belongs to this storage? If it is, and they are to go, delete them in the storage by hand."
        )
    for start in range(0, len(orphans), PAGE):
        await storage.delete(orphans[start : start + PAGE])
    return OrphanCounts(looked_at, len(orphans))


async def find_orphans(
    database: Database, storage: Storage, *, old_enough: timedelta = OLD_ENOUGH
) -> tuple[int, list[str]]:
    """How many objects were looked at, and the keys of those that no row names and no row will name any more; not many more than
    `MOST`. Raises StorageUnavailable."""
    before = await _no_row_will_come_for(database, old_enough)
    looked_at, orphans = 0, list[str]()
    for prefix, form, named in KINDS:
        async for page in _pages(storage, prefix, form, before):
            looked_at += len(page)
            orphans += await _without_row(database, page, named)
            if len(orphans) >= MOST:
                break
    return looked_at, orphans


async def _no_row_will_come_for(database: Database, old_enough: timedelta) -> datetime:
    """Objects older than this have their row by now, or never will."""
    async with database.read() as session:
        row = {"old_enough": old_enough.total_seconds(), "clocks": CLOCKS.total_seconds()}
        before: datetime = (await session.execute(_BEFORE, row)).scalar_one()
    return before


async def _pages(
    storage: Storage, prefix: str, form: re.Pattern[str], before: datetime
) -> AsyncIterator[list[tuple[str, UUID]]]:
    """(key, id in it) of what is old enough, a page at a time."""
    page: list[tuple[str, UUID]] = []
    async for stored in storage.list(prefix):
        match = form.fullmatch(stored.key)
        if match is None or stored.modified_at >= before:
            continue
        page.append((stored.key, UUID(match[1])))
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


async def _without_row(database: Database, page: Sequence[tuple[str, UUID]], named: TextClause) -> list[str]:
    row = {"keys": [key for key, _ in page], "ids": [found for _, found in page]}
    async with database.read() as session:
        kept = set(await session.scalars(named, row))
    return [key for key, _ in page if key not in kept]
