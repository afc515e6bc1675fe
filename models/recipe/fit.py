"""How the small parts are trained, which have one loss: upscalers, LoRA, ControlNet.

It owns rate, averaging and what a checkpoint holds; what a batch is and what its loss is belongs to the part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.recipe.loop import Progress, Step, Weights, average, descend, keep, train_for

# Draws a batch with the generator; returns the loss and how many pictures or crops it saw.
BatchLoss = Callable[[np.random.Generator], tuple[torch.Tensor, int]]


@dataclass(frozen=True)
class Plan:
    """How to train. `minutes` is the total over all calls: the same command goes on after an interruption."""

    path: Path  # the checkpoint; its curve stands beside it as .csv and .png
    minutes: float
    lr: float
    seed: int = 1
    warm_up: int = 100  # steps
    flat: float = 0.4  # share of the time at the full rate, before the cosine
    averaging: float = 0.998
    weight_decay: float = 0.0


@dataclass
class Fitted:
    """What training left: averaged weights of all that could learn, and how it went."""

    weights: Weights
    progress: Progress = field(default_factory=Progress)


def learning(module: nn.Module) -> Weights:
    """The weights that training changes, by name."""
    return {name: value.detach() for name, value in module.named_parameters() if value.requires_grad}


def put(module: nn.Module, weights: Weights) -> None:
    """Writes weights, by name, into the module's own tensors."""
    own = learning(module)
    if own.keys() != weights.keys():
        raise ValueError(f"weights do not fit: {sorted(own.keys() ^ weights.keys())[:4]}")
    for name, value in weights.items():
        own[name].copy_(value)


def fit(
    module: nn.Module,
    batch_loss: BatchLoss,
    plan: Plan,
    report: Callable[[Weights], str] | None = None,
) -> Fitted:
    """Trains until `plan.minutes` are spent; `report` says at each checkpoint how good the averaged weights are."""
    learnt = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        learnt, plan.lr, betas=(0.9, 0.98), weight_decay=plan.weight_decay, fused=True
    )
    fitted = Fitted({name: value.clone() for name, value in learning(module).items()})
    progress = fitted.progress
    if plan.path.exists():
        kept = torch.load(plan.path, weights_only=True, map_location=learnt[0].device)
        put(module, kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        progress = Progress.of(kept)
        fitted = Fitted(kept["ema"], progress)
    torch.manual_seed(plan.seed + progress.seen)
    rng = np.random.default_rng(plan.seed + progress.seen)
    spent = min(1.0, progress.seconds / (plan.minutes * 60)) if plan.minutes else 1.0

    def step(part: float) -> Step:
        loss, count = batch_loss(rng)
        rate = plan.lr * rate_at(spent + (1 - spent) * part, progress.steps, plan)
        lost = descend(optimiser, loss, learnt, rate)
        average(fitted.weights, learning(module), progress.steps + 1, plan.averaging)
        return Step(lost, count)

    def save() -> None:
        parts = {"model": learning(module), "optimiser": optimiser.state_dict(), "ema": fitted.weights}
        keep(plan.path, progress, parts)

    said = None if report is None else lambda: report(fitted.weights)
    train_for((1 - spent) * plan.minutes, progress, step, save, log_seconds=20, save_seconds=120, report=said)
    return fitted


def rate_at(part: float, step: int, plan: Plan) -> float:
    """Warm-up, flat, then a cosine down to 1 %; as a share of the full rate."""
    tail = 1.0
    if part > plan.flat:
        tail = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (part - plan.flat) / (1 - plan.flat)))
    return min(1.0, (step + 1) / plan.warm_up) * tail
