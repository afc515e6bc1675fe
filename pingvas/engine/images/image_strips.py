"""A picture that comes in bands from the top and is brought to its final size on the way. Needs no torch."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

Rows = npt.NDArray[np.uint8]
# Pixels to each side that Lanczos reads: of the larger of the two pictures.
_REACH = 3


class StripImage:
    """Takes rows of a picture of `width` x `height` pixels and keeps `image`, which has `size`.

    The same as resizing the whole by Lanczos, without ever holding the whole.
    """

    def __init__(self, width: int, height: int, size: tuple[int, int]) -> None:
        self.image = Image.new("RGB", size)
        self._width = width
        self._height = height
        self._ratio = height / size[1]
        self._reach = math.ceil(_REACH * max(1.0, self._ratio)) + 1
        # The rows that are still needed, and which row of the picture the first of them is.
        self._rows: Rows = np.empty((0, width, 3), np.uint8)
        self._top = 0
        self._done = 0

    def add(self, rows: Rows) -> None:
        """The next rows, (n, width, 3)."""
        if (self._width, self._height) == self.image.size:
            self.image.paste(Image.fromarray(rows), (0, self._done))
            self._done += len(rows)
            return
        self._rows = np.concatenate([self._rows, rows])
        seen = self._top + len(self._rows)
        height = self.image.height
        ready = height if seen >= self._height else math.floor((seen - self._reach) / self._ratio)
        if ready <= self._done:
            return
        # Where the final rows lie among those that are kept; Lanczos reads beyond the box what is there.
        box = (0, self._done * self._ratio - self._top, self._width, ready * self._ratio - self._top)
        box = (0, max(0.0, box[1]), self._width, min(float(len(self._rows)), box[3]))
        strip = Image.fromarray(self._rows).resize(
            (self.image.width, ready - self._done), Image.Resampling.LANCZOS, box=box
        )
        self.image.paste(strip, (0, self._done))
        self._done = ready
        needed = max(self._top, math.floor(ready * self._ratio) - self._reach)
        self._rows = self._rows[needed - self._top :].copy()
        self._top = needed
