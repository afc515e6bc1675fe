"""Pictures that toy models make with LoRAs on: how tests ask for them, compare them, and build the same into a plain model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tests.make.toy_loras import ATTENTION, Pairs, product

Picture = npt.NDArray[np.int16]
Draw = Callable[..., Picture]
LAYERS = (*ATTENTION, "conv1", "proj_in")


def off(one: Picture, other: Picture) -> int:
    """The largest difference of a value between two pictures, of 255."""
    return int(np.abs(one - other).max())


def scaled(weights: dict[str, Any], pairs: Pairs, scale: float) -> dict[str, torch.Tensor]:
    """The weights of a plain model that has the LoRA in it, so many times as strong as its matrices."""
    return {layer: weights[layer] + scale * product(pair, weights[layer]) for layer, pair in pairs.items()}
