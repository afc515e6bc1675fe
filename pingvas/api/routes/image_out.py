"""Images as they are told of: to their owner, to others, in lists and by themselves."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.keys import names_of_keys
from pingvas.accounts.people.handles import find_handle
from pingvas.accounts.people.telling_others import find_silent
from pingvas.adapters.storage import Storage
from pingvas.base.read_session import ReadSession
from pingvas.catalog.resolve import resolve_models
from pingvas.gallery.foreign_metadata import (
    Kind,
    NamedModel,
    metadata_of,
    models_named,
    parameters_of,
    usable_parameters,
)
from pingvas.gallery.library import (
    tags_of,
)
from pingvas.gallery.named_images import without_images
from pingvas.gallery.plain_copies import plain_url
from pingvas.gallery.sharing.hidden import find_hidden
from pingvas.gallery.sharing.likes import Likes, find_likes, likes_of
from pingvas.gallery.sharing.reasons import Reason
from pingvas.gallery.tables import Image
from pingvas.generation.requests.job_request import Visibility

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


class HiddenOut(BaseModel):
    """Why whoever runs the studio lets nobody but me see an image of mine."""

    model_config = ConfigDict(from_attributes=True)

    reason: Reason
    words: str | None
    hidden_at: datetime


class ImageDetailsOut(ImageOut):
    """An image by itself says who made it and what another program wrote into it, too, and who likes it."""

    likes: int = Field(ge=0, description="How many people like it, where everybody sees it")
    liked: bool = Field(description="I am one of them")
    hidden: HiddenOut | None = Field(description="An admin lets nobody but me see it; null: they do not")
    plain_file_url: str = Field(
        description="The picture without how it was made: the same pixels, and still the label that AI made it"
    )
    made_by: str | None = Field(description="The handle of who made it; null: they have none")
    metadata: MetadataOut | None = Field(description="Null: nothing")


class ImagePage(BaseModel):
    items: list[ImageOut]
    next_cursor: str | None


class PublicImageOut(ImageOut):
    """An image that everybody sees says how many like it."""

    likes: int = Field(ge=0, description="How many people like it")
    liked: bool = Field(description="I am one of them")


class PublicImagePage(BaseModel):
    items: list[PublicImageOut]
    next_cursor: str | None


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
        file_url=await file_url(image, storage),
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


async def shown_to_others(
    session: ReadSession, images: Sequence[Image], shown: Sequence[Shown], storage: Storage
) -> list[Shown]:
    """Each of `images` as others see it; of people who tell nothing of how they make pictures, without that."""
    silent = await find_silent(session, {image.user_id for image in images})
    return [
        _without_how(as_others_see(each), plain_url(image, storage))
        if image.user_id in silent
        else as_others_see(each)
        for image, each in zip(images, shown, strict=True)
    ]


def _without_how(shown: Shown, url: str) -> Shown:
    """No more than the label in its file says: that it was made, and whether with a picture that was there before."""
    details = {"metadata": None} if isinstance(shown, ImageDetailsOut) else {}
    label = {name: value for name, value in shown.generation_params.items() if name == "job_type"}
    return shown.model_copy(update={**details, "generation_params": label, "file_url": url})


async def images_out(session: ReadSession, images: Sequence[Image], storage: Storage) -> list[ImageOut]:
    """A page of images as their owner sees them."""
    tags = await tags_of(session, [image.id for image in images])
    keys = await names_of_keys(session, {image.api_key_id for image in images if image.api_key_id})
    return [await image_out(image, storage, tags[image.id], keys) for image in images]


async def public_images_out(
    session: ReadSession, actor: Actor | None, images: Sequence[Image], storage: Storage
) -> list[PublicImageOut]:
    """A page of public images as the actor, or somebody who is not signed in, sees them."""
    likes = await likes_of(session, actor, [image.id for image in images])
    shown = await shown_to_others(session, images, await images_out(session, images, storage), storage)
    return [PublicImageOut(**dict(each), **_told(likes[each.id])) for each in shown]


async def thumbnail_url(image: Image, storage: Storage) -> str | None:
    """Where its thumbnail is, for a while."""
    return await _signed(image.thumbnail_url, image, storage)


async def _signed(key: str | None, image: Image, storage: Storage) -> str | None:
    return None if key is None else await storage.sign(key, public=image.visibility == "public")


async def shown_image(
    session: ReadSession, actor: Actor | None, image: Image, storage: Storage
) -> ImageDetailsOut:
    """An image with its tags and all that is said of it, as its owner sees it; whether the actor likes it."""
    tags = await tags_of(session, [image.id])
    keys = await names_of_keys(session, {image.api_key_id} if image.api_key_id else set())
    shown = await image_details_out(session, image, storage, tags[image.id], keys)
    if image.visibility == "public":
        return shown.model_copy(update=_told(await find_likes(session, actor, image.id)))
    hidden = await find_hidden(session, image.id) if image.visibility == "private" else None
    return shown if hidden is None else shown.model_copy(update={"hidden": HiddenOut.model_validate(hidden)})


def _told(likes: Likes) -> dict[str, Any]:
    return {"likes": likes.count, "liked": likes.mine}


async def image_details_out(
    session: ReadSession,
    image: Image,
    storage: Storage,
    tags: Sequence[str] = (),
    keys: Mapping[UUID, str] | None = None,
) -> ImageDetailsOut:
    """The same, who made it, and what another program wrote into it."""
    shown = await image_out(image, storage, tags, keys)
    made_by, metadata = await find_handle(session, image.user_id), await _metadata_out(session, image)
    more: dict[str, Any] = {
        "likes": 0,
        "liked": False,
        "hidden": None,
        "plain_file_url": plain_url(image, storage),
    }
    return ImageDetailsOut(**dict(shown), **more, made_by=made_by, metadata=metadata)


async def _metadata_out(session: ReadSession, image: Image) -> MetadataOut | None:
    """What another program wrote into an image, its models looked up in the catalog."""
    metadata = metadata_of(image.generation_params)
    if metadata is None:
        return None
    models, names = await models_of(session, image)
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


async def models_of(session: ReadSession, image: Image) -> tuple[list[NamedModel], list[str | None]]:
    """Models that another program named, and what each is called here."""
    models = models_named(image.generation_params)
    asked = [(model.kind, model.name, model.hash) for model in models]
    return models, await resolve_models(session, asked)


async def file_url(image: Image, storage: Storage) -> str:
    public = image.visibility == "public"
    if public and image.cdn_url is not None:
        return image.cdn_url
    return await storage.sign(image.s3_key, public=public)
