"""What a person asks for and what a worker hands over, ready to be submitted and to end a job with."""

from hashlib import sha256
from typing import Any

from pingvas.base.ids import new_id
from pingvas.gallery.storage_keys import image_key, large_thumbnail_key, thumbnail_key
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import FinishedImage
from pingvas.generation.requests.job_request import ImageRequest


def image_request(**changes: Any) -> ImageRequest:
    """A request for one small image by the model `toy`."""
    asked: dict[str, Any] = {"model": "toy", "prompt": "a red house at sunset", "seed": 7}
    return ImageRequest(**(asked | changes))


def finished_image_of(job: ClaimedJob) -> FinishedImage:
    """What a worker hands over when it has stored the picture."""
    image_id = new_id()
    return FinishedImage(
        image_id=image_id,
        s3_key=image_key(job.user_id, image_id, "png"),
        thumbnail_key=thumbnail_key(job.user_id, image_id),
        width=job.stored_parameters["width"],
        height=job.stored_parameters["height"],
        format="png",
        file_size=1000,
        generation_params={
            **{
                name: value
                for name, value in job.stored_parameters.items()
                if name not in ("visibility", "tags")
            },
            "job_type": job.job_type,
            "model": job.model_name,
            "model_version": "1",
            "engine": {"torch": "2"},
        },
        tags=job.parameters.tags,
        thumbnail_large_key=large_thumbnail_key(job.user_id, image_id),
        thumbhash="GQgOBYDwiIh3eIiAd3iHeIhwh3iId4h4",
        content_hash=sha256(image_id.bytes).hexdigest(),
        look_hash=f"{int.from_bytes(sha256(image_id.bytes).digest()):0256b}",
    )
