"""Which jobs may share an engine batch: those with the same weights in memory and images of the same size."""

import hashlib
import json

from pingvas.generation.job_parameters import JobParameters, UpscaleParameters


def batch_key(parameters: JobParameters) -> str | None:
    """Equal for jobs that may share a batch; None for a job that runs alone.

    Prompts, seeds, steps, samplers, guidance, sources and ControlNets belong to each image and may differ.
    """
    if isinstance(parameters, UpscaleParameters):
        return None
    shared = [
        parameters.model,
        parameters.vae,
        [[lora.name, lora.weight] for lora in parameters.loras],
        parameters.width,
        parameters.height,
    ]
    return hashlib.sha256(json.dumps(shared).encode()).hexdigest()[:20]
