"""A mark in the pixels that nobody sees: that AI made the picture, and a number of whoever runs the studio. Needs no torch.

The picture's brightness at 256 × 256 is taken apart into cosines. Of those in a ring of middle frequencies each one is moved to the
nearest of the places that mean its bit (quantization index modulation), forty for every bit, and what that changes is laid over
the picture. So it is read at any size. The number has a check code of 32 bits: of pictures without a mark, one in four
thousand million reads as if it had one.

It is no seal: whoever has this program can read it, take it away, or put it into another picture.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from pingvas.engine.images.transparency import strips

MAX_ID = 0xFFFF
LEAST_SIDE = 64
"""Pixels of the shorter side of what is marked: a smaller picture has no room."""

_SIDE = 256
_RING = (16.0, 56.0)
_BITS, _COPIES = 48, 40
# Between two places that mean the same bit. A picture moves by about a level: 46 dB.
_STEP = 24.0
_NAME = b"pingvas ai mark 1"
# Of all cosines, how well they agree with what was read; chance alone gives about 0.13.
_LEAST_AGREEMENT = 0.25

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """What was read; `agreement` is 1 where every cosine lies where it was put, and about 0 by chance."""

    operator_id: int
    agreement: float


def mark(image: Image.Image, operator_id: int) -> Image.Image:
    """A copy of an RGB or RGBA image with the mark; the image itself where it is too small. What is clear stays so."""
    if min(image.size) < LEAST_SIDE:
        return image
    places, shifts = _places()
    waves = _waves(image)
    found = waves[places] + shifts
    wanted = np.repeat(_bits_of(operator_id), _COPIES) * (_STEP / 2)
    change = np.zeros_like(waves)
    change[places] = np.round((found - wanted) / _STEP) * _STEP + wanted - found
    cosines = _cosines()
    return _with(image, Image.fromarray((cosines.T @ change @ cosines).astype(np.float32)))


def read_mark(image: Image.Image) -> Mark | None:
    """The mark of an image of any size and mode, or None."""
    if min(image.size) < LEAST_SIDE // 2:
        return None
    places, shifts = _places()
    votes = np.cos(2 * np.pi * (_waves(image)[places] + shifts) / _STEP).reshape(_BITS, _COPIES).mean(axis=1)
    bits, agreement = votes < 0, float(np.abs(votes).mean())
    number = int.from_bytes(np.packbits(bits).tobytes(), "big")
    operator_id = number >> 32
    if number & 0xFFFF_FFFF != _check_of(operator_id) or agreement < _LEAST_AGREEMENT:
        return None
    return Mark(operator_id, agreement)


def _bits_of(operator_id: int) -> npt.NDArray[np.uint8]:
    if not 0 <= operator_id <= MAX_ID:
        raise ValueError(f"an operator's number is 0 to {MAX_ID}, not {operator_id}")
    number = operator_id << 32 | _check_of(operator_id)
    return np.unpackbits(np.frombuffer(number.to_bytes(_BITS // 8, "big"), np.uint8))


def _check_of(operator_id: int) -> int:
    return zlib.crc32(_NAME + operator_id.to_bytes(2, "big"))


def _waves(image: Image.Image) -> _Floats:
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    cosines = _cosines()
    waves: _Floats = cosines @ np.asarray(small, np.float64) @ cosines.T
    return waves


@cache
def _cosines() -> _Floats:
    """The orthonormal DCT (type II) as a matrix."""
    at = np.arange(_SIDE)
    cosines = np.cos(np.pi * (2 * at[None, :] + 1) * at[:, None] / (2 * _SIDE)) * np.sqrt(2 / _SIDE)
    cosines[0] /= np.sqrt(2)
    return np.asarray(cosines, np.float64)


@cache
def _places() -> tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], _Floats]:
    """Which cosines hold the bits, the copies of one after the other, and by how much each one is shifted: the same in every
    version, for it is drawn by SHA-256."""
    inner, outer = _RING
    ring = [
        (down, across)
        for down in range(_SIDE)
        for across in range(_SIDE)
        if inner <= np.hypot(down, across) <= outer
    ]
    drawn = sorted((hashlib.sha256(_NAME + b"%d %d" % place).digest(), place) for place in ring)[
        : _BITS * _COPIES
    ]
    shifts = [int.from_bytes(digest[:4], "little") / 2**32 * _STEP for digest, _ in drawn]
    down, across = zip(*(place for _, place in drawn), strict=True)
    return (np.array(down, np.intp), np.array(across, np.intp)), np.array(shifts)


def _with(image: Image.Image, change: Image.Image) -> Image.Image:
    """The image with a change of brightness laid over it, strip by strip: a large one is not held as floats."""
    marked = image.copy()
    wide, high = _SIDE / image.width, _SIDE / image.height
    for box in strips(image.size):
        left, top, right, bottom = box
        seen = (left * wide, top * high, right * wide, bottom * high)
        levels = change.resize((right - left, bottom - top), Image.Resampling.BICUBIC, box=seen)
        pixels = np.array(image.crop(box))
        colours = pixels[..., :3].astype(np.float32) + np.asarray(levels)[..., None]
        pixels[..., :3] = np.clip(np.rint(colours), 0, 255).astype(np.uint8)
        marked.paste(Image.fromarray(pixels), box)
    return marked
