"""The same change of many images at once: of all that are named, or of none."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.gallery.changes import Before, Change
from pingvas.gallery.library import ImageNotFound, lock_images

MAX_BULK = 500


async def change_all(
    session: AsyncSession, actor: Actor, image_ids: Collection[UUID], change: Change
) -> tuple[list[UUID], Before]:
    """Make one change to all of these images; which they are, and what they had before. Raises ImageNotFound when one of them is not
    the actor's, or in the trash (unless the change is for these too), and what the change raises; then none is changed."""
    ids = sorted(set(image_ids))
    found = await lock_images(session, actor, ids, also_trashed=change.also_trashed)
    if len(found) < len(ids):
        raise ImageNotFound(
            "One of these images is not here; none was changed."
            if len(ids) - len(found) == 1
            else f"{len(ids) - len(found)} of these images are not here; none was changed."
        )
    return ids, await change.do(session, actor, ids)
