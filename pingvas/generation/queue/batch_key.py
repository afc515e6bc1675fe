"""Which jobs may share an engine batch: those with the same weights in memory and pictures of the same size."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def batch_key(job_type: str, parameters: Mapping[str, Any]) -> str | None:
    """Equal for jobs that may share a batch; None for a job that runs alone.

    Prompts, seeds, steps, samplers, guidance, sources and ControlNets belong to each picture and may differ.
    """
    if job_type == "upscale":
        return None
    shared = [
        parameters["model"],
        parameters.get("vae"),
        [[lora["name"], lora["weight"]] for lora in parameters.get("loras", ())],
        parameters["width"],
        parameters["height"],
    ]
    return hashlib.sha256(json.dumps(shared).encode()).hexdigest()[:20]
