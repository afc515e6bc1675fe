"""Whether the pictures of a request will find room in the person's storage: asked when they are asked for, of an estimate.

What was accepted is kept when it is made, even if it turns out larger than estimated: it was paid for.
"""

from collections.abc import Mapping
from uuid import UUID

from pingvas.billing.subscriptions import CurrentSubscription
from pingvas.gallery.storage_use import StorageExceeded
from pingvas.gallery.tables import Image
from pingvas.generation.job_parameters import InpaintParameters, JobParameters

# About what pictures take, as they are encoded; the last is for what a picture says about itself.
BYTES_PER_PIXEL = {"png": 1.75, "jpg": 0.6, "webp": 0.4}
BYTES_BESIDE = 2048


def expected_bytes(parameters: JobParameters, images: Mapping[UUID, Image]) -> int:
    """About how many bytes the picture of a job will take; `images` are those that it is made from."""
    pixels = parameters.width * parameters.height
    if isinstance(parameters, InpaintParameters) and parameters.inpaint_area == "masked":
        # What is made is laid into the source, and that is kept.
        source = images[parameters.source_image]
        pixels = source.width * source.height
    return round(pixels * BYTES_PER_PIXEL[parameters.format]) + BYTES_BESIDE


def require_room(
    subscription: CurrentSubscription, *, asked_bytes: int, open_bytes: int, used_bytes: int
) -> None:
    """Raises StorageExceeded when what is asked for will not fit beside what the person's open jobs will bring and what is
    kept, as they are while the subscription is locked."""
    if used_bytes + open_bytes + asked_bytes <= subscription.storage_bytes:
        return
    raise StorageExceeded(
        "There is no room for this in your storage, with what is kept and what is being made. Delete pictures, or take a "
        "larger plan.",
        extra={
            "required_bytes": asked_bytes,
            "expected_bytes": open_bytes,
            "used_bytes": used_bytes,
            "quota_bytes": subscription.storage_bytes,
        },
    )
