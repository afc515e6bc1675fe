"""What stands for a picture where it is shown small: two sizes as WebP, and a hash that is there before either. Needs no torch."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from pingvas.engine.images.decode import as_seen, open_image, take_apart, upright
from pingvas.engine.images.thumbhash import thumbhash
from pingvas.engine.images.transparency import opaque

SMALL_SIDE, LARGE_SIDE = 320, 640
"""Pixels: a tile of a grid, and the same on a screen of twice as many."""
CONTENT_TYPE = "image/webp"

_FORMATS = ("PNG", "JPEG", "WEBP")
_ROWS_OF_A_STRIP = 16


@dataclass(frozen=True)
class Thumbnails:
    """Two WebPs, and the bytes of a ThumbHash."""

    small: bytes
    large: bytes
    hash: bytes


class NoThumbnail(Exception):
    """A file that cannot be read."""


def make_thumbnails(image: Image.Image) -> Thumbnails:
    """Of an image as people see it, on white; a picture smaller than one of the sizes keeps its own."""
    large = opaque(image)
    large.thumbnail((LARGE_SIDE, LARGE_SIDE), Image.Resampling.LANCZOS)
    small = large.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    return Thumbnails(_encoded(small), _encoded(large), thumbhash(small))


def thumbnails_of(data: bytes) -> Thumbnails:
    """Of a file that the studio keeps. Raises NoThumbnail."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with open_image(take_apart(data), _FORMATS) as image:
                image.load()
                return make_thumbnails(shrunk(upright(image)))
        except MemoryError:
            raise
        except Exception as error:  # decoders raise whatever the bytes drive them to
            raise NoThumbnail(str(error)) from error


def shrunk(image: Image.Image) -> Image.Image:
    """A decoded image as people see it, a large one shrunk by a whole factor on the way, to make thumbnails of.

    Strip by strip, for a large image as seen is several copies of it.
    """
    factor = min(max(image.size) // (2 * LARGE_SIDE), *image.size)
    if factor < 2:
        return as_seen(image)
    height = factor * _ROWS_OF_A_STRIP
    small: Image.Image | None = None
    for number, top in enumerate(range(0, image.height, height)):
        strip = image.crop((0, top, image.width, min(top + height, image.height)))
        seen = as_seen(strip).reduce(factor)
        if small is None:
            small = Image.new(seen.mode, (seen.width, -(-image.height // factor)))
        small.paste(seen, (0, number * _ROWS_OF_A_STRIP))
    return small if small is not None else as_seen(image)


def _encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=82, method=4)
    return buffer.getvalue()
