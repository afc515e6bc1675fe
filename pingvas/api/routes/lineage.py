"""What one of my images was made from, and what was made of it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, StorageDep, within
from pingvas.api.routes.image_out import ImageOut, images_out
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.lineage import MAX_DEPTH, MAX_IMAGES, MAX_OF_PROMPT, read_lineage

router = APIRouter(prefix="/images", tags=["gallery"])


class LinkOut(BaseModel):
    """That an image was made from another."""

    image_id: UUID
    source_id: UUID
    role: Literal["source", "mask", "control", "reference"]


class RelativeOut(BaseModel):
    """An image of the lineage; `job_id` of the image is the job that made it."""

    generation: int = Field(
        description="-1: it was made from this one; -2: and that from this one; 1: made of it"
    )
    image: ImageOut


class LineageOut(BaseModel):
    """Images of mine that are not in the trash, the nearest first."""

    made_from: list[RelativeOut] = Field(description=f"At most {MAX_IMAGES}")
    made_of_it: list[RelativeOut] = Field(description=f"At most {MAX_IMAGES}")
    links: list[LinkOut] = Field(description="How they hang together, the image that was asked for included")
    same_prompt: list[ImageOut] = Field(
        description=f"Others of the same prompt and negative prompt, the {MAX_OF_PROMPT} newest"
    )
    more: bool = Field(description="Whether there are images beyond these")


@router.get("/{image_id:uuid}/lineage", operation_id="get_image_lineage", dependencies=[within("lists")])
@raises(ImageNotFound)
async def get_image_lineage(
    image_id: UUID,
    actor: ActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    depth: Annotated[int, Query(ge=1, le=MAX_DEPTH, description="Generations each way")] = 3,
) -> LineageOut:
    """What one of my images was made from and what was made of it. Somebody else's is not found: that is its owner's alone."""
    lineage = await read_lineage(session, actor, image_id, depth)
    relatives = [*lineage.ancestors, *lineage.descendants]
    every = [*(one.image for one in relatives), *lineage.of_prompt]
    told = {image.id: image for image in await images_out(session, every, storage)}
    shown = [RelativeOut(generation=one.generation, image=told[one.image.id]) for one in relatives]
    return LineageOut(
        made_from=shown[: len(lineage.ancestors)],
        made_of_it=shown[len(lineage.ancestors) :],
        links=[LinkOut.model_validate(link, from_attributes=True) for link in lineage.links],
        same_prompt=[told[image.id] for image in lineage.of_prompt],
        more=lineage.more,
    )
