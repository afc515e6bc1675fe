"""The same change of many of my images: one shape per action, told apart by `action`. And the tasks that such changes are."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, SessionDep, within
from pingvas.api.http.wire import left_out
from pingvas.api.routes.image_filter import FilterIn
from pingvas.gallery import changes
from pingvas.gallery.bulk import MAX_BULK, change_all
from pingvas.gallery.bulk_tasks import (
    KEEP,
    TaskFailed,
    TaskNotFound,
    TaskUnderWay,
    ask_for_change,
    change_and_record,
    get_task,
    undo_task,
)
from pingvas.gallery.changes import LastingChange
from pingvas.gallery.collection_order import CollectionFull
from pingvas.gallery.collections import CollectionIsSearch, CollectionNotFound
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.tables import BulkTask
from pingvas.gallery.tag_names import MAX_TAGS, TagName, distinct
from pingvas.generation.requests.job_request import Visibility

router = APIRouter(tags=["gallery"])

SomeTags = Annotated[tuple[TagName, ...], Field(min_length=1, max_length=MAX_TAGS)]
SomeIds = Annotated[list[UUID], Field(min_length=1, max_length=MAX_BULK, description="Images of mine")]


class _Many(BaseModel):
    """Either `ids` or `filter`."""

    model_config = ConfigDict(extra="forbid")

    ids: SomeIds = Field(default_factory=left_out)
    filter: FilterIn = Field(
        default_factory=left_out, description="In place of `ids`: all that match now, however many"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or a filter")
        return self

    def named(self) -> list[UUID] | None:
        """Those that are named; None: a filter says which."""
        return self.ids

    def change(self) -> LastingChange:
        raise NotImplementedError


class Favor(_Many):
    """Make images favorites, or favorites no more."""

    action: Literal["favorite", "unfavorite"]

    def change(self) -> LastingChange:
        return changes.SetFavorite(self.action == "favorite")


class RateMany(_Many):
    """Say what I think of images."""

    action: Literal["rate"]
    rating: StrictInt = Field(ge=0, le=5, description="Stars; 0: nothing")

    def change(self) -> LastingChange:
        return changes.SetRating(self.rating)


class TagMany(_Many):
    """Put tags on images."""

    action: Literal["tag"]
    tags: SomeTags

    def change(self) -> LastingChange:
        return changes.PutTags(distinct(self.tags))


class UntagMany(_Many):
    """Take tags off images; what an image does not have is no matter."""

    action: Literal["untag"]
    tags: SomeTags

    def change(self) -> LastingChange:
        return changes.TakeTags(distinct(self.tags))


class AddMany(_Many):
    """Put images at the end of a collection of mine; those that are in it stay where they are."""

    action: Literal["add_to_collection"]
    collection_id: UUID

    def change(self) -> LastingChange:
        return changes.PutIntoCollection(self.collection_id)


class ShowMany(_Many):
    """Say who may see images."""

    action: Literal["set_visibility"]
    visibility: Visibility

    def change(self) -> LastingChange:
        return changes.SetVisibility(self.visibility)


class MoveMany(_Many):
    """Move images into the trash, or bring them back from there; where they are already is no matter."""

    action: Literal["delete", "restore"]

    def change(self) -> LastingChange:
        return changes.MoveToTrash() if self.action == "delete" else changes.Restore()


class DeleteMany(BaseModel):
    """Delete images and their files for good, in the trash or not. That cannot be taken back."""

    model_config = ConfigDict(extra="forbid")

    ids: SomeIds
    action: Literal["delete_for_good"]


BulkBody = Annotated[
    Favor | RateMany | TagMany | UntagMany | AddMany | ShowMany | MoveMany | DeleteMany,
    Field(discriminator="action", description="One shape per action, told apart by `action`"),
]


class BulkOut(BaseModel):
    """What is done."""

    count: int = Field(description="How many images")
    task_id: UUID | None = Field(
        description="The task by which it can be followed and taken back; null: it cannot be taken back"
    )


class TaskProblem(BaseModel):
    """Why it took itself back."""

    code: str
    message: str


class TaskOut(BaseModel):
    """A change of many images. All of them have it once it is `done`, and none once it is `failed` or `undone`; where a fault of ours kept
    it from taking itself back too, `done` says how many have it still."""

    id: UUID
    status: Literal["running", "undoing", "done", "failed", "undone"]
    count: int = Field(description="How many images")
    done: int = Field(description="How many of them have it now")
    error: TaskProblem | None
    created_at: datetime
    ended_at: datetime | None
    undo_until: datetime | None = Field(
        description="Until when it can be taken back, as long as no 20 others came after it; null: it cannot be"
    )


@router.post(
    "/images/bulk",
    operation_id="change_images",
    dependencies=[within("changes")],
    responses={status.HTTP_202_ACCEPTED: {"model": BulkOut, "description": "It is under way, by the task"}},
)
@raises(ImageNotFound, CollectionNotFound, CollectionIsSearch, CollectionFull, TaskUnderWay)
async def change_images(body: BulkBody, actor: ActorDep, session: SessionDep, response: Response) -> BulkOut:
    """Make the same change to many of my images: to all of them, or, when one is not there or cannot take it, to none.

    With `ids` it is done when the answer comes. With a `filter` it is done in the background, however many match.
    """
    if isinstance(body, DeleteMany):
        gone, _ = await change_all(session, actor, body.ids, changes.DeleteForGood())
        return BulkOut(count=len(gone), task_id=None)
    ids = body.named()
    if ids is not None:
        task = await change_and_record(session, actor, ids, body.change())
    else:
        task = await ask_for_change(session, actor, body.filter.filter(), body.change())
        response.status_code = status.HTTP_202_ACCEPTED
    return BulkOut(count=task.image_count, task_id=task.id)


@router.get("/tasks/{task_id}", operation_id="get_task")
@raises(TaskNotFound)
async def get_my_task(task_id: UUID, actor: ActorDep, session: ReadSessionDep) -> TaskOut:
    """How far a change of many of my images is."""
    return _task_out(await get_task(session, actor, task_id))


@router.post("/tasks/{task_id}/undo", operation_id="undo_task", dependencies=[within("changes")])
@raises(TaskNotFound, TaskUnderWay, TaskFailed)
async def undo_my_task(task_id: UUID, actor: ActorDep, session: SessionDep) -> TaskOut:
    """Give each image what it had before a change of many, also while that is under way. What was changed by itself since stays."""
    return _task_out(await undo_task(session, actor, task_id))


def _task_out(task: BulkTask) -> TaskOut:
    failed = task.failure_code is not None
    until = task.ended_at + KEEP if task.status == "done" and task.ended_at is not None else None
    return TaskOut.model_validate(
        {
            "id": task.id,
            "status": task.status,
            "count": task.image_count,
            "done": task.done_count,
            "error": {"code": task.failure_code, "message": task.failure_detail} if failed else None,
            "created_at": task.created_at,
            "ended_at": task.ended_at,
            "undo_until": until,
        }
    )
