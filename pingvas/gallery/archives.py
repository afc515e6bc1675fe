"""Images of a person's as one zip: put together when it is fetched, the same bytes each time, for a day.

In it lie the pictures as they are kept, and `images.jsonl` with what the studio knew of each when the archive was asked for; `pingvas import`
reads both.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.base.clock import now
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.gallery.collections import CollectionNotFound, require_own
from pingvas.gallery.import_folder import LINES
from pingvas.gallery.library import ImageFilter, ImageNotFound, matching, not_in_trash, tags_of
from pingvas.gallery.plain_copies import read_plain_in_its_size
from pingvas.gallery.tables import Collection, CollectionImage, Image, ImageArchive
from pingvas.gallery.zip_stream import ZipEntry, size_of_zip

T = TypeVar("T")

PREFIX = "archives/"
MAX_IMAGES = 10_000
# Of a person's, those that were asked for last.
_KEPT = 10
_LIFE = timedelta(days=1)
_PAGE = 500
_LONGEST_SLUG = 48


class ArchiveNotFound(NotFound):
    """It is over, or an image of it was deleted meanwhile."""

    default_detail = "This archive is not there any more, or one of its images is not. Ask for a new one."


class NothingToPack(Invalid):
    default_detail = "There is no image to put into an archive."


class TooManyToPack(Invalid):
    default_detail = (
        f"An archive has {MAX_IMAGES:,} images at most. Choose fewer, or ask for the file with everything in your "
        "account."
    )


@dataclass(frozen=True)
class _Packed:
    """What the zip's structure needs to know of an image."""

    id: UUID
    path: str
    key: str
    size: int
    made_at: datetime


async def ids_of_collection(
    session: ReadSession, actor: Actor, collection_id: UUID
) -> tuple[str, list[UUID]]:
    """The name of a collection of the actor's, and its images in their order. Raises CollectionNotFound."""
    mine = (Collection.id == collection_id) & (Collection.user_id == actor.user_id)
    name: str | None = await session.scalar(select(Collection.name).where(mine))
    if name is None:
        raise CollectionNotFound
    placed = select(CollectionImage.image_id).where(CollectionImage.collection_id == collection_id)
    in_order = placed.order_by(CollectionImage.sort_order, CollectionImage.image_id).limit(MAX_IMAGES + 1)
    return name, list((await session.scalars(in_order)).all())


async def ids_of_matching(session: ReadSession, actor: Actor, filter: ImageFilter) -> list[UUID]:
    """The actor's images that match, the oldest first; one more than an archive has at most says that there are more.
    Raises CollectionNotFound and TooManyWords."""
    if filter.collection is not None:
        await require_own(session, actor.user_id, filter.collection)
    found = (await matching(session, actor.user_id, filter)).with_only_columns(Image.id)
    in_order = found.order_by(Image.created_at, Image.id).limit(MAX_IMAGES + 1)
    return list((await session.scalars(in_order)).all())


async def make_archive(
    database: Database,
    storage: Storage,
    folder: Path,
    actor: Actor,
    name: str,
    image_ids: Sequence[UUID],
    *,
    tells_how: bool = True,
) -> ImageArchive:
    """An archive of images of the actor's, in this order, with how they were made or without. `folder` takes what is being written.
    Raises NothingToPack, TooManyToPack, ImageNotFound, StorageUnavailable."""
    if not image_ids:
        raise NothingToPack
    if len(image_ids) > MAX_IMAGES:
        raise TooManyToPack
    archive = ImageArchive(
        id=new_id(),
        user_id=actor.user_id,
        name=name,
        image_ids=list(image_ids),
        tells_how=tells_how,
        expires_at=now() + _LIFE,
        created_at=now(),
    )
    archive.lines_key = f"{PREFIX}{actor.user_id}/{archive.id}.jsonl"
    async with database.read() as session:
        packed = await _pack(session, archive)
        if len(packed) < len(image_ids):
            raise ImageNotFound
        archive.lines_size = await _store_lines(session, storage, folder, archive, packed)
    archive.file_size = size_of_zip(_entries(storage, archive, packed))
    async with database.transaction() as session:
        session.add(archive)
        await session.flush()
        await _forget_earlier(session, actor.user_id)
    return archive


async def open_archive(
    database: Database, storage: Storage, archive_id: UUID
) -> tuple[ImageArchive, list[ZipEntry]]:
    """An archive and what is in its zip. Raises ArchiveNotFound."""
    async with database.read() as session:
        archive = await session.get(ImageArchive, archive_id)
        if archive is None or archive.expires_at <= now():
            raise ArchiveNotFound
        packed = await _pack(session, archive)
    if len(packed) < len(archive.image_ids):
        raise ArchiveNotFound
    return archive, _entries(storage, archive, packed)


async def forget_archives(session: AsyncSession) -> None:
    """Remove those whose time is over; the database notes the files."""
    await session.execute(delete(ImageArchive).where(ImageArchive.expires_at <= func.now()))


async def _forget_earlier(session: AsyncSession, user_id: UUID) -> None:
    mine = select(ImageArchive.id).where(ImageArchive.user_id == user_id)
    latest = mine.order_by(ImageArchive.id.desc()).limit(_KEPT)
    await session.execute(
        delete(ImageArchive).where(ImageArchive.user_id == user_id, ImageArchive.id.not_in(latest))
    )


async def _pack(session: ReadSession, archive: ImageArchive) -> list[_Packed]:
    """The images of an archive that are there, under their names in the zip."""
    prompt = Image.generation_params["prompt"].astext
    columns = (
        Image.id,
        Image.s3_key,
        Image.file_size,
        Image.format,
        Image.created_at,
        prompt.label("prompt"),
    )
    there = {}
    for page in _pages(archive.image_ids):
        query = select(*columns).where(Image.id.in_(page), Image.user_id == archive.user_id, not_in_trash())
        there.update({row.id: row for row in await session.execute(query)})
    digits = len(str(len(archive.image_ids)))
    packed = []
    for place, image_id in enumerate(archive.image_ids, 1):
        if (row := there.get(image_id)) is not None:
            words = _slug(row.prompt) if archive.tells_how else ""
            parts = (f"{place:0{digits}}", f"{row.created_at:%Y-%m-%d}", words, str(row.id)[-8:])
            path = f"images/{'-'.join(part for part in parts if part)}.{row.format}"
            packed.append(_Packed(row.id, path, row.s3_key, row.file_size, row.created_at))
    return packed


def _entries(storage: Storage, archive: ImageArchive, packed: Sequence[_Packed]) -> list[ZipEntry]:
    read = _read if archive.tells_how else read_plain_in_its_size
    pictures = [
        ZipEntry(each.path, each.size, each.made_at, partial(read, storage, each.key)) for each in packed
    ]
    lines = ZipEntry(
        LINES, archive.lines_size, archive.created_at, partial(_read, storage, archive.lines_key)
    )
    return [lines, *pictures]


async def _read(storage: Storage, key: str) -> AsyncIterator[bytes]:
    return (await storage.read(key)).chunks()


async def _store_lines(
    session: ReadSession, storage: Storage, folder: Path, archive: ImageArchive, packed: Sequence[_Packed]
) -> int:
    """Write what is known of each image, one JSON object a line; how many bytes."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="archive-", suffix=".jsonl") as file:
        for page in _pages(packed):
            lines = await _lines(session, page, tells_how=archive.tells_how)
            await asyncio.to_thread(file.write, lines.encode())
        await asyncio.to_thread(file.flush)
        await storage.put_file(archive.lines_key, Path(file.name), "application/x-ndjson")
        return file.tell()


async def _lines(session: ReadSession, packed: Sequence[_Packed], *, tells_how: bool) -> str:
    ids = [each.id for each in packed]
    images = {image.id: image for image in await session.scalars(select(Image).where(Image.id.in_(ids)))}
    tags = await tags_of(session, ids)
    collections = await _collections_of(session, ids)
    return "".join(
        json.dumps(
            {
                "file": each.path,
                "id": str(each.id),
                "created_at": each.made_at.isoformat(),
                "visibility": image.visibility,
                "is_favorite": image.is_favorite,
                "tags": tags[each.id],
                "collections": collections[each.id],
                **({"generation_params": image.generation_params} if tells_how else {}),
            },
            ensure_ascii=False,
        )
        + "\n"
        for each in packed
        if (image := images.get(each.id)) is not None
    )


async def _collections_of(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    query = (
        select(CollectionImage.image_id, Collection.name)
        .join(Collection, Collection.id == CollectionImage.collection_id)
        .where(CollectionImage.image_id.in_(ids))
        .order_by(Collection.name)
    )
    names: dict[UUID, list[str]] = {image_id: [] for image_id in ids}
    for image_id, name in await session.execute(query):
        names[image_id].append(name)
    return names


def _pages(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + _PAGE] for start in range(0, len(items), _PAGE)]


def _slug(prompt: str | None) -> str:
    """The first words of a prompt, as a file may be called."""
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", prompt or "").lower())
    return words[:_LONGEST_SLUG].strip("-")
