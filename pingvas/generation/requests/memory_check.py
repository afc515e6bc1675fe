"""Refuses what fits the memory of no worker there is, before it waits for one in vain."""

from pingvas.base.errors import Invalid
from pingvas.base.read_session import ReadSession
from pingvas.catalog.models import limits_of
from pingvas.engine.memory.estimate import predict_bytes
from pingvas.generation.job_parameters import JobParameters, UpscaleParameters
from pingvas.generation.pricing.price import own_scale
from pingvas.generation.queue.workers import largest_memory
from pingvas.generation.requests.lookup import RequestInputs

GIB = 2**30
# Whatever runs a studio has this much; asking about less would cost every request a question to the database.
ANY_WORKER_HAS = GIB


async def refuse_what_fits_no_worker(
    session: ReadSession, found: RequestInputs, parameters: JobParameters
) -> None:
    """Raises Invalid when every live worker says what it has, and none has enough. Nobody says: it may try."""
    need = needed_bytes(found, parameters)
    if need <= ANY_WORKER_HAS:
        return
    largest = await largest_memory(session)
    if largest is None or need <= largest:
        return
    field = "scale" if isinstance(parameters, UpscaleParameters) else "width"
    detail = f"This needs about {need / GIB:.1f} GiB, and the largest worker has {largest / GIB:.1f} GiB."
    raise Invalid(detail, field=field, reason="is too much for every worker there is; ask for less")


def needed_bytes(found: RequestInputs, parameters: JobParameters) -> int:
    """Bytes of device memory that a picture needs at its worst moment, about."""
    model = found.model
    parts = sum(part.size_bytes for part in found.parts)
    size = {"width": parameters.width, "height": parameters.height}
    if not isinstance(parameters, UpscaleParameters):
        return predict_bytes(model.config, size, weights_bytes=model.size_bytes, parts_bytes=parts)
    made = max(1.0, own_scale(model.config) / parameters.scale)
    large = {side: int(pixels * made) for side, pixels in size.items()}
    need = predict_bytes(model.config, large, weights_bytes=model.size_bytes)
    if found.refine is None:
        return need
    # Refining goes over a large picture in parts, none larger than its model makes pictures.
    pixels = min(size["width"] * size["height"], limits_of(found.refine.config).max_pixels)
    refining = predict_bytes(
        found.refine.config, {"width": pixels, "height": 1}, weights_bytes=found.refine.size_bytes
    )
    return max(need, refining)
