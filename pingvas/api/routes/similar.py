"""Which of my images are the same as one of them, or look like it."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, StorageDep, within
from pingvas.api.routes.image_out import ImageOut, images_out
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.looks import COMPARED, MAX_DISTANCE, MAX_FOUND, find_similar

router = APIRouter(prefix="/images", tags=["gallery"])


class AlikeOut(BaseModel):
    """An image that looks alike."""

    distance: int = Field(description=f"In how many of 256 bits their looks differ: 0 to {MAX_DISTANCE}")
    image: ImageOut


class SimilarOut(BaseModel):
    """Images of mine that are not in the trash."""

    same: list[ImageOut] = Field(description=f"Of the very same bytes, the {MAX_FOUND} newest")
    alike: list[AlikeOut] = Field(
        description=f"The {MAX_FOUND} most alike first, among my {COMPARED:,} newest images"
    )
    is_known: bool = Field(description="False: the image was kept a moment ago, and is not compared yet")


@router.get("/{image_id:uuid}/similar", operation_id="get_similar_images", dependencies=[within("lists")])
@raises(ImageNotFound)
async def get_similar_images(
    image_id: UUID, actor: ActorDep, session: ReadSessionDep, storage: StorageDep
) -> SimilarOut:
    """Which of my images are the same as this one of mine, and which look like it."""
    similar = await find_similar(session, actor, image_id)
    every = [*similar.same, *(one.image for one in similar.alike)]
    told = await images_out(session, every, storage)
    same, alike = told[: len(similar.same)], told[len(similar.same) :]
    distances = [one.distance for one in similar.alike]
    return SimilarOut(
        same=same,
        alike=[AlikeOut(distance=d, image=image) for d, image in zip(distances, alike, strict=True)],
        is_known=similar.is_known,
    )
