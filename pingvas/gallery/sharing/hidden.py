"""Which images an admin hides. They are private, and what makes others see images asks here first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import Conflict
from pingvas.base.read_session import ReadSession
from pingvas.gallery.sharing.tables import HiddenImage


class ImageHidden(Conflict):
    code = "image_hidden"
    default_detail = (
        "Whoever runs this studio has hidden this image. Nobody but you sees it until they show it again."
    )


async def find_hidden(session: ReadSession, image_id: UUID) -> HiddenImage | None:
    """Why an image is hidden; None: it is not."""
    return await session.get(HiddenImage, image_id)


async def hidden_among(session: AsyncSession, image_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these images that are hidden. Whoever asks holds the locks of their rows, for hiding takes these too."""
    return set(await session.scalars(select(HiddenImage.image_id).where(HiddenImage.image_id.in_(image_ids))))
