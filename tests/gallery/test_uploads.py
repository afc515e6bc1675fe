"""Pictures from outside: what is kept of them, what is read, and that bad ones are refused by name."""

import io
import json
import random
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pingvas.base.errors import StudioError
from pingvas.engine.images.image_files import encode
from pingvas.engine.images.infotext import write_infotext
from pingvas.gallery.uploads import (
    CheckedImage,
    DamagedImage,
    NotAnImage,
    TooManyPixels,
    check_image,
)

PARAMETERS: dict[str, Any] = {
    "prompt": "한 고양이, a cat",
    "negative_prompt": "rain",
    "width": 24,
    "height": 16,
    "steps": 20,
    "cfg_scale": 4.5,
    "sampler": "dpmpp_2m",
    "seed": 7,
    "model": "pingvas-mini",
}
ORIENTATION, MAKER, GPS, EXIF_IFD, USER_COMMENT = 0x0112, 0x010F, 0x8825, 0x8769, 0x9286


def check(data: bytes, *, max_side: int = 4096, max_pixels: int = 1_000_000) -> CheckedImage:
    return check_image(data, max_side=max_side, max_pixels=max_pixels)


def picture(mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> Image.Image:
    """Every pixel another one."""
    chance = random.Random(1)
    width = {"1": 1, "I;16": 2}.get(mode) or len(Image.new(mode, (1, 1)).getbands())
    count = (size[0] + 7) // 8 * size[1] if mode == "1" else size[0] * size[1] * width
    return Image.frombytes(mode, size, chance.randbytes(count))


def saved(image: Image.Image, format: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **how)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def private_notes(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, "A camera of mine"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"ASCII\0\0\0with my aunt"
    return exif


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_the_pixels_of_a_png_stay_as_they_are(mode: str) -> None:
    data = saved(picture(mode), "PNG")

    kept = check(data)

    assert (kept.format, kept.width, kept.height) == ("png", 24, 16)
    again, image = opened(kept.data), opened(data)
    assert (again.mode, again.tobytes(), again.getpalette()) == (mode, image.tobytes(), image.getpalette())
    assert opened(kept.thumbnails.small).size == (24, 16)


def test_what_is_transparent_stays_transparent() -> None:
    image = picture("RGBA")

    for format in ("PNG", "WEBP"):
        kept = opened(check(saved(image, format, **({"lossless": True} if format == "WEBP" else {}))).data)

        assert kept.mode == "RGBA"
        assert kept.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_a_jpeg_keeps_the_quality_it_came_with() -> None:
    noise = Image.frombytes("L", (64, 64), random.Random(4).randbytes(64 * 64))
    data = saved(noise.convert("RGB"), "JPEG", quality=40)

    kept = check(data)

    assert opened(kept.data).quantization == opened(data).quantization  # type: ignore[attr-defined]
    assert len(kept.data) < 1.05 * len(data)  # what was rounded once is rounded again


@pytest.mark.parametrize(("mode", "expected"), [("L", "L"), ("CMYK", "RGB")])
def test_jpegs_of_other_colours_are_taken_too(mode: str, expected: str) -> None:
    assert opened(check(saved(picture(mode), "JPEG")).data).mode == expected


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_turned_upright_and_nothing_private_is_kept(format: str) -> None:
    # given: a red left half, and a note that says the camera was held sideways
    image = Image.new("RGB", (24, 16), "blue")
    image.paste("red", (0, 0, 12, 16))
    private: dict[str, Any] = {"xmp": b"<x>my aunt</x>"} | (
        {"comment": b"my aunt"} if format == "JPEG" else {}
    )
    if format == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", "my aunt")
        private = {"pnginfo": texts}
    data = saved(image, format, exif=private_notes(orientation=6), **private)

    # when
    kept = check(data)

    # then: red is on top now
    again = opened(kept.data)
    assert (kept.width, kept.height) == again.size == (16, 24)
    red, _, blue = again.convert("RGB").getpixel((8, 2))  # type: ignore[misc]
    assert red > 200 > 60 > blue
    assert dict(again.getexif()) == {}
    for secret in (b"camera", b"aunt", b"GPS"):
        assert secret not in kept.data


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
def test_what_we_wrote_is_read_back_and_stays_in_the_file(format: str) -> None:
    data = encode(picture(), format, PARAMETERS, version="Pingvas Studio")

    kept = check(data)

    assert kept.parameters == PARAMETERS
    assert check(kept.data).parameters == PARAMETERS


def test_infotext_of_other_programs_is_read_back() -> None:
    # given: theirs is only the text, in a PNG and in a JPEG
    text = write_infotext(PARAMETERS, version="v1.10")
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text("parameters", text)
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")

    for data in (saved(picture(), "PNG", pnginfo=chunk), saved(picture(), "JPEG", exif=exif)):
        # when
        read = check(data).parameters

        # then
        assert {name: read[name] for name in PARAMETERS} == PARAMETERS


def test_of_an_animation_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (24, 16), colour) for colour in ("red", "lime", "blue")]

    for format in ("PNG", "WEBP"):
        kept = opened(check(saved(frames[0], format, save_all=True, append_images=frames[1:])).data)

        assert getattr(kept, "n_frames", 1) == 1
        red, green, blue = kept.convert("RGB").getpixel((8, 8))  # type: ignore[misc]
        assert red > 200 > 60 > max(green, blue)


def told(value: str) -> bytes:
    chunk = PngImagePlugin.PngInfo()
    chunk.add_itxt("pingvas", value)
    return saved(picture(), "PNG", pnginfo=chunk)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("[" * 100_000, {}),
        ('{"a":' * 50 + "1" + "}" * 50, {"a": {"a": {"a": {"a": {"a": {"a": None}}}}}}),
        ('{"seed": NaN, "steps": Infinity}', {"seed": None, "steps": None}),
        ('{"seed": 1e999, "steps": 99999999999999999999999}', {"seed": None, "steps": None}),
        ('{"prompt": "a\\u0000b\\ud800c"}', {"prompt": "ab?c"}),
        (json.dumps({str(number): "x" * 10_000 for number in range(90)}), {}),
        (json.dumps({"prompt": "x" * 50_000}), {"prompt": "x" * 20_000}),
        ("[1, 2]", {}),
    ],
)
def test_what_a_picture_says_is_kept_only_as_the_database_can_hold_it(
    said: str, expected: dict[str, Any]
) -> None:
    assert check(told(said)).parameters == expected


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG with a header of one's own."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join((chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


SOUND = saved(picture(), "PNG")
REFUSED: dict[str, tuple[bytes, type[StudioError]]] = {
    "nothing": (b"", NotAnImage),
    "text": (b"hello", NotAnImage),
    "a web page": (b"<html><script>", NotAnImage),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NotAnImage),
    "a GIF": (saved(picture(), "GIF"), NotAnImage),
    "a TIFF": (saved(picture(), "TIFF"), NotAnImage),
    "cut off": (SOUND[: len(SOUND) // 2], DamagedImage),
    "a JPEG cut off": (saved(picture(size=(64, 64)), "JPEG")[:900], DamagedImage),
    "no pixels": (png(24, 16), DamagedImage),
    "too wide": (png(5000, 1), TooManyPixels),
    "too many pixels": (png(4000, 4000), TooManyPixels),
    "a bomb": (png(60_000, 60_000, chunk(b"IDAT", zlib.compress(b"\0" * 1000))), TooManyPixels),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_sound_picture_is_refused_by_name(kind: str) -> None:
    data, expected = REFUSED[kind]

    with pytest.raises(expected):
        check(data)


SEEDS = [
    encode(picture(), "png", PARAMETERS, version="x"),
    encode(picture(), "jpg", PARAMETERS, version="x"),
    encode(picture("RGBA"), "webp", PARAMETERS, version="x"),
    saved(picture("P"), "PNG", exif=private_notes(8)),
    saved(picture("CMYK"), "JPEG", exif=private_notes(3), progressive=True),
    saved(picture(), "PNG", save_all=True, append_images=[picture("RGB")]),
    SOUND[:33] + chunk(b"iCCP", b"x\0\0" + zlib.compress(b"y" * 300)) + SOUND[33:],
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=12),
    st.integers(0, 10**6),
    st.binary(max_size=20),
)
def test_mutated_files_are_either_kept_whole_or_refused_by_name(
    seed: bytes, changes: list[tuple[int, int]], cut: int, inserted: bytes
) -> None:
    # given
    data = bytearray(seed)
    for place, value in changes:
        data[place % len(data)] = value
    at = cut % len(data)
    data[at:at] = inserted
    if cut % 5 == 0:
        del data[at:]

    # when
    try:
        kept = check(bytes(data))
    except (NotAnImage, DamagedImage, TooManyPixels):
        return

    # then
    assert opened(kept.data).size == (kept.width, kept.height)
    assert json.loads(json.dumps(kept.parameters, allow_nan=False).encode()) == kept.parameters
