"""A sampler's name to the diffusers scheduler that walks that way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import diffusers

from pingvas.engine.samplers import SAMPLERS


def build(name: str, model_config: Mapping[str, Any]) -> Any:
    """A fresh scheduler called `name` for a model whose scheduler_config.json is `model_config`.

    What the model was trained with (betas, prediction type, spacing) is kept; only the way of walking changes.
    A scheduler has state: one for each picture.
    """
    sampler = SAMPLERS[name]
    scheduler = getattr(diffusers, sampler.scheduler)
    return scheduler.from_config(dict(model_config), **sampler.options)
