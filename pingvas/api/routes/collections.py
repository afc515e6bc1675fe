"""Collections: a person's images, put together and in order. A public one can be seen without signing in."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, MaybeActorDep, ReadSessionDep, SessionDep, StorageDep, within
from pingvas.api.http.wire import SHOWN_NAME, PageDep, Text, left_out
from pingvas.api.routes.image_out import ImagePage, images_out, shown_to_others, thumbnail_url
from pingvas.gallery import collections
from pingvas.gallery.collection_order import MAX_IMAGES, CollectionFull, OrderOutdated
from pingvas.gallery.collections import (
    MAX_COLLECTIONS,
    MAX_DESCRIPTION,
    MAX_NAME,
    CollectionChanges,
    CollectionIsSearch,
    CollectionView,
    TooManyCollections,
)

router = APIRouter(prefix="/collections", tags=["gallery"])

# So many images are named in a call.
MAX_NAMED = 500

CollectionVisibility = Literal["private", "public"]
_NAME: JsonDict = {**SHOWN_NAME, "maxLength": MAX_NAME}
Name = Annotated[
    str, Field(max_length=400, description=f"1 to {MAX_NAME} characters", json_schema_extra=_NAME)
]
Description = Annotated[Text, Field(max_length=MAX_DESCRIPTION)]
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MAX_NAMED)]
_VISIBILITY = "`public`: everybody sees it and the public images in it; unlisted and private ones stay mine"


class CollectionOut(BaseModel):
    """A collection as I see it, or as everybody sees a public one of somebody else: with its public images alone."""

    id: UUID
    name: str
    description: str | None
    visibility: CollectionVisibility = Field(description=_VISIBILITY)
    is_mine: bool
    image_count: int = Field(description="Of the images that I see")
    cover_image_id: UUID | None = Field(
        description="The image that was chosen, or the first; null: there is none"
    )
    cover_image_url: str | None = Field(description="Its thumbnail, at an address that expires")
    created_at: datetime
    updated_at: datetime | None = Field(description="When anything of it changed; null where it is not mine")


class CollectionPage(BaseModel):
    items: list[CollectionOut]
    next_cursor: str | None


class CollectionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Description | None = None
    visibility: CollectionVisibility = Field("private", description=_VISIBILITY)


class CollectionPatch(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(default_factory=left_out)
    description: Description | None = Field(None, description="null removes it")
    visibility: CollectionVisibility = Field(default_factory=left_out, description=_VISIBILITY)
    cover_image_id: UUID | None = Field(None, description="One of its images; null: the first one")


class AddedImages(BaseModel):
    model_config = ConfigDict(extra="forbid")

    image_ids: Ids = Field(description="Images of mine. Those that are in the collection stay where they are")


class Arrangement(BaseModel):
    """Either `order`, all images of the collection in their new order; or `move`, some of them, which go one behind the other directly
    `before` or `after` another one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": [
                {"required": ["order"], "maxProperties": 1},
                {"required": ["move", "before"], "maxProperties": 2},
                {"required": ["move", "after"], "maxProperties": 2},
            ]
        },
    )

    order: Ids = Field(default_factory=left_out)
    move: Ids = Field(default_factory=left_out)
    before: UUID = Field(default_factory=left_out)
    after: UUID = Field(default_factory=left_out)


@router.get("", operation_id="list_collections", dependencies=[within("lists")])
async def list_my_collections(
    actor: ActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
    image: Annotated[UUID | None, Query(description="Those that this image is in")] = None,
) -> CollectionPage:
    """My collections, those that were changed last first."""
    page = await collections.list_collections(session, actor, asked, holding=image)
    items = [await _out(view, storage) for view in page.items]
    return CollectionPage(items=items, next_cursor=page.next_cursor)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="create_collection",
    dependencies=[within("changes")],
    description=f"Make a collection. A person has {MAX_COLLECTIONS:,} at most.",
)
@raises(TooManyCollections)
async def create_collection(
    body: CollectionBody, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> CollectionOut:
    """Make an empty collection."""
    made = await collections.create_collection(session, actor, body.name, body.description, body.visibility)
    return await _out(made, storage)


@router.get("/{collection_id:uuid}", operation_id="get_collection")
async def get_collection(
    collection_id: UUID, actor: MaybeActorDep, session: ReadSessionDep, storage: StorageDep
) -> CollectionOut:
    """One of my collections, or anybody's public one; for that nobody needs to sign in."""
    return await _out(await collections.get_collection(session, actor, collection_id), storage)


@router.patch("/{collection_id:uuid}", operation_id="change_collection", dependencies=[within("changes")])
@raises(CollectionIsSearch)
async def change_collection(
    collection_id: UUID, body: CollectionPatch, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> CollectionOut:
    """Change the name, the description, the cover or who sees one of my collections."""
    changes = CollectionChanges(**body.model_dump(exclude_unset=True))  # type: ignore[typeddict-item]  # the same keys
    return await _out(await collections.change_collection(session, actor, collection_id, changes), storage)


@router.delete(
    "/{collection_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="delete_collection",
    dependencies=[within("changes")],
)
async def delete_collection(collection_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Delete one of my collections. Its images stay."""
    await collections.delete_collection(session, actor, collection_id)


@router.get("/{collection_id:uuid}/images", operation_id="list_collection_images")
async def list_collection_images(
    collection_id: UUID,
    actor: MaybeActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
) -> ImagePage:
    """The images of a collection in their order: all of mine, the public ones of somebody else's."""
    page, is_mine = await collections.list_images_of(session, actor, collection_id, asked)
    items = await images_out(session, page.items, storage)
    if not is_mine:
        items = await shown_to_others(session, page.items, items, storage)
    return ImagePage(items=items, next_cursor=page.next_cursor)


@router.post(
    "/{collection_id:uuid}/images",
    operation_id="add_to_collection",
    dependencies=[within("changes")],
    description=f"Put images of mine at the end of a collection, all or none. It has {MAX_IMAGES:,} at most.",
)
@raises(CollectionFull, CollectionIsSearch)
async def add_to_collection(
    collection_id: UUID, body: AddedImages, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> CollectionOut:
    """Put images at the end of a collection."""
    return await _out(await collections.add_images(session, actor, collection_id, body.image_ids), storage)


@router.patch(
    "/{collection_id:uuid}/images", operation_id="arrange_collection", dependencies=[within("changes")]
)
@raises(OrderOutdated, CollectionIsSearch)
async def arrange_collection(
    collection_id: UUID, body: Arrangement, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> CollectionOut:
    """Change the order of a collection: of all of it, or by moving some of its images."""
    view = await collections.arrange(session, actor, collection_id, **body.model_dump())
    return await _out(view, storage)


@router.delete(
    "/{collection_id:uuid}/images/{image_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="remove_from_collection",
    dependencies=[within("changes")],
)
@raises(CollectionIsSearch)
async def remove_from_collection(
    collection_id: UUID, image_id: UUID, actor: ActorDep, session: SessionDep
) -> None:
    """Take an image out of a collection. The image stays."""
    await collections.remove_image(session, actor, collection_id, image_id)


async def _out(view: CollectionView, storage: Storage) -> CollectionOut:
    collection, cover = view.collection, view.cover
    return CollectionOut(
        id=collection.id,
        name=collection.name,
        description=collection.description,
        visibility=collection.visibility,
        is_mine=view.is_mine,
        image_count=view.image_count,
        cover_image_id=None if cover is None else cover.id,
        cover_image_url=None if cover is None else await thumbnail_url(cover, storage),
        created_at=collection.created_at,
        updated_at=collection.updated_at if view.is_mine else None,
    )
