"""A WebP without the chunks that do not decide about its pixels, and the profile and EXIF it carried.

Of an animation it keeps the first frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pingvas.engine.images.file_parts import MAX_EXIF, MAX_PROFILE, MAX_XMP, FileParts

# What the header of an extended file says of chunks that are taken out: a profile, EXIF, XMP.
PROFILE_FLAG, EXIF_FLAG, XMP_FLAG = 0x20, 0x08, 0x04
_FLAGS_OUT = PROFILE_FLAG | EXIF_FLAG | XMP_FLAG
_PIXELS = (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def take_webp_apart(data: bytes) -> FileParts:
    """`is_webp(data)` holds; the rest may be anything. The size in its header is written anew."""
    view, place = memoryview(data), 12
    kept: list[bytes | memoryview] = []
    profile = exif = xmp = None
    size_told: tuple[int, int] | None = None
    frames = 0
    while place + 8 <= len(data):
        kind, (size,) = data[place : place + 4], struct.unpack_from("<I", data, place + 4)
        end = place + 8 + size
        if end > len(data):
            if kind in _PIXELS:
                size_told = size_told or _size(kind, data[place + 8 : place + 18])
                kept.append(view[place:])  # cut off, and the decoder says so
            break
        body = view[place + 8 : end]
        size_told = size_told or _size(kind, bytes(body[:10]))
        if kind == b"VP8X" and size >= 10 and not kept:
            kept += [view[place : place + 8], bytes([body[0] & ~_FLAGS_OUT]), body[1:], b"\0" * (size % 2)]
        elif kind == b"ANIM" or kind in _PIXELS:
            frames += kind == b"ANMF"
            if kind != b"ANMF" or frames == 1:
                kept += [view[place:end], b"\0" * (size % 2)]
        elif kind == b"ICCP" and profile is None and size <= MAX_PROFILE:
            profile = bytes(body)
        elif kind == b"EXIF" and exif is None and size <= MAX_EXIF:
            exif = bytes(body)
        elif kind == b"XMP " and xmp is None and size <= MAX_XMP:
            xmp = bytes(body)
        place = end + size % 2
    chunks = b"".join(kept)
    whole = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
    return FileParts(whole, profile=profile, exif=exif, xmp=xmp, size=size_told)


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of every whole chunk of a file; what is cut off at its end is left out."""
    place = 12
    while place + 8 <= len(data):
        (size,) = struct.unpack_from("<I", data, place + 4)
        body = data[place + 8 : place + 8 + size]
        if len(body) < size:
            return
        yield data[place : place + 4], body
        place += 8 + size + size % 2


def _size(kind: bytes, body: bytes) -> tuple[int, int] | None:
    """Width and height by the header of a canvas or of a picture."""
    if len(body) < 10:
        body = body.ljust(10, b"\0")
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return width, height
    return None
