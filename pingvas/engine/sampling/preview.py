"""A look at a picture under way: latents to RGB by the linear projection kept beside the model."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from pingvas.engine.errors import ModelLoadFailed

LONG_SIDE = 128


@dataclass(frozen=True)
class Projection:
    """`weights` is (channels, 3) and `bias` is (3,): scaled latents to RGB from 0 to 1."""

    weights: torch.Tensor
    bias: torch.Tensor


def read_projection(config: Mapping[str, Any], channels: int) -> Projection | None:
    """The projection in a model's config (`latent_rgb: {weights, bias}`), or None when it has none.

    Raises ModelLoadFailed when it is not one for latents of so many channels.
    """
    found = config.get("latent_rgb")
    if found is None:
        return None
    try:
        return as_projection(found, channels)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelLoadFailed(
            f"The latent_rgb of this model's studio.json must be {channels} by 3 weights and 3 biases."
        ) from error


def as_projection(found: Mapping[str, Any], channels: int) -> Projection:
    """`{weights, bias}` as a projection. Raises KeyError, TypeError or ValueError for anything else."""
    weights = torch.tensor(found["weights"], dtype=torch.float32)
    bias = torch.tensor(found["bias"], dtype=torch.float32)
    if weights.shape != (channels, 3) or bias.shape != (3,):
        raise ValueError("of another shape")
    return Projection(weights, bias)


def draw_preview(
    latents: torch.Tensor, projection: Projection, *, width: int, height: int, factor: int
) -> bytes:
    """A WebP whose longer side is 128 px. `latents` is (1, channels, h, w) of a picture cut to width x height.

    Latents are few and large, so they are drawn smooth: a 16 by 16 checkerboard tells nobody anything.
    """
    # NumPy from here on: this runs beside the engine's thread, and torch would start threads that take its cores.
    rows = latents[0].detach().float().cpu().permute(1, 2, 0).numpy()
    rgb = np.nan_to_num(rows @ projection.weights.numpy() + projection.bias.numpy()).clip(0, 1)
    image = Image.fromarray((rgb * 255).round().astype(np.uint8))
    ratio = LONG_SIDE / max(width, height)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    left, top = (image.width - width / factor) / 2, (image.height - height / factor) / 2
    box = (left, top, left + width / factor, top + height / factor)
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC, box=box).save(buffer, "WEBP", quality=75, method=2)
    return buffer.getvalue()
