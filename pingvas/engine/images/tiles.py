"""How a large picture is cut into tiles that overlap, and how much each counts where they do. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# The widest window of the models there are.
ALIGN = 16

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """A tile along one side: the pixels it reads, and the `first` and `last` (excluded) ones where it counts.

    Over the `fade_in` pixels after `first` it takes over from the tile before it; over the `fade_out` pixels
    before `last` the next one takes over from it.
    """

    start: int
    stop: int
    first: int
    last: int
    fade_in: int
    fade_out: int

    def weights(self, scale: int) -> Weights:
        """How much each pixel from `first` to `last` counts when all is `scale` times as large.

        The weights of neighbours add up to one.
        """
        weights = np.ones((self.last - self.first) * scale, np.float32)
        if self.fade_in:
            weights[: self.fade_in * scale] = _rise(self.fade_in * scale)
        if self.fade_out:
            weights[-self.fade_out * scale :] = 1 - _rise(self.fade_out * scale)
        return weights


def cut(length: int, tile: int, overlap: int) -> list[Span]:
    """Tiles of `tile` pixels that cover `length`, as few as can be and evenly spread; the last may be a little longer.

    Each sees at least `overlap` pixels of its neighbours' side. The half of them next to its edge, where what it cannot
    see would show, only informs it; the other half fades. So a model that looks no farther than half of `overlap`
    gives what it would give for the whole. Tiles start at multiples of 16, as models that work in windows of up to
    16 pixels then see the same windows; `tile` and `overlap` are rounded to suit.
    """
    tile = max(ALIGN, tile // ALIGN * ALIGN)
    if tile >= length:
        return [Span(0, length, 0, length, 0, 0)]
    half = ALIGN // 2
    overlap = min(-(-overlap // half), tile // 4 // half) * half
    count = math.ceil((length - 2 * overlap) / (tile - 2 * overlap))
    starts = [number * (length - tile) // (count - 1) // ALIGN * ALIGN for number in range(count)]
    stops = [start + tile for start in starts[:-1]] + [length]
    # Where neighbours hand over: the middle of what both see.
    middles = [(stop + start) // 2 for stop, start in zip(stops[:-1], starts[1:], strict=True)]
    fade = overlap // 2
    spans = []
    for number, start in enumerate(starts):
        before = middles[number - 1] if number else None
        after = middles[number] if number < count - 1 else None
        spans.append(
            Span(
                start,
                stops[number],
                0 if before is None else before - fade,
                length if after is None else after + fade,
                0 if before is None else 2 * fade,
                0 if after is None else 2 * fade,
            )
        )
    return spans


def _rise(length: int) -> Weights:
    """From nearly 0 to nearly 1 in `length` even steps, symmetrical."""
    return ((np.arange(length, dtype=np.float32) + 0.5) / length).astype(np.float32)
