"""The words that I use on my images."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.deps import ActorDep, ReadSessionDep, SessionDep, within
from pingvas.api.http.wire import PageDep, Text
from pingvas.gallery.tag_list import list_tags
from pingvas.gallery.tag_names import MAX_TAG, TagName
from pingvas.gallery.tags import delete_tag, rename_tag

router = APIRouter(prefix="/tags", tags=["gallery"])


class TagOut(BaseModel):
    """A tag of mine."""

    id: UUID
    name: str
    usage_count: int = Field(description="On how many of my images it is")


class TagPage(BaseModel):
    items: list[TagOut]
    next_cursor: str | None


class TagPatch(BaseModel):
    """What a tag is to be called."""

    model_config = ConfigDict(extra="forbid")

    name: TagName


class TagRenamed(BaseModel):
    """A tag under its new name."""

    tag: TagOut = Field(description="Where I had one of that name already, that one, with the uses of both")
    images: int = Field(description="How many images had the old name")
    merged: bool = Field(description="Whether two tags have become one")


@router.get("", operation_id="list_tags", dependencies=[within("lists")])
async def list_my_tags(
    actor: ActorDep,
    session: ReadSessionDep,
    asked: PageDep,
    prefix: Annotated[
        Text,
        Query(
            max_length=MAX_TAG,
            description="Any part of a tag; a Korean consonant stands for the syllables that begin with it: `ㄱㅇㅇ` finds 고양이",
        ),
    ] = "",
) -> TagPage:
    """The tags of my images, most used first."""
    page = await list_tags(session, actor, prefix, asked)
    items = [TagOut(id=tag.id, name=tag.name, usage_count=tag.usage_count) for tag in page.items]
    return TagPage(items=items, next_cursor=page.next_cursor)


@router.patch("/{tag_id:uuid}", operation_id="rename_tag", dependencies=[within("changes")])
async def rename_my_tag(tag_id: UUID, body: TagPatch, actor: ActorDep, session: SessionDep) -> TagRenamed:
    """Call a tag something else on all of my images. Where I have one of that name already, the two become one."""
    renamed = await rename_tag(session, actor, tag_id, body.name)
    tag = TagOut(id=renamed.tag.id, name=renamed.name, usage_count=renamed.tag.usage_count)
    return TagRenamed(tag=tag, images=renamed.images, merged=renamed.merged)


@router.delete(
    "/{tag_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="delete_tag",
    dependencies=[within("changes")],
)
async def delete_my_tag(tag_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Take a tag off all of my images."""
    await delete_tag(session, actor, tag_id)
