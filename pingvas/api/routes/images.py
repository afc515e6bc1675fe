"""The gallery: my images, one image, its file and thumbnail."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Response, status
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.keys import names_of_keys
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, MaybeActorDep, ReadSessionDep, SessionDep, StorageDep, within
from pingvas.api.http.wire import PageDep, left_out
from pingvas.api.routes.image_filter import FilterDep, SortParameter
from pingvas.api.routes.job_bodies import NoRecipe, recipe_of
from pingvas.base.read_session import ReadSession
from pingvas.catalog.resolve import resolve_models
from pingvas.gallery.collections import CollectionNotFound
from pingvas.gallery.foreign_metadata import (
    Kind,
    NamedModel,
    metadata_of,
    models_named,
    parameters_of,
    usable_parameters,
)
from pingvas.gallery.library import (
    ImageChanges,
    ImageNotFound,
    change_image,
    get_visible_image,
    list_images,
    tags_of,
)
from pingvas.gallery.named_images import names_images, without_images
from pingvas.gallery.old_files import refuse_what_names_images
from pingvas.gallery.search import TooManyWords
from pingvas.gallery.tables import Image
from pingvas.gallery.tag_names import TagNames
from pingvas.gallery.trash import delete_for_good, move_to_trash
from pingvas.generation.requests.job_request import Visibility

router = APIRouter(prefix="/images", tags=["gallery"])


_REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "Where the bytes are, for a while",
        "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}},
    }
}


Shown = TypeVar("Shown", bound="ImageOut")


class KeyRef(BaseModel):
    """An API key of mine, by what I call it."""

    id: UUID
    name: str


class NamedModelOut(BaseModel):
    """A model that another program named."""

    kind: Kind
    name: str = Field(description="As that program calls it")
    hash: str | None
    weight: float | None = Field(description="Of a LoRA")
    resolved: str | None = Field(description="The model of this studio that it is; null: none")


class RawTextOut(BaseModel):
    """A text as it was found in a file."""

    place: str = Field(
        description="Name of the chunk it stood in; `parameters` for EXIF, comments and pixels too"
    )
    text: str
    cut: int = Field(description="Characters behind it, which only the file has")


class MetadataOut(BaseModel):
    """What another program wrote into an uploaded file. Its settings stand in `generation_params`."""

    tool: str | None = Field(description="The program; null: it does not say")
    version: str | None
    models: list[NamedModelOut]
    unresolved: list[str] = Field(description="Names of the models that are not in this studio")
    usable: dict[str, Any] = Field(
        description="`generation_params` with models under their names here, without those that are not here"
    )
    raw: list[RawTextOut]


class ImageOut(BaseModel):
    """A kept picture. The addresses expire; ask for the image again to get new ones."""

    id: UUID
    job_id: UUID | None
    width: int
    height: int
    format: Literal["png", "jpg", "webp"]
    file_size: int = Field(description="Bytes")
    visibility: Visibility
    is_favorite: bool
    rating: int = Field(ge=0, le=5, description="What I think of it; 0: nothing")
    tags: list[str]
    generation_params: dict[str, Any] = Field(description="Everything needed to make it again")
    thumbnail_url: str | None = Field(description="A WebP within 320 pixels")
    thumbnail_large_url: str | None = Field(description="A WebP within 640 pixels; null: not made yet")
    thumbhash: str | None = Field(
        description="A ThumbHash in base64, to be shown until the thumbnail is there; null: not made yet"
    )
    file_url: str
    api_key: KeyRef | None = Field(description="The API key that it was asked for with; null: none")
    created_at: datetime
    trashed_at: datetime | None = Field(description="Since when it is in the trash; null: it is not")


class ImageDetailsOut(ImageOut):
    """An image by itself says what another program wrote into it too."""

    metadata: MetadataOut | None = Field(description="Null: nothing")


class ImagePage(BaseModel):
    items: list[ImageOut]
    next_cursor: str | None


class ImagePatch(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    visibility: Visibility = Field(
        default_factory=left_out, description="`unlisted`: whoever has the id may see it, no list shows it"
    )
    is_favorite: StrictBool = Field(default_factory=left_out)
    rating: Annotated[StrictInt, Field(ge=0, le=5)] = Field(
        default_factory=left_out, description="What I think of it, which nobody else is told; 0: nothing"
    )
    tags: TagNames = Field(default_factory=left_out, description="Instead of those that it has")


@router.get("", operation_id="list_images", dependencies=[within("lists")])
@raises(CollectionNotFound, TooManyWords)
async def list_my_images(
    actor: ActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
    filter: FilterDep,
    sort: SortParameter = None,
    trashed: Annotated[
        bool, Query(description="Those in the trash instead, what went into it last first")
    ] = False,
) -> ImagePage:
    """My images, newest first unless asked otherwise; of a collection in its order."""
    page = await list_images(session, actor, replace(filter, sort=sort, trashed=trashed), asked)
    return ImagePage(items=await images_out(session, page.items, storage), next_cursor=page.next_cursor)


@router.get("/{image_id:uuid}", operation_id="get_image")
async def get_image(
    image_id: UUID, actor: MaybeActorDep, session: ReadSessionDep, storage: StorageDep
) -> ImageDetailsOut:
    """One of my images, or anybody's public or unlisted one; for those nobody needs to sign in."""
    image = await get_visible_image(session, actor, image_id)
    mine = _is_mine(image, actor)
    if not mine:
        refuse_what_names_images(image)
    shown = await shown_image(session, image, storage)
    if mine:
        return shown
    told = as_others_see(shown)
    if shown.metadata is None:
        return told
    usable = without_images(shown.metadata.usable)
    return told.model_copy(update={"metadata": shown.metadata.model_copy(update={"usable": usable})})


@router.get("/{image_id:uuid}/recipe", operation_id="get_image_recipe")
@raises(NoRecipe)
async def get_image_recipe(image_id: UUID, actor: MaybeActorDep, session: ReadSessionDep) -> dict[str, Any]:
    """The body that, sent to `POST /jobs`, makes this image again; not found, with the fields that are missing or bad,
    when it does not say how it was made.

    For somebody else's image made from pictures of theirs there is none.
    """
    image = await get_visible_image(session, actor, image_id)
    models, names = await _models_of(session, image)
    said = usable_parameters(image.generation_params, models, names, keep_unresolved=True)
    recipe = recipe_of(said)
    if not _is_mine(image, actor) and names_images(recipe):
        raise NoRecipe("This image was made from images of somebody else, which are theirs.")
    return recipe


@router.patch("/{image_id:uuid}", operation_id="update_image", dependencies=[within("changes")])
async def update_image(
    image_id: UUID, body: ImagePatch, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> ImageDetailsOut:
    """Change who may see one of my images, whether it is a favorite, or its tags."""
    image = await change_image(session, actor, image_id, ImageChanges(**body.model_dump(exclude_unset=True)))
    return await shown_image(session, image, storage)


@router.delete("/{image_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="delete_image")
async def delete_my_image(
    image_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    for_good: Annotated[
        bool, Query(description="At once and with its files, from the trash or without it")
    ] = False,
) -> None:
    """Move one of my images into the trash, from where it can be restored until it is deleted for good; its public address ends."""
    if for_good:
        await delete_for_good(session, actor, image_id)
    else:
        await move_to_trash(session, actor, image_id)


@router.get(
    "/{image_id:uuid}/file",
    status_code=status.HTTP_302_FOUND,
    response_class=RedirectResponse,
    responses=_REDIRECT,
    operation_id="get_image_file",
)
async def get_image_file(
    image_id: UUID, actor: MaybeActorDep, session: ReadSessionDep, storage: StorageDep
) -> Response:
    """To the picture itself, at an address that expires."""
    image = await get_visible_image(session, actor, image_id)
    if not _is_mine(image, actor):
        refuse_what_names_images(image)
    return _redirect(await _file_url(image, storage))


@router.get(
    "/{image_id:uuid}/thumbnail",
    status_code=status.HTTP_302_FOUND,
    response_class=RedirectResponse,
    responses=_REDIRECT,
    operation_id="get_image_thumbnail",
)
async def get_image_thumbnail(
    image_id: UUID, actor: MaybeActorDep, session: ReadSessionDep, storage: StorageDep
) -> Response:
    """To a small WebP of the picture, at an address that expires."""
    image = await get_visible_image(session, actor, image_id)
    url = await thumbnail_url(image, storage)
    if url is None:
        raise ImageNotFound
    return _redirect(url)


async def image_out(
    image: Image,
    storage: Storage,
    tags: Sequence[str] = (),
    keys: Mapping[UUID, str] | None = None,
) -> ImageOut:
    """An image as the contract shows it to its owner, with signed addresses. `keys` are the names of API keys."""
    key, name = image.api_key_id, None if image.api_key_id is None else (keys or {}).get(image.api_key_id)
    return ImageOut(
        id=image.id,
        job_id=image.job_id,
        width=image.width,
        height=image.height,
        format=image.format,
        file_size=image.file_size,
        visibility=image.visibility,
        is_favorite=image.is_favorite,
        rating=image.rating,
        tags=list(tags),
        generation_params=parameters_of(image.generation_params),
        thumbnail_url=await thumbnail_url(image, storage),
        thumbnail_large_url=await _signed(image.thumbnail_large_url, image, storage),
        thumbhash=b64encode(image.thumbhash).decode() if image.thumbhash else None,
        file_url=await _file_url(image, storage),
        api_key=None if key is None or name is None else KeyRef(id=key, name=name),
        created_at=image.created_at,
        trashed_at=image.trashed_at,
    )


def as_others_see(shown: Shown) -> Shown:
    """Without what its owner thinks of it, the job and the key it came from and the pictures it was made from: these are theirs. Tags
    are part of what is shown where everybody may look, and the owner's own words elsewhere."""
    told = without_images(shown.generation_params)
    tags = shown.tags if shown.visibility == "public" else []
    withheld = {"is_favorite": False, "rating": 0, "job_id": None, "api_key": None, "tags": tags}
    return shown.model_copy(update={**withheld, "generation_params": told})


async def images_out(session: ReadSession, images: Sequence[Image], storage: Storage) -> list[ImageOut]:
    """A page of images as their owner sees them."""
    tags = await tags_of(session, [image.id for image in images])
    keys = await names_of_keys(session, {image.api_key_id for image in images if image.api_key_id})
    return [await image_out(image, storage, tags[image.id], keys) for image in images]


async def thumbnail_url(image: Image, storage: Storage) -> str | None:
    """Where its thumbnail is, for a while."""
    return await _signed(image.thumbnail_url, image, storage)


async def _signed(key: str | None, image: Image, storage: Storage) -> str | None:
    return None if key is None else await storage.sign(key, public=image.visibility == "public")


async def shown_image(session: ReadSession, image: Image, storage: Storage) -> ImageDetailsOut:
    """An image with its tags and all that is said of it, as its owner sees it."""
    tags = await tags_of(session, [image.id])
    keys = await names_of_keys(session, {image.api_key_id} if image.api_key_id else set())
    return await image_details_out(session, image, storage, tags[image.id], keys)


async def image_details_out(
    session: ReadSession,
    image: Image,
    storage: Storage,
    tags: Sequence[str] = (),
    keys: Mapping[UUID, str] | None = None,
) -> ImageDetailsOut:
    """The same, and what another program wrote into it."""
    shown = await image_out(image, storage, tags, keys)
    return ImageDetailsOut(**dict(shown), metadata=await _metadata_out(session, image))


async def _metadata_out(session: ReadSession, image: Image) -> MetadataOut | None:
    """What another program wrote into an image, its models looked up in the catalog."""
    metadata = metadata_of(image.generation_params)
    if metadata is None:
        return None
    models, names = await _models_of(session, image)
    usable = usable_parameters(image.generation_params, models, names, keep_unresolved=False)
    resolved = zip(models, names, strict=True)
    return MetadataOut(
        tool=metadata.get("tool"),
        version=metadata.get("version"),
        models=[NamedModelOut(**asdict(model), resolved=name) for model, name in resolved],
        unresolved=[model.name for model, name in zip(models, names, strict=True) if name is None],
        usable=usable,
        raw=metadata.get("raw", []),
    )


async def _models_of(session: ReadSession, image: Image) -> tuple[list[NamedModel], list[str | None]]:
    """Models that another program named, and what each is called here."""
    models = models_named(image.generation_params)
    asked = [(model.kind, model.name, model.hash) for model in models]
    return models, await resolve_models(session, asked)


def _is_mine(image: Image, actor: Actor | None) -> bool:
    return actor is not None and actor.user_id == image.user_id


async def _file_url(image: Image, storage: Storage) -> str:
    public = image.visibility == "public"
    if public and image.cdn_url is not None:
        return image.cdn_url
    return await storage.sign(image.s3_key, public=public)


def _redirect(url: str) -> Response:
    # The address stays the same for a while, but whether one may see the picture can change at any moment.
    return RedirectResponse(url, status.HTTP_302_FOUND, headers={"Cache-Control": "no-store"})
