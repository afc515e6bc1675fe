"""Keeps an uploaded picture: room is checked, bytes go to storage, and then the row that names them is written."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.storage import Storage
from pingvas.base.errors import PaymentRequired
from pingvas.base.ids import new_id
from pingvas.engine.images.image_files import CONTENT_TYPES
from pingvas.gallery.storage_use import used_bytes
from pingvas.gallery.tables import Image
from pingvas.gallery.uploads import CheckedPicture


class StorageExceeded(PaymentRequired):
    code = "storage_exceeded"
    default_detail = "There is no room left in your storage. Delete pictures, or take a larger plan."


async def require_room(session: AsyncSession, user_id: UUID, bytes_more: int, quota_bytes: int) -> None:
    """Raises StorageExceeded when so many more bytes would not fit."""
    used = await used_bytes(session, user_id)
    if used + bytes_more > quota_bytes:
        raise StorageExceeded(
            extra={"required_bytes": bytes_more, "used_bytes": used, "quota_bytes": quota_bytes}
        )


async def store_upload(storage: Storage, user_id: UUID, picture: CheckedPicture, *, visibility: str) -> Image:
    """Put the bytes into storage; the row that will name them, not yet written. What no row names is swept up."""
    image_id = new_id()
    image = Image(
        id=image_id,
        user_id=user_id,
        s3_key=f"images/{user_id}/{image_id}.{picture.format}",
        thumbnail_url=f"thumbnails/{user_id}/{image_id}.webp",
        width=picture.width,
        height=picture.height,
        format=picture.format,
        file_size=len(picture.data),
        generation_params=picture.parameters,
        visibility=visibility,
        is_favorite=False,
    )
    await storage.put(image.s3_key, picture.data, CONTENT_TYPES[picture.format])
    await storage.put(str(image.thumbnail_url), picture.thumbnail, "image/webp")
    return image


async def keep_upload(session: AsyncSession, image: Image, quota_bytes: int) -> Image:
    """Write the row. Whoever calls holds the person's subscription, so that two uploads count one after another."""
    await require_room(session, image.user_id, image.file_size, quota_bytes)
    session.add(image)
    await session.flush()
    await session.refresh(image, ["created_at"])
    return image
