"""Which of my images there are more than once, and all but one of each into the trash."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.actor import Actor
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    BudgetsDep,
    DatabaseDep,
    SessionDep,
    StorageDep,
    within,
)
from pingvas.api.http.wire import PageDep
from pingvas.api.routes.bulk import BulkOut
from pingvas.api.routes.image_out import ImageOut, images_out
from pingvas.base.budgets import BudgetUsedUp
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.gallery.bulk import MAX_BULK
from pingvas.gallery.bulk_tasks import TaskUnderWay
from pingvas.gallery.duplicates import MAX_SHOWN, ask_to_trash_same, list_same
from pingvas.gallery.look_alikes import MAX_DISTANCE, LookAlikes, list_alike
from pingvas.gallery.looks import COMPARED

router = APIRouter(prefix="/images/duplicates", tags=["gallery"])


class DuplicatesOut(BaseModel):
    """Images of mine that are one too many."""

    keep: UUID = Field(
        description="Which one is suggested to be kept, the first of `images`: the largest, of those one that is a favorite, rated, in a "
        "collection or shared, of those the oldest"
    )
    images: list[ImageOut] = Field(
        min_length=1, description=f"{MAX_SHOWN} of them at most; more come when these are in the trash"
    )
    count: int = Field(description="How many they are in all")
    freed_bytes: int = Field(description="What the others take, which are not suggested to be kept")


class TotalsOut(BaseModel):
    """What all groups have together."""

    groups: int
    images: int = Field(description="Those that are one too many")
    bytes: int = Field(description="What these take")


class DuplicatesPage(BaseModel):
    items: list[DuplicatesOut]
    next_cursor: str | None
    totals: TotalsOut | None = Field(description="With the first page alone")
    compared_newest: int | None = Field(
        description="Only so many of my images were compared, the newest; null: all of them were"
    )


class TrashDuplicates(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keep: list[UUID] = Field(
        default=[], max_length=MAX_BULK, description="Images that stay, in place of those that are suggested"
    )


@router.get("", operation_id="list_duplicates")
@raises(BudgetUsedUp)
async def list_duplicates(
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    storage: StorageDep,
    budgets: BudgetsDep,
    asked: PageDep,
    kind: Annotated[
        Literal["same", "alike"],
        Query(
            description=f"`same`: of the very same bytes; `alike`: whose looks differ in at most {MAX_DISTANCE} of 256 bits, among my "
            f"{COMPARED:,} newest images"
        ),
    ] = "same",
) -> DuplicatesPage:
    """My images that are there more than once, in groups. What is in the trash is none of them."""
    budgets.lists.take(actor.user_id)
    found = await _find(database, actor, asked, kind)
    groups = [group for group in found.found.page.items if group.images]
    async with database.read() as session:
        shown = iter(await images_out(session, [one for group in groups for one in group.images], storage))
    items = [
        DuplicatesOut(
            keep=group.images[0].id,
            images=[next(shown) for _ in group.images],
            count=group.count,
            freed_bytes=group.freed_bytes,
        )
        for group in groups
    ]
    totals = found.found.totals
    return DuplicatesPage(
        items=items,
        next_cursor=found.found.page.next_cursor,
        totals=None if totals is None else TotalsOut(**vars(totals)),
        compared_newest=found.compared,
    )


@router.post(
    "/trash",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="trash_duplicates",
    dependencies=[within("changes")],
)
@raises(TaskUnderWay)
async def trash_duplicates(body: TrashDuplicates, actor: ActorDep, session: SessionDep) -> BulkOut:
    """Move all of my images into the trash that have the same bytes as one that is kept. It is done in the background, and can be taken
    back by the task."""
    task = await ask_to_trash_same(session, actor, body.keep)
    return BulkOut(count=task.image_count, task_id=task.id)


async def _find(database: Database, actor: Actor, asked: PageRequest, kind: str) -> LookAlikes:
    if kind == "alike":
        return await list_alike(database, actor, asked)
    async with database.read() as session:
        return LookAlikes(await list_same(session, actor, asked), None)
