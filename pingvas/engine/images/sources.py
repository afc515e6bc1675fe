"""Opens pictures that people bring: their bytes may be anything. Needs no torch."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from pingvas.engine.errors import InvalidParameters

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# As many as the largest picture that can be made has.
MAX_PIXELS = 8192 * 8192

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_picture(data: bytes, what: str = "the source") -> Image.Image:
    """The picture in `data`, upright, decoded, RGB or (where it has transparency) RGBA; of a moving one the first frame.

    Raises InvalidParameters, which says `what` is wrong, for anything that is no sound picture of a known format
    and bearable size.
    """
    # Pillow warns of odd files; the one who brought it hears of what matters by the error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _open(data, what)
        except InvalidParameters:
            raise
        except Image.DecompressionBombError as error:
            raise _too_large(what) from error
        except UnidentifiedImageError as error:
            names = ", ".join(FORMATS)
            raise InvalidParameters(f"{what} is no picture that can be read; use one of {names}") from error
        # Every decoder has its own errors for a damaged file, and all of them mean the same here.
        except Exception as error:
            raise InvalidParameters(
                f"{what} is a damaged picture ({error}); save it anew and upload it again"
            ) from error


def _open(data: bytes, what: str) -> Image.Image:
    if not data:
        raise InvalidParameters(f"{what} is empty; upload it again")
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        # Before anything is decoded: the size stands in the header.
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(what, f"{image.width}×{image.height}")
        image.load()
        upright = _turned(image)
        if upright.mode.startswith("I"):
            # Sixteen bits of grey, which Pillow would cut off at 255.
            deep = np.asarray(upright).astype(np.int64)
            upright = Image.fromarray((deep.clip(0, 65535) >> 8).astype(np.uint8))
        picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    picture.info.clear()
    return picture


def _turned(image: Image.Image) -> Image.Image:
    """A file whose EXIF cannot be read is shown as it lies, as browsers do."""
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001 (a parser of foreign bytes; the picture itself is sound)
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _too_large(what: str, size: str = "far more") -> InvalidParameters:
    return InvalidParameters(
        f"{what} is too large ({size} pixels); at most {MAX_PIXELS // 1_000_000} million pixels can be taken"
    )
