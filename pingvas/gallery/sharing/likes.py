"""Likes: whoever is signed in says of a public image, their own too, that they like it, or like it no more. Said twice it counts once.

A trigger keeps the counts, under locks of its own table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import Conflict
from pingvas.base.read_session import ReadSession
from pingvas.gallery.library import get_visible_image, not_in_trash
from pingvas.gallery.sharing.tables import ImageLike, ImageLikeCount
from pingvas.gallery.tables import Image


class ImageNotPublic(Conflict):
    code = "image_not_public"
    default_detail = "This image is not shown to everybody."


@dataclass(frozen=True)
class Likes:
    """How many like an image. `mine`: whoever asks is among them."""

    count: int = 0
    mine: bool = False


async def like_image(session: AsyncSession, actor: Actor, image_id: UUID) -> Likes:
    """Like a public image. Raises ImageNotFound, and ImageNotPublic for one that not everybody sees."""
    await get_visible_image(session, actor, image_id)
    # Locked against being deleted meanwhile; nobody waits who changes it.
    public = (
        select(Image.id)
        .where(Image.id == image_id, Image.visibility == "public", not_in_trash())
        .with_for_update(read=True, key_share=True)
    )
    if await session.scalar(public) is None:
        raise ImageNotPublic
    row = {"image_id": image_id, "user_id": actor.user_id}
    await session.execute(insert(ImageLike).values(row).on_conflict_do_nothing())
    return await find_likes(session, actor, image_id)


async def unlike_image(session: AsyncSession, actor: Actor, image_id: UUID) -> Likes:
    """Take a like back, also of an image that is not public any more. Raises ImageNotFound for one that the actor neither sees nor likes."""
    mine = (ImageLike.image_id == image_id) & (ImageLike.user_id == actor.user_id)
    if await session.scalar(delete(ImageLike).where(mine).returning(ImageLike.image_id)) is None:
        await get_visible_image(session, actor, image_id)
    return await find_likes(session, actor, image_id)


async def find_likes(session: ReadSession, actor: Actor | None, image_id: UUID) -> Likes:
    """Those of one image."""
    return (await likes_of(session, actor, [image_id]))[image_id]


async def likes_of(
    session: ReadSession, actor: Actor | None, image_ids: Sequence[UUID]
) -> Mapping[UUID, Likes]:
    """Those of each image, as the actor sees them."""
    if not image_ids:
        return {}
    liked = ImageLike.user_id == actor.user_id if actor is not None else literal(value=False)
    query = (
        select(ImageLikeCount.image_id, ImageLikeCount.likes, ImageLike.user_id.is_not(None))
        .outerjoin(ImageLike, (ImageLike.image_id == ImageLikeCount.image_id) & liked)
        .where(ImageLikeCount.image_id.in_(image_ids))
    )
    found = {row[0]: Likes(row[1], row[2]) for row in await session.execute(query)}
    return {id: found.get(id, Likes()) for id in image_ids}
