"""AVIF and HEIF, which are one kind of file with two codecs: which of them it is, and how its colours are to be read.

Their boxes point at each other by places in the file, so nothing is taken out of it: the decoders get it whole, and what
they found beside the pixels is bounded afterwards. Needs no torch.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from PIL import AvifImagePlugin, Image

from pingvas.engine.images.colour_profiles import profile_of_cicp
from pingvas.engine.images.file_parts import MAX_EXIF, MAX_PROFILE, MAX_XMP, XMP, FileParts

Codec = Literal["AVIF", "HEIF"]
"""As Pillow calls them."""
CODECS = ("AVIF", "HEIF")

_AVIF = (b"avif", b"avis")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
# Brands of the container alone: which codec it is, the others say.
_EITHER = (b"mif1", b"msf1")
# A file says ten or so; of the boxes in a box nobody needs more.
_MOST_BRANDS, _MOST_BOXES = 64, 4096
# The decoder of HEIF would look for more pictures than the first: thumbnails, depths, parts.
_ONE_PICTURE = {"thumbnails": False, "depth_images": False, "aux_images": False}

# Code points of ITU-T H.273. The curves of video, and none that is said, are shown by browsers as that of sRGB.
_SRGB_PRIMARIES, _SRGB_CURVE = 1, 13
_AS_SCREENS = (1, 2, 6, 14, 15)


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    end: int


def codec_of(data: bytes) -> Codec | None:
    """By the brands a file begins with; None: it is neither, as a film is."""
    if data[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(data[:4], "big"), 16 + 4 * _MOST_BRANDS)
    major = data[8:12]
    others = [data[place : place + 4] for place in range(16, size - 3, 4)]
    if major in _AVIF or (major in _EITHER and any(brand in _AVIF for brand in others)):
        return "AVIF"
    return "HEIF" if major in _HEIF + _EITHER else None


def take_heif_apart(data: bytes) -> FileParts:
    """`codec_of(data)` is one; the rest may be anything. The profile is the one that code points mean, if they do."""
    return FileParts(data, profile=_profile_of_code_points(data))


def prepare_codec(codec: Codec) -> None:
    """Loads the decoder, with one thread: those of several would be memory that nobody counted."""
    if codec == "AVIF":
        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
        return
    import pi_heif  # where no picture of this kind comes, nobody loads it

    pi_heif.register_heif_opener(decode_threads=1, **_ONE_PICTURE)


def bound_what_it_says(image: Image.Image) -> None:
    """What the decoder found beside the pixels, within the limits of any other file; XMP at its place."""
    xmp = image.info.pop("xmp", None)
    if isinstance(xmp, bytes) and len(xmp) <= MAX_XMP:
        image.info[XMP] = xmp
    for name, most in (("exif", MAX_EXIF), ("icc_profile", MAX_PROFILE)):
        value = image.info.get(name)
        if not isinstance(value, bytes) or not 0 < len(value) <= most:
            image.info.pop(name, None)


def _profile_of_code_points(data: bytes) -> bytes | None:
    """Of the picture that is shown; None where it carries a profile, or says nothing that is known here."""
    try:
        meta = next((box for box in _boxes(data, 0, len(data)) if box.kind == b"meta"), None)
        if meta is None:
            return None
        parts = {box.kind: box for box in _boxes(data, meta.start + 4, meta.end)}
        properties = {box.kind: box for box in _boxes(data, parts[b"iprp"].start, parts[b"iprp"].end)}
        held = list(_boxes(data, properties[b"ipco"].start, properties[b"ipco"].end))
        shown = _shown_item(data, parts[b"pitm"])
        told = [held[number - 1] for number in _properties_of(data, properties[b"ipma"], shown) if number]
    except (KeyError, IndexError, struct.error):
        return None
    colours = [box for box in told if box.kind == b"colr"]
    kinds = {data[box.start : box.start + 4]: box for box in colours}
    if b"nclx" not in kinds or len(kinds) > 1:
        return None
    code_points = data[kinds[b"nclx"].start + 4 : kinds[b"nclx"].start + 8]
    if len(code_points) < 4:
        return None
    primaries, transfer = struct.unpack(">HH", code_points)
    if transfer in _AS_SCREENS:
        transfer = _SRGB_CURVE
    return (
        None
        if (primaries, transfer) == (_SRGB_PRIMARIES, _SRGB_CURVE)
        else profile_of_cicp(primaries, transfer)
    )


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """Those that lie whole between two places."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        kind = data[start + 4 : start + 8]
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        yield _Box(kind, start + head, start + size)
        start += size


def _shown_item(data: bytes, box: _Box) -> int:
    wide = data[box.start] > 0
    return int(struct.unpack_from(">I" if wide else ">H", data, box.start + 4)[0])


def _properties_of(data: bytes, box: _Box, item: int) -> list[int]:
    """The numbers of an item's properties, from 1."""
    wide_item, wide_number = data[box.start] > 0, bool(data[box.start + 3] & 1)
    (entries,) = struct.unpack_from(">I", data, box.start + 4)
    place = box.start + 8
    for _ in range(min(entries, _MOST_BOXES)):
        (found,) = struct.unpack_from(">I" if wide_item else ">H", data, place)
        place += 4 if wide_item else 2
        count, place = data[place], place + 1
        size = 2 if wide_number else 1
        if found == item:
            spots = range(place, place + count * size, size)
            mask = 0x7FFF if wide_number else 0x7F
            return [int.from_bytes(data[spot : spot + size], "big") & mask for spot in spots]
        place += count * size
    return []
