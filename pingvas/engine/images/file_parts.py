"""Takes a picture's file apart: what its pixels are decoded from, and what is said beside them, each within a limit.

A decoder never sees what does not decide about the pixels: text that is too long, a profile that cannot be unpacked,
a broken note, a second picture behind the first. Whatever is dropped here is dropped silently, as browsers do; damaged
pixels are passed on as they are, and the decoder says so. Needs no torch.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

MAX_PROFILE = 4 * 1024 * 1024
"""Bytes of a colour profile; a printer's table has two million. A longer one is not applied."""
MAX_EXIF = 1024 * 1024
"""Bytes of EXIF; JPEG has room for 64 KiB in a segment."""
MAX_XMP = 1024 * 1024
"""Bytes of XMP."""
XMP = "xmp packet"
"""Where an opened picture has its XMP: not where Pillow would read an orientation out of it, which no browser heeds."""


@dataclass(frozen=True)
class FileParts:
    """`data` is the file with its pixels and short texts alone; `profile` is an ICC profile, nobody has looked into it.
    `comment` (of a JPEG) and `xmp` may say how the picture was made; nothing else is read out of them.

    `passes` counts the walks over all pixels that a JPEG asks for. `size` (width, height) is known of a WebP, whose decoder
    takes the memory of a canvas as soon as it is opened.
    """

    data: bytes
    profile: bytes | None = None
    exif: bytes | None = None
    comment: bytes | None = None
    xmp: bytes | None = None
    passes: int = 1
    size: tuple[int, int] | None = None


def inflate(packed: bytes | memoryview, limit: int) -> bytes | None:
    """What zlib unpacks, or None where that is damaged, cut off, or more than `limit` bytes. Never unpacks more."""
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(packed, limit + 1)
    except zlib.error:
        return None
    return found if unpacking.eof and len(found) <= limit else None
