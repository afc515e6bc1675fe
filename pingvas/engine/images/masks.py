"""Where to repaint: masks, their soft edges, the region around them, and putting what was painted back. Needs no torch.

A mask is a Pillow picture of mode L: 255 repaints, 0 keeps the pixel exactly as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter, ImageOps

from pingvas.engine.errors import InvalidParameters

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
        found = _on(mask, "black").convert("L")
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


def opaque(image: Image.Image) -> Image.Image:
    """RGB: what is transparent lies on white."""
    return _on(image, "white").convert("RGB")


def filled(image: Image.Image) -> Image.Image:
    """RGB: what is transparent takes the colours around it, which say more to a model than the black most files hold.

    Opaque and half transparent pixels keep their own colours exactly.
    """
    if not image.has_transparency_data:
        return image.convert("RGB")
    pixels = np.asarray(image.convert("RGBA"))
    alpha = pixels[..., 3:].astype(np.float32) / 255
    # Layers of ever wider surroundings, each seen through the holes of the one before.
    known = np.concatenate([pixels[..., :3] * alpha, alpha * 255], axis=2)
    layer = known
    size = image.size
    while layer[..., 3].min() < 1 and max(size) > 1:
        size = (math.ceil(size[0] / 2), math.ceil(size[1] / 2))
        wide = _resized(_resized(known, size), image.size)
        layer = np.where(layer[..., 3:] < 1, wide, layer)
    around = layer[..., :3] / np.maximum(layer[..., 3:] / 255, 1e-6)
    around = np.where(layer[..., 3:] > 0, around, 255)
    colours = np.where(alpha > 0, pixels[..., :3], np.clip(np.rint(around), 0, 255))
    return Image.fromarray(colours.astype(np.uint8))


def fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """RGB of `width` x `height`: scaled to cover it, cut equally from both sides, what is transparent on white."""
    upright = ImageOps.exif_transpose(image)
    return ImageOps.fit(opaque(upright), (width, height), _LANCZOS)


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
        """What is seen of `image` (RGB or a mask), at the size to render."""
        left, top, right, bottom = self.box
        over = (max(0, -left), max(0, -top), max(0, right - image.width), max(0, bottom - image.height))
        inside = image.crop((left + over[0], top + over[1], right - over[2], bottom - over[3]))
        if any(over):
            pixels = np.asarray(inside)
            sides = [(over[1], over[3]), (over[0], over[2])] + [(0, 0)] * (pixels.ndim - 2)
            inside = Image.fromarray(np.pad(pixels, sides, mode="edge"))
        filter = Image.Resampling.BOX if image.mode == "L" and inside.width > self.width else _LANCZOS
        return inside.resize((self.width, self.height), filter)

    def put_back(self, original: Image.Image, rendered: Image.Image, soft_mask: Image.Image) -> Image.Image:
        """`original` (RGB) with `rendered` in the box, as far as `soft_mask` (as large as `original`) lets it show."""
        left, top, right, bottom = self.box
        whole = original.copy()
        whole.paste(rendered.resize((right - left, bottom - top), _LANCZOS), (left, top))
        return compose(original, whole, soft_mask)


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


def _on(image: Image.Image, colour: str) -> Image.Image:
    if not image.has_transparency_data:
        return image
    picture = image.convert("RGBA")
    ground = Image.new("RGBA", picture.size, colour)
    return Image.alpha_composite(ground, picture)


def _resized(pixels: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    planes = [Image.fromarray(np.ascontiguousarray(pixels[..., plane])) for plane in range(pixels.shape[2])]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BOX)) for plane in planes], axis=2)
