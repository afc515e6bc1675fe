"""How many pictures like a job's this worker's device may make at once, foretold from plain figures."""

from __future__ import annotations

from pingvas.engine.memory.estimate import predict_bytes
from pingvas.generation.job_parameters import UnreadableParameters
from pingvas.generation.lifecycle.claims import ClaimedJob

# Of a device's memory, what weights may take; the rest is for making pictures.
WEIGHTS_SHARE = 0.7


def may_share_batch(job: ClaimedJob) -> bool:
    """Whether the job may be made beside others. One that was lost with a worker might take them along: it may not."""
    return job.batch_key is not None and job.job_type != "upscale" and job.lost_attempts == 0


def max_batch_for(job: ClaimedJob, *, most: int, memory_bytes: int) -> int:
    """From 1 to `most`. A batch that turns out too large all the same goes on in portions, so this may be hopeful."""
    if not may_share_batch(job):
        return 1
    model = predict_bytes(job.model_config, {"width": 0, "height": 0})
    each = predict_bytes(job.model_config, _size(job)) - model
    # Weights of other models may lie beside this one's, up to their share.
    room = min(memory_bytes - model, int(memory_bytes * (1 - WEIGHTS_SHARE)))
    return max(1, min(most, room // max(1, each)))


def _size(job: ClaimedJob) -> dict[str, int]:
    """The width and height of the image, in pixels; of a job that cannot be read, none: it will not get so far."""
    try:
        return {"width": job.parameters.width, "height": job.parameters.height}
    except UnreadableParameters:
        return {"width": 0, "height": 0}
