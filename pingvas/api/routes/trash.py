"""My trash: what is in it, what comes back from it, and emptying it."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, SessionDep, SettingsDep, StorageDep, within
from pingvas.api.routes.image_out import ImageDetailsOut, shown_image
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.trash import EMPTIED_AT_ONCE, empty_trash, read_trash, restore_image

router = APIRouter(prefix="/images", tags=["gallery"])


class TrashOut(BaseModel):
    """What is in my trash. `GET /images?trashed=true` lists it."""

    count: int = Field(description="Images")
    size: int = Field(description="Bytes of my storage that they fill")
    keep_days: float = Field(description="Days after which an image in the trash is deleted for good")


class EmptiedOut(BaseModel):
    """What was deleted for good."""

    count: int = Field(description="How many images")
    more: bool = Field(description="Whether there are more in the trash: ask again")


@router.get("/trash", operation_id="get_trash", dependencies=[within("lists")])
async def get_trash(actor: ActorDep, session: ReadSessionDep, settings: SettingsDep) -> TrashOut:
    """How much is in my trash, and for how long it stays there."""
    trash = await read_trash(session, actor)
    return TrashOut(count=trash.count, size=trash.size, keep_days=settings.trash_keep_days)


@router.delete(
    "/trash",
    operation_id="empty_trash",
    dependencies=[within("changes")],
    description=f"Delete for good what is in my trash, {EMPTIED_AT_ONCE:,} images at a time: ask again while there are more.",
)
async def empty_my_trash(actor: ActorDep, session: SessionDep) -> EmptiedOut:
    """Empty the trash."""
    emptied = await empty_trash(session, actor)
    return EmptiedOut(count=emptied.count, more=emptied.more)


@router.post("/{image_id:uuid}/restore", operation_id="restore_image", dependencies=[within("changes")])
@raises(ImageNotFound)
async def restore_my_image(
    image_id: UUID, actor: ActorDep, session: SessionDep, storage: StorageDep
) -> ImageDetailsOut:
    """Bring one of my images back from the trash, with its tags and into its collections. One that is not in it stays as it is."""
    return await shown_image(session, actor, await restore_image(session, actor, image_id), storage)
