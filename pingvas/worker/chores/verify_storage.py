"""Proving that storage and database agree: every picture of a row is stored and has its thumbnail, every stored object has its row, and
what people fill is the sum of their pictures. What can be put right is put right where that is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, text

from pingvas.adapters.storage import ObjectMissing, Storage
from pingvas.base.db import Database
from pingvas.engine.images.thumbnails import CONTENT_TYPE, NoThumbnail
from pingvas.engine.images.thumbnails import thumbnails_of as make_thumbnails_of
from pingvas.gallery.lost_files import is_lost
from pingvas.gallery.storage_keys import images_of, thumbnails_of
from pingvas.gallery.storage_use import find_miscounts, put_sum_right
from pingvas.worker.chores.orphans import TooManyOrphans, delete_orphans, find_orphans
from pingvas.worker.chores.undelivered import TooManyLost, pay_back_undelivered

# So many of each kind are named.
NAMED = 5

_NEXT_PERSON = text("SELECT user_id FROM images WHERE user_id > :after ORDER BY user_id LIMIT 1")
_IMAGES = text("""
    SELECT image.id, image.s3_key, image.thumbnail_url, image.thumbnail_large_url, image.file_size, image.format,
           job.undelivered_at IS NOT NULL AS is_paid_back
      FROM images AS image LEFT JOIN generation_jobs AS job ON job.id = image.job_id
     WHERE image.user_id = :user_id
""")
_STILL_THERE = text("SELECT true FROM images WHERE id = :id AND s3_key = :key")
_WAITING = text("SELECT key FROM storage_deletions WHERE key = ANY(:keys)").bindparams(
    bindparam("keys", type_=ARRAY(Text))
)


@dataclass
class Disagreements:
    """One kind of what does not agree: how many, the first of them, and how many were put right."""

    what: str
    count: int = 0
    first: list[str] = field(default_factory=list)
    fixed: int = 0

    def note(self, name: str) -> None:
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append(name)

    def __str__(self) -> str:
        told = f"{self.count:,} {self.what}"
        if not self.count:
            return told
        more = ", …" if self.count > len(self.first) else ""
        done = f"; {self.fixed:,} put right" if self.fixed else ""
        return f"{told} ({', '.join(self.first)}{more}){done}"


@dataclass
class VerifiedStorage:
    """What was looked at, and what does not agree. `refusals`: what was not put right, and why."""

    images: int = 0
    objects: int = 0
    lost: Disagreements = field(
        default_factory=lambda: Disagreements("pictures whose bytes are gone, cut off or something else")
    )
    paid_back: Disagreements = field(
        default_factory=lambda: Disagreements("lost pictures whose jobs were paid back already")
    )
    thumbnails: Disagreements = field(default_factory=lambda: Disagreements("thumbnails that are missing"))
    orphans: Disagreements = field(default_factory=lambda: Disagreements("stored objects without a row"))
    sums: Disagreements = field(default_factory=lambda: Disagreements("people whose sum is wrong"))
    refusals: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Whether something still does not agree. A loss that was paid back is known."""
        kinds = (self.lost, self.thumbnails, self.orphans, self.sums)
        return any(kind.count > kind.fixed for kind in kinds)

    def __str__(self) -> str:
        kinds = (self.lost, self.paid_back, self.thumbnails, self.orphans, self.sums)
        found = [str(kind) for kind in kinds if kind.count]
        looked = f"{self.images:,} pictures and {self.objects:,} stored objects"
        if not found:
            return f"Storage and database agree: {looked}."
        head = "do not agree" if self.wrong else "agree" if not any(k.fixed for k in kinds) else "agree now"
        return "\n".join([f"Storage and database {head}: {looked}.", *found, *self.refusals])


@dataclass(frozen=True)
class _Thumbless:
    image_key: str
    small: str | None
    large: str | None


async def verify_storage(database: Database, storage: Storage, *, fix: bool = False) -> VerifiedStorage:
    """Look at every row and every object, person by person; with `fix`, put right what can be. Raises StorageUnavailable."""
    verified, thumbless = VerifiedStorage(), list[_Thumbless]()
    async for user_id in _people(database):
        thumbless += await _look_at_images(database, storage, user_id, verified)
    verified.objects, orphans = await find_orphans(database, storage)
    for key in await _without_those_that_go(database, orphans):
        verified.orphans.note(key)
    async with database.read() as session:
        miscounts = await find_miscounts(session)
    for miscount in miscounts:
        verified.sums.note(f"{miscount.user_id} has {miscount.counted} where {miscount.stored} should be")
    if fix:
        await _make_thumbnails(storage, thumbless, verified)
        await _delete_orphans(database, storage, verified)
        for miscount in miscounts:
            async with database.transaction() as session:
                await put_sum_right(session, miscount.user_id)
            verified.sums.fixed += 1
        await _pay_back(database, storage, verified)
    return verified


async def _look_at_images(
    database: Database, storage: Storage, user_id: UUID, verified: VerifiedStorage
) -> list[_Thumbless]:
    """Note what one person's pictures lack; those without a thumbnail that one can be made of."""
    stored = {each.key: each.size async for each in storage.list(images_of(user_id))}
    small = {each.key async for each in storage.list(thumbnails_of(user_id))}
    async with database.read() as session:
        images = (await session.execute(_IMAGES, {"user_id": user_id})).all()
    thumbless = list[_Thumbless]()
    for image in images:
        key, thumbnails = image.s3_key, (image.thumbnail_url, image.thumbnail_large_url)
        # What a listing lacks is looked for by itself: it may be younger, and its row may be gone since.
        lost = stored.get(key) != image.file_size and await is_lost(
            storage, key, size=image.file_size, format=image.format
        )
        missing = [
            each
            for each in thumbnails
            if each is not None and each not in small and not await _is_there(storage, each)
        ]
        if (lost or missing) and not await _is_row(database, image.id, key):
            continue
        verified.images += 1
        if lost:
            (verified.paid_back if image.is_paid_back else verified.lost).note(key)
        elif missing:
            for each in missing:
                verified.thumbnails.note(each)
            thumbless.append(_Thumbless(key, *(each if each in missing else None for each in thumbnails)))
    return thumbless


async def _make_thumbnails(
    storage: Storage, thumbless: Sequence[_Thumbless], verified: VerifiedStorage
) -> None:
    for each in thumbless:
        with suppress(ObjectMissing, NoThumbnail):
            made = await asyncio.to_thread(make_thumbnails_of, await storage.get(each.image_key))
            for key, data in ((each.small, made.small), (each.large, made.large)):
                if key is not None:
                    await storage.put(key, data, CONTENT_TYPE)
                    verified.thumbnails.fixed += 1


async def _delete_orphans(database: Database, storage: Storage, verified: VerifiedStorage) -> None:
    if not verified.orphans.count:
        return
    try:
        await delete_orphans(database, storage)
    except TooManyOrphans as refusal:
        verified.refusals.append(str(refusal))
    else:
        verified.orphans.fixed = verified.orphans.count


async def _pay_back(database: Database, storage: Storage, verified: VerifiedStorage) -> None:
    """Uploads have no job: of those nothing can be put right."""
    if not verified.lost.count:
        return
    try:
        verified.lost.fixed = (await pay_back_undelivered(database, storage)).paid_back
    except TooManyLost as refusal:
        verified.refusals.append(str(refusal))


async def _without_those_that_go(database: Database, orphans: Sequence[str]) -> list[str]:
    """Those that are not on their way out already."""
    async with database.read() as session:
        waiting = set(await session.scalars(_WAITING, {"keys": list(orphans)}))
    return [key for key in orphans if key not in waiting]


async def _is_there(storage: Storage, key: str) -> bool:
    try:
        await storage.read(key)
    except ObjectMissing:
        return False
    return True


async def _is_row(database: Database, image_id: UUID, key: str) -> bool:
    async with database.read() as session:
        return bool(await session.scalar(_STILL_THERE, {"id": image_id, "key": key}))


async def _people(database: Database) -> AsyncIterator[UUID]:
    """Everybody who has images, by the index."""
    after = UUID(int=0)
    while True:
        async with database.read() as session:
            found = await session.scalar(_NEXT_PERSON, {"after": after})
        if found is None:
            return
        yield found
        after = found
