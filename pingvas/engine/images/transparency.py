"""What is clear: laid on white where only colours are wanted, filled for models, and put back afterwards.

White is the one ground: for models, for thumbnails, for JPEG files and for the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

Size = tuple[int, int]

# Up to so many pixels a picture is worked on as a whole; larger ones in strips of bytes, never as floats of the whole.
LARGE_PIXELS = 2048 * 2048
# Filling what is clear walks over all pixels a dozen times, as floats: a second for so many.
MOST_FILLED_PIXELS = 1024 * 1024
STRIP_PIXELS = 2**20


def opaque(image: Image.Image) -> Image.Image:
    """RGB: what is transparent lies on white."""
    return laid_on(image, "white").convert("RGB")


def laid_on(image: Image.Image, colour: str) -> Image.Image:
    """The image without transparency, RGBA where it had some."""
    if not image.has_transparency_data:
        return image
    laid = Image.new("RGBA", image.size, colour)
    for strip in strips(image.size):
        laid.paste(Image.alpha_composite(laid.crop(strip), image.crop(strip).convert("RGBA")), strip)
    return laid


def strips(size: Size) -> Iterator[tuple[int, int, int, int]]:
    """Boxes from the top to the bottom of a picture of this size, none of much more than STRIP_PIXELS."""
    width, height = size
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(height, top + rows)


def filled(image: Image.Image) -> Image.Image:
    """RGB: what is transparent takes the colours around it, which say more to a model than the black most files hold.

    An RGB image is given back itself, not a copy.

    Opaque and half transparent pixels keep their own colours exactly. Beyond MOST_FILLED_PIXELS the colours around are those
    of a smaller copy, so that memory is needed for the picture's bytes and not for many layers of floats.
    """
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")  # a copy of the largest is 268 MB
    if image.width * image.height > MOST_FILLED_PIXELS:
        return _filled_from_smaller(image.convert("RGBA"))
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


def _filled_from_smaller(image: Image.Image) -> Image.Image:
    """`filled` for a large RGBA picture, strip by strip."""
    shrink = math.sqrt(image.width * image.height / MOST_FILLED_PIXELS)
    small_size = (max(1, int(image.width / shrink)), max(1, int(image.height / shrink)))
    small = filled(image.resize(small_size, Image.Resampling.BOX))
    found = Image.new("RGB", image.size)
    ratio_x, ratio_y = small.width / image.width, small.height / image.height
    for strip in strips(image.size):
        left, top, right, bottom = strip
        box = (left * ratio_x, top * ratio_y, right * ratio_x, min(small.height, bottom * ratio_y))
        around = small.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=box)
        own = image.crop(strip)
        around.paste(own.convert("RGB"), (0, 0), own.getchannel("A").point([0] + [255] * 255))
        found.paste(around, strip)
    return found


def with_clear_parts_of(source: Image.Image, made: Image.Image, soft_mask: Image.Image) -> Image.Image:
    """`made` (RGB), as clear as `source` (RGBA) is where `soft_mask` is 0, opaque where it is 255, between elsewhere.

    Where the mask is 0 every pixel is the source's own, also the colour that nobody sees. RGB if nothing is clear.
    """
    alpha = ImageChops.screen(source.getchannel("A"), soft_mask)
    if alpha.getextrema() == (255, 255):
        return made
    found = made.convert("RGB")
    found.putalpha(alpha)
    found.paste(source, (0, 0), soft_mask.point([255] + [0] * 255))
    return found


def _resized(pixels: npt.NDArray[np.float32], size: Size) -> npt.NDArray[np.float32]:
    planes = [Image.fromarray(np.ascontiguousarray(pixels[..., plane])) for plane in range(pixels.shape[2])]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BOX)) for plane in planes], axis=2)
