"""Sending a picture in in parts, by tus 1.0 (https://tus.io): its core, and the extensions creation, expiration and termination.

What came in stays when the line breaks, and the client goes on from there; HEAD is answered as GET, with the offset in its headers.
"""

import base64
import binascii
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response, status
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.api.http.bodies import Admission, BodyTooSlow, bearer_of, hold, hold_upload, too_large
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    BudgetsDep,
    DatabaseDep,
    DecoderDep,
    ReadSessionDep,
    SessionDep,
    SettingsDep,
    StorageDep,
)
from pingvas.api.http.who_asks import who_asks
from pingvas.api.routes.image_out import ImageDetailsOut, shown_image
from pingvas.base.budgets import Budgets, BudgetUsedUp, StudioBusy
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, NotFound, PreconditionFailed, StudioError, TooLarge, Unsupported
from pingvas.base.settings import Settings
from pingvas.billing.entitlements import entitlements_of
from pingvas.billing.subscriptions import NoSubscription, lock_current_subscription
from pingvas.gallery import parts
from pingvas.gallery.decoder import REFUSALS, Decoder
from pingvas.gallery.keep_upload import keep_upload, store_upload
from pingvas.gallery.library import get_visible_image
from pingvas.gallery.storage_use import StorageExceeded
from pingvas.gallery.tables import Upload
from pingvas.generation.requests.job_request import Visibility

router = APIRouter(prefix="/uploads", tags=["gallery"])

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
_MOST_LENGTH = 2**53 - 1
_MOST_NAME = 255
_ABILITIES = {
    "Tus-Resumable": VERSION,
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,expiration,termination",
}
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_TOLD: dict[int | str, dict[str, Any]] = {
    204: {
        "description": "So much of it is there now",
        "headers": {"Upload-Offset": {"required": True, "schema": {"type": "integer", "minimum": 0}}},
    }
}
_BEGUN: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "Its parts may be sent",
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    }
}

Tus = Annotated[
    str | None,
    Header(
        alias="Tus-Resumable",
        json_schema_extra={"const": VERSION},
        description="The version of tus that is spoken",
    ),
]


class WrongVersion(PreconditionFailed):
    default_detail = f"Of tus, version {VERSION} is spoken here."


class RefusalOut(BaseModel):
    """Why a picture was not kept, as the problem document said it."""

    code: str
    detail: str
    extra: dict[str, Any]


class UploadOut(BaseModel):
    """A picture that is sent in in parts."""

    id: UUID
    status: Literal["open", "kept", "refused"]
    length: int = Field(description="Bytes")
    offset: int = Field(description="Bytes that are there")
    filename: str | None
    image: ImageDetailsOut | None = Field(description="Null: not kept, or gone again")
    refusal: RefusalOut | None
    expires_at: datetime
    created_at: datetime


async def admit(request: Request, declared: int) -> Admission:
    """Who sends a part is known and has not too much under way, before a byte of it is read."""
    database: Database = request.app.state.database
    budgets: Budgets = request.app.state.budgets
    settings: Settings = request.app.state.settings
    async with database.read() as session:
        actor = await who_asks(request, session, bearer_of(request.headers))
    most = settings.upload_max_bytes
    under_way, holding = hold_upload(budgets, actor.user_id, min(declared, most))
    return Admission(most, lambda: too_large(most), holding, under_way)


@router.options("", include_in_schema=False)
@router.options("/{upload_id:uuid}", include_in_schema=False)
async def tell_abilities(settings: SettingsDep) -> Response:
    """What of tus is spoken here."""
    headers = _ABILITIES | {"Tus-Max-Size": str(settings.upload_max_bytes)}
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=headers)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="begin_upload",
    response_class=Response,
    responses=_BEGUN,
)
@raises(StorageExceeded, NoSubscription, BudgetUsedUp, parts.TooManyUploads, WrongVersion, Invalid)
async def begin_upload(
    request: Request,
    actor: ActorDep,
    session: SessionDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    length: Annotated[int, Header(alias="Upload-Length", ge=1, le=_MOST_LENGTH, description="Bytes")],
    metadata: Annotated[
        str | None,
        Header(
            alias="Upload-Metadata",
            max_length=4096,
            description="Pairs of a name and a value in base64: `filename`, and `visibility` where it is not `private`",
        ),
    ] = None,
    tus: Tus = None,
) -> Response:
    """Begin to send a picture of mine in parts. Its room is kept until a day after its last part."""
    _require_version(tus)
    if length > settings.upload_max_bytes:
        raise TooLarge(
            f"This file is too large: at most {settings.upload_max_bytes} bytes are taken.",
            extra={"max_bytes": settings.upload_max_bytes},
        )
    said = _metadata_in(metadata or "")
    budgets.sent_images.take(actor.user_id)
    subscription = await lock_current_subscription(session, actor.user_id)
    new = parts.NewUpload(length, said.get("filename"), _visibility_in(said))
    upload = await parts.begin_upload(
        session, actor.user_id, new, entitlements_of(subscription).storage_bytes
    )
    path = f"{settings.public_path}{request.scope['path']}/{upload.id}"
    return Response(status_code=status.HTTP_201_CREATED, headers=_headers(upload) | {"Location": path})


@router.get("/{upload_id:uuid}", operation_id="get_upload")
async def get_upload(
    upload_id: UUID, actor: ActorDep, session: ReadSessionDep, storage: StorageDep, response: Response
) -> UploadOut:
    """How much of an upload of mine is there, and what became of it."""
    upload = await parts.get_upload(session, actor.user_id, upload_id)
    response.headers.update(_headers(upload) | {"Cache-Control": "no-store"})
    image = None
    if upload.image_id is not None:
        try:
            image = await shown_image(
                session, actor, await get_visible_image(session, actor, upload.image_id), storage
            )
        except NotFound:
            image = None  # deleted meanwhile
    return UploadOut(
        id=upload.id,
        status="kept" if upload.image_id else "refused" if upload.refusal else "open",
        length=upload.length,
        offset=upload.received,
        filename=upload.filename,
        image=image,
        refusal=None if upload.refusal is None else RefusalOut(**upload.refusal),
        expires_at=upload.expires_at,
        created_at=upload.created_at,
    )


@router.patch(
    "/{upload_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="send_part",
    openapi_extra=_BYTES,
    responses=_TOLD,
)
@raises(
    *(Invalid, TooLarge, Unsupported, BodyTooSlow, WrongVersion),
    *(parts.OffsetMismatch, parts.TooManyParts, StorageExceeded, NoSubscription, BudgetUsedUp, StudioBusy),
)
async def send_part(
    upload_id: UUID,
    request: Request,
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    storage: StorageDep,
    budgets: BudgetsDep,
    decoder: DecoderDep,
    offset: Annotated[
        int, Header(alias="Upload-Offset", ge=0, le=_MOST_LENGTH, description="Bytes before it")
    ],
    tus: Tus = None,
) -> Response:
    """The bytes that follow. With the last one the picture is checked and kept; an empty part asks for that again, where it could not be done."""
    _require_version(tus)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise Unsupported(f"A part is sent as {CONTENT_TYPE}.")
    async with database.read() as session:
        upload = await parts.get_upload(session, actor.user_id, upload_id)
    if offset != upload.received:
        raise parts.OffsetMismatch(extra={"offset": upload.received})
    await _take_parts(request, database, storage, upload)
    if upload.received == upload.length and upload.image_id is None and upload.refusal is None:
        await _finish(actor, database, settings, storage, budgets, decoder, upload)
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=_headers(upload))


@router.delete("/{upload_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="end_upload")
@raises(WrongVersion)
async def end_upload(upload_id: UUID, actor: ActorDep, session: SessionDep, tus: Tus = None) -> Response:
    """Take an upload of mine back, with what is there of it. A picture that it became stays."""
    _require_version(tus)
    await parts.end_upload(session, actor.user_id, upload_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers={"Tus-Resumable": VERSION})


async def _take_parts(request: Request, database: Database, storage: Storage, upload: Upload) -> None:
    """Store what comes, some mebibytes at a time; what came before the line broke is kept too."""
    held = bytearray()

    async def store() -> None:
        if not held:
            return
        data = bytes(held)
        held.clear()
        key = await parts.store_part(storage, upload, data)
        async with database.transaction() as session:
            await parts.add_part(session, upload, key, at=upload.received, size=len(data))
        upload.parts = [*upload.parts, key]
        upload.received += len(data)

    try:
        async for chunk in request.stream():
            held += chunk
            if upload.received + len(held) > upload.length:
                raise TooLarge(
                    f"This upload was to have {upload.length} bytes.", extra={"max_bytes": upload.length}
                )
            if len(held) >= parts.PART_BYTES:
                await store()
    except (ClientDisconnect, BodyTooSlow):
        await store()
        raise
    await store()


async def _finish(
    actor: Actor,
    database: Database,
    settings: Settings,
    storage: Storage,
    budgets: Budgets,
    decoder: Decoder,
    upload: Upload,
) -> None:
    """The whole picture is checked and kept as one that came in one piece. Raises what that raises."""
    holding = hold(budgets.upload_bytes, actor.user_id, upload.length)
    try:
        picture = await decoder.check(
            budgets,
            actor.user_id,
            await parts.whole_of(storage, upload),
            max_side=settings.max_image_side,
            max_pixels=settings.max_image_pixels,
        )
    except REFUSALS as error:
        async with database.transaction() as session:
            await parts.note_refused(session, upload, error)
        raise
    finally:
        holding.give_back()
    image = await store_upload(storage, actor.user_id, picture, visibility=upload.visibility)
    image.api_key_id = None if actor.key is None else actor.key.id
    async with database.transaction() as session:
        subscription = await lock_current_subscription(session, actor.user_id)
        if await parts.note_kept(session, upload, image.id):
            await keep_upload(session, image, entitlements_of(subscription).storage_bytes)


def _require_version(tus: str | None) -> None:
    if tus != VERSION:
        raise WrongVersion(extra={"tus_version": VERSION})


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.length),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }


def _metadata_in(header: str) -> dict[str, str]:
    """Names and values; what cannot be read is refused by its name."""
    found: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        name, _, packed = pair.partition(" ")
        try:
            value = base64.b64decode(packed.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise _bad_metadata(f"the value of {name[:40]!r} is no text in base64") from error
        found[name] = value
    if "filename" in found:
        found["filename"] = found["filename"].replace("\0", "")[:_MOST_NAME]
    return found


def _visibility_in(said: dict[str, str]) -> str:
    visibility = said.get("visibility", "private")
    if visibility not in get_args(Visibility):
        raise _bad_metadata(f"`visibility` is one of {', '.join(get_args(Visibility))}")
    return visibility


def _bad_metadata(reason: str) -> StudioError:
    return Invalid("The metadata of this upload cannot be read.", field="Upload-Metadata", reason=reason)
