"""What a picture looks like, in 256 bits: pictures that look alike differ in few of them (dHash, 16 × 16)."""

import numpy as np
from PIL import Image

from pingvas.engine.images.transparency import opaque

SIDE = 16
BITS = SIDE * SIDE


def look_hash(image: Image.Image) -> str:
    """256 digits, 0 and 1: whether each cell of a coarse grey copy is darker than the one to its right."""
    grey = opaque(image).convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    cells = np.asarray(grey, dtype=np.int16)
    darker = cells[:, :-1] < cells[:, 1:]
    return "".join("1" if bit else "0" for bit in darker.flat)
