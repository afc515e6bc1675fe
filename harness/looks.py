"""Whether two screenshots look alike to a person.

Chromium draws the same page a little differently from machine to machine and from version to version: how edges of letters
are smoothed, where a rounded coordinate falls. A comparison of pixels would fail for that and teach nobody anything. So both
pictures are averaged over squares of 4 pixels, which evens out the edges of letters but no changed colour, size or place, and a
square counts as changed when it differs by more than an eye would let pass. Few squares may: a caret, a hair of a letter.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

_SQUARE = 4
# Of 255, in the most different of the three channels.
_VISIBLE = 20
# Of all squares. A badge in a section is about one in a hundred.
_MAY_DIFFER = 0.004
# Sizes of text are rounded to whole pixels, not everywhere alike.
_SIZE_PIXELS = 2


@dataclass(frozen=True)
class Difference:
    """What differs: nothing where `text` is empty. `picture` marks the squares."""

    text: str
    picture: Image.Image | None = None


def difference(stored: Path, shot: bytes) -> Difference:
    """Compare a screenshot with the stored one."""
    before = Image.open(stored).convert("RGB")
    now = Image.open(io.BytesIO(shot)).convert("RGB")
    if any(abs(a - b) > _SIZE_PIXELS for a, b in zip(before.size, now.size, strict=True)):
        return Difference(f"it was {before.size} pixels large and is {now.size}", now)
    width, height = (min(a, b) // _SQUARE * _SQUARE for a, b in zip(before.size, now.size, strict=True))
    changed = np.abs(_squares(before, width, height) - _squares(now, width, height)).max(axis=2) > _VISIBLE
    part = float(changed.mean())
    if part <= _MAY_DIFFER:
        return Difference("")
    marks = Image.fromarray(np.where(changed, 255, 0).astype(np.uint8)).resize(
        (width, height), Image.Resampling.NEAREST
    )
    marked = now.crop((0, 0, width, height))
    marked.paste((255, 0, 80), mask=marks.point([value // 2 for value in range(256)]))
    return Difference(f"{part:.2%} of it looks different", marked)


def _squares(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """Means of the squares: rows × columns × 3, from 0 to 255."""
    pixels = np.asarray(picture.crop((0, 0, width, height)), dtype=np.float32)
    parts = pixels.reshape(height // _SQUARE, _SQUARE, width // _SQUARE, _SQUARE, 3)
    means: np.ndarray = parts.mean(axis=(1, 3))
    return means
