"""The look of a pencil drawing: any drawing as dark, broad lines and a little colour on light paper. Numpy only.

Lines are broad because thinner ones do not survive cells of 16 pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.recipe.data import Bytes
from models.recipe.edges import canny, grown, luma, slope, smooth

GRAPHITE = np.array([52, 50, 58], np.float32)
PAPER = np.array([250, 247, 238], np.float32)
_COLOUR = 0.3  # how much of a colour a pencil of that colour leaves
_COVER = 0.5  # how much of a dark place's darkness stays

Floats = npt.NDArray[np.float32]


def pencil(picture: Bytes) -> Bytes:
    """A picture (h, w, 3) as a pencil drawing, same size."""
    colours = picture.astype(np.float32)
    grey = luma(picture)[..., None]
    shaded = PAPER * (1 - _COVER * (1 - grey / 255)) + _COLOUR * (colours - grey)
    line = 0.85 * _lines(colours)[..., None]
    pixels: Bytes = np.clip(shaded * (1 - line) + GRAPHITE * line, 0, 255).round().astype(np.uint8)
    return pixels


def _lines(colours: Floats, sigma: float = 2.4, full: float = 50) -> Floats:
    """How much of a line is at each pixel, 0 to 1; `full` is the slope that is a whole line after a blur of `sigma`."""
    strength = np.max([np.hypot(*slope(smooth(colours[..., i], sigma))) for i in range(3)], axis=0)
    share: Floats = np.clip((strength - 10) / full, 0, 1).astype(np.float32)
    return share


def line_darkness(picture: Bytes) -> float:
    """How much darker lines are than what lies beside them, -255 to 255: high in this look, about 0 in others."""
    grey, lines = luma(picture), canny(picture, 30, 75)
    near, beside = grown(lines, 1), grown(lines, 8) & ~grown(lines, 5)
    if not near.any() or not beside.any():
        return 0.0
    return float(grey[beside].mean() - grey[near].mean())
