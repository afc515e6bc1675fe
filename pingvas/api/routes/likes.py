"""Likes: that I like a public image, or like it no more."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, SessionDep, within
from pingvas.gallery.sharing import likes
from pingvas.gallery.sharing.likes import ImageNotPublic, Likes

router = APIRouter(prefix="/images", tags=["gallery"])


class LikesOut(BaseModel):
    likes: int = Field(ge=0, description="How many people like it")
    liked: bool = Field(description="I am one of them")


@router.put("/{image_id:uuid}/like", operation_id="like_image", dependencies=[within("changes")])
@raises(ImageNotPublic)
async def like_image(image_id: UUID, actor: ActorDep, session: SessionDep) -> LikesOut:
    """Like a public image, my own too. Asked for again, it changes nothing."""
    return _told(await likes.like_image(session, actor, image_id))


@router.delete("/{image_id:uuid}/like", operation_id="unlike_image", dependencies=[within("changes")])
async def unlike_image(image_id: UUID, actor: ActorDep, session: SessionDep) -> LikesOut:
    """Take my like of an image back. Asked for again, it changes nothing."""
    return _told(await likes.unlike_image(session, actor, image_id))


def _told(found: Likes) -> LikesOut:
    return LikesOut(likes=found.count, liked=found.mine)
