"""Notes in the lowest bits of a picture's pixels: `stealth_pnginfo` and its three relatives. Needs no torch.

Column by column stand a signature, the length in bits (32 of them) and a text, packed by gzip or not: in the alpha channel
one bit a pixel, else in red, green and blue three. Only as many columns are looked at as the length asks for, up to a bound.
"""

from __future__ import annotations

import zlib

import numpy as np
from PIL import Image

MAX_PACKED = 256 * 1024
"""Bytes that are taken out of the pixels: two million pixels of alpha hold them."""
MAX_UNPACKED = 1024 * 1024

_SIGNATURES = {
    "A": {b"stealth_pnginfo": False, b"stealth_pngcomp": True},
    "RGB": {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True},
}
_SIGNATURE, _LENGTH = 15, 4
_GZIP = 16 + zlib.MAX_WBITS


def read_stealth(image: Image.Image) -> str | None:
    """The text in the pixels of a decoded image; None when there is none, or one that is damaged or too long."""
    for channels, signatures in _SIGNATURES.items():
        if image.mode not in ("RGB", "RGBA") or not set(channels) <= set(image.mode):
            continue
        head = _bytes(image, channels, _SIGNATURE + _LENGTH)
        packed = signatures.get(head[:_SIGNATURE])
        if packed is None or len(head) < _SIGNATURE + _LENGTH:
            continue
        length = int.from_bytes(head[_SIGNATURE:], "big") // 8
        if not 0 < length <= MAX_PACKED:
            continue
        body = _bytes(image, channels, _SIGNATURE + _LENGTH + length)[_SIGNATURE + _LENGTH :]
        text = _text(body, packed) if len(body) == length else None
        if text is not None:
            return text
    return None


def _bytes(image: Image.Image, channels: str, count: int) -> bytes:
    """So many bytes, or as many as there are."""
    columns = min(image.width, -(-8 * count // (image.height * len(channels))))
    part = np.asarray(image.crop((0, 0, columns, image.height)))
    lowest = part[..., 3:] if channels == "A" else part[..., :3]
    bits = (lowest & 1).transpose(1, 0, 2).reshape(-1)[: 8 * count]
    return np.packbits(bits[: len(bits) - len(bits) % 8]).tobytes()


def _text(body: bytes, packed: bool) -> str | None:
    if packed:
        unpacking = zlib.decompressobj(_GZIP)
        try:
            body = unpacking.decompress(body, MAX_UNPACKED + 1)
        except zlib.error:
            return None
        if not unpacking.eof or len(body) > MAX_UNPACKED:
            return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
