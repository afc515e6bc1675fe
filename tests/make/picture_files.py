"""Files of pictures built by hand: chunks and segments of one's own, and colour profiles."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

# Colorants under D50, as the publishers of the spaces give them.
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
_D50 = (0.9642, 1.0, 0.8249)


def saved(image: Image.Image, format: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **how)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


# --- PNG ---------------------------------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes, *, sound: bool = True) -> bytes:
    """A PNG chunk; one that is not sound has a wrong check sum."""
    check = zlib.crc32(kind + data) ^ (0 if sound else 1)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png(width: int, depth: int, colour: int, rows: Sequence[bytes], *chunks: bytes) -> bytes:
    """A PNG of rows of bytes as they stand in the file, with further chunks before its pixels."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", header), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def with_chunk(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks behind its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def before_end(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks behind its pixels."""
    return data[:-12] + b"".join(chunks) + data[-12:]


# --- JPEG and WebP -----------------------------------------------------------------------------------------------------


def segment(marker: int, data: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def with_segment(data: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments at its beginning, behind the JFIF header."""
    return data[:20] + b"".join(segments) + data[20:]


def riff(kind: bytes, data: bytes) -> bytes:
    """A WebP chunk."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp(size: tuple[int, int], flags: int, *chunks: bytes) -> bytes:
    """An extended WebP."""
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    body = b"WEBP" + riff(b"VP8X", bytes([flags, 0, 0, 0]) + sides) + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_pixels(image: Image.Image) -> bytes:
    """The chunk that holds a picture's pixels, without loss."""
    return saved(image, "WEBP", lossless=True)[12:]


# --- colour profiles ---------------------------------------------------------------------------------------------------


def rgb_profile(colorants: Sequence[Sequence[float]], gamma: float) -> bytes:
    """Three primaries and a power."""
    tags = {name + b"XYZ": _xyz(point) for name, point in zip((b"r", b"g", b"b"), colorants, strict=True)}
    tags |= {name + b"TRC": _power(gamma) for name in (b"r", b"g", b"b")}
    return profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    return profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _power(gamma)})


def ink_profile(cyan: tuple[int, int, int]) -> bytes:
    """A printer's: white paper, grey for other inks, and in `cyan` (L from 0 to 255, a and b from 0, 128 is none)."""
    table = b""
    for node in range(16):
        inks = [node >> (3 - place) & 1 for place in range(4)]
        table += bytes(cyan) if inks == [1, 0, 0, 0] else bytes([255 - 60 * sum(inks), 128, 128])
    straight = bytes(range(256))
    unit = struct.pack(">9i", *[65536 * (place % 4 == 0) for place in range(9)])
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + unit + straight * 4 + table + straight * 3
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


def profile(kind: bytes, space: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """An ICC profile of version 2."""
    words = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
    every = {b"desc": words, b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(_D50), **tags}
    table, body, start = struct.pack(">I", len(every)), b"", 132 + 12 * len(every)
    for name, data in every.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02100000, kind, space, connection)
    header += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(_D50)[8:]
    return header.ljust(128, b"\0") + table + body


def _xyz(point: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *[round(value * 65536) for value in point])


def _power(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
