"""Puts other notes in the place of those in a picture's file; its pixels and its profile stay, byte for byte. Needs no torch.

For files that this program has written. The label that a picture was made by AI stays. Whatever else a file says beside its pixels
is left out; so are its content credentials, which were signed for the bytes as they were.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from PIL import Image

from pingvas.engine.images.decode import open_image, take_apart
from pingvas.engine.images.image_files import FORMATS, text_chunks
from pingvas.engine.images.jpeg_segments import XMP as JPEG_XMP
from pingvas.engine.images.jpeg_segments import take_jpeg_apart
from pingvas.engine.images.labels import label_of, xmp_of
from pingvas.engine.images.notes import EXIF_IFD, encode_notes, find_notes
from pingvas.engine.images.png_chunks import SIGNATURE as PNG
from pingvas.engine.images.png_chunks import chunks_of
from pingvas.engine.images.webp_chunks import EXIF_FLAG, XMP_FLAG, is_webp, riff_chunks

_SAID_IN_A_PNG = (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"caBX")
_SAID_IN_A_WEBP = (b"EXIF", b"XMP ", b"C2PA")
# What a segment of a JPEG, and EXIF in it, has room for.
_SEGMENT, _EXIF_ROOM = 65_533, 65_000
_WEBP_ROOM = 1024 * 1024
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"


class CannotReplace(ValueError):
    """The file is none of ours, or is damaged."""


def notes_of(data: bytes) -> dict[str, str]:
    """What a file says (`notes.find_notes`). No pixel is decoded. Raises CannotReplace."""
    try:
        with open_image(take_apart(data), FORMATS) as image:
            # Our PNGs have no EXIF, and Pillow would decode all pixels to look for it behind them.
            if image.format == "PNG":
                image.info.setdefault("exif", b"")
            return find_notes(image)
    except Exception as error:  # decoders raise whatever the bytes drive them to
        raise CannotReplace(f"it cannot be opened ({error})") from error


def replace_notes(data: bytes, texts: Mapping[str, str]) -> bytes:
    """The file with `texts`, its label and nothing else beside its pixels. Raises CannotReplace."""
    label = label_of(data)
    if data.startswith(PNG):
        return _in_png(data, texts, label)
    xmp = b"" if label is None else xmp_of(label)
    if is_webp(data):
        return _in_webp(data, _exif(texts, _WEBP_ROOM), xmp)
    if data.startswith(b"\xff\xd8"):
        return _in_jpeg(data, _exif(texts, _EXIF_ROOM), xmp)
    raise CannotReplace("it is no picture")


def _exif(texts: Mapping[str, str], room: int) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD).update(encode_notes(texts, room))
    return exif.tobytes() if exif.get_ifd(EXIF_IFD) else b""


def _in_png(data: bytes, texts: Mapping[str, str], label: str | None) -> bytes:
    kept: list[bytes | memoryview] = [PNG]
    for kind, whole in chunks_of(data):
        if kind not in _SAID_IN_A_PNG:
            kept.append(whole)
        if kind == b"IHDR":
            kept += [_chunk(chunk[0], chunk[1]) for chunk in text_chunks(texts, label).chunks]
    return b"".join(kept)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _in_jpeg(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    parts = take_jpeg_apart(data)
    # The mark of JFIF comes first, where there is one.
    start = 2
    if parts.data[start : start + 2] == b"\xff\xe0":
        start += 2 + int.from_bytes(parts.data[start + 2 : start + 4], "big")
    said = [_segment(0xE1, exif)] if exif else []
    said += [_segment(0xE1, JPEG_XMP + xmp)] if xmp else []
    profile, room = parts.profile or b"", _SEGMENT - len(_ICC) - 2
    pieces = [profile[place : place + room] for place in range(0, len(profile), room)]
    said += [
        _segment(0xE2, _ICC + bytes([number, len(pieces)]) + piece)
        for number, piece in enumerate(pieces, start=1)
    ]
    return b"".join([parts.data[:start], *said, parts.data[start:]])


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _in_webp(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    kept: list[bytes] = []
    said = (EXIF_FLAG if exif else 0) | (XMP_FLAG if xmp else 0)
    for kind, body in riff_chunks(data):
        if kind == b"VP8X" and not kept:
            flags = body[0] & ~(EXIF_FLAG | XMP_FLAG) | said
            kept.append(_riff(kind, bytes([flags]) + body[1:]))
        elif kind not in _SAID_IN_A_WEBP:
            kept.append(_riff(kind, body))
    if said and not (kept and kept[0].startswith(b"VP8X")):
        raise CannotReplace("it has no place for notes")
    if exif:
        kept.append(_riff(b"EXIF", exif.removeprefix(_EXIF)))
    if xmp:
        kept.append(_riff(b"XMP ", xmp))
    chunks = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
