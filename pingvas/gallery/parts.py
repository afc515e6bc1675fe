"""A picture that is sent in in parts: what of it is there, and what becomes of it.

Parts lie in the storage, and the row of the upload names them in their order. So a part may come to any process of the API, also
after a restart. Of two that begin at the same byte the row takes one; the other is swept up, as whatever no row names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.storage import Storage
from pingvas.base.errors import Conflict, NotFound, StudioError, TooLarge, TooMany
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.gallery.storage_keys import part_key
from pingvas.gallery.storage_use import StorageExceeded, used_bytes
from pingvas.gallery.tables import Upload

KEEP = timedelta(days=1)
"""For so long after its last part an upload is waited for."""
MOST_OPEN = 20
"""Of a person."""
MOST_PARTS = 256
PART_BYTES = 8 * 1024 * 1024
"""What is held in memory until it is stored; a longer part is stored as several."""

_OPEN = text("""
    SELECT count(*) AS uploads, COALESCE(SUM(length), 0) AS bytes FROM uploads
     WHERE user_id = :user_id AND image_id IS NULL AND refusal IS NULL AND expires_at > now()
""")
_ADD = text("""
    UPDATE uploads SET received = received + :size, parts = parts || CAST(:key AS text), expires_at = now() + :keep
     WHERE id = :id AND received = :at AND received + :size <= length AND cardinality(parts) < :most
       AND image_id IS NULL AND refusal IS NULL
    RETURNING id
""")
_KEPT = text("""
    UPDATE uploads SET image_id = :image_id, parts = '{}'
     WHERE id = :id AND image_id IS NULL AND refusal IS NULL RETURNING id
""")
_REFUSED = text("""
    UPDATE uploads SET refusal = CAST(:refusal AS jsonb), parts = '{}'
     WHERE id = :id AND image_id IS NULL AND refusal IS NULL
""")
_FORGET = text("DELETE FROM uploads WHERE expires_at < now()")


class UploadNotFound(NotFound):
    default_detail = "There is no such upload, or it was waited for long enough."


class OffsetMismatch(Conflict):
    """The part begins elsewhere than what is there ends."""

    code = "offset_mismatch"
    default_detail = (
        "This part does not begin where the upload ends now. Ask for its offset and go on from there."
    )


class TooManyParts(TooLarge):
    default_detail = f"This upload came in more parts than are taken: at most {MOST_PARTS}."


class TooManyUploads(TooMany):
    default_detail = f"At most {MOST_OPEN} uploads may be open at once. Finish some or take them back."


@dataclass(frozen=True)
class NewUpload:
    """`length` in bytes, of all of it."""

    length: int
    filename: str | None
    visibility: str


async def begin_upload(session: AsyncSession, user_id: UUID, new: NewUpload, quota_bytes: int) -> Upload:
    """Make room for it: what is on its way counts as used. Whoever calls holds the person's subscription.

    Raises StorageExceeded and TooManyUploads.
    """
    on_the_way = (await session.execute(_OPEN, {"user_id": user_id})).one()
    if on_the_way.uploads >= MOST_OPEN:
        raise TooManyUploads(retry_after=60)
    used = await used_bytes(session, user_id) + int(on_the_way.bytes)
    if used + new.length > quota_bytes:
        raise StorageExceeded(
            extra={"required_bytes": new.length, "used_bytes": used, "quota_bytes": quota_bytes}
        )
    upload = Upload(
        id=new_id(),
        user_id=user_id,
        length=new.length,
        filename=new.filename,
        visibility=new.visibility,
        expires_at=func.now() + KEEP,
    )
    session.add(upload)
    await session.flush()
    await session.refresh(upload)
    return upload


async def get_upload(session: ReadSession, user_id: UUID, id: UUID) -> Upload:
    """One of mine. Raises UploadNotFound, also once it is over."""
    mine = select(Upload).where(Upload.id == id, Upload.user_id == user_id, Upload.expires_at > func.now())
    found = await session.scalar(mine.execution_options(populate_existing=True))
    if found is None:
        raise UploadNotFound
    return found


async def store_part(storage: Storage, upload: Upload, data: bytes) -> str:
    """Put bytes into storage; the key that the upload's row will name."""
    key = part_key(upload.user_id, upload.id, new_id())
    await storage.put(key, data, "application/octet-stream")
    return key


async def add_part(session: AsyncSession, upload: Upload, key: str, *, at: int, size: int) -> None:
    """What lies at `key` follows the first `at` bytes. Raises OffsetMismatch when something else did, and TooManyParts."""
    values = {"id": upload.id, "key": key, "at": at, "size": size, "keep": KEEP, "most": MOST_PARTS}
    if len(upload.parts) >= MOST_PARTS:
        raise TooManyParts
    if (await session.execute(_ADD, values)).first() is None:
        raise OffsetMismatch


async def whole_of(storage: Storage, upload: Upload) -> bytes:
    """All parts of an upload that is whole."""
    return b"".join([await storage.get(key) for key in upload.parts])


async def note_kept(session: AsyncSession, upload: Upload, image_id: UUID) -> bool:
    """False: another process has kept it already."""
    return (await session.execute(_KEPT, {"id": upload.id, "image_id": image_id})).first() is not None


async def note_refused(session: AsyncSession, upload: Upload, error: StudioError) -> None:
    """It is no picture that is taken, and will be none."""
    refusal = {"code": error.code, "detail": error.detail, "extra": dict(error.extra)}
    await session.execute(_REFUSED, {"id": upload.id, "refusal": json.dumps(refusal)})


async def end_upload(session: AsyncSession, user_id: UUID, id: UUID) -> None:
    """Take it back, with its parts. Raises UploadNotFound."""
    gone = delete(Upload).where(Upload.id == id, Upload.user_id == user_id).returning(Upload.id)
    if await session.scalar(gone) is None:
        raise UploadNotFound


async def forget_uploads(session: AsyncSession) -> None:
    """Those that nobody goes on with, and those that ended a day ago. A trigger writes their parts down to be deleted."""
    await session.execute(_FORGET)
