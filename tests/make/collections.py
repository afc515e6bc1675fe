"""Collections as a person makes them, and their order, for tests."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.pages import PageRequest
from pingvas.gallery.collections import (
    add_images,
    create_collection,
    list_images_of,
)
from tests.make.accounts import make_user
from tests.make.gallery import make_image

KEY = b"k" * 32


async def make_actor(session: AsyncSession) -> Actor:
    return Actor((await make_user(session)).id, "user", None)


async def make_images(
    session: AsyncSession, actor: Actor, count: int, visibility: str = "private"
) -> list[UUID]:
    return [(await make_image(session, actor.user_id, visibility=visibility)).id for _ in range(count)]


async def make_filled(session: AsyncSession, actor: Actor, count: int) -> tuple[UUID, list[UUID]]:
    """A collection with so many images, put into it as a person does."""
    images = await make_images(session, actor, count)
    made = await create_collection(session, actor, "Lighthouses")
    await add_images(session, actor, made.collection.id, images)
    return made.collection.id, images


async def order_of(
    session: AsyncSession, actor: Actor | None, collection_id: UUID, limit: int = 100
) -> list[UUID]:
    page, _ = await list_images_of(session, actor, collection_id, PageRequest(KEY, limit))
    return [image.id for image in page.items]
