"""The one way from a file's bytes to what people see: upright, the first frame, in sRGB, in eight bits.

Sources, masks, ControlNets' images and thumbnails all come from here. What may be clear comes out as RGBA; whoever
needs it opaque lays it on white (`transparency.opaque`). Needs no torch.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pingvas.engine.images import heif_boxes, jpeg_segments, png_chunks, webp_chunks
from pingvas.engine.images.colour_profiles import adobe_rgb, to_srgb
from pingvas.engine.images.file_parts import XMP, FileParts

_ORIENTATION, _EXIF_IFD, _INTEROP_IFD = 0x0112, 0x8769, 0xA005
_COLOUR_SPACE, _INTEROP_INDEX = 0xA001, 1
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def take_apart(data: bytes) -> FileParts:
    """A file of any kind without what does not decide about its pixels."""
    if data.startswith(png_chunks.SIGNATURE):
        return png_chunks.take_png_apart(data)
    if data.startswith(jpeg_segments.SIGNATURE):
        return jpeg_segments.take_jpeg_apart(data)
    if webp_chunks.is_webp(data):
        return webp_chunks.take_webp_apart(data)
    if heif_boxes.codec_of(data) is not None:
        return heif_boxes.take_heif_apart(data)
    return FileParts(data)


def begins_as_picture(data: bytes) -> bool:
    """Whether a file begins as a PNG, JPEG or WebP does, whatever follows: if it cannot be read, it is damaged."""
    return data.startswith((png_chunks.SIGNATURE, jpeg_segments.SIGNATURE)) or webp_chunks.is_webp(data)


def open_image(parts: FileParts, formats: tuple[str, ...]) -> Image.Image:
    """A Pillow image, not decoded yet, with the file's EXIF and profile (`icc_profile`) in `info`.

    Raises what Pillow raises for bytes that are no such picture, or one of far too many pixels.
    """
    codec = heif_boxes.codec_of(parts.data)
    if codec is not None and codec in formats:
        heif_boxes.prepare_codec(codec)
        tried: tuple[str, ...] = (codec,)
    else:
        tried = tuple(format for format in formats if format not in heif_boxes.CODECS)
    image = Image.open(io.BytesIO(parts.data), formats=tried)
    if codec is not None:
        heif_boxes.bound_what_it_says(image)
    if parts.exif is not None:
        image.info["exif"] = parts.exif
    if parts.comment is not None:
        image.info["comment"] = parts.comment
    if parts.xmp is not None:
        image.info[XMP] = parts.xmp
    profile = parts.profile or (adobe_rgb() if _says_adobe_rgb(image) else None)
    if profile is not None:
        image.info["icc_profile"] = profile
    return image


def upright(image: Image.Image) -> Image.Image:
    """As the camera's note says it was held. A note that cannot be read changes nothing."""
    turn = _turn(image)
    return image if turn is None else image.transpose(turn)


def is_turned(image: Image.Image) -> bool:
    """Whether `upright` will make a copy."""
    return _turn(image) is not None


def _turn(image: Image.Image) -> Image.Transpose | None:
    # Pillow would decode a PNG to look for a note behind its pixels; all that there is was taken out before.
    if image.format == "PNG" and "exif" not in image.info:
        return None
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001 (a parser of foreign bytes; the picture itself is sound)
        return None
    return _TURNS.get(orientation) if isinstance(orientation, int) else None


def as_seen(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where it may be clear, in sRGB, of a decoded image of any mode and its `icc_profile`."""
    alpha, colours = _alpha(image), _colours(image)
    colours.info.clear()
    seen = to_srgb(colours, image.info.get("icc_profile"))
    if alpha is not None:
        seen.putalpha(alpha)
    seen.info.clear()
    return seen


def colour_mode(image: Image.Image) -> str:
    """L, RGB or CMYK: what the numbers of an image are, whatever else its mode holds."""
    if image.mode in ("1", "L", "LA", "La") or image.mode.startswith("I"):
        return "L"
    return "CMYK" if image.mode == "CMYK" else "RGB"


def _colours(image: Image.Image) -> Image.Image:
    """The image in eight bits and in its `colour_mode`, without transparency."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey, which Pillow would cut off at 255. Of sixteen bits of colour it takes the same byte.
        deep = np.asarray(image).clip(0, 65535)
        np.right_shift(deep, 8, out=deep)  # in place, for a copy of the largest picture is 268 MB
        return Image.fromarray(deep.astype(np.uint8))
    if image.mode in ("P", "PA") and image.has_transparency_data:
        image = image.convert("RGBA")
    return image.convert(colour_mode(image))


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I"):
        clear = np.asarray(image) == image.info["transparency"]
        return Image.fromarray(np.where(clear, 0, 255).astype(np.uint8))
    return image.convert("RGBA").getchannel("A")


def _says_adobe_rgb(image: Image.Image) -> bool:
    """Cameras name Adobe RGB in EXIF (2, or R03 by the rules for their file systems) and often carry no profile."""
    if "exif" not in image.info or image.format == "PNG":  # a PNG tells its colours by itself
        return False
    try:
        exif = image.getexif()
        space = exif.get_ifd(_EXIF_IFD).get(_COLOUR_SPACE)
        index = str(exif.get_ifd(_INTEROP_IFD).get(_INTEROP_INDEX, ""))
    except Exception:  # noqa: BLE001 (a parser of foreign bytes; the picture itself is sound)
        return False
    return space == 2 or (space != 1 and index.startswith("R03"))
