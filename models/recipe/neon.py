"""The look of night-neon: any drawing as glowing lines of its own colours on midnight blue. Numpy only.

Lines are broad and the ground is one dark blue, because that is what survives cells of 16 pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.recipe.data import Bytes
from models.recipe.edges import canny, grown, luma, slope, smooth

MIDNIGHT = np.array([18, 30, 84], np.float32)

Floats = npt.NDArray[np.float32]


def neon(picture: Bytes) -> Bytes:
    """A picture (h, w, 3) in the night-neon look, same size."""
    colours = picture.astype(np.float32)
    ground = MIDNIGHT * (0.7 + 0.5 * luma(picture)[..., None] / 255)
    soft = np.stack([smooth(colours[..., i], 2.5) for i in range(3)], axis=2)
    vivid = np.clip(soft + 1.2 * (soft - soft.mean(axis=2, keepdims=True)), 0, None)
    vivid = np.clip(vivid / np.maximum(vivid.max(axis=2, keepdims=True), 1) * 250, 0, 255)
    line, glow = _lines(colours, 3.0, 45)[..., None], _lines(colours, 7, 50)[..., None]
    made = (ground + 0.25 * glow * vivid) * (1 - line) + line * vivid
    pixels: Bytes = np.clip(made, 0, 255).round().astype(np.uint8)
    return pixels


def _lines(colours: Floats, sigma: float, full: float) -> Floats:
    """How much of a line is at each pixel, 0 to 1; `full` is the slope that is a whole line after a blur of `sigma`."""
    strength = np.max([np.hypot(*slope(smooth(colours[..., i], sigma))) for i in range(3)], axis=0)
    share: Floats = np.clip((strength - 12) / full, 0, 1).astype(np.float32)
    return share


def glow(picture: Bytes) -> float:
    """How much brighter lines are than the picture away from them, -255 to 255: high in this look, about 0 in others."""
    bright = picture.max(axis=2).astype(np.float64)
    lines = canny(picture, 30, 75)
    near, far = grown(lines, 2), ~grown(lines, 6)
    if not near.any() or not far.any():
        return 0.0
    return float(bright[near].mean() - bright[far].mean())
