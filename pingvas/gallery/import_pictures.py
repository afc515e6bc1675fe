"""Takes the pictures of a folder into a person's gallery, a few at a time. Whatever stops it, the next run goes on where it was.

Each file is known by the SHA-256 of its bytes: one whose picture is there is skipped, one whose picture was deleted comes again. A picture
is kept with its tags and collections in one transaction, so it is there whole or not at all; bytes that no row names are swept up.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.base.budgets import Budgets
from pingvas.base.db import Database
from pingvas.base.errors import StudioError, TooLarge
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.engine.images.dialects.read import says_how_made
from pingvas.engine.images.notes import INFOTEXT
from pingvas.engine.images.replace_notes import CannotReplace, replace_notes
from pingvas.gallery.collections import MAX_NAME, add_images, create_collection
from pingvas.gallery.decoder import REFUSALS, Decoder
from pingvas.gallery.import_folder import FoundPicture
from pingvas.gallery.keep_upload import keep_upload, store_upload
from pingvas.gallery.tables import Collection, Image, ImportedFile
from pingvas.gallery.tags import add_tags, lock_gallery
from pingvas.gallery.uploads import CheckedImage, parameters_told

# Bytes of storage that the person may fill; it holds whatever makes two uploads wait for one another.
LockQuota = Callable[[AsyncSession], Awaitable[int]]


class Outcome(StrEnum):
    """What became of a file."""

    KEPT = "kept"
    THERE = "there"
    REFUSED = "refused"


@dataclass(frozen=True)
class Imported:
    """A file that is done with. `reason`: why it was refused, or which of its collections it could not be put into."""

    path: Path
    outcome: Outcome
    reason: str | None = None


class Importer:
    """Takes pictures in for one person. `decoders`: as many as are checked at a time."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        actor: Actor,
        lock_quota: LockQuota,
        decoders: int,
    ) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings
        self._actor = actor
        self._lock_quota = lock_quota
        self._budgets = Budgets()
        memory = settings.decoder_memory_bytes
        self._decoders = [Decoder(large_memory=memory) for _ in range(decoders)]
        # One after the other: rows of one person wait for each other anyway, and only the first picture makes a collection.
        self._keeping = asyncio.Lock()

    async def run(self, found: Iterable[FoundPicture]) -> AsyncGenerator[Imported]:
        """Each file as it is done with. Raises what stops everything: StorageExceeded, StorageUnavailable, and what the database raises."""
        pictures = iter(found)
        free = list(self._decoders)
        working: dict[asyncio.Task[Imported], Decoder] = {}
        try:
            while True:
                while free and (picture := next(pictures, None)) is not None:
                    decoder = free.pop()
                    working[asyncio.create_task(self._take_in(picture, decoder))] = decoder
                if not working:
                    return
                done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    free.append(working.pop(task))
                    yield task.result()
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            for decoder in self._decoders:
                await decoder.close()

    async def _take_in(self, found: FoundPicture, decoder: Decoder) -> Imported:
        try:
            data = await asyncio.to_thread(self._read, found.path)
        except (OSError, TooLarge) as error:
            return Imported(found.path, Outcome.REFUSED, _in_words(error))
        digest = hashlib.sha256(data).digest()
        async with self._database.read() as session:
            if await self._is_there(session, digest):
                return Imported(found.path, Outcome.THERE)
        try:
            picture = await decoder.check(
                self._budgets,
                str(
                    found.path
                ),  # a budget of its own: whoever runs this command may decode as much as they like
                data,
                max_side=self._settings.max_image_side,
                max_pixels=self._settings.max_image_pixels,
            )
        except REFUSALS as error:
            return Imported(found.path, Outcome.REFUSED, _in_words(error))
        picture = await asyncio.to_thread(_with_text, picture, found.infotext)
        image = await store_upload(self._storage, self._actor.user_id, picture, visibility="private")
        image.created_at = found.made_at
        image.is_favorite = found.is_favorite
        return await self._keep(found, digest, image)

    def _read(self, path: Path) -> bytes:
        most = self._settings.upload_max_bytes
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise TooLarge(f"This file is too large: at most {most} bytes are taken.")
        return data

    async def _is_there(self, session: ReadSession, digest: bytes) -> bool:
        of_these_bytes = (ImportedFile.user_id == self._actor.user_id) & (ImportedFile.sha256 == digest)
        return await session.scalar(select(ImportedFile.image_id).where(of_these_bytes)) is not None

    async def _keep(self, found: FoundPicture, digest: bytes, image: Image) -> Imported:
        reason = None
        async with self._keeping, self._database.transaction() as session:
            quota = await self._lock_quota(session)
            # The same bytes under two names: who holds the person's quota sees what the other one has kept.
            if await self._is_there(session, digest):
                return Imported(found.path, Outcome.THERE)
            await keep_upload(session, image, quota)
            await session.execute(
                insert(ImportedFile).values(user_id=image.user_id, sha256=digest, image_id=image.id)
            )
            if found.tags:
                await lock_gallery(session, image.user_id)
                await add_tags(session, image.user_id, [image.id], found.tags)
            for name in found.collections:
                reason = await self._collect(session, name, image.id) or reason
        return Imported(found.path, Outcome.KEPT, reason)

    async def _collect(self, session: AsyncSession, name: str, image_id: UUID) -> str | None:
        """Put an image into the person's collection of this name; why it could not be."""
        try:
            async with session.begin_nested():
                collection_id = await self._collection(session, name)
                await add_images(session, self._actor, collection_id, [image_id])
        except StudioError as error:
            return f"not put into the collection “{name}”: {_in_words(error)}"
        return None

    async def _collection(self, session: AsyncSession, name: str) -> UUID:
        kept = " ".join(name.split())[:MAX_NAME]
        mine = select(Collection.id).where(Collection.user_id == self._actor.user_id, Collection.name == kept)
        there: UUID | None = await session.scalar(mine.order_by(Collection.id).limit(1))
        if there is not None:
            return there
        return (await create_collection(session, self._actor, kept)).collection.id


def _with_text(picture: CheckedImage, infotext: str | None) -> CheckedImage:
    """The picture with the text that lay beside it, where it says nothing itself."""
    if infotext is None or picture.parameters or not says_how_made(infotext):
        return picture
    try:
        data = replace_notes(picture.data, {INFOTEXT: infotext})
    except CannotReplace:
        return picture
    return replace(picture, data=data, parameters=parameters_told(data, {}))


def _in_words(error: Exception) -> str:
    if isinstance(error, StudioError):
        return error.detail
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
