"""A picture that somebody sends in: checked, cleaned, and read for what it says about how it was made.

Bytes from outside are believed in nothing. What is kept is always encoded anew from the pixels, so it holds nothing
but a picture: PNG pixels stay as they are; JPEG and WebP are lossy, and are encoded as near to what came as they can. AVIF
and HEIF, which cameras write and not everything reads, are kept as JPEG, or as PNG where something in them is clear.
Where, when and with what camera it was taken is dropped; how it was made and that AI made it stays, but for the ids of the images it was made
from: those are kept beside the file alone. Colours look as they did: a profile
goes along where the file can carry it, and is applied to the pixels where not.
"""

import io
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

from pingvas.base.errors import Invalid, TooLarge, Unsupported
from pingvas.engine.images import image_files
from pingvas.engine.images.colour_profiles import applies, changes, space_of
from pingvas.engine.images.decode import (
    as_seen,
    begins_as_picture,
    colour_mode,
    is_turned,
    open_image,
    take_apart,
    upright,
)
from pingvas.engine.images.dialects.read import says_how_made
from pingvas.engine.images.file_parts import XMP, FileParts
from pingvas.engine.images.heif_boxes import codec_of
from pingvas.engine.images.labels import label_in, xmp_of
from pingvas.engine.images.notes import EXIF_IFD, INFOTEXT, encode_notes, find_notes
from pingvas.engine.images.stealth_notes import read_stealth
from pingvas.engine.images.thumbnails import Thumbnails, make_thumbnails, shrunk
from pingvas.gallery.foreign_metadata import METADATA, raw_texts
from pingvas.gallery.named_images import names_images, read_ours, texts_without_images, with_images_of

log = logging.getLogger(__name__)

FORMATS = dict(zip(image_files.FORMATS, ("png", "jpg", "webp"), strict=True))
"""What Pillow calls a format, and what the database does. Of what else is read, `_kept_format` says as what it is kept."""
_READ = (*FORMATS, "AVIF", "HEIF")
# Of each text that says how a picture was made.
_MAX_TOLD = 1024 * 1024
# JPEG keeps all of EXIF in one segment of 64 KiB.
_MAX_NOTES = {"jpg": 65_000, "webp": _MAX_TOLD}
# A progressive JPEG comes in about ten passes; each one costs a walk over all its pixels.
_MAX_PASSES = 200
# Pixels times passes: the largest picture in ten of them, which takes some seconds.
_MAX_PIXEL_PASSES = 10 * 8192 * 8192
# Measured: the most that decoding and encoding take at once, by what makes copies of the pixels.
_BYTES_A_PIXEL = {
    "PNG": 4,
    "JPEG": 4,
    "turned": 8,
    "JPEG in passes": 10,
    "AVIF": 14,
    "HEIF": 15,
    "profile applied": 16,
    "WEBP": 22,
}
_MEMORY_BEFORE = 160 * 1024 * 1024
"""Of address space: Python, numpy, Pillow, and the files."""
# A longer profile (a printer's table) would outweigh the picture: it is applied instead of carried.
_MAX_PROFILE = 256 * 1024
# What of it goes into the database.
_MAX_PARAMETERS = 512 * 1024
_MAX_TEXT, _MAX_ITEMS, _MAX_DEPTH = 20_000, 200, 6

_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


class NotAnImage(Unsupported):
    default_detail = "Only PNG, JPEG, WebP, AVIF and HEIC pictures are taken."


class DamagedImage(Invalid):
    default_detail = "This picture is damaged: it cannot be read to its end."


class TooManyPixels(TooLarge):
    default_detail = "This picture has more pixels than are taken."


class TooManyPasses(TooLarge):
    default_detail = f"This JPEG is stored in more passes than are taken: at most {_MAX_PASSES}."


class PictureTooCostly(TooLarge):
    default_detail = "This picture takes more memory or time to decode than is given to one. Save it with fewer pixels, or as a plain PNG."


class LargePicture(TooLarge):
    """It was not decoded: it has more pixels, times passes, than were to be decoded here."""


@dataclass(frozen=True)
class CheckedImage:
    """A picture as it is kept: its bytes, its thumbnails, its size in pixels, and what it says of itself."""

    data: bytes
    thumbnails: Thumbnails
    format: str
    width: int
    height: int
    parameters: dict[str, Any]


def check_image(
    data: bytes,
    *,
    max_side: int,
    max_pixels: int,
    decode_pixels: int | None = None,
    memory: int | None = None,
) -> CheckedImage:
    """Read, turn upright, clean and encode a picture. Of an animation, the first frame.

    Takes seconds for a large one, and belongs into the decoder's child. Raises NotAnImage, TooManyPixels, TooManyPasses,
    PictureTooCostly (beyond `memory`, in bytes), LargePicture (beyond `decode_pixels`) and DamagedImage, the last for pixels
    alone: what else is wrong with a file is dropped.
    """
    parts = take_apart(data)
    if parts.passes > _MAX_PASSES:
        raise TooManyPasses(extra={"max_passes": _MAX_PASSES})
    if parts.size is not None:
        _check_size(parts.size, max_side=max_side, max_pixels=max_pixels)
        _check_cost(parts.size, "WEBP", 1, decode_pixels, memory)
    begins = begins_as_picture(data) or codec_of(data) is not None
    with _open(parts, begins, max_side, max_pixels) as opened:
        _check_size(opened.size, max_side=max_side, max_pixels=max_pixels)
        _check_cost(opened.size, _kind(opened, parts.passes), parts.passes, decode_pixels, memory)
        try:
            opened.load()
            _check_size(opened.size, max_side=max_side, max_pixels=max_pixels)  # a header may tell another
            said, format = _notes_of(opened), _kept_format(opened)
            turned = upright(opened)
            if turned is not opened:
                opened.im = turned.im  # the pixels as they lay are needed no more
            label = label_in(opened.info.get(XMP))
            kept = _encode(turned, opened, format, texts_without_images(said), label)
            small = make_thumbnails(shrunk(turned))
        except (MemoryError, TooManyPixels):
            raise
        except Exception as error:  # decoders and encoders raise whatever the bytes drive them to
            raise DamagedImage from error
    return CheckedImage(kept, small, format, turned.width, turned.height, parameters_told(kept, said))


def _kept_format(image: Image.Image) -> str:
    """As what a decoded picture is kept."""
    kept = FORMATS.get(str(image.format))
    if kept is not None:
        return kept
    if not image.has_transparency_data:
        return "jpg"
    return "png" if image.getchannel("A").getextrema() != (255, 255) else "jpg"


def _notes_of(image: Image.Image) -> dict[str, str]:
    """What is said beside the pixels, or else in them."""
    said = find_notes(image)
    hidden = None if said else read_stealth(image)
    return {INFOTEXT: hidden} if hidden is not None and says_how_made(hidden) else said


def _kind(image: Image.Image, passes: int) -> str:
    """By which its memory is known: a name of `_BYTES_A_PIXEL`."""
    if image.format not in FORMATS:
        return str(image.format)
    if _needs_profile(image) and _carried_profile(image, FORMATS[str(image.format)]) is None:
        return "profile applied"
    if passes > 1:
        return "JPEG in passes"
    return "turned" if is_turned(image) else str(image.format)


def _check_cost(
    size: tuple[int, int], kind: str, passes: int, decode_pixels: int | None, memory: int | None
) -> None:
    """What decoding will cost, known from the header."""
    pixels = size[0] * size[1]
    if decode_pixels is not None and pixels * passes > decode_pixels:
        raise LargePicture
    if pixels * passes > _MAX_PIXEL_PASSES:
        raise PictureTooCostly
    if memory is None:
        return
    most = (memory - _MEMORY_BEFORE) // _BYTES_A_PIXEL[kind]
    if pixels > most:
        raise PictureTooCostly(
            f"This picture has {size[0]}×{size[1]} pixels; of its kind ({kind}) at most {most} in all can be decoded. Save it "
            "with fewer pixels, or as a plain PNG or JPEG.",
            extra={"max_pixels": most},
        )


def _open(parts: FileParts, begins: bool, max_side: int, max_pixels: int) -> Image.Image:
    try:
        return open_image(parts, _READ)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels("far more", max_side, max_pixels) from error
    except UnidentifiedImageError as error:
        raise (DamagedImage if begins else NotAnImage) from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever the bytes drive them to
        raise DamagedImage from error


def _check_size(size: tuple[int, int], *, max_side: int, max_pixels: int) -> None:
    width, height = size
    if max(width, height) > max_side or width * height > max_pixels:
        raise _too_many_pixels(f"{width}×{height}", max_side, max_pixels)


def _too_many_pixels(size: str, max_side: int, max_pixels: int) -> TooManyPixels:
    return TooManyPixels(
        f"This picture has {size} pixels; at most {max_side} a side and {max_pixels} in all are taken.",
        extra={"max_side": max_side, "max_pixels": max_pixels},
    )


def _encode(
    image: Image.Image, source: Image.Image, format: str, said: Mapping[str, str], label: str | None
) -> bytes:
    """The pixels of `image`, what is `said` about how it was made and the label that AI did, as a file that looks as `source`
    does."""
    buffer = io.BytesIO()
    profile, xmp = _carried_profile(image, format), {} if label is None else {"xmp": xmp_of(label)}
    image = image if profile is not None or not _needs_profile(image) else as_seen(image)
    if format == "png":
        plain = image if image.mode in _PNG_MODES else image.convert("RGBA")
        short = {name: text for name, text in said.items() if len(text) <= _MAX_TOLD}
        texts = image_files.text_chunks(short, label)
        plain.save(buffer, "PNG", pnginfo=texts, compress_level=4, icc_profile=profile, exif=b"")
    elif format == "webp":
        notes = _in_exif(said, _MAX_NOTES[format])
        image.save(buffer, "WEBP", quality=95, method=4, exif=notes, icc_profile=profile, **xmp)
    else:
        notes = _in_exif(said, _MAX_NOTES[format])
        image = image.convert("RGB") if image.mode == "RGBA" else image
        kept: dict[str, Any] = {"exif": notes, "comment": b"", "icc_profile": profile, **xmp}
        try:
            if image is not source:
                raise ValueError("turned or converted: its blocks are others now")
            image.save(buffer, "JPEG", quality="keep", **kept)
        except (ValueError, OSError):
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=95, subsampling=0, **kept)
    return buffer.getvalue()


def _carried_profile(image: Image.Image, format: str) -> bytes | None:
    """The profile that goes along with the pixels as they are; None where there is none, or none that a file may have."""
    profile, mode = image.info.get("icc_profile"), colour_mode(image)
    if not isinstance(profile, bytes) or len(profile) > _MAX_PROFILE or mode == "CMYK":
        return None
    # A grey PNG may not have a profile for colour, and who shows it may pass over one.
    if format == "png" and space_of(profile) != mode:
        return None
    return profile if applies(profile, mode) else None


def _needs_profile(image: Image.Image) -> bool:
    """Whether the pixels without their profile would look different; those of inks always would."""
    profile, mode = image.info.get("icc_profile"), colour_mode(image)
    return mode == "CMYK" or (isinstance(profile, bytes) and changes(profile, mode))


def _in_exif(said: Mapping[str, str], room: int) -> bytes:
    """The EXIF of a JPEG or WebP that says how it was made, and nothing else; `room` in bytes."""
    found = {name: text.encode("utf-8", "replace").decode() for name, text in said.items()}
    kept = Image.Exif()
    kept.get_ifd(EXIF_IFD).update(encode_notes(found, room))
    return kept.tobytes() if kept.get_ifd(EXIF_IFD) else b""


def parameters_told(kept: bytes, said: Mapping[str, str]) -> dict[str, Any]:
    """What the kept file says, and which images were named in what was `said`, as the database can hold it; empty when
    it says nothing."""
    try:
        texts = image_files.read_notes_of(kept)
        found = image_files.find_ours(texts)
        told = image_files.find_told(texts) if found is None else None
    except (ValueError, RecursionError, OSError, SyntaxError):
        return {}
    if told is not None:
        return _fitting(told.parameters(), told.named_parts() | {"raw": raw_texts(texts)})
    if found is None:
        return {}
    found.pop(METADATA, None)  # what another program said is never what ours says of itself
    named = read_ours(said)
    if named is not None and names_images(named):
        found = with_images_of(found, named)
    return _fitting(found, None)


def _fitting(parameters: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Both as the database can hold them; nothing when that is too much."""
    clean = _storable(parameters, _MAX_DEPTH)
    if metadata is not None:
        clean[METADATA] = _storable(metadata, _MAX_DEPTH)
    return clean if len(json.dumps(clean, ensure_ascii=False).encode()) <= _MAX_PARAMETERS else {}


def _storable(value: Any, depth: int) -> Any:
    """Text without NUL and half characters, numbers that are numbers, and nothing endless."""
    if isinstance(value, str):
        return value[:_MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth and isinstance(value, Mapping):
        pairs = list(value.items())[:_MAX_ITEMS]
        return {_storable(str(name), 0)[:200]: _storable(item, depth - 1) for name, item in pairs}
    if depth and isinstance(value, list):
        return [_storable(item, depth - 1) for item in value[:_MAX_ITEMS]]
    return None
