"""The training loop that the small parts share: upscalers, LoRA, ControlNet.

It owns time, rate, averaging, checkpoints and curves; what a batch is and what its loss is belongs to the part.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.recipe.curve import Curve, note, write_curve

Weights = dict[str, torch.Tensor]
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
    steps: int = 0
    seen: int = 0
    seconds: float = 0.0
    curve: Curve = field(default_factory=list)


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
    if plan.path.exists():
        kept = torch.load(plan.path, weights_only=True, map_location=learnt[0].device)
        put(module, kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        fitted = Fitted(kept["ema"], kept["steps"], kept["seen"], kept["seconds"], kept["curve"])
        print(f"going on after {fitted.seen} samples, {fitted.seconds / 60:.1f} minutes", flush=True)
    torch.manual_seed(plan.seed + fitted.seen)
    rng = np.random.default_rng(plan.seed + fitted.seen)
    before, start, last_log, last_save = fitted.seconds, time.monotonic(), 0.0, 0.0
    losses: list[float] = []
    mark = fitted.seen
    while fitted.seconds < plan.minutes * 60:
        for group in optimiser.param_groups:
            group["lr"] = plan.lr * rate_at(fitted.seconds / (plan.minutes * 60), fitted.steps, plan)
        loss, count = batch_loss(rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        fitted.steps, fitted.seen = fitted.steps + 1, fitted.seen + count
        losses.append(float(loss.detach()))
        share = 1 - min(plan.averaging, (1 + fitted.steps) / (10 + fitted.steps))
        for name, value in learning(module).items():
            fitted.weights[name].lerp_(value, share)
        clock = time.monotonic() - start
        fitted.seconds = before + clock
        if clock - last_log > 20:
            speed, mean = (fitted.seen - mark) / (clock - last_log), float(np.mean(losses))
            note(fitted.curve, fitted.seen, fitted.seconds / 60, mean, speed)
            last_log, mark, losses = clock, fitted.seen, []
        if clock - last_save > 120:
            last_save = clock
            _save(plan.path, module, optimiser, fitted)
            if report:
                print("      " + report(fitted.weights), flush=True)
    _save(plan.path, module, optimiser, fitted)
    return fitted


def rate_at(part: float, step: int, plan: Plan) -> float:
    """Warm-up, flat, then a cosine down to 1 %; as a share of the full rate."""
    tail = 1.0
    if part > plan.flat:
        tail = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (part - plan.flat) / (1 - plan.flat)))
    return min(1.0, (step + 1) / plan.warm_up) * tail


def _save(path: Path, module: nn.Module, optimiser: torch.optim.Optimizer, fitted: Fitted) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        "model": learning(module),
        "optimiser": optimiser.state_dict(),
        "ema": fitted.weights,
        "steps": fitted.steps,
        "seen": fitted.seen,
        "seconds": fitted.seconds,
        "curve": fitted.curve,
    }
    torch.save(kept, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    write_curve(path, fitted.curve)
