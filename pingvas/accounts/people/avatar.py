"""A person's picture of themselves: a square in two sizes, made anew from the pixels of what was sent."""

import asyncio
import io
from uuid import UUID

from PIL import Image
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import UserProfile
from pingvas.adapters.storage import Storage
from pingvas.base.ids import new_id

# Pixels a side. The database knows them too: it deletes what a person's picture leaves (migrations, `delete_avatar`).
SIZES = (96, 512)
PREFIX = "avatars/"


def avatar_object(avatar_key: str, size: int) -> str:
    """The storage key of one size."""
    return f"{avatar_key}-{size}.webp"


async def store_avatar(storage: Storage, user_id: UUID, picture: bytes) -> str:
    """Put the sizes of a picture into storage, which our own code has decoded and encoded before; how their keys begin."""
    key = f"{PREFIX}{user_id}/{new_id()}"
    for size, data in (await asyncio.to_thread(_squares, picture)).items():
        await storage.put(avatar_object(key, size), data, "image/webp")
    return key


async def set_avatar(session: AsyncSession, user_id: UUID, avatar_key: str | None) -> None:
    """Show this picture from now on, in place of any other; None: none. What it replaces is deleted."""
    values = {"avatar_key": avatar_key, "avatar_url": None}
    await session.execute(update(UserProfile).where(UserProfile.user_id == user_id).values(values))


def _squares(picture: bytes) -> dict[int, bytes]:
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    made = {}
    for size in SIZES:
        buffer = io.BytesIO()
        square.resize((size, size), Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=88, method=4)
        made[size] = buffer.getvalue()
    return made
