"""Opens pictures that people bring: their bytes may be anything. Needs no torch."""

from __future__ import annotations

import warnings

from PIL import Image, UnidentifiedImageError

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.decode import as_seen, begins_as_picture, open_image, take_apart, upright

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# As many as the largest picture that can be made has.
MAX_PIXELS = 8192 * 8192
# A progressive JPEG comes in about ten passes, and each walks over all pixels.
MAX_PIXEL_PASSES = 10 * MAX_PIXELS


def open_source(data: bytes, what: str = "the source") -> Image.Image:
    """The picture in `data` as people see it (`decode`): RGB or, where it has transparency, RGBA.

    Raises InvalidParameters, which says `what` is wrong, for anything that is no sound picture of a known format
    and bearable size.
    """
    # Pillow warns of odd files; the one who brought it hears of what matters by the error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _open(data, what)
        except (InvalidParameters, MemoryError):
            raise
        except Image.DecompressionBombError as error:
            raise _too_large(what) from error
        except UnidentifiedImageError as error:
            if begins_as_picture(data):
                raise _damaged(what, "its beginning cannot be read") from error
            names = ", ".join(FORMATS)
            raise InvalidParameters(f"{what} is no picture that can be read; use one of {names}") from error
        # Every decoder has its own errors for a damaged file, and all of them mean the same here.
        except Exception as error:
            raise _damaged(what, error) from error


def _open(data: bytes, what: str) -> Image.Image:
    if not data:
        raise InvalidParameters(f"{what} is empty; upload it again")
    parts = take_apart(data)
    if parts.size is not None and parts.size[0] * parts.size[1] > MAX_PIXELS:
        raise _too_large(what, f"{parts.size[0]}×{parts.size[1]}")
    with open_image(parts, FORMATS) as image:
        # Before anything is decoded: the size stands in the header.
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(what, f"{image.width}×{image.height}")
        if image.width * image.height * parts.passes > MAX_PIXEL_PASSES:
            raise InvalidParameters(
                f"{what} is a JPEG stored in {parts.passes} passes; save it anew as a plain one"
            )
        image.load()
        return as_seen(upright(image))


def _damaged(what: str, why: object) -> InvalidParameters:
    return InvalidParameters(f"{what} is a damaged picture ({why}); save it anew and upload it again")


def _too_large(what: str, size: str = "far more") -> InvalidParameters:
    return InvalidParameters(
        f"{what} is too large ({size} pixels); at most {MAX_PIXELS // 1_000_000} million pixels can be taken"
    )
