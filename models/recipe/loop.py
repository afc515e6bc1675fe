"""The loop of every training that goes by time: clock, curve and checkpoints; what a step does belongs to the part.

`fit` is the same for parts that need nothing but one loss; the others give their own step.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from models.recipe.curve import Curve, note, write_curve

Weights = dict[str, torch.Tensor]


class Step(NamedTuple):
    """What a step says of itself: its loss, how many samples it saw, and further losses by name, for the log."""

    loss: float
    seen: int
    beside: Mapping[str, float] = {}


@dataclass
class Progress:
    """How far a training has come, over all calls."""

    steps: int = 0
    seen: int = 0
    seconds: float = 0.0
    curve: Curve = field(default_factory=list)

    @classmethod
    def of(cls, kept: Mapping[str, Any], unit: str = "samples") -> Progress:
        """That of a checkpoint; says that it goes on from there."""
        found = cls(kept.get("steps", 0), kept["seen"], kept["seconds"], kept["curve"])
        print(f"going on after {found.seen} {unit}, {found.seconds / 60:.1f} minutes", flush=True)
        return found


def train_for(
    minutes: float,
    progress: Progress,
    step: Callable[[float], Step],
    save: Callable[[], None],
    *,
    log_seconds: float = 30,
    save_seconds: float = 150,
    after_log: Callable[[], None] = lambda: None,
    report: Callable[[], str] | None = None,
) -> None:
    """Steps for so many minutes of this call; saves now and then, with a `report` of how good it is by then, and at the end.

    `step` gets the share of the call that has passed, 0 to 1. `progress` counts along and is right whenever `save` is called.
    """
    before, start = progress.seconds, time.monotonic()
    last_log, last_save, mark = 0.0, 0.0, progress.seen
    losses: dict[str, list[float]] = defaultdict(list)
    while (clock := time.monotonic() - start) < minutes * 60:
        done = step(clock / (minutes * 60))
        progress.steps, progress.seen = progress.steps + 1, progress.seen + done.seen
        progress.seconds = before + clock
        for name, value in {"": done.loss, **done.beside}.items():
            losses[name].append(value)
        if clock - last_log > log_seconds:
            speed = (progress.seen - mark) / (clock - last_log)
            means = {name: float(np.mean(values)) for name, values in losses.items()}
            loss = means.pop("")
            more = "".join(f"  {name} {mean:.5f}" for name, mean in means.items())
            note(progress.curve, progress.seen, progress.seconds / 60, loss, speed, more)
            last_log, mark = clock, progress.seen
            losses.clear()
            after_log()
        if clock - last_save > save_seconds:
            last_save = clock
            save()
            if report is not None:
                print(f"      {report()}", flush=True)
    progress.seconds = before + time.monotonic() - start
    save()


def keep(path: Path, progress: Progress, parts: Mapping[str, Any], curve: Path | None = None) -> None:
    """Writes a checkpoint whole or not at all, and its curve beside it (`curve` as .csv and .png, else as `path`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = {"steps": progress.steps, "seen": progress.seen, "seconds": progress.seconds}
    torch.save({**parts, **counts, "curve": progress.curve}, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    write_curve(curve or path, progress.curve)


def descend(
    optimiser: torch.optim.Optimizer,
    loss: torch.Tensor,
    clipped: Iterable[nn.Parameter],
    rate: float | None = None,
) -> float:
    """One step down a loss, at a learning rate where one is given; returns the loss."""
    if rate is not None:
        for group in optimiser.param_groups:
            group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(clipped, 1.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def average(averaged: Weights, weights: Mapping[str, torch.Tensor], step: int, most: float) -> None:
    """Moves averaged weights a little towards those after `step` steps: `most` of them stays, less in the beginning."""
    share = 1 - min(most, (1 + step) / (10 + step))
    for name, value in weights.items():
        averaged[name].lerp_(value, share)
