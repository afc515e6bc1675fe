"""Keeps an uploaded picture: room is checked, bytes go to storage, and then the row that names them is written."""

import asyncio
from uuid import UUID

from sqlalchemy.dialects.postgresql import BitString
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.storage import Storage
from pingvas.base.ids import new_id
from pingvas.engine.images.image_files import CONTENT_TYPES
from pingvas.engine.images.look_hash import image_hashes
from pingvas.engine.images.thumbnails import CONTENT_TYPE
from pingvas.gallery.storage_keys import image_key, large_thumbnail_key, thumbnail_key
from pingvas.gallery.storage_use import require_room
from pingvas.gallery.tables import Image
from pingvas.gallery.uploads import CheckedImage


async def store_upload(storage: Storage, user_id: UUID, picture: CheckedImage, *, visibility: str) -> Image:
    """Put the bytes into storage; the row that will name them, not yet written. What no row names is swept up."""
    image_id = new_id()
    hashes = await asyncio.to_thread(image_hashes, picture.data, picture.thumbnails.small)
    image = Image(
        id=image_id,
        user_id=user_id,
        s3_key=image_key(user_id, image_id, picture.format),
        thumbnail_url=thumbnail_key(user_id, image_id),
        thumbnail_large_url=large_thumbnail_key(user_id, image_id),
        thumbhash=picture.thumbnails.hash,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        file_size=len(picture.data),
        generation_params=picture.parameters,
        visibility=visibility,
        is_favorite=False,
        content_hash=hashes.content,
        look_hash=BitString(hashes.look),
    )
    await storage.put(image.s3_key, picture.data, CONTENT_TYPES[picture.format])
    await storage.put(str(image.thumbnail_url), picture.thumbnails.small, CONTENT_TYPE)
    await storage.put(str(image.thumbnail_large_url), picture.thumbnails.large, CONTENT_TYPE)
    return image


async def keep_upload(session: AsyncSession, image: Image, quota_bytes: int) -> Image:
    """Write the row. Whoever calls holds the person's subscription, so that two uploads count one after another."""
    await require_room(session, image.user_id, image.file_size, quota_bytes)
    session.add(image)
    await session.flush()
    await session.refresh(image, ["created_at"])
    return image
