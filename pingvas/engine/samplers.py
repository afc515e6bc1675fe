"""The names people know samplers by, and the diffusers scheduler each one means. Plain data: prices read it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sampler:
    """`label` and `schedule` are the names other programs write into pictures for the same thing.

    `evaluations` is how often it asks the model in a step: its price.
    """

    scheduler: str
    label: str
    options: Mapping[str, Any] = field(default_factory=dict)
    schedule: str = "Uniform"
    max_steps: int | None = None
    evaluations: int = 1


SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler("EulerDiscreteScheduler", "Euler"),
    "euler_a": Sampler("EulerAncestralDiscreteScheduler", "Euler a"),
    "heun": Sampler("HeunDiscreteScheduler", "Heun", evaluations=2),
    "dpmpp_2m": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 2M",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": False},
    ),
    "dpmpp_2m_karras": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 2M",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
        schedule="Karras",
    ),
    "dpmpp_sde": Sampler(
        "DPMSolverSinglestepScheduler",
        "DPM++ SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "use_karras_sigmas": False},
    ),
    "ddim": Sampler("DDIMScheduler", "DDIM"),
    "unipc": Sampler("UniPCMultistepScheduler", "UniPC"),
    # A distilled model walks a fixed ladder of 50 rungs; more steps than rungs do not exist.
    "lcm": Sampler("LCMScheduler", "LCM", max_steps=50),
}
