"""A sampler's name to the diffusers scheduler that walks that way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import diffusers
import numpy as np
import torch

from pingvas.engine.samplers import SAMPLERS

_FLOW: Mapping[str, Any] = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
# What each name means for families trained on straight paths from noise to picture.
_FLOW_SCHEDULERS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "euler": ("FlowMatchEulerDiscreteScheduler", {}),
    "heun": ("FlowMatchHeunDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {**_FLOW, "algorithm_type": "dpmsolver++"}),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", {**_FLOW, "algorithm_type": "sde-dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", _FLOW),
    "lcm": ("FlowMatchLCMScheduler", {}),
}
# Solvers take the logarithm of how much picture there is, and in pure noise there is none.
_ALMOST_PURE_NOISE = 1 - 1e-6


def build(name: str, model_config: Mapping[str, Any]) -> Any:
    """A fresh scheduler called `name` for a model whose scheduler_config.json is `model_config`.

    What the model was trained with (betas, prediction type, spacing) is kept; only the way of walking changes.
    A scheduler has state: one for each picture.
    """
    sampler = SAMPLERS[name]
    scheduler = getattr(diffusers, sampler.scheduler)
    return scheduler.from_config(dict(model_config), **sampler.options)


def build_flow(
    name: str,
    model_config: Mapping[str, Any],
    steps: int,
    *,
    device: torch.device,
    mu: float | None = None,
    sigmas: Sequence[float] | None = None,
) -> Any:
    """As `build`, for a family of straight paths, with all its timesteps.

    Every sampler walks down the shares of noise of the model's own scheduler, shifted by `mu` where the model wants
    that by picture size, and spaced as `sigmas` (before the shift) if given. The schedulers of diffusers each have
    spacings of their own, and some cannot shift by size.
    """
    kind, options = _FLOW_SCHEDULERS[name]
    solves = "use_flow_sigmas" in options
    if solves and sigmas is None:
        # Solvers reckon in ratios: the little noise that the usual spacing leaves for the end is one leap too far.
        sigmas = even_shares(steps)
    models: Any = diffusers
    scheduler = models.FlowMatchEulerDiscreteScheduler.from_config(dict(model_config))
    scheduler.set_timesteps(steps, device=device, sigmas=sigmas, mu=mu)
    if name != "euler":
        noise, times = scheduler.sigmas, scheduler.timesteps
        scheduler = getattr(models, kind)(**options)
        scheduler.set_timesteps(steps, device=device)
        if int(scheduler.order) == 2:  # every step but the last asks twice: at its start and at its end
            noise = torch.cat([noise[:1], noise[1:-1].repeat_interleave(2), noise[-1:]])
            times = torch.cat([times[:1], times[1:].repeat_interleave(2)])
        if solves:
            noise = noise.clamp(max=_ALMOST_PURE_NOISE).cpu()
        scheduler.sigmas, scheduler.timesteps = noise, times
    scheduler.set_begin_index(0)
    return scheduler


def even_shares(steps: int) -> list[float]:
    """Shares of noise in equal steps, from all of it to one step's worth."""
    shares: list[float] = np.linspace(1.0, 1 / steps, steps).tolist()
    return shares


def shift_for(model_config: Mapping[str, Any], patches: int) -> float:
    """`mu` for a picture of so many patches: larger pictures stay in the noise for longer."""
    least, most = model_config.get("base_shift", 0.5), model_config.get("max_shift", 1.15)
    few, many = model_config.get("base_image_seq_len", 256), model_config.get("max_image_seq_len", 4096)
    slope = (most - least) / (many - few)
    shift: float = patches * slope + (least - slope * few)
    return shift
