"""The same change of many of my images: one shape per action, told apart by `action`."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, SessionDep, within
from pingvas.gallery.bulk import (
    MAX_BULK,
    Change,
    change_all,
    from_tags,
    to_favorites,
    to_tags,
    to_visibility,
)
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.tag_names import MAX_TAGS, TagName, distinct
from pingvas.gallery.trash import delete_them_for_good, restore_them, trash_them
from pingvas.generation.requests.job_request import Visibility

router = APIRouter(prefix="/images", tags=["gallery"])

SomeTags = Annotated[tuple[TagName, ...], Field(min_length=1, max_length=MAX_TAGS)]


class _Many(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: list[UUID] = Field(min_length=1, max_length=MAX_BULK, description="Images of mine")


class Favor(_Many):
    """Make images favorites, or favorites no more."""

    action: Literal["favorite", "unfavorite"]

    def change(self) -> Change:
        return to_favorites(self.action == "favorite")


class TagMany(_Many):
    """Put tags on images."""

    action: Literal["tag"]
    tags: SomeTags

    def change(self) -> Change:
        return to_tags(distinct(self.tags))


class UntagMany(_Many):
    """Take tags off images; what an image does not have is no matter."""

    action: Literal["untag"]
    tags: SomeTags

    def change(self) -> Change:
        return from_tags(self.tags)


class SetVisibility(_Many):
    """Say who may see images."""

    action: Literal["set_visibility"]
    visibility: Visibility

    def change(self) -> Change:
        return to_visibility(self.visibility)


class MoveMany(_Many):
    """Move images into the trash, bring them back from there, or delete them for good with their files, wherever they are."""

    action: Literal["delete", "restore", "delete_for_good"]

    def change(self) -> Change:
        return {"delete": trash_them, "restore": restore_them, "delete_for_good": delete_them_for_good}[
            self.action
        ]


BulkBody = Annotated[
    Favor | TagMany | UntagMany | SetVisibility | MoveMany,
    Field(discriminator="action", description="One shape per action, told apart by `action`"),
]


class BulkOut(BaseModel):
    """What was done."""

    count: int = Field(description="How many images")


@router.post("/bulk", operation_id="change_images", dependencies=[within("changes")])
@raises(ImageNotFound)
async def change_images(body: BulkBody, actor: ActorDep, session: SessionDep) -> BulkOut:
    """Make the same change to many of my images: to all of them, or, when one is not there, to none."""
    also_trashed = isinstance(body, MoveMany)
    changed = await change_all(session, actor, body.ids, body.change(), also_trashed=also_trashed)
    return BulkOut(count=changed)
