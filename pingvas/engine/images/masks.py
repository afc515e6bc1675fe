"""Where to repaint: masks, their soft edges, the region around them, and putting what was painted back. Needs no torch.

A mask is a Pillow picture of mode L: 255 repaints, 0 keeps the pixel exactly as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter, ImageOps

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.transparency import LARGE_PIXELS, laid_on, opaque, strips

Box = tuple[int, int, int, int]

# What lossy files make of pure black and pure white.
_NOISE = 8
_TO_ENDS = [0 if value < _NOISE else 255 if value > 255 - _NOISE else value for value in range(256)]
_LANCZOS = Image.Resampling.LANCZOS


def mask_of(source: Image.Image, mask: Image.Image | None, *, invert: bool = False) -> Image.Image:
    """The mask for `source`: the brightness of `mask` (white repaints), or without one where `source` is transparent.

    Transparent parts of `mask` count as black; nearly black and nearly white are made quite so. Raises
    InvalidParameters when the sizes differ, when nothing says where, and when nothing is left to repaint.
    """
    if mask is not None:
        if mask.size != source.size:
            raise InvalidParameters(
                f"the mask is {mask.width}×{mask.height} and the source {source.width}×{source.height}; "
                "make them the same size"
            )
        found = laid_on(mask, "black").convert("L")
    elif source.has_transparency_data:
        found = ImageChops.invert(source.convert("RGBA").getchannel("A"))
    else:
        raise InvalidParameters(
            "nothing says where to repaint: give a mask, or a source that is transparent there"
        )
    found = found.point(_TO_ENDS)
    if invert:
        found = ImageChops.invert(found)
    if found.getbbox() is None:
        raise InvalidParameters(
            "nothing to repaint: the mask is empty; paint white where the picture may change"
        )
    return found


def soften(mask: Image.Image, blur: float) -> Image.Image:
    """`mask` with its edges blurred over `blur` pixels (the deviation of a Gaussian); 0 leaves it hard."""
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur > 0 else mask


def fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """RGB of `width` x `height`: scaled to cover it, cut equally from both sides, what is transparent on white."""
    return ImageOps.fit(opaque(image), (width, height), _LANCZOS)


def fit_clear(image: Image.Image, width: int, height: int) -> Image.Image:
    """RGBA of `width` x `height`: scaled and cut as `fit` does, and as clear as it was."""
    return ImageOps.fit(image.convert("RGBA"), (width, height), _LANCZOS)


def fit_mask(mask: Image.Image, width: int, height: int) -> Image.Image:
    """`mask` scaled and cut as `fit` does the source it belongs to. Raises InvalidParameters when nothing is left."""
    fitted = (
        mask if mask.size == (width, height) else ImageOps.fit(mask, (width, height), Image.Resampling.BOX)
    )
    if fitted.getbbox() is None:
        raise InvalidParameters(
            f"nothing to repaint: at {width}×{height} the mask lies outside of the picture; "
            "take the source's proportions or move the mask"
        )
    return fitted


def compose(original: Image.Image, painted: Image.Image, soft_mask: Image.Image) -> Image.Image:
    """`painted` where `soft_mask` is 255, `original` (RGB, of the same size) untouched where it is 0, else between."""
    return Image.composite(painted, original, soft_mask)


def latent_mask(mask: Image.Image, factor_w: int, factor_h: int) -> npt.NDArray[np.float32]:
    """(h, w) from 0 to 1 with a value for every `factor_w` x `factor_h` pixels: the largest among them.

    A latent that touches the mask is repainted whole, so nothing of the old picture is left inside. Sides that are no
    multiple are rounded up.
    """
    values = np.asarray(mask, np.float32) / 255
    height, width = math.ceil(mask.height / factor_h), math.ceil(mask.width / factor_w)
    values = np.pad(values, ((0, height * factor_h - mask.height), (0, width * factor_w - mask.width)))
    largest: npt.NDArray[np.float32] = values.reshape(height, factor_h, width, factor_w).max(axis=(1, 3))
    return largest


@dataclass(frozen=True)
class Region:
    """The part of a picture that is rendered alone, at `width` x `height`: `box`, which has their proportions.

    A box that must be wider or higher than the picture reaches over its edges, where edge pixels are repeated.
    """

    box: Box
    width: int
    height: int

    def crop(self, image: Image.Image) -> Image.Image:
        """What is seen of `image` (RGB, RGBA or a mask), at the size to render."""
        left, top, right, bottom = self.box
        inside = self._inside(image.size)
        over = (inside[0] - left, inside[1] - top, right - inside[2], bottom - inside[3])
        shown, size = image.crop(inside), (self.width, self.height)
        if any(over) and self._pixels > LARGE_PIXELS:
            # Made small before its edges are repeated: the box may be far larger than the picture.
            across, down = self.width / (right - left), self.height / (bottom - top)
            over = (
                round(over[0] * across),
                round(over[1] * down),
                round(over[2] * across),
                round(over[3] * down),
            )
            size = (max(1, self.width - over[0] - over[2]), max(1, self.height - over[1] - over[3]))
            return _with_edges(shown.resize(size, self._filter(image, shown)), over).resize(
                (self.width, self.height), _LANCZOS
            )
        if any(over):
            shown = _with_edges(shown, over)
        return shown.resize(size, self._filter(image, shown))

    def put_back(self, original: Image.Image, rendered: Image.Image, soft_mask: Image.Image) -> Image.Image:
        """`original` (RGB) with `rendered` in the box, as far as `soft_mask` (as large as `original`) lets it show.

        Outside of the box nothing is touched; a large box is put back strip by strip.
        """
        left, top, right, bottom = self.box
        whole, inside = original.copy(), self._inside(original.size)
        if self._pixels <= LARGE_PIXELS:
            large = rendered.resize((right - left, bottom - top), _LANCZOS)
            pieces: Iterable[tuple[Box, Image.Image]] = [(inside, large.crop(_moved(inside, -left, -top)))]
        else:
            pieces = self._strips_of(rendered, inside)
        for place, piece in pieces:
            whole.paste(compose(original.crop(place), piece, soft_mask.crop(place)), place)
        return whole

    @property
    def _pixels(self) -> int:
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)

    def _inside(self, size: tuple[int, int]) -> Box:
        """What of the box lies on a picture of this size."""
        left, top, right, bottom = self.box
        return max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)

    def _filter(self, image: Image.Image, shown: Image.Image) -> Image.Resampling:
        return Image.Resampling.BOX if image.mode == "L" and shown.width > self.width else _LANCZOS

    def _strips_of(self, rendered: Image.Image, inside: Box) -> Iterator[tuple[Box, Image.Image]]:
        """`rendered` enlarged to the box, where that is `inside`."""
        left, top, right, bottom = self.box
        across, down = rendered.width / (right - left), rendered.height / (bottom - top)
        for strip in strips((inside[2] - inside[0], inside[3] - inside[1])):
            place = _moved(strip, inside[0], inside[1])
            seen = (
                (place[0] - left) * across,
                (place[1] - top) * down,
                min(rendered.width, (place[2] - left) * across),
                min(rendered.height, (place[3] - top) * down),
            )
            yield place, rendered.resize((place[2] - place[0], place[3] - place[1]), _LANCZOS, box=seen)


def _moved(box: Box, right: int, down: int) -> Box:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def _with_edges(image: Image.Image, over: Box) -> Image.Image:
    """`image` with its edge pixels repeated over so many pixels to the left, the top, the right and the bottom."""
    pixels = np.asarray(image)
    sides = [(over[1], over[3]), (over[0], over[2])] + [(0, 0)] * (pixels.ndim - 2)
    return Image.fromarray(np.pad(pixels, sides, mode="edge"))


def region_around(
    mask: Image.Image, soft_mask: Image.Image, *, padding: int, width: int, height: int
) -> Region:
    """The smallest region of the proportions `width` : `height` around `mask` and `padding` pixels.

    All of `soft_mask` lies inside, or its edge would be cut off and show. The box is grown inside the picture as long
    as there is room.
    """
    inner, soft = mask.getbbox(), soft_mask.getbbox()
    if inner is None or soft is None:
        raise InvalidParameters(
            "nothing to repaint: the mask is empty; paint white where the picture may change"
        )
    left = max(0, min(inner[0] - padding, soft[0]))
    top = max(0, min(inner[1] - padding, soft[1]))
    right = min(mask.width, max(inner[2] + padding, soft[2]))
    bottom = min(mask.height, max(inner[3] + padding, soft[3]))
    grown_width = max(right - left, round((bottom - top) * width / height))
    grown_height = max(bottom - top, round((right - left) * height / width))
    left, right = _grown(left, right, grown_width, mask.width)
    top, bottom = _grown(top, bottom, grown_height, mask.height)
    return Region((left, top, right, bottom), width, height)


def _grown(low: int, high: int, length: int, limit: int) -> tuple[int, int]:
    """An interval of `length` around the middle of `low` to `high`, inside 0 to `limit` if it fits, else around it."""
    start = low - (length - (high - low)) // 2
    start = max(0, min(start, limit - length)) if length <= limit else (limit - length) // 2
    return start, start + length
