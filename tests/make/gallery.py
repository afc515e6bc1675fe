"""Images, tags and collections as rows, for tests. Nothing is put into storage."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.gallery.storage_keys import image_key, thumbnail_key
from pingvas.gallery.tables import Collection, CollectionImage, Image, ImageTag, Tag


async def make_image(session: AsyncSession, user_id: UUID, **changes: Any) -> Image:
    """A private picture with a thumbnail and no job."""
    identifier = new_id()
    facts: dict[str, Any] = {
        "s3_key": image_key(user_id, identifier, "png"),
        "thumbnail_url": thumbnail_key(user_id, identifier),
        "width": 64,
        "height": 64,
        "format": "png",
        "file_size": 1000,
        "generation_params": {},
    }
    image = Image(id=identifier, user_id=user_id, **(facts | changes))
    session.add(image)
    await session.flush()
    return image


async def make_tag(session: AsyncSession, name: str | None = None) -> Tag:
    """A tag nobody has used yet."""
    tag = Tag(id=new_id(), name=name or f"tag-{new_id().hex}")
    session.add(tag)
    await session.flush()
    return tag


async def tag_image(session: AsyncSession, image: Image, *tags: Tag) -> None:
    """Put tags on an image, in one statement."""
    session.add_all(ImageTag(image_id=image.id, tag_id=tag.id, user_id=image.user_id) for tag in tags)
    await session.flush()


async def make_collection(session: AsyncSession, user_id: UUID, *images: Image, **changes: Any) -> Collection:
    """A private collection of these images, in this order."""
    collection = Collection(id=new_id(), user_id=user_id, **({"name": "Favourites"} | changes))
    session.add(collection)
    await session.flush()
    session.add_all(
        CollectionImage(collection_id=collection.id, image_id=image.id, sort_order=place)
        for place, image in enumerate(images)
    )
    await session.flush()
    return collection
