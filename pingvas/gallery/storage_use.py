"""How much of a person's storage their pictures fill."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.gallery.tables import Image


async def used_bytes(session: AsyncSession, user_id: UUID) -> int:
    """The bytes of the pictures themselves; thumbnails and previews are on the house."""
    query = select(func.coalesce(func.sum(Image.file_size), 0)).where(Image.user_id == user_id)
    return int(await session.scalar(query) or 0)
