"""Opens pictures that people bring: their bytes may be anything. Needs no torch."""

from __future__ import annotations

import warnings

from PIL import Image, UnidentifiedImageError

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.decode import as_seen, begins_as_picture, open_image, take_apart, upright

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# As many as the largest picture that can be made has.
MAX_PIXELS = 8192 * 8192


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
    with open_image(take_apart(data), FORMATS) as image:
        # Before anything is decoded: the size stands in the header.
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(what, f"{image.width}×{image.height}")
        image.load()
        return as_seen(upright(image))


def _damaged(what: str, why: object) -> InvalidParameters:
    return InvalidParameters(f"{what} is a damaged picture ({why}); save it anew and upload it again")


def _too_large(what: str, size: str = "far more") -> InvalidParameters:
    return InvalidParameters(
        f"{what} is too large ({size} pixels); at most {MAX_PIXELS // 1_000_000} million pixels can be taken"
    )
