"""Many of my images as one zip: asking for it, and fetching it by its signed address, from any place in it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, BudgetsDep, DatabaseDep, SettingsDep, StorageDep, within
from pingvas.api.http.ranges import asked_part
from pingvas.api.routes.image_filter import FilterIn
from pingvas.base.budgets import Budgets
from pingvas.gallery.archives import (
    PREFIX,
    NothingToPack,
    TooManyToPack,
    ids_of_collection,
    ids_of_matching,
    make_archive,
    open_archive,
)
from pingvas.gallery.collections import CollectionIsSearch, CollectionNotFound
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.tables import ImageArchive
from pingvas.gallery.zip_stream import ZipEntry, stream_zip

router = APIRouter(prefix="/images/archives", tags=["gallery"])
files = APIRouter(include_in_schema=False)

MAX_IDS = 1000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notes: Literal["with", "without"] = Field(
        "with", description="How they were made; `without`: the label that AI made them alone"
    )


class OfImages(_Body):
    """These images, in this order."""

    of: Literal["images"]
    ids: list[UUID] = Field(min_length=1, max_length=MAX_IDS, description="Images of mine")


class OfCollection(_Body):
    """A collection of mine, in its order."""

    of: Literal["collection"]
    collection_id: UUID


class OfFilter(_Body):
    """All of my images that match now, the oldest first."""

    of: Literal["filter"]
    filter: FilterIn


ArchiveBody = Annotated[
    OfImages | OfCollection | OfFilter,
    Field(discriminator="of", description="What is in it, told apart by `of`"),
]


class ArchiveOut(BaseModel):
    """Where a zip can be fetched."""

    id: UUID
    url: str = Field(
        description="Its address, signed, for a day; ranges are answered, so a download that was cut off goes on"
    )
    count: int = Field(description="How many images")
    file_size: int = Field(description="Bytes of the zip")
    expires_at: datetime


@router.post(
    "", status_code=status.HTTP_201_CREATED, operation_id="make_archive", dependencies=[within("changes")]
)
@raises(ImageNotFound, CollectionNotFound, CollectionIsSearch, NothingToPack, TooManyToPack)
async def make(
    body: ArchiveBody, actor: ActorDep, database: DatabaseDep, storage: StorageDep, settings: SettingsDep
) -> ArchiveOut:
    """Put images of mine, with tags, collections and how they were made, into one zip. It is not made beforehand: its address
    answers at once. When one of its images is deleted, it ends."""
    name = "pictures"
    if isinstance(body, OfImages):
        ids = list(dict.fromkeys(body.ids))
    else:
        async with database.read() as session:
            if isinstance(body, OfCollection):
                name, ids = await ids_of_collection(session, actor, body.collection_id)
            else:
                ids = await ids_of_matching(session, actor, body.filter.filter())
    folder = settings.data_dir.resolve()
    tells_how = body.notes == "with"
    archive = await make_archive(database, storage, folder, actor, name, ids, tells_how=tells_how)
    return _archive_out(archive, storage)


@files.api_route("/files/archives/{archive_id}.zip", methods=["GET", "HEAD"])
async def read_archive(
    archive_id: UUID, request: Request, database: DatabaseDep, storage: StorageDep, budgets: BudgetsDep
) -> Response:
    """The zip, or the part of it that `Range` asks for."""
    storage.verify_made(
        _key(archive_id), request.query_params.get("e", ""), request.query_params.get("s", "")
    )
    archive, entries = await open_archive(database, storage, archive_id)
    tag = f'"{archive.id}-{archive.file_size}"'
    part = asked_part(request, tag, archive.file_size)
    if part.refusal is not None:
        return part.refusal
    headers = {
        "Cache-Control": "private, no-transform",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(archive.name, safe='')}.zip",
        "ETag": tag,
        "X-Content-Type-Options": "nosniff",
        **part.headers,
    }
    if request.method == "HEAD":
        return Response(status_code=part.code, headers=headers, media_type="application/zip")
    reading = _reading(budgets, archive.user_id, entries, part.first, part.last)
    # The first part is waited for, so that what cannot be begun is refused with a status.
    return StreamingResponse(await _begun(reading), part.code, headers=headers, media_type="application/zip")


async def _reading(
    budgets: Budgets, user_id: UUID, entries: Sequence[ZipEntry], first: int, last: int
) -> AsyncGenerator[bytes]:
    with budgets.archives.of(user_id):
        async for chunk in stream_zip(entries, first, last):
            yield chunk


async def _begun(reading: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    beginning = await anext(reading, b"")

    async def rest() -> AsyncIterator[bytes]:
        async with aclosing(reading):
            yield beginning
            async for chunk in reading:
                yield chunk

    return rest()


def _key(archive_id: UUID) -> str:
    return f"{PREFIX}{archive_id}.zip"


def _archive_out(archive: ImageArchive, storage: Storage) -> ArchiveOut:
    seconds = 24 * 3600
    return ArchiveOut(
        id=archive.id,
        url=storage.sign_made(_key(archive.id), seconds),
        count=len(archive.image_ids),
        file_size=archive.file_size,
        expires_at=archive.expires_at,
    )
