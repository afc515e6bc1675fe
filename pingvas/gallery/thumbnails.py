"""Thumbnails made anew of pictures that are stored already."""

from pingvas.engine.images.decode import as_seen, open_image, take_apart, upright
from pingvas.engine.images.image_files import FORMATS, thumbnail


class CannotRead(ValueError):
    """What is stored is no picture that can be read."""


def thumbnail_of(data: bytes) -> bytes:
    """The thumbnail of a stored picture, a WebP. Takes a moment. Raises CannotRead."""
    try:
        with open_image(take_apart(data), FORMATS) as opened:
            opened.load()
            return thumbnail(as_seen(upright(opened)))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever the bytes drive them to
        raise CannotRead from error
