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
    "euler_karras": Sampler(
        "EulerDiscreteScheduler", "Euler", {"use_karras_sigmas": True}, schedule="Karras"
    ),
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
    "dpmpp_2m_sde": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 2M SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "use_karras_sigmas": False},
    ),
    "dpmpp_2m_sde_karras": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 2M SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
        schedule="Karras",
    ),
    "dpmpp_3m_sde": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 3M SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 3, "use_karras_sigmas": False},
    ),
    "dpmpp_3m_sde_karras": Sampler(
        "DPMSolverMultistepScheduler",
        "DPM++ 3M SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 3, "use_karras_sigmas": True},
        schedule="Karras",
    ),
    "dpmpp_sde": Sampler(
        "DPMSolverSinglestepScheduler",
        "DPM++ SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "use_karras_sigmas": False},
    ),
    "dpmpp_sde_karras": Sampler(
        "DPMSolverSinglestepScheduler",
        "DPM++ SDE",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
        schedule="Karras",
    ),
    "ddim": Sampler("DDIMScheduler", "DDIM"),
    "ddpm": Sampler("DDPMScheduler", "DDPM", {"clip_sample": False}),
    "unipc": Sampler("UniPCMultistepScheduler", "UniPC"),
    # Distilled models walk a fixed ladder of 50 rungs; more steps than rungs do not exist.
    "lcm": Sampler("LCMScheduler", "LCM", max_steps=50),
    "tcd": Sampler("TCDScheduler", "TCD", max_steps=50),
}

# Families trained on straight paths from noise to picture have no noise levels to walk along: only samplers with a
# form for such paths work on them, and Karras' spacing of levels does not.
FLOW_SAMPLERS = ("euler", "heun", "dpmpp_2m", "dpmpp_2m_sde", "unipc", "lcm")
FAMILY_SAMPLERS: dict[str, tuple[str, ...]] = {"sd3": FLOW_SAMPLERS, "flux": FLOW_SAMPLERS}


def samplers_of(model_config: Mapping[str, Any]) -> tuple[str, ...]:
    """The samplers a model takes: those its configuration lists, else those of its family, else all."""
    listed = model_config.get("samplers")
    if listed:
        return tuple(name for name in listed if name in SAMPLERS)
    return FAMILY_SAMPLERS.get(str(model_config.get("family")), tuple(SAMPLERS))
