"""Ways from noise to picture: each sampler gets where the model leads, over the noise levels the model was made for."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from pingvas.engine.families import schedulers
from pingvas.engine.samplers import FLOW_SAMPLERS

CPU = torch.device("cpu")
BY_SIZE = {"shift": 3.0, "use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15}
# Pictures of the imagined model: numbers around MEAN, spread by SPREAD.
MEAN, SPREAD = 0.3, 0.5


def velocity(latents: torch.Tensor, noise: float) -> torch.Tensor:
    """What a perfect network predicts, with `noise` the share of noise: worked out, for there is no network."""
    signal = 1 - noise
    centred = latents - signal * MEAN
    variance = (signal * SPREAD) ** 2 + noise**2
    clean = MEAN + signal * SPREAD**2 * centred / variance
    return noise * centred / variance - clean


def walk(scheduler: Any, noise: torch.Tensor) -> torch.Tensor:
    more: dict[str, Any] = {}
    if "generator" in inspect.signature(scheduler.step).parameters:
        more["generator"] = torch.Generator().manual_seed(2)
    latents = noise
    for time in scheduler.timesteps:
        prediction = velocity(latents, float(time) / 1000)
        latents = scheduler.step(prediction, time, latents, return_dict=False, **more)[0]
    return latents


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(1, 16, 32, 32, generator=torch.Generator().manual_seed(1))


# How far from the exact end a deterministic walk of 30 steps may be: the better the solver, the nearer.
@pytest.mark.parametrize(
    ("sampler", "error"), [("euler", 0.06), ("heun", 0.01), ("dpmpp_2m", 0.01), ("unipc", 0.005)]
)
def test_a_sampler_without_chance_ends_where_the_straight_paths_end(
    noise: torch.Tensor, sampler: str, error: float
) -> None:
    scheduler = schedulers.build_flow(sampler, BY_SIZE, 30, device=CPU, mu=1.0)

    end = walk(scheduler, noise)

    assert float((end - (MEAN + SPREAD * noise)).square().mean().sqrt()) < error


@pytest.mark.parametrize(("sampler", "spread"), [("dpmpp_2m_sde", 0.5), ("lcm", 0.32)])
def test_a_sampler_with_chance_makes_pictures_like_those_of_the_model(
    noise: torch.Tensor, sampler: str, spread: float
) -> None:
    scheduler = schedulers.build_flow(sampler, BY_SIZE, 30, device=CPU, mu=1.0)

    end = walk(scheduler, noise)

    # lcm is for models that see the end in few steps, and blurs those that do not.
    assert float(end.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(end.std()) == pytest.approx(spread, abs=0.04)


@pytest.mark.parametrize("sampler", FLOW_SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 40])
def test_every_sampler_walks_down_the_same_shares_of_noise(sampler: str, steps: int) -> None:
    model = FlowMatchEulerDiscreteScheduler.from_config(BY_SIZE)
    shares = np.linspace(1.0, 1 / steps, steps)
    model.set_timesteps(steps, mu=0.8, sigmas=shares)

    scheduler = schedulers.build_flow(sampler, BY_SIZE, steps, device=CPU, mu=0.8, sigmas=shares.tolist())

    calls = 2 * steps - 1 if sampler == "heun" else steps
    assert len(scheduler.timesteps) == calls
    assert len(scheduler.sigmas) == calls + 1
    assert np.allclose(sorted({*scheduler.timesteps.tolist()}, reverse=True), model.timesteps, rtol=1e-6)
    assert np.allclose(sorted({*scheduler.sigmas.tolist()}, reverse=True), model.sigmas, rtol=2e-6)


@pytest.mark.parametrize("sampler", FLOW_SAMPLERS)
def test_one_step_ends_at_the_middle_of_the_pictures(noise: torch.Tensor, sampler: str) -> None:
    scheduler = schedulers.build_flow(sampler, {"shift": 3.0}, 1, device=CPU)

    end = walk(scheduler, noise)

    assert torch.allclose(end, torch.full_like(end, MEAN), atol=1e-4)


def test_larger_pictures_stay_in_the_noise_for_longer() -> None:
    shifts = [schedulers.shift_for(BY_SIZE, patches) for patches in (256, 2176, 4096)]
    assert shifts == pytest.approx([0.5, 0.825, 1.15])
    small, large = (
        schedulers.build_flow("euler", BY_SIZE, 8, device=CPU, mu=mu) for mu in (shifts[0], shifts[2])
    )
    assert bool((large.sigmas[1:-1] > small.sigmas[1:-1]).all())
