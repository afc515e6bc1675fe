"""What a picture looks like, in 256 bits: pictures that look alike differ in few of them (dHash, 16 × 16)."""

import io
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from PIL import Image

from pingvas.engine.images.transparency import opaque

SIDE = 16
BITS = SIDE * SIDE


@dataclass(frozen=True)
class ImageHashes:
    """Of a stored file: the SHA-256 of its bytes, and the look of its picture."""

    content: bytes
    look: str


def image_hashes(data: bytes, thumbnail: bytes) -> ImageHashes:
    """Of a file and its thumbnail, which is quick to decode. Raises OSError for a thumbnail that cannot be read."""
    with Image.open(io.BytesIO(thumbnail)) as picture:
        return ImageHashes(sha256(data).digest(), look_hash(picture))


def look_hash(image: Image.Image) -> str:
    """256 digits, 0 and 1: whether each cell of a coarse grey copy is darker than the one to its right."""
    grey = opaque(image).convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    cells = np.asarray(grey, dtype=np.int16)
    darker = cells[:, :-1] < cells[:, 1:]
    return "".join("1" if bit else "0" for bit in darker.flat)
