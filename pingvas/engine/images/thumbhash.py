"""ThumbHash: about 25 bytes that show what a picture will look like while it loads, by Evan Wallace's public algorithm.

Brightness and two differences of colour, each as the first few waves of a cosine transform, in four bits a wave.
Needs no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from pingvas.engine.images.transparency import opaque

Values = npt.NDArray[np.float64]

_SIDE = 100
_MOST_WAVES = 7
# What is left of sums that are nothing, which differs from machine to machine.
_NOISE = 1e-9


@dataclass(frozen=True)
class _Waves:
    mean: float
    scale: float
    waves: list[float]


def thumbhash(image: Image.Image) -> bytes:
    """Of an image as people see it; what is clear lies on white, as in its thumbnail."""
    small = opaque(image)
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    width, height = small.size
    red, green, blue = np.moveaxis(np.asarray(small, dtype=np.float64) / 255, 2, 0)
    across = max(1, _rounded(_MOST_WAVES * width / max(width, height)))
    down = max(1, _rounded(_MOST_WAVES * height / max(width, height)))
    light = _waves((red + green + blue) / 3, max(3, across), max(3, down))
    yellow = _waves((red + green) / 2 - blue, 3, 3)
    reddish = _waves(red - green, 3, 3)
    is_wide = width > height
    first = (
        _rounded(63 * light.mean)
        | _rounded(31.5 + 31.5 * yellow.mean) << 6
        | _rounded(31.5 + 31.5 * reddish.mean) << 12
        | _rounded(31 * light.scale) << 18
    )
    second = (
        (down if is_wide else across)
        | _rounded(63 * yellow.scale) << 3
        | _rounded(63 * reddish.scale) << 9
        | is_wide << 15
    )
    fours = [_rounded(15 * wave) for part in (light, yellow, reddish) for wave in part.waves]
    fours += [0] * (len(fours) % 2)
    packed = bytes(low | high << 4 for low, high in zip(fours[::2], fours[1::2], strict=True))
    return first.to_bytes(3, "little") + second.to_bytes(2, "little") + packed


def _waves(channel: Values, across: int, down: int) -> _Waves:
    """Its mean, and its waves from 0 to 1 in units of the strongest."""
    height, width = channel.shape
    by_column = np.cos(np.pi / width * np.outer(np.arange(across), np.arange(width) + 0.5))
    by_row = np.cos(np.pi / height * np.outer(np.arange(down), np.arange(height) + 0.5))
    strengths = by_row @ channel @ by_column.T / (width * height)
    strengths[np.abs(strengths) < _NOISE] = 0
    # Half of them: those that are fine in both directions are seen by nobody.
    kept = [
        float(strengths[y, x])
        for y in range(down)
        for x in range(across)
        if (x or y) and x * down < across * (down - y)
    ]
    scale = max(map(abs, kept))
    if scale == 0:
        return _Waves(float(strengths[0, 0]), 0.0, [0.0] * len(kept))
    return _Waves(float(strengths[0, 0]), scale, [0.5 + 0.5 / scale * wave for wave in kept])


def _rounded(value: float) -> int:
    """Halves go up, as where the algorithm comes from."""
    return math.floor(value + 0.5)
