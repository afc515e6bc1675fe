"""A JPEG without the segments that do not decide about its pixels, and the profile and EXIF it carried.

Of several pictures in one file (thumbnails, gain maps, the other eye) it is the first.
"""

from __future__ import annotations

import re

from pingvas.engine.images.file_parts import MAX_EXIF, MAX_PROFILE, FileParts

SIGNATURE = b"\xff\xd8"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
"""How a segment with XMP begins."""

_END = 0xD9
_SCAN = 0xDA
_COMMENT = 0xFE
# What follows the pixels of a scan: neither a stuffed byte nor a mark to restart at.
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
# Fill bytes may stand before any marker.
_MARKER = re.compile(rb"\xff+[^\xff]", re.DOTALL)
_ICC, _EXIF, _JFIF, _ADOBE = b"ICC_PROFILE\0", b"Exif\0\0", b"JFIF\0", b"Adobe"


def take_jpeg_apart(data: bytes) -> FileParts:
    """`data` begins with SIGNATURE; the rest may be anything. What cannot be followed is left to the decoder."""
    view, place, passes = memoryview(data), len(SIGNATURE), 0
    kept: list[bytes | memoryview] = [SIGNATURE]
    told: dict[str, bytes] = {}
    pieces: dict[tuple[int, int], bytes] = {}
    exif = b""
    comment = xmp = None
    while True:
        marker, body, end = _segment(data, place)
        if marker is None:
            kept.append(view[place:])
            passes += data.count(b"\xff\xda", place)
            break
        segment = bytes(view[body:end]) if 0xE0 <= marker <= 0xEF else b""
        if marker == _SCAN:
            passes += 1
            found = _NEXT_MARKER.search(data, end)
            end = len(data) if found is None else found.end() - 2
        if marker == 0xE1 and segment.startswith(_EXIF):
            # Longer ones go on in the next segment.
            exif += segment[len(_EXIF) :] if len(exif) <= MAX_EXIF else b""
        elif marker == 0xE1 and segment.startswith(XMP):
            xmp = xmp or segment[len(XMP) :]
        elif marker == _COMMENT:
            comment = comment or bytes(view[body:end])
        elif marker == 0xE2 and segment.startswith(_ICC) and len(segment) > 14:
            pieces.setdefault((segment[13], segment[12]), segment[14:])
        elif marker == 0xE0 and segment.startswith(_JFIF) and len(segment) >= 14:
            kept.append(b"" if "jfif" in told else view[place:end])
            told.setdefault("jfif", segment)
        elif marker == 0xEE and segment.startswith(_ADOBE) and len(segment) >= 12:
            # It says how the colours are mixed.
            kept.append(b"" if "adobe" in told else view[place:end])
            told.setdefault("adobe", segment)
        elif not 0xE0 <= marker <= 0xEF:
            kept.append(view[place:end])
        place = end
        if marker == _END or place >= len(data):
            break
    return FileParts(
        b"".join(kept),
        profile=_joined(pieces),
        exif=_EXIF + exif if 0 < len(exif) <= MAX_EXIF else None,
        comment=comment,
        xmp=xmp,
        passes=passes,
    )


def _segment(data: bytes, place: int) -> tuple[int | None, int, int]:
    """The marker at `place`, and where its segment's body begins and ends; no marker where there is none to follow."""
    found = _MARKER.match(data, place)
    if found is None:
        return None, place, place
    place = found.end() - 2
    marker = data[place + 1]
    if marker == _END or marker == 0x01 or 0xD0 <= marker <= 0xD7:
        return marker, place + 2, place + 2
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    end = place + 2 + length
    if length < 2 or end > len(data):
        return None, place, place
    return marker, place + 4, end


def _joined(pieces: dict[tuple[int, int], bytes]) -> bytes | None:
    """A profile of all its pieces (of how many, which), or None where one is missing or it is too long."""
    count = next(iter(pieces), (0, 0))[0]
    wanted = [(count, number) for number in range(1, count + 1)]
    if not wanted or any(piece not in pieces for piece in wanted):
        return None
    profile = b"".join(pieces[piece] for piece in wanted)
    return profile if len(profile) <= MAX_PROFILE else None
