"""What a picture file says about how it was made, in whatever place and encoding a program wrote it. Needs no torch.

Only what reads as such is believed: cameras and people write other things into the same places.
"""

from __future__ import annotations

import html
import logging
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import iTXt

from pingvas.engine.images.dialects.invokeai import read_dream
from pingvas.engine.images.dialects.json_text import looks_like_json
from pingvas.engine.images.dialects.read import says_how_made
from pingvas.engine.images.file_parts import MAX_XMP, XMP

log = logging.getLogger(__name__)

OUR_KEY = "pingvas"
INFOTEXT = "parameters"
# Text chunks of a PNG that say how it was made; the second ones only when they read so, for anybody writes into them.
_CHUNKS = (OUR_KEY, INFOTEXT, "prompt", "workflow", "invokeai_metadata", "sd-metadata")
_CHUNKS_OF_ANYBODY = ("Comment", "Description", "UserComment")
# What NovelAI writes beside its comment, whose first version has no prompt of its own.
_BESIDE_A_COMMENT = ("Software", "Source", "Title", "Description")
_SCHEMES = frozenset({"fooocus", "a1111"})

EXIF_IFD, USER_COMMENT, MAKER_NOTE = 0x8769, 0x9286, 0x927C
_PLAIN_NOTE, _PACKED_NOTE, _MAX_UNPACKED = b"pingvas\0", b"pingvas\x01", 1024 * 1024
# Descriptions, and two names of the camera's in which ComfyUI writes; `XPComment` is in UTF-16.
_PLAIN_TAGS = (0x010E, 0x0110, 0x010F)
_XP_COMMENT = 0x9C9C
_COMFY = re.compile(r"(?:prompt|workflow):(?=\s*\{)")

_BIG, _LITTLE, _EIGHT = "utf-16-be", "utf-16-le", "utf-8"
# The eight bytes before a comment name its character set; what is tried, in order, for they are often wrong.
_CHARACTER_SETS: dict[bytes, tuple[str, ...]] = {
    b"UNICODE\0": (_BIG, _LITTLE, _EIGHT, "latin-1"),
    b"ASCII\0\0\0": (_EIGHT, _BIG, _LITTLE, "latin-1"),
    b"JIS\0\0\0\0\0": ("iso2022_jp_2", _EIGHT, "euc_jp", "cp932", _BIG, _LITTLE),
    b"\0" * 8: (_EIGHT, _BIG, _LITTLE, "latin-1"),
}
_UNNAMED = (_EIGHT, _BIG, _LITTLE, "latin-1")
_MARKS_OF_ORDER = {b"\xef\xbb\xbf": _EIGHT, b"\xfe\xff": _BIG, b"\xff\xfe": _LITTLE}
_NO_WORDS = re.compile(r"[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_XMP_NAMES = "exif:UserComment|dc:description|tiff:ImageDescription|xmp:Description"
_XMP_ELEMENT = re.compile(rf"<({_XMP_NAMES})\b[^<>]{{0,200}}>")
_XMP_ATTRIBUTE = re.compile(rf"\b(?:{_XMP_NAMES})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_XML_TAG = re.compile(r"<[^<>]*>")
_MOST_ELEMENTS = 20


def find_notes(image: Image.Image) -> dict[str, str]:
    """Texts that say how a picture was made, under the names of a PNG's chunks: `parameters` is infotext, or JSON of
    another program; `pingvas` our own JSON. Never raises."""
    found = dict(_in_chunks(image))
    if found:
        return found
    try:
        tags = image.getexif()
        details = tags.get_ifd(EXIF_IFD)
    except Exception:  # a broken note is no reason to refuse a sound picture
        log.debug("a picture's notes cannot be read", exc_info=True)
        tags, details = Image.Exif(), {}
    ours = _decode_note(details.get(MAKER_NOTE))
    if ours is not None:
        found[OUR_KEY] = ours
    told = next((text for text in _everywhere_else(image, tags, details) if text is not None), None)
    if told is not None:
        found[INFOTEXT] = told
    return found


def encode_notes(texts: Mapping[str, str], room: int) -> dict[int, bytes]:
    """The EXIF tags that hold texts of `find_notes`; what has no room (bytes) is left out, infotext first.

    Our JSON is packed where it would not fit beside the infotext otherwise, and plain English takes half the room.
    """
    infotext = texts.get(INFOTEXT, "")
    comment = b"UNICODE\0" + infotext.encode(_BIG) if infotext else b""
    if len(comment) > room and infotext.isascii():
        comment = b"ASCII\0\0\0" + infotext.encode()
    note = _PLAIN_NOTE + texts[OUR_KEY].encode() if OUR_KEY in texts else b""
    if note and len(note) + len(comment) > room:
        note = _PACKED_NOTE + zlib.compress(texts[OUR_KEY].encode())
    tags = {}
    for tag, value in ((MAKER_NOTE, note), (USER_COMMENT, comment)):
        if value and len(value) <= room:
            tags[tag] = value
            room -= len(value)
    return tags


def _decode_note(value: Any) -> str | None:
    """Our JSON in EXIF's MakerNote; None when that is a camera's."""
    if not isinstance(value, bytes):
        return None
    if value.startswith(_PACKED_NOTE):
        try:
            value = zlib.decompressobj().decompress(value.removeprefix(_PACKED_NOTE), _MAX_UNPACKED)
        except zlib.error:
            return None
    elif not value.startswith(_PLAIN_NOTE):
        return None
    return bytes(value.removeprefix(_PLAIN_NOTE)).decode("utf-8", "replace")


def decode_comment(value: Any) -> str | None:
    """EXIF's UserComment when it says how a picture was made, else None.

    A mark of order decides; without one, the first reading that says so: the bytes before it are often wrong.
    """
    if isinstance(value, str):
        return _told(value) or _told_in(value.encode("latin-1", "replace"), _UNNAMED)
    if not isinstance(value, bytes):
        return None
    name = value[:8].upper()
    body, tried = (value[8:], _CHARACTER_SETS[name]) if name in _CHARACTER_SETS else (value, _UNNAMED)
    return _told_in(body, tried)


def is_words(text: str) -> bool:
    """Whether a text is one that somebody wrote, and not bytes that were read in a wrong way."""
    return _NO_WORDS.search(text) is None


def decode_chunk(text: str) -> str:
    """A text chunk of a PNG: tEXt and zTXt are Latin-1 by the book, and UTF-8 when they can be read so."""
    if isinstance(text, iTXt):
        return str(text)
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _in_chunks(image: Image.Image) -> Iterator[tuple[str, str]]:
    """What a PNG says; chunks behind its pixels are known once it was loaded."""
    if image.format != "PNG":
        return
    texts = {name: decode_chunk(text) for name, text in image.info.items() if isinstance(text, str)}
    yield from ((name, texts[name]) for name in _CHUNKS if name in texts)
    if "Dream" in texts and read_dream(texts["Dream"]) is not None:
        yield "Dream", texts["Dream"]
    if INFOTEXT in texts and texts.get("fooocus_scheme") in _SCHEMES:
        yield "fooocus_scheme", texts["fooocus_scheme"]
    if texts.get("Software") == "NovelAI" and looks_like_json(texts.get("Comment", "")):
        yield from ((name, texts[name]) for name in ("Comment", *_BESIDE_A_COMMENT) if name in texts)
        return
    yield from ((name, texts[name]) for name in _CHUNKS_OF_ANYBODY if name in texts and _told(texts[name]))


def _everywhere_else(image: Image.Image, tags: Image.Exif, details: dict[int, Any]) -> Iterator[str | None]:
    """What stands in the places where other programs write, in the order in which they are believed."""
    yield decode_comment(details.get(USER_COMMENT))
    for tag in _PLAIN_TAGS:
        value = tags.get(tag)
        if isinstance(value, str):
            value = decode_chunk(value)
            comfy = _COMFY.match(value)
            yield _told(value[comfy.end() :] if comfy else value)
    value = tags.get(_XP_COMMENT)
    if isinstance(value, bytes):
        yield _told_in(value, (_LITTLE,))
    comment = image.info.get("comment")
    if isinstance(comment, bytes):
        yield _told_in(comment, _UNNAMED)
    yield from map(_told, _in_xmp(image.info.get(XMP)))


def _in_xmp(packet: Any) -> Iterator[str]:
    """Texts in an XMP packet, which is XML: two patterns are enough, and no parser follows what it says."""
    if isinstance(packet, bytes):
        packet = packet.decode("utf-8", "replace")
    if not isinstance(packet, str) or len(packet) > MAX_XMP:
        return
    for element in islice(_XMP_ELEMENT.finditer(packet), _MOST_ELEMENTS):
        end = packet.find(f"</{element[1]}>", element.end())
        yield html.unescape(_XML_TAG.sub("", packet[element.end() : end])) if end > 0 else ""
    for attribute in islice(_XMP_ATTRIBUTE.finditer(packet), _MOST_ELEMENTS):
        yield html.unescape(attribute[1] or attribute[2] or "")


def _told_in(body: bytes, encodings: Sequence[str]) -> str | None:
    for mark, encoding in _MARKS_OF_ORDER.items():
        if body.startswith(mark):
            return _told(body.removeprefix(mark).decode(encoding, "replace"))
    for encoding in encodings:
        whole = body[: len(body) - len(body) % 2] if encoding.startswith("utf-16") else body
        try:
            text = _told(whole.decode(encoding))
        except UnicodeError:
            continue
        if text is not None:
            return text
    return None


def _told(text: str) -> str | None:
    """The text without what fills it up, when it says how a picture was made."""
    text = text.strip("\0 \t\r\n")
    return text if "\0" not in text and says_how_made(text) else None
