"""Images that jobs have made and that the storage has lost: found by comparing what it lists with the rows, and paid back."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.billing.subscriptions import NoSubscription
from pingvas.gallery.lost_files import is_lost
from pingvas.gallery.storage_keys import images_of
from pingvas.generation.lifecycle.undelivered import pay_back

log = logging.getLogger(__name__)

# With more lost images than this, and more of them than not, the storage is likelier to be another one than to have lost them.
SUSPICIOUS = 50
_PEOPLE_AT_ONCE = 500

_PEOPLE = text("""
    SELECT user_id FROM storage_use WHERE used_bytes > 0 AND user_id > :after ORDER BY user_id LIMIT :most
""")
_IMAGES = text("""
    SELECT image.job_id, image.s3_key, image.file_size, image.format
      FROM images AS image JOIN generation_jobs AS job ON job.id = image.job_id
     WHERE image.user_id = :user_id AND job.user_id = :user_id AND job.status = 'completed' AND job.undelivered_at IS NULL
""")


class TooManyLost(RuntimeError):
    """Most of what was made is not in the storage: nothing was paid back."""


@dataclass(frozen=True)
class UndeliveredCounts:
    """How many images a turn has looked at, and how many jobs it has paid back."""

    looked_at: int
    paid_back: int


@dataclass(frozen=True)
class _Lost:
    user_id: UUID
    job_id: UUID
    key: str


async def pay_back_undelivered(
    database: Database, storage: Storage, *, suspicious: int = SUSPICIOUS
) -> UndeliveredCounts:
    """Look for every image that a job made, and pay back the jobs whose image is lost. Raises TooManyLost, StorageUnavailable."""
    looked_at, lost = 0, list[_Lost]()
    async for user_id in _people(database):
        images, missing = await _look(database, storage, user_id)
        looked_at += images
        lost += missing
    if len(lost) > suspicious and 2 * len(lost) > looked_at:
        raise TooManyLost(
            f"{len(lost)} of {looked_at} images are not in the storage, so no job was paid back. Is this the storage that belongs "
            "to this database?"
        )
    paid_back = 0
    for each in lost:
        with suppress(NoSubscription):  # gone since
            async with database.transaction() as session:
                if await pay_back(session, each.user_id, each.job_id, each.key):
                    log.warning("job %s: its image %s is lost, so it was paid back", each.job_id, each.key)
                    paid_back += 1
    return UndeliveredCounts(looked_at, paid_back)


async def _look(database: Database, storage: Storage, user_id: UUID) -> tuple[int, Sequence[_Lost]]:
    """How many images a person's jobs have made, and those that are lost. What the listing lacks is looked for once more by itself: it
    may be younger."""
    stored = {each.key: each.size async for each in storage.list(images_of(user_id))}
    async with database.read() as session:
        images = (await session.execute(_IMAGES, {"user_id": user_id})).all()
    return len(images), [
        _Lost(user_id, image.job_id, image.s3_key)
        for image in images
        if stored.get(image.s3_key) != image.file_size
        and await is_lost(storage, image.s3_key, size=image.file_size, format=image.format)
    ]


async def _people(database: Database) -> AsyncIterator[UUID]:
    """Everybody who keeps images."""
    after = UUID(int=0)
    while True:
        async with database.read() as session:
            people = list(await session.scalars(_PEOPLE, {"after": after, "most": _PEOPLE_AT_ONCE}))
        for user_id in people:
            yield user_id
        if len(people) < _PEOPLE_AT_ONCE:
            return
        after = people[-1]
