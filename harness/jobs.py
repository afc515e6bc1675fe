"""What a person asks for and what a worker hands over, ready to be submitted and to end a job with."""

from typing import Any

from pingvas.base.ids import new_id
from pingvas.generation.outcome.finish import FinishedPicture
from pingvas.generation.queue.claims import ClaimedJob
from pingvas.generation.requests.job_request import Wish


def wish(**changes: Any) -> Wish:
    """A request for one small picture by the model `toy`."""
    asked: dict[str, Any] = {"model": "toy", "prompt": "a red house at sunset", "seed": 7}
    return Wish(**(asked | changes))


def picture_of(job: ClaimedJob) -> FinishedPicture:
    """What a worker hands over when it has stored the picture."""
    image_id = new_id()
    return FinishedPicture(
        image_id=image_id,
        s3_key=f"images/{job.user_id}/{image_id}.png",
        thumbnail_key=f"thumbnails/{job.user_id}/{image_id}.webp",
        width=job.parameters["width"],
        height=job.parameters["height"],
        format="png",
        file_size=1000,
        generation_params={
            **{name: value for name, value in job.parameters.items() if name != "visibility"},
            "job_type": job.job_type,
            "model": job.model_name,
            "model_version": "1",
            "engine": {"torch": "2"},
        },
    )
