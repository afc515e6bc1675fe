"""Pictures as files: PNG, JPEG and WebP that say how they were made. Needs no torch.

Each file carries infotext, which other programs read, and our own JSON, which is exact.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pingvas.base.visible_text import shows_something
from pingvas.engine.images.dialects.read import read_notes
from pingvas.engine.images.dialects.told import Told
from pingvas.engine.images.infotext import write_infotext
from pingvas.engine.images.labels import XMP_KEYWORD, xmp_of
from pingvas.engine.images.notes import (
    EXIF_IFD,
    INFOTEXT,
    OUR_KEY,
    USER_COMMENT,
    encode_notes,
    find_notes,
    is_words,
)
from pingvas.engine.images.transparency import opaque

FORMATS = ("PNG", "JPEG", "WEBP")
"""As Pillow calls them."""
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

# JPEG keeps all of EXIF in one segment of 64 KiB.
_EXIF_ROOM = 65_000


def encode(
    image: Image.Image,
    format: str,
    parameters: Mapping[str, Any],
    *,
    version: str,
    label: str | None = None,
) -> bytes:
    """A file in `format` (`png`, `jpg`, `webp`) with `parameters` written into it, and the `label` that says it was made by AI.
    `version` names the program."""
    buffer = io.BytesIO()
    infotext = _writable(write_infotext(parameters, version=version))
    ours = _writable(json.dumps(dict(parameters), ensure_ascii=False, separators=(",", ":"), default=str))
    texts = {INFOTEXT: infotext, OUR_KEY: ours}
    if format == "png":
        image.save(buffer, "PNG", pnginfo=text_chunks(texts, label), compress_level=4)
    elif format == "jpg":
        beside = _beside(parameters, texts, version, label)
        opaque(image).save(buffer, "JPEG", quality=95, subsampling=0, **beside)
    elif format == "webp":
        beside = _beside(parameters, texts, version, label)
        image.save(buffer, "WEBP", quality=95, method=4, **beside)
    else:
        raise ValueError(f"no such format: {format}")
    return buffer.getvalue()


def text_chunks(texts: Mapping[str, str], label: str | None = None) -> PngInfo:
    """Texts as chunks of a PNG: those that are not ASCII as iTXt, for the other chunk is read in two ways. Infotext comes
    first, where programs expect it, and the label last."""
    chunks = PngInfo()
    for name, text in texts.items():
        (chunks.add_text if text.isascii() else chunks.add_itxt)(name, _writable(text))
    if label is not None:
        chunks.add_itxt(XMP_KEYWORD, xmp_of(label).decode())
    return chunks


def read_parameters(data: bytes) -> dict[str, Any] | None:
    """What a picture says about how it was made, or None. Prefers our JSON, which is exact, to what others write."""
    said = read_notes_of(data)
    ours = find_ours(said)
    if ours is not None:
        return ours
    told = find_told(said)
    return None if told is None else told.parameters()


def read_notes_of(data: bytes) -> dict[str, str]:
    """The texts in a file that say how it was made (`notes.find_notes`)."""
    with Image.open(io.BytesIO(data)) as image:
        # Our PNGs have no EXIF, and Pillow would decode all pixels to look for it behind them.
        if image.format == "PNG":
            image.info.setdefault("exif", b"")
        return find_notes(image)


def find_ours(notes: Mapping[str, str]) -> dict[str, Any] | None:
    """Our own JSON; None when there is none that can be read."""
    try:
        found = json.loads(notes.get(OUR_KEY, ""))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def find_told(notes: Mapping[str, str]) -> Told | None:
    """What texts of other programs say; None when that is nothing that one can see."""
    told = read_notes({name: text for name, text in notes.items() if name != OUR_KEY})
    if told is None:
        return None
    told = replace(told, prompt=_words(told.prompt), negative_prompt=_words(told.negative_prompt))
    says = shows_something(told.prompt) or told.parameters().keys() - {"prompt", "negative_prompt"}
    return told if says else None


def _words(text: str) -> str:
    return text if is_words(text) else ""


def _beside(
    parameters: Mapping[str, Any], texts: Mapping[str, str], version: str, label: str | None
) -> dict[str, Any]:
    """What a JPEG or a WebP holds beside its pixels."""
    xmp = {} if label is None else {"xmp": xmp_of(label)}
    return {"exif": _exif(parameters, texts, version), **xmp}


def _exif(parameters: Mapping[str, Any], texts: Mapping[str, str], version: str) -> Image.Exif:
    exif = Image.Exif()
    tags = encode_notes(texts, _EXIF_ROOM)
    longest = _EXIF_ROOM
    while USER_COMMENT not in tags and longest > 0:
        # Other programs need the settings behind the prompts, so the prompts are cut.
        longest //= 2
        short = write_infotext(parameters, version=version, longest=longest)
        tags = encode_notes({**texts, INFOTEXT: _writable(short)}, _EXIF_ROOM)
    exif.get_ifd(EXIF_IFD).update(tags)
    return exif


def _writable(text: str) -> str:
    """Without what no text chunk can hold: NUL ends one, and half a surrogate pair has no encoding."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
