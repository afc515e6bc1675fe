"""Pictures as files: PNG, JPEG and WebP that say how they were made, and thumbnails. Needs no torch.

Each file carries infotext, which other programs read, and our own JSON, which is exact.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pingvas.engine.images.infotext import read_infotext, write_infotext
from pingvas.engine.images.transparency import opaque

CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
THUMBNAIL_SIDE = 320
OUR_KEY = "pingvas"

_EXIF_IFD = 0x8769
_MAKER_NOTE = 0x927C
_USER_COMMENT = 0x9286
_UNICODE = b"UNICODE\0"
# JPEG keeps all of EXIF in one segment of 64 KiB; our JSON is what can be left out.
_EXIF_ROOM = 65_000


def encode(image: Image.Image, format: str, parameters: Mapping[str, Any], *, version: str) -> bytes:
    """A file in `format` (`png`, `jpg`, `webp`) with `parameters` written into it. `version` names the program."""
    buffer = io.BytesIO()
    infotext = _writable(write_infotext(parameters, version=version))
    ours = _writable(json.dumps(dict(parameters), ensure_ascii=False, separators=(",", ":"), default=str))
    if format == "png":
        texts = PngInfo()
        texts.add_text("parameters", infotext)
        texts.add_text(OUR_KEY, ours)
        image.save(buffer, "PNG", pnginfo=texts, compress_level=4)
    elif format == "jpg":
        opaque(image).save(buffer, "JPEG", quality=95, subsampling=0, exif=_exif(infotext, ours))
    elif format == "webp":
        image.save(buffer, "WEBP", quality=95, method=4, exif=_exif(infotext, ours))
    else:
        raise ValueError(f"no such format: {format}")
    return buffer.getvalue()


def thumbnail(image: Image.Image) -> bytes:
    """A WebP that fits 320 px of an image as people see it, on white; a smaller picture keeps its size."""
    small = opaque(image)
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=82, method=4)
    return buffer.getvalue()


def read_parameters(data: bytes) -> dict[str, Any] | None:
    """What a picture says about how it was made, or None. Prefers our JSON, which is exact, to infotext."""
    with Image.open(io.BytesIO(data)) as image:
        texts: Mapping[str, Any] = getattr(image, "text", {})
        infotext, ours = texts.get("parameters"), texts.get(OUR_KEY)
        if not texts:
            tags = image.getexif().get_ifd(_EXIF_IFD)
            infotext, ours = _user_comment(tags.get(_USER_COMMENT)), _maker_note(tags.get(_MAKER_NOTE))
    try:
        found = json.loads(ours) if ours else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return read_infotext(infotext) if infotext else None


def _exif(infotext: str, ours: str) -> Image.Exif:
    exif = Image.Exif()
    comment = _UNICODE + infotext.encode("utf-16-be")
    note = OUR_KEY.encode() + b"\0" + ours.encode()
    tags = exif.get_ifd(_EXIF_IFD)
    tags[_USER_COMMENT] = comment[: _EXIF_ROOM - _EXIF_ROOM % 2]
    if len(comment) + len(note) <= _EXIF_ROOM:
        tags[_MAKER_NOTE] = note
    return exif


def _user_comment(value: Any) -> str | None:
    if not isinstance(value, bytes) or not value.startswith(_UNICODE):
        return None
    return value.removeprefix(_UNICODE).decode("utf-16-be", "replace")


def _maker_note(value: Any) -> str | None:
    prefix = OUR_KEY.encode() + b"\0"
    if not isinstance(value, bytes) or not value.startswith(prefix):
        return None
    return value.removeprefix(prefix).decode("utf-8", "replace")


def _writable(text: str) -> str:
    """Without what no text chunk can hold: NUL ends one, and half a surrogate pair has no encoding."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
