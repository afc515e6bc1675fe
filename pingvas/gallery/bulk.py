"""The same change of many images at once: of all that are named, or of none."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.gallery.library import ImageNotFound, not_in_trash
from pingvas.gallery.tables import Image
from pingvas.gallery.tags import add_tags, lock_gallery, remove_tags

MAX_BULK = 500

# What is done to images that are the actor's and locked.
Change = Callable[[AsyncSession, Actor, Sequence[UUID]], Awaitable[None]]


async def change_all(
    session: AsyncSession,
    actor: Actor,
    image_ids: Collection[UUID],
    change: Change,
    *,
    also_trashed: bool = False,
) -> int:
    """Make one change to all of these images; how many they are. Raises ImageNotFound when one of them is not the actor's, or in
    the trash (unless `also_trashed`), and what the change raises; then none is changed."""
    ids = sorted(set(image_ids))
    found = await lock_images(session, actor, ids, also_trashed=also_trashed)
    if len(found) < len(ids):
        raise ImageNotFound(
            "One of these images is not here; none was changed."
            if len(ids) - len(found) == 1
            else f"{len(ids) - len(found)} of these images are not here; none was changed."
        )
    await change(session, actor, ids)
    return len(ids)


async def lock_images(
    session: AsyncSession, actor: Actor, image_ids: Collection[UUID], *, also_trashed: bool
) -> list[UUID]:
    """Those of these images that are the actor's, locked as their gallery is."""
    await lock_gallery(session, actor.user_id)
    mine = select(Image.id).where(Image.id.in_(image_ids), Image.user_id == actor.user_id)
    if not also_trashed:
        mine = mine.where(not_in_trash())
    return list(await session.scalars(mine.order_by(Image.id).with_for_update(key_share=True)))


def to_favorites(is_favorite: bool) -> Change:
    """Make images favorites, or favorites no more."""
    return _setting(is_favorite=is_favorite)


def to_visibility(visibility: str) -> Change:
    """Say who may see images."""
    return _setting(visibility=visibility)


def to_tags(names: Sequence[str]) -> Change:
    """Put tags on images. Raises TooManyTags."""

    async def tag(session: AsyncSession, actor: Actor, image_ids: Sequence[UUID]) -> None:
        await add_tags(session, actor.user_id, image_ids, names)

    return tag


def from_tags(names: Sequence[str]) -> Change:
    """Take tags off images."""

    async def untag(session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> None:
        await remove_tags(session, image_ids, names)

    return untag


def _setting(**values: object) -> Change:
    async def change(session: AsyncSession, _: Actor, image_ids: Sequence[UUID]) -> None:
        await session.execute(update(Image).where(Image.id.in_(image_ids)).values(**values))

    return change
