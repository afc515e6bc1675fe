"""A PNG without the chunks that do not decide about its pixels, and the profile and EXIF it carried.

However the colours are told (cICP, iCCP, sRGB, gAMA and cHRM), what comes out is an ICC profile, or nothing for sRGB.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from pingvas.engine.images.colour_profiles import Chromaticities, profile_of_cicp, profile_of_gamma
from pingvas.engine.images.file_parts import MAX_EXIF, MAX_PROFILE, MAX_XMP, FileParts, inflate

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 1024 * 1024
"""Bytes of one text, unpacked; Pillow takes no longer ones either."""
MAX_TEXTS = 16 * MAX_TEXT
"""Bytes of all texts together."""

_END = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# So much of the room for texts goes even for one of a single letter, or a million of them would take minutes.
_LEAST = 1024
_COLOURS = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_HEEDED = {*_TEXTS, *_COLOURS, b"iCCP", b"eXIf", b"tRNS"}
# XMP as its specification has it in a PNG: not packed, in no language.
_XMP = b"XML:com.adobe.xmp\0\0\0\0\0"
# Pillow would read an orientation out of these, which no browser heeds.
_NO_TEXTS = (b"XML:com.adobe.xmp", b"Raw profile type ")
_GREY, _RGB, _PALETTE = 0, 2, 3


def take_png_apart(data: bytes) -> FileParts:
    """`data` begins with SIGNATURE; the rest may be anything."""
    kept: list[bytes | memoryview] = [SIGNATURE]
    colours: dict[bytes, bytes] = {}
    exif: bytes | None = None
    xmp: bytes | None = None
    room = MAX_TEXTS
    depth = colour = -1
    begun = False
    for kind, whole in chunks_of(data):
        body = whole[8:-4]
        if kind == b"IHDR" and len(body) == 13 and depth < 0:
            depth, colour = body[8], body[9]
        if kind == b"PLTE" and colour == _RGB:
            continue  # a suggestion for screens of few colours
        if kind == b"IDAT":
            begun = True
        if not kind[0] & 0x20:
            kept.append(whole)
        elif kind not in _HEEDED or (kind in _TEXTS and room <= 0) or not _sound(whole):
            continue
        elif kind == b"iTXt" and body[: len(_XMP)] == _XMP:
            room -= _LEAST
            if xmp is None and len(body) <= MAX_XMP:
                xmp = bytes(body[len(_XMP) :])
        elif kind in _TEXTS:
            fits, cost = _weigh_text(kind, bytes(body[: MAX_TEXT + 1]), min(room, MAX_TEXT))
            room -= cost
            if fits:
                kept.append(whole)
        elif kind == b"eXIf" and exif is None and len(body) <= MAX_EXIF:
            exif = bytes(body)
        elif begun:
            continue
        elif kind == b"tRNS":
            kept.extend(_transparency(bytes(body), depth, colour))
        elif kind == b"iCCP" or _COLOURS.get(kind) == len(body):
            colours.setdefault(kind, bytes(body))
    return FileParts(b"".join(kept), profile=_profile(colours), exif=exif, xmp=xmp)


def chunks_of(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and bytes, with length and check, of every chunk up to the end; a missing end is put there.

    Pixels that are cut off are passed on as they are, and nothing after them.
    """
    view, place = memoryview(data), len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, end = data[place + 4 : place + 8], place + 12 + length
        if not kind.isalpha() or kind == b"IEND":
            break
        if end > len(data):
            if not kind[0] & 0x20:
                yield kind, view[place:]
                return
            break
        yield kind, view[place:end]
        place = end
    yield b"IEND", memoryview(_END)


def _sound(whole: memoryview) -> bool:
    return zlib.crc32(whole[4:-4]) == int.from_bytes(whole[-4:], "big")


def _weigh_text(kind: bytes, body: bytes, room: int) -> tuple[bool, int]:
    """Whether a text chunk is sound, of use and not too long; and the bytes that were unpacked to know, at least 1024."""
    keyword, _, rest = body.partition(b"\0")
    if len(body) > room or not 1 <= len(keyword) < 80 or keyword.startswith(_NO_TEXTS):
        return False, _LEAST
    if kind == b"tEXt":
        return True, max(_LEAST, len(body))
    packed, method, text = True, rest[:1], rest[1:]
    if kind == b"iTXt":
        # A flag, the method, a language, the keyword in that language, the text.
        parts = rest[2:].split(b"\0", 2)
        if rest[:1] not in (b"\0", b"\1") or len(parts) < 3:
            return False, _LEAST
        packed, method, text = rest[:1] == b"\1", rest[1:2], parts[2]
    if not packed:
        return True, max(_LEAST, len(body))
    if method != b"\0":
        return False, _LEAST
    unpacked = inflate(text, room)
    return unpacked is not None, room if unpacked is None else max(_LEAST, len(unpacked))


def _transparency(body: bytes, depth: int, colour: int) -> list[bytes]:
    """The tRNS chunk, its colour in the scale that Pillow gives the pixels; nothing where it has no place."""
    if colour == _PALETTE and 0 < len(body) <= 256:
        told = body
    elif colour == _GREY and len(body) == 2 and depth in (1, 2, 4, 8, 16):
        value = int.from_bytes(body, "big") & ((1 << depth) - 1)
        told = (value if depth == 16 else value * 255 // ((1 << depth) - 1)).to_bytes(2, "big")
    elif colour == _RGB and len(body) == 6:
        told = body if depth == 8 else b"".join(b"\0" + body[place : place + 1] for place in (0, 2, 4))
    else:
        return []
    return [struct.pack(">I", len(told)), b"tRNS", told, struct.pack(">I", zlib.crc32(b"tRNS" + told))]


def _profile(told: dict[bytes, bytes]) -> bytes | None:
    """By the order of the PNG specification: cICP, iCCP, sRGB, gAMA and cHRM."""
    if b"cICP" in told:
        primaries, transfer, matrix, full_range = told[b"cICP"]
        profile = profile_of_cicp(primaries, transfer) if matrix == 0 and full_range == 1 else None
        if profile is not None:
            return profile
    if b"iCCP" in told:
        name, _, packed = told[b"iCCP"].partition(b"\0")
        if name and packed[:1] == b"\0":
            profile = inflate(packed[1:], MAX_PROFILE)
            if profile is not None:
                return profile
    if b"sRGB" in told:
        return None
    gamma = int.from_bytes(told[b"gAMA"], "big") / 100_000 if b"gAMA" in told else None
    points: Chromaticities | None = None
    if b"cHRM" in told:
        values = [value / 100_000 for value in struct.unpack(">8I", told[b"cHRM"])]
        white, red, green, blue = ((values[place], values[place + 1]) for place in (0, 2, 4, 6))
        points = Chromaticities(white, red, green, blue)
    return None if gamma is None and points is None else profile_of_gamma(gamma, points)
