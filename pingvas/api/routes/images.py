"""The gallery: my images, one image, its file and thumbnail."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from pingvas.accounts.actor import Actor
from pingvas.accounts.people.telling_others import find_silent
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, MaybeActorDep, ReadSessionDep, SessionDep, StorageDep, within
from pingvas.api.http.wire import PageDep, left_out
from pingvas.api.routes.image_filter import FilterDep, SortParameter
from pingvas.api.routes.image_out import (
    ImageDetailsOut,
    ImagePage,
    file_url,
    images_out,
    models_of,
    shown_image,
    shown_to_others,
    thumbnail_url,
)
from pingvas.api.routes.job_bodies import NoRecipe, recipe_of
from pingvas.gallery.collections import CollectionIsSearch, CollectionNotFound
from pingvas.gallery.foreign_metadata import (
    usable_parameters,
)
from pingvas.gallery.library import (
    ImageChanges,
    ImageNotFound,
    change_image,
    get_visible_image,
    list_images,
)
from pingvas.gallery.named_images import names_images, without_images
from pingvas.gallery.old_files import refuse_what_names_images
from pingvas.gallery.plain_copies import plain_url
from pingvas.gallery.search import TooManyWords
from pingvas.gallery.sharing.hidden import ImageHidden
from pingvas.gallery.tables import Image
from pingvas.gallery.tag_names import TagNames
from pingvas.gallery.trash import delete_for_good, move_to_trash
from pingvas.generation.requests.job_request import WHOLE, Visibility

router = APIRouter(prefix="/images", tags=["gallery"])


_REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "Where the bytes are, for a while",
        "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}},
    }
}


class ImagePatch(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    visibility: Visibility = Field(
        default_factory=left_out, description="`unlisted`: whoever has the id may see it, no list shows it"
    )
    is_favorite: StrictBool = Field(default_factory=left_out)
    rating: Annotated[int, Field(ge=0, le=5), WHOLE] = Field(
        default_factory=left_out, description="What I think of it, which nobody else is told; 0: nothing"
    )
    tags: TagNames = Field(default_factory=left_out, description="Instead of those that it has")


@router.get("", operation_id="list_images", dependencies=[within("lists")])
@raises(CollectionNotFound, CollectionIsSearch, TooManyWords)
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
    shown = await shown_image(session, actor, image, storage)
    if mine:
        return shown
    (told,) = await shown_to_others(session, [image], [shown], storage)
    if told.metadata is None:
        return told
    usable = without_images(told.metadata.usable)
    return told.model_copy(update={"metadata": told.metadata.model_copy(update={"usable": usable})})


@router.get("/{image_id:uuid}/recipe", operation_id="get_image_recipe")
@raises(NoRecipe)
async def get_image_recipe(image_id: UUID, actor: MaybeActorDep, session: ReadSessionDep) -> dict[str, Any]:
    """The body that, sent to `POST /jobs`, makes this image again; not found, with the fields that are missing or bad,
    when it does not say how it was made.

    For somebody else's image made from pictures of theirs there is none.
    """
    image = await get_visible_image(session, actor, image_id)
    if not _is_mine(image, actor) and await find_silent(session, {image.user_id}):
        raise NoRecipe("Whoever made this image does not tell how.")
    models, names = await models_of(session, image)
    said = usable_parameters(image.generation_params, models, names, keep_unresolved=True)
    recipe = recipe_of(said)
    if not _is_mine(image, actor) and names_images(recipe):
        raise NoRecipe("This image was made from images of somebody else, which are theirs.")
    return recipe


@router.patch("/{image_id:uuid}", operation_id="update_image", dependencies=[within("changes")])
@raises(ImageHidden)
async def update_image(
    image_id: UUID, body: ImagePatch, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> ImageDetailsOut:
    """Change who may see one of my images, whether it is a favorite, or its tags."""
    image = await change_image(session, actor, image_id, ImageChanges(**body.model_dump(exclude_unset=True)))
    return await shown_image(session, actor, image, storage)


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
    image_id: UUID,
    actor: MaybeActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    notes: Annotated[
        Literal["with", "without"],
        Query(description="How it was made, in the file; `without`: the label that AI made it alone"),
    ] = "with",
) -> Response:
    """To the picture itself, at an address that expires. Others are told how it was made where its owner tells them."""
    image = await get_visible_image(session, actor, image_id)
    told = notes == "with"
    if not _is_mine(image, actor):
        refuse_what_names_images(image)
        told = told and not await find_silent(session, {image.user_id})
    return _redirect(await file_url(image, storage) if told else plain_url(image, storage))


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


def _is_mine(image: Image, actor: Actor | None) -> bool:
    return actor is not None and actor.user_id == image.user_id


def _redirect(url: str) -> Response:
    # The address stays the same for a while, but whether one may see the picture can change at any moment.
    return RedirectResponse(url, status.HTTP_302_FOUND, headers={"Cache-Control": "no-store"})
