"""A layer with corrections laid over it: it gives what a layer of the corrected weight would give, and its own weight stays.

A correction of a weight W is W' - W times a number. For a LoRA that is B A; for a DoRA, whose corrected weight is
m (W + B A) / |W + B A| row by row, it is (s - 1) W + s B A with s = m / |W + B A|, and alike by column. So any number of
them, of both kinds, add up to a factor for each row, one for each column, and one pair of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Correction:
    """(diag(rows) W + W diag(columns) + up @ down) for a layer of weight W, and `bias`. All in float32.

    `down` is (rank, inputs, …) of the layer's own kernel, `up` (outputs, rank).
    """

    down: torch.Tensor
    up: torch.Tensor
    rows: torch.Tensor | None = None
    columns: torch.Tensor | None = None
    bias: torch.Tensor | None = None


class CorrectedLayer(nn.Module):
    """`layer`, a Linear or a Conv2d, with the sum of `corrections` over it. Asked for anything else, it answers as `layer`."""

    def __init__(self, layer: nn.Module, corrections: Sequence[Correction]) -> None:
        super().__init__()
        self.layer = layer
        weight: Any = layer.weight
        place = {"device": weight.device, "dtype": weight.dtype}
        kernel = isinstance(layer, nn.Conv2d)
        down = torch.cat([each.down for each in corrections])
        up = torch.cat([each.up for each in corrections], dim=1)
        self.register_buffer("down", down.to(**place), persistent=False)
        self.register_buffer("up", (up[:, :, None, None] if kernel else up).to(**place), persistent=False)
        for name in ("rows", "columns", "bias_more"):
            field = name.removesuffix("_more")
            parts = [part for each in corrections if (part := getattr(each, field)) is not None]
            total = torch.stack(parts).sum(dim=0) if parts else None
            if total is not None:
                # Along the channels of a picture, or the last side of everything else.
                total = (total[:, None, None] if kernel else total).to(**place)
            self.register_buffer(name, total, persistent=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        layer: Any = self.layer
        own: torch.Tensor = layer(inputs)
        kernel = isinstance(layer, nn.Conv2d)
        if kernel:
            inner = self._convolve(inputs, self.down)
            result = own + nn.functional.conv2d(inner, self.up)
        else:
            result = own + nn.functional.linear(nn.functional.linear(inputs, self.down), self.up)
        if self.rows is not None:
            bias = 0 if layer.bias is None else layer.bias[:, None, None] if kernel else layer.bias
            result = result + self.rows * (own - bias)
        if self.columns is not None:
            scaled = inputs * self.columns
            result = result + (
                self._convolve(scaled, layer.weight) if kernel else nn.functional.linear(scaled, layer.weight)
            )
        return result if self.bias_more is None else result + self.bias_more

    def _convolve(self, inputs: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """As `layer` does, without its bias."""
        layer: Any = self.layer
        return nn.functional.conv2d(inputs, weight, None, layer.stride, layer.padding, layer.dilation)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)
