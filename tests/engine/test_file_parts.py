"""What stands beside the pixels never decides about them; damaged pixels are refused all the same."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pingvas.base.errors import StudioError
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.sources import open_source
from pingvas.gallery.uploads import (
    CheckedImage,
    DamagedImage,
    TooManyPasses,
    TooManyPixels,
    check_image,
)
from tests.make.picture_files import (
    SRGB,
    before_end,
    chunk,
    opened,
    png,
    rgb_profile,
    riff,
    saved,
    segment,
    webp,
    webp_pixels,
    with_chunk,
    with_segment,
)

# A node graph of 1.6 MB, as large ones are, and one that fits.
GRAPH = json.dumps({"nodes": [{"id": n, "values": [f"{n * 7919:032x}"]} for n in range(26_000)]}).encode()
BOMB = zlib.compress(bytes(50_000_000))
EXIF_IFD, USER_COMMENT = 0x8769, 0x9286


def check(data: bytes, *, max_side: int = 4096, max_pixels: int = 1 << 24) -> CheckedImage:
    return check_image(data, max_side=max_side, max_pixels=max_pixels)


def drawing() -> Image.Image:
    across, down = np.meshgrid(np.arange(64), np.arange(48))
    return Image.fromarray(np.stack([across * 4, down * 5, (across + down) * 2], axis=2).astype(np.uint8))


PNG, JPEG, WEBP = (
    saved(drawing(), "PNG"),
    saved(drawing(), "JPEG", quality=95),
    saved(drawing(), "WEBP", lossless=True),
)


def packed_text(keyword: bytes, text: bytes) -> bytes:
    return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))


def international(keyword: bytes, text: bytes, *, packed: bool = True) -> bytes:
    told = zlib.compress(text) if packed else text
    return chunk(b"iTXt", keyword + b"\0" + bytes([packed, 0]) + b"\0\0" + told)


SUGGESTED = chunk(b"PLTE", bytes(range(30)), sound=False)
BESIDE_PNG: dict[str, bytes] = {
    "a long text, packed": with_chunk(PNG, packed_text(b"workflow", GRAPH)),
    "a long text, packed, of any language": with_chunk(PNG, international(b"workflow", GRAPH)),
    "a long text of any language": with_chunk(PNG, international(b"workflow", GRAPH, packed=False)),
    "a long text": with_chunk(PNG, chunk(b"tEXt", b"workflow\0" + GRAPH)),
    "a long text behind the pixels": before_end(PNG, packed_text(b"workflow", GRAPH)),
    "a hundred texts of a megabyte": with_chunk(PNG, *[packed_text(b"x", bytes(1_000_000))] * 100),
    "a bomb of text": with_chunk(PNG, chunk(b"zTXt", b"parameters\0\0" + BOMB)),
    "text that cannot be unpacked": with_chunk(PNG, chunk(b"zTXt", b"workflow\0\0not zlib")),
    "text that is cut off": with_chunk(PNG, chunk(b"zTXt", b"workflow\0\0" + zlib.compress(GRAPH)[:90])),
    "text packed in an unknown way": with_chunk(PNG, chunk(b"zTXt", b"workflow\0\7abc")),
    "text of a flag that is none": with_chunk(PNG, chunk(b"iTXt", b"workflow\0\7\0\0\0abc")),
    "text that ends too soon": with_chunk(PNG, chunk(b"iTXt", b"workflow\0\1"), chunk(b"iTXt", b"")),
    "text without a name": with_chunk(PNG, chunk(b"tEXt", b""), chunk(b"tEXt", b"\0abc")),
    "text with a wrong check sum": with_chunk(PNG, chunk(b"tEXt", b"workflow\0abc", sound=False)),
    "a long profile": with_chunk(PNG, chunk(b"iCCP", b"lut\0\0" + zlib.compress(bytes(1_500_000)))),
    "a profile that is a bomb": with_chunk(PNG, chunk(b"iCCP", b"lut\0\0" + BOMB)),
    "a profile with a wrong check sum": with_chunk(PNG, chunk(b"iCCP", b"lut\0\0abc", sound=False)),
    "a profile packed in an unknown way": with_chunk(PNG, chunk(b"iCCP", b"lut\0\7abc")),
    "an empty profile": with_chunk(PNG, chunk(b"iCCP", b"")),
    "a profile behind the pixels": before_end(
        PNG, chunk(b"iCCP", b"x\0\0" + zlib.compress(rgb_profile(SRGB, 1)))
    ),
    "broken EXIF": with_chunk(PNG, chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff" + bytes(40))),
    "EXIF that is none": with_chunk(PNG, chunk(b"eXIf", b"hello")),
    "long EXIF": with_chunk(PNG, chunk(b"eXIf", b"MM\0*" + bytes(3_000_000))),
    "XMP": with_chunk(PNG, international(b"XML:com.adobe.xmp", b'<x tiff:Orientation="6"/>')),
    "colour chunks of wrong lengths": with_chunk(
        PNG, *[chunk(kind, b"\0") for kind in (b"gAMA", b"cHRM", b"cICP", b"tRNS")], chunk(b"sRGB", b"")
    ),
    "wrong check sums everywhere": with_chunk(
        PNG,
        *[chunk(kind, b"\0\1\2\3", sound=False) for kind in (b"gAMA", b"cICP", b"pHYs", b"tIME", b"abCd")],
    ),
    "a density that is none": with_chunk(PNG, chunk(b"pHYs", b"\0")),
    "chunks of other programs": with_chunk(
        PNG, chunk(b"prVt", b"x" * 5_000_000), chunk(b"caBX", b"\xff" * 99)
    ),
    "an animation's header that is none": with_chunk(PNG, chunk(b"acTL", b""), chunk(b"fcTL", b"abc")),
    "an animation of no frames": with_chunk(PNG, chunk(b"acTL", bytes(8))),
    "a suggested palette": with_chunk(PNG, SUGGESTED),
    "no end": PNG[:-12],
    "an end with a wrong check sum": PNG[:-1] + b"\0",
    "text behind the pixels that is cut off": before_end(PNG, chunk(b"tEXt", b"workflow\0" + GRAPH))[:-9000],
    "rubbish behind the end": PNG + b"\xff\xda" * 500 + GRAPH,
    "rubbish in place of the end": PNG[:-12] + b"\0" * 40,
}
SECOND = saved(drawing().rotate(180), "JPEG")
BESIDE_JPEG: dict[str, bytes] = {
    "broken EXIF": with_segment(JPEG, segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(40))),
    "EXIF that is none": with_segment(JPEG, segment(0xE1, b"Exif\0\0hello")),
    "EXIF of many segments": with_segment(JPEG, *[segment(0xE1, b"Exif\0\0" + bytes(65_000))] * 40),
    "empty segments": with_segment(JPEG, *[segment(0xE0 + number, b"") for number in range(16)]),
    "segments of other programs": with_segment(
        JPEG, *[segment(0xE3 + number, b"\xff\xd8\xff\xda" * 9000) for number in range(9)]
    ),
    "a profile with a piece missing": with_segment(JPEG, segment(0xE2, b"ICC_PROFILE\0\1\2" + b"abc")),
    "a profile of pieces without numbers": with_segment(JPEG, segment(0xE2, b"ICC_PROFILE\0")),
    "a profile of nonsense": with_segment(JPEG, segment(0xE2, b"ICC_PROFILE\0\1\1" + b"\xff" * 60_000)),
    "a profile of sixteen megabytes": with_segment(
        JPEG, *[segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(65_000)) for n in range(1, 256)]
    ),
    "a broken list of several pictures": with_segment(JPEG, segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff")),
    "Photoshop's resources, broken": with_segment(JPEG, segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0")),
    "XMP that turns": with_segment(
        JPEG, segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>')
    ),
    "an Adobe segment that is cut off": with_segment(JPEG, segment(0xEE, b"Adobe\0")),
    "a second header": with_segment(JPEG, segment(0xE0, b"JFIF\0")),
    "a long comment": with_segment(JPEG, segment(0xFE, b"x" * 65_000)),
    "fill bytes": with_segment(JPEG, b"\xff" * 1000 + segment(0xFE, b"x")),
    "a second picture": JPEG + SECOND,
    "rubbish behind the end": JPEG + b"\xff\xda" * 500 + GRAPH,
}
PIXELS = webp_pixels(drawing())
BESIDE_WEBP: dict[str, bytes] = {
    "extended": webp((64, 48), 0, PIXELS),
    "a profile of nonsense": webp((64, 48), 0x20, riff(b"ICCP", b"\xff" * 9000), PIXELS),
    "a profile of sixteen megabytes": webp((64, 48), 0x20, riff(b"ICCP", bytes(16_000_000)), PIXELS),
    "broken EXIF": webp((64, 48), 0x08, PIXELS, riff(b"EXIF", b"MM\0*\0\0\0\x08\xff\xff")),
    "long EXIF": webp((64, 48), 0x08, PIXELS, riff(b"EXIF", b"MM\0*" + bytes(3_000_000))),
    "EXIF that is cut off": webp((64, 48), 0x08, PIXELS, riff(b"EXIF", bytes(5000)))[:-3000],
    "XMP that turns": webp((64, 48), 0x04, PIXELS, riff(b"XMP ", b'<x tiff:Orientation="6"/>')),
    "flags without chunks": webp((64, 48), 0x2C, PIXELS),
    "chunks of other programs": webp((64, 48), 0, riff(b"abcd", bytes(999)), PIXELS, riff(b"efgh", b"x")),
    "a size in the header that is too large": WEBP[:4] + b"\xff\xff\xff\x0f" + WEBP[8:],
    "rubbish behind the end": WEBP + GRAPH,
}
BESIDE: list[Any] = [
    pytest.param(sound, data, id=f"{name}: {kind}")
    for name, sound, kinds in (
        ("PNG", PNG, BESIDE_PNG),
        ("JPEG", JPEG, BESIDE_JPEG),
        ("WebP", WEBP, BESIDE_WEBP),
    )
    for kind, data in kinds.items()
]


@pytest.mark.parametrize(("sound", "data"), BESIDE)
def test_what_stands_beside_the_pixels_does_not_decide_about_them(sound: bytes, data: bytes) -> None:
    plain = open_source(sound)

    seen, kept = open_source(data), check(data)

    assert seen.mode == plain.mode
    assert seen.tobytes() == plain.tobytes()
    assert kept.data == check(sound).data
    assert kept.thumbnails == check(sound).thumbnails


def test_a_palette_whose_transparency_is_damaged_is_shown_opaque() -> None:
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0]))
    data = png(2, 8, 3, [b"\0\1"], palette, chunk(b"tRNS", b"\0\0", sound=False))

    assert open_source(data).tobytes() == b"\xff\0\0\0\xff\0"


def test_short_texts_beside_long_ones_are_still_read() -> None:
    long = packed_text(b"workflow", GRAPH)
    data = with_chunk(PNG, long, packed_text(b"parameters", b"a mill\nSteps: 5, Seed: 42, Size: 64x48"), long)

    assert check(data).parameters["prompt"] == "a mill"
    assert opened(check(data).data).info.keys() & {"workflow", "parameters"} == {"parameters"}


def test_nothing_is_unpacked_beyond_its_limit() -> None:
    bombs = with_chunk(
        PNG,
        *[chunk(b"zTXt", b"parameters\0\0" + BOMB)] * 300,
        *[chunk(b"iTXt", b"workflow\0\1\0\0\0" + BOMB)] * 300,
        *[chunk(b"iCCP", b"x\0\0" + BOMB)] * 20,
    )

    tracemalloc.start()
    try:
        check(bombs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < len(bombs) + 40_000_000


GRAIN = Image.fromarray(np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8))
PNG_OF_GRAIN, JPEG_OF_GRAIN = saved(GRAIN, "PNG"), saved(GRAIN, "JPEG")
WEBP_OF_GRAIN = saved(GRAIN, "WEBP", lossless=True)
DAMAGED: dict[str, bytes] = {
    "a PNG cut off": PNG_OF_GRAIN[: len(PNG_OF_GRAIN) // 2],
    "a PNG cut off in its pixels' last bytes": PNG_OF_GRAIN[:-300],
    "a PNG without pixels": PNG[:33] + PNG[-12:],
    "a PNG with a header that is changed": PNG[:20] + b"\1" + PNG[21:],
    "a PNG with a header of another length": with_chunk(PNG[:8] + PNG[8:12] + PNG[16:]),
    "a PNG of a palette that is missing": png(2, 8, 3, [b"\0\1"]),
    "a JPEG cut off": JPEG_OF_GRAIN[:-300],
    "a JPEG without pixels": JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9",
    "a JPEG of markers that lead nowhere": JPEG[:30] + b"\xff\xe1\xff\xff" + JPEG[30:40],
    "a WebP cut off": WEBP_OF_GRAIN[:-2000],
    "a WebP whose pixels begin otherwise": WEBP_OF_GRAIN.replace(b"\x2f", b"\x2e", 1),
    "a WebP without pixels": webp((64, 48), 0),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_pixels_are_refused_as_damaged(kind: str) -> None:
    with pytest.raises(InvalidParameters, match="damaged"):
        open_source(DAMAGED[kind])
    with pytest.raises(DamagedImage):
        check(DAMAGED[kind])


def of_many_passes(count: int) -> bytes:
    """A progressive JPEG whose last pass is repeated."""
    data = saved(drawing(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "expected", "said"),
    [
        (of_many_passes(500), TooManyPasses, "at most 200"),
        (saved(Image.new("1", (5000, 1)), "PNG"), TooManyPixels, "at most 4096 a side"),
        (saved(Image.new("1", (4000, 3000)), "PNG"), TooManyPixels, "1000000 in all"),
        (png(60_000, 8, 2, [b""] * 60_000), TooManyPixels, "at most 4096 a side and 1000000 in all"),
    ],
)
def test_limits_are_named_as_limits(data: bytes, expected: type[StudioError], said: str) -> None:
    with pytest.raises(expected) as caught:
        check(data, max_pixels=1_000_000)

    assert said in str(caught.value.detail)
    assert caught.value.code == "payload_too_large"


def test_a_jpeg_of_the_passes_that_programs_make_is_taken() -> None:
    data = saved(drawing(), "JPEG", progressive=True)

    assert check(data).width == 64
    assert check(of_many_passes(20)).width == 64
