"""A picture's file without how it was made: pixels, profile and label stay as they are, byte for byte. Needs no torch."""

from __future__ import annotations

import struct
import zlib

from pingvas.engine.images.png_chunks import SIGNATURE as PNG
from pingvas.engine.images.replace_notes import CannotReplace, notes_of, replace_notes
from pingvas.engine.images.webp_chunks import is_webp

_LONGEST_COMMENT = 65_533
_PNG_END, _JPEG_END = 12, b"\xff\xd9"


def without_notes(data: bytes) -> bytes:
    """The file as it is given to whoever is not told. Raises CannotReplace."""
    plain = replace_notes(data, {})
    if notes_of(plain):
        raise CannotReplace("it still says how it was made")
    return plain


def without_notes_in_its_size(data: bytes) -> bytes:
    """The same with as many bytes as `data`, nothing standing where something was said: its size is known beforehand.
    Raises CannotReplace."""
    plain = without_notes(data)
    missing = len(data) - len(plain)
    if missing == 0:
        return plain
    if data.startswith(PNG) and missing >= 12:
        # Of no meaning to any program, by its name: it may be passed over, is private, and may be copied.
        body = b"fiLl" + bytes(missing - 12)
        filler = struct.pack(">I", missing - 12) + body + struct.pack(">I", zlib.crc32(body))
        return plain[:-_PNG_END] + filler + plain[-_PNG_END:]
    if is_webp(data) and missing >= 8 and missing % 2 == 0:
        whole = plain + b"JUNK" + struct.pack("<I", missing - 8) + bytes(missing - 8)
        return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]
    if plain.endswith(_JPEG_END) and missing > 0:
        return plain[:-2] + _comments(missing) + _JPEG_END
    raise CannotReplace("it does not keep its size")


def _comments(size: int) -> bytes:
    """Empty comments of a JPEG, and fill bytes for what is too short for one."""
    written = []
    while size >= 4:
        body = min(size - 4, _LONGEST_COMMENT)
        written.append(b"\xff\xfe" + struct.pack(">H", body + 2) + bytes(body))
        size -= body + 4
    return b"".join(written) + b"\xff" * size
