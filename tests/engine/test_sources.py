"""Pictures that people bring: sound ones are opened, all others are refused by name."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.sources import open_source
from tests.attack.hostile_images import jpeg_of_passes, webp_bomb


def written(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def picture(mode: str = "RGB") -> Image.Image:
    image = Image.linear_gradient("L").resize((24, 16)).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putpixel((3, 3), (0,) * len(mode))
    return image


def png_that_says(width: int, height: int) -> bytes:
    """A PNG whose header promises a size that its data does not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + written(picture(), "PNG")[33:]
    )


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "CMYK"])
def test_every_known_format_is_opened_as_colour(format: str, mode: str) -> None:
    # given a file as close to the mode as the format can be
    image = picture(mode)
    if format == "JPEG" and mode in ("RGBA", "LA", "P"):
        image = image.convert("RGB")
    if format != "JPEG" and mode == "CMYK":
        image = image.convert("RGB")
    if format == "GIF" and mode == "LA":
        image = image.convert("RGBA")

    opened = open_source(written(image, format))

    assert opened.size == (24, 16)
    assert opened.mode == ("RGBA" if image.mode in ("RGBA", "LA") else "RGB")


def test_transparency_of_a_palette_is_kept() -> None:
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))

    opened = open_source(written(image, "GIF"))

    assert opened.mode == "RGBA"
    assert opened.getchannel("A").getpixel((0, 0)) == 0


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    deep = Image.new("I;16", (2, 2), 32768)

    assert open_source(written(deep, "PNG")).getpixel((0, 0)) == (128, 128, 128)


def test_a_photo_stands_upright() -> None:
    photo = picture()
    exif = Image.Exif()
    exif[0x0112] = 6
    data = written(photo, "JPEG", exif=exif, quality=100)

    opened = open_source(data)

    assert opened.size == (16, 24)
    # what was above lies at the right
    assert opened.getpixel((15, 12))[0] < 30 < 225 < opened.getpixel((0, 12))[0]  # type: ignore[index]
    assert "exif" not in opened.info


def test_the_first_picture_of_a_moving_one_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]

    opened = open_source(written(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))

    assert opened.getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"hello", "no picture"),
        (written(picture(), "BMP"), "no picture"),
        (written(picture(), "PNG")[:-30], "damaged"),
        (written(picture(), "JPEG")[:-200], "damaged"),
        (png_that_says(10_000, 10_000), "10000×10000 pixels"),
        (png_that_says(100_000, 100_000), "too large"),
        (png_that_says(0, 5), "source"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(InvalidParameters, match=says) as caught:
        open_source(data)

    assert str(caught.value).startswith("the source")


SOUND = [
    written(picture("RGBA"), "PNG"),
    written(picture("P"), "PNG"),
    written(
        picture(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    ),
    written(picture(), "WEBP"),
    written(picture("P"), "GIF"),
]


@given(
    data=st.sampled_from(SOUND),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    keep=st.floats(0, 1),
    whole=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_mutated_pictures_are_opened_or_refused_and_nothing_else(
    data: bytes, changes: list[tuple[float, int]], keep: float, whole: bool
) -> None:
    mutated = bytearray(data)
    for where, value in changes:
        mutated[int(where * len(mutated))] = value
    if not whole:
        mutated = mutated[: int(len(mutated) * keep)]

    with contextlib.suppress(InvalidParameters):
        assert open_source(bytes(mutated)).mode in ("RGB", "RGBA")


def test_preparing_pictures_needs_no_torch() -> None:
    modules = ", ".join(
        f"pingvas.engine.images.{name}"
        for name in ("sources", "masks", "preprocessors", "tiles", "image_strips", "image_files")
    )

    done = subprocess.run([sys.executable, "-c", f"import sys, {modules}; sys.exit('torch' in sys.modules)"])

    assert done.returncode == 0


def test_a_picture_of_many_pixels_or_passes_is_refused_before_it_is_decoded() -> None:
    # given
    wide = webp_bomb(16383, 16383)
    passes = jpeg_of_passes(190, (2048, 2048))
    again = jpeg_of_passes(190, (64, 64))
    # when
    with pytest.raises(InvalidParameters) as too_large:
        open_source(wide)
    with pytest.raises(InvalidParameters) as too_many:
        open_source(passes)
    # then
    assert "16383×16383" in str(too_large.value)
    assert "passes" in str(too_many.value)
    assert open_source(again).size == (64, 64)
