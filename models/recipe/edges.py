"""Edges of pictures: what the ControlNet is trained on and judged by, and what the pencil look is drawn with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from models.recipe.data import Bytes
from pingvas.engine.images import preprocessors

Grey = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def canny(picture: Bytes, low: float = 50.0, high: float = 120.0) -> Mask:
    """Lines one pixel wide where a picture (h, w, 3) changes: (h, w), true on a line. The studio's own, so that the
    ControlNet learns on what people will give it.

    Lower thresholds than the studio's usual ones find the land at night too, and the soft edges of made pictures.
    """
    lines = preprocessors.canny(Image.fromarray(picture), low, high)
    mask: Mask = np.asarray(lines)[..., 0] > 0
    return mask


def luma(picture: Bytes) -> Grey:
    """Brightness (h, w) from 0 to 255."""
    return (picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)


def smooth(plane: Grey, sigma: float) -> Grey:
    """A Gaussian blur of a plane (h, w), `sigma` in pixels."""
    radius = max(1, round(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    weights /= weights.sum()
    for _ in range(2):
        padded = np.pad(plane, ((0, 0), (radius, radius)), mode="edge")
        plane = sum(
            (w * padded[:, i : i + plane.shape[1]] for i, w in enumerate(weights)), np.zeros_like(plane)
        ).T
    return np.ascontiguousarray(plane)


def slope(grey: Grey) -> tuple[Grey, Grey]:
    """Sobel across and down of a plane (h, w)."""
    p = np.pad(grey, 1, mode="edge")
    across = p[:, 2:] - p[:, :-2]
    down = p[2:, :] - p[:-2, :]
    return (
        across[:-2] + 2 * across[1:-1] + across[2:],
        down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:],
    )


def grown(mask: Mask, radius: int = 1) -> Mask:
    """A mask with all pixels within `radius` (in a square) of a true one."""
    for _ in range(radius):
        p = np.pad(mask, 1)
        rows = p[:-2] | p[1:-1] | p[2:]
        mask = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return mask


def agreement(wanted: Mask, found: Mask, tolerance: int = 3) -> float:
    """F1 of two edge maps, 0 to 1: an edge pixel is right when the other map has one within `tolerance` pixels."""
    if not wanted.any() or not found.any():
        return float(wanted.any() == found.any())
    recall = float((wanted & grown(found, tolerance)).sum() / wanted.sum())
    precision = float((found & grown(wanted, tolerance)).sum() / found.sum())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
