"""What people see is what models are given: colours, depths, transparency, and which of several pictures it is."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from pingvas.engine.images.sources import open_source
from pingvas.gallery.uploads import check_image
from tests.make.picture_files import (
    ADOBE_RGB,
    DISPLAY_P3,
    SRGB,
    chunk,
    grey_profile,
    ink_profile,
    opened,
    png,
    profile,
    rgb_profile,
    saved,
    segment,
    webp,
    webp_pixels,
    with_chunk,
    with_segment,
)

COLOUR = (200, 80, 60)
P3_PROFILE, ADOBE_PROFILE = rgb_profile(DISPLAY_P3, 2.2), rgb_profile(ADOBE_RGB, 2.2)
# By the definitions of the spaces, worked out apart from any program here.
P3_SEEN, ADOBE_SEEN = (219, 67, 48), (230, 79, 56)
EXIF_IFD, INTEROP_IFD, COLOUR_SPACE, ORIENTATION = 0x8769, 0xA005, 0xA001, 0x0112

Look = Callable[[bytes], Image.Image]


def as_models_see_it(data: bytes) -> Image.Image:
    return open_source(data)


def as_models_see_what_is_kept(data: bytes) -> Image.Image:
    return open_source(check_image(data, max_side=4096, max_pixels=1 << 24).data)


def as_the_thumbnail_shows_it(data: bytes) -> Image.Image:
    return opened(check_image(data, max_side=4096, max_pixels=1 << 24).thumbnails.small)


def as_a_screen_shows_what_is_kept(data: bytes) -> Image.Image:
    """By the profile that the kept file carries."""
    kept = opened(check_image(data, max_side=4096, max_pixels=1 << 24).data)
    told = kept.info.get("icc_profile")
    if kept.mode == "I;16":
        kept = Image.fromarray((np.asarray(kept) >> 8).astype(np.uint8))
    if told is None:
        return kept.convert("RGB")
    source = ImageCms.getOpenProfile(io.BytesIO(told))
    mode = {"RGB": "RGB", "GRAY": "L"}[source.profile.xcolor_space.strip()]
    screen = ImageCms.createProfile("sRGB")
    seen = ImageCms.profileToProfile(kept.convert(mode), source, screen, outputMode="RGB")
    assert seen is not None
    return seen


LOOKS = [
    as_models_see_it,
    as_models_see_what_is_kept,
    as_the_thumbnail_shows_it,
    as_a_screen_shows_what_is_kept,
]
everywhere = pytest.mark.parametrize("look", LOOKS)


def flat(colour: tuple[int, ...] = COLOUR, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (64, 64), colour if len(colour) > 1 else colour[0])


def middle(image: Image.Image) -> tuple[int, ...]:
    pixel = image.convert("RGBA" if image.has_transparency_data else "RGB").getpixel((32, 32))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 6) -> bool:
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True)) <= by


@everywhere
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(("told", "seen"), [(P3_PROFILE, P3_SEEN), (ADOBE_PROFILE, ADOBE_SEEN)])
def test_colours_are_those_that_the_profile_means(
    look: Look, format: str, told: bytes, seen: tuple[int, ...]
) -> None:
    assert near(middle(look(saved(flat(), format, icc_profile=told))), seen)


@everywhere
def test_a_profile_is_applied_before_a_picture_loses_its_palette(look: Look) -> None:
    data = saved(flat().convert("P", palette=Image.Palette.ADAPTIVE), "PNG", icc_profile=P3_PROFILE)

    assert near(middle(look(data)), P3_SEEN)


@everywhere
@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_greys_are_those_that_the_profile_means(look: Look, mode: str) -> None:
    # given light that is counted straight: half of it is 188 on a screen
    image = {
        "L": flat((128,), "L"),
        "LA": flat((128, 255), "LA"),
        "I;16": Image.fromarray(np.full((64, 64), 128 * 257, np.uint16)),
    }[mode]

    seen = middle(look(saved(image, "PNG", icc_profile=grey_profile(1.0))))

    assert near(seen, (188, 188, 188))


@everywhere
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_profile_for_colour_explains_a_grey_picture_too(look: Look, format: str) -> None:
    data = saved(flat((128,), "L"), format, icc_profile=rgb_profile(SRGB, 1.0))

    assert near(middle(look(data)), (188, 188, 188))


@everywhere
def test_inks_are_those_of_the_printers_profile(look: Look) -> None:
    # given a printer whose cyan is a red of L 54, a 81, b 70
    data = saved(flat((255, 0, 0, 0), "CMYK"), "JPEG", icc_profile=ink_profile((138, 209, 198)))

    seen = middle(look(data))

    assert seen[0] > 200 > 60 > max(seen[1:])


def test_inks_without_a_profile_are_turned_into_light_as_usual() -> None:
    image = flat((255, 0, 0, 0), "CMYK")

    for look in LOOKS:
        assert near(middle(look(saved(image, "JPEG"))), (0, 255, 255), by=8)


@everywhere
def test_a_profile_too_large_to_carry_is_applied(look: Look) -> None:
    # given two million bytes, and the two that matter among them
    large = P3_PROFILE + bytes(2_000_000)
    large = struct.pack(">I", len(large)) + large[4:]
    data = saved(flat(), "PNG", icc_profile=large)

    assert near(middle(look(data)), P3_SEEN)
    assert len(check_image(data, max_side=4096, max_pixels=1 << 24).data) < 100_000


BROKEN = {
    "nothing": b"",
    "words": b"not a profile",
    "cut off": P3_PROFILE[:200],
    "zeros": bytes(400),
    "no colours": profile(b"mntr", b"RGB ", b"XYZ ", {}),
    "for inks": ink_profile((138, 209, 198)),
    "for grey": grey_profile(1.0),
    "a link of two devices": profile(b"link", b"RGB ", b"RGB ", {}),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_profile_that_does_not_explain_the_picture_is_passed_over(format: str, broken: str) -> None:
    how = {"lossless": True} if format == "WEBP" else {}
    data = saved(flat(), format, icc_profile=BROKEN[broken] or None, **how)
    plain = opened(saved(flat(), format, **how)).convert("RGB")

    assert open_source(data).tobytes() == plain.tobytes()
    for look in LOOKS:
        assert near(middle(look(data)), COLOUR)


def test_a_profile_that_changes_nothing_leaves_every_bit() -> None:
    steps = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3) * 97 % 256
    image = Image.fromarray(steps.astype(np.uint8))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    seen = open_source(saved(image, "PNG", icc_profile=srgb))

    assert seen.tobytes() == image.tobytes()


def test_a_profile_is_about_colours_and_not_about_transparency() -> None:
    image = flat((*COLOUR, 128), "RGBA")

    seen = open_source(saved(image, "PNG", icc_profile=P3_PROFILE))

    assert near(middle(seen), P3_SEEN)
    assert seen.getchannel("A").getextrema() == (128, 128)


GAMMA, POINTS = b"gAMA", b"cHRM"
P3_POINTS = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB_POINTS = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
SRGB_GAMMA = chunk(GAMMA, struct.pack(">I", 45455))
STRAIGHT = chunk(GAMMA, struct.pack(">I", 100_000))
P3_CODES = chunk(b"cICP", bytes([12, 13, 0, 1]))
OF_STRAIGHT = (229, 150, 132)  # COLOUR, each channel by sRGB's curve


@everywhere
@pytest.mark.parametrize(
    ("chunks", "seen"),
    [
        ([P3_CODES], P3_SEEN),
        ([P3_CODES, STRAIGHT], P3_SEEN),
        ([chunk(b"cICP", bytes([1, 13, 0, 1])), STRAIGHT], COLOUR),
        ([chunk(b"cICP", bytes([1, 8, 0, 1]))], OF_STRAIGHT),
        ([chunk(b"cICP", bytes([200, 13, 0, 1])), STRAIGHT], OF_STRAIGHT),
        ([chunk(b"cICP", bytes([12, 13, 0, 1]) + b"more")], COLOUR),
        ([STRAIGHT], OF_STRAIGHT),
        ([SRGB_GAMMA, chunk(POINTS, P3_POINTS)], P3_SEEN),
        ([SRGB_GAMMA, chunk(POINTS, SRGB_POINTS)], COLOUR),
        ([SRGB_GAMMA], COLOUR),
        ([chunk(b"sRGB", b"\0"), STRAIGHT], COLOUR),
        ([chunk(GAMMA, bytes(4))], COLOUR),
        ([chunk(GAMMA, struct.pack(">I", 2**32 - 1))], COLOUR),
        ([chunk(POINTS, bytes(32))], COLOUR),
        ([chunk(POINTS, b"\xff" * 32)], COLOUR),
        ([chunk(POINTS, struct.pack(">8I", 31270, 32900, *[30000] * 6))], COLOUR),
    ],
)
def test_a_png_tells_its_colours_in_other_ways_too(
    look: Look, chunks: list[bytes], seen: tuple[int, ...]
) -> None:
    assert near(middle(look(with_chunk(saved(flat(), "PNG"), *chunks))), seen)


def test_a_profile_in_a_png_goes_before_gamma_and_after_code_points() -> None:
    packed = chunk(b"iCCP", b"x\0\0" + zlib.compress(ADOBE_PROFILE))
    sound = saved(flat(), "PNG")

    assert near(middle(open_source(with_chunk(sound, STRAIGHT, packed))), ADOBE_SEEN)
    assert near(middle(open_source(with_chunk(sound, packed, P3_CODES))), P3_SEEN)


@everywhere
@pytest.mark.parametrize("way", ["by its number", "by the rules for files of cameras"])
def test_cameras_that_only_name_adobe_rgb_are_believed(look: Look, way: str) -> None:
    exif = Image.Exif()
    if way == "by its number":
        exif.get_ifd(EXIF_IFD)[COLOUR_SPACE] = 2
    else:
        exif.get_ifd(EXIF_IFD)[COLOUR_SPACE] = 65535
        exif.get_ifd(EXIF_IFD)[INTEROP_IFD] = {1: "R03"}

    assert near(middle(look(saved(flat(), "JPEG", exif=exif, quality=95))), ADOBE_SEEN)
    with_profile = saved(flat(), "JPEG", exif=exif, quality=95, icc_profile=P3_PROFILE)
    assert near(middle(look(with_profile)), P3_SEEN)


@everywhere
def test_cameras_that_name_srgb_are_believed_as_well(look: Look) -> None:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[COLOUR_SPACE] = 1
    exif.get_ifd(EXIF_IFD)[INTEROP_IFD] = {1: "R98"}

    assert near(middle(look(saved(flat(), "JPEG", exif=exif, quality=95))), COLOUR)


@everywhere
@pytest.mark.parametrize("mode", ["grey", "grey and alpha", "colour", "colour and alpha"])
def test_sixteen_bits_run_from_black_to_white(look: Look, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(">u2"), (64, 1))
    opaque = np.full_like(ramp, 65535)
    channels, colour = {
        "grey": ([ramp], 0),
        "grey and alpha": ([ramp, opaque], 4),
        "colour": ([ramp] * 3, 2),
        "colour and alpha": ([ramp] * 3 + [opaque], 6),
    }[mode]
    rows = [row.tobytes() for row in np.stack(channels, axis=-1)]

    seen = look(png(256, 16, colour, rows))

    row = np.asarray(seen.convert("RGB"))[32, :, 0].astype(int)
    assert np.abs(row - np.arange(256)).max() < 8


@pytest.mark.parametrize(
    ("depth", "colour", "row", "clear"),
    [
        (1, 0, b"\x50", 1),
        (2, 0, b"\x11", 1),
        (4, 0, b"\x01\x01", 1),
        (8, 0, b"\0\1\0\1", 1),
        (16, 0, b"\x01\0\x01\x01\x01\0\x01\x01", 0x101),
    ],
)
def test_one_clear_grey_is_clear_at_every_depth(depth: int, colour: int, row: bytes, clear: int) -> None:
    data = png(4, depth, colour, [row], chunk(b"tRNS", struct.pack(">H", clear)))

    for seen in (open_source(data), as_models_see_what_is_kept(data)):
        assert np.asarray(seen)[0, :, 3].tolist() == [255, 0, 255, 0]


@pytest.mark.parametrize("depth", [8, 16])
def test_one_clear_colour_is_clear_at_every_depth(depth: int) -> None:
    form = ">6B" if depth == 8 else ">6H"
    row = (
        struct.pack(form, 200, 80, 60, 0, 0, 0)
        if depth == 8
        else struct.pack(form, 51400, 20560, 15420, 0, 0, 0)
    )
    told = struct.pack(">3H", *(COLOUR if depth == 8 else (51400, 20560, 15420)))
    data = png(2, depth, 2, [row], chunk(b"tRNS", told))

    for seen in (open_source(data), as_models_see_what_is_kept(data)):
        assert np.asarray(seen)[0, :, 3].tolist() == [0, 255]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_what_is_clear_lies_on_white_in_the_thumbnail(mode: str, format: str) -> None:
    # given a black square on black that is clear
    image = Image.new("RGBA", (640, 640), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (200, 200, 440, 440))
    data = saved(image.convert(mode), format)

    small = as_the_thumbnail_shows_it(data)

    assert small.size == (320, 320)
    assert not small.has_transparency_data
    assert near(middle(small.crop((128, 128, 192, 192))), (0, 0, 0), by=10)
    assert near(middle(small.crop((0, 0, 64, 64))), (255, 255, 255), by=10)


@everywhere
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_pictures_stand_upright_by_their_note(look: Look, format: str) -> None:
    # given red on the left, and a camera that was held so that left is above
    image = Image.new("RGB", (96, 64), "blue")
    image.paste("red", (0, 0, 48, 64))
    exif = Image.Exif()
    exif[ORIENTATION] = 6

    seen = look(saved(image, format, exif=exif))

    assert seen.size == (64, 96)
    top, bottom = np.asarray(seen.convert("RGB"))[[10, 80], 32].astype(int)
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]


@everywhere
def test_of_several_pictures_in_a_jpeg_the_first_counts(look: Look) -> None:
    # given a phone's photo, which names the map of its highlights and carries it behind itself
    named = b"urn:iso:std:iso:ts:21496:-1\0" + bytes(40)
    several = with_segment(
        saved(flat(), "JPEG"), segment(0xE2, b"MPF\0II*\0\x08\0\0\0"), segment(0xE2, named)
    )

    assert near(middle(look(several + saved(flat((20,), "L"), "JPEG"))), COLOUR)


@everywhere
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(look: Look, format: str) -> None:
    frames = [flat(colour) for colour in (COLOUR, (0, 0, 255), (0, 255, 0))]

    data = saved(frames[0], format, save_all=True, append_images=frames[1:], icc_profile=P3_PROFILE)

    assert near(middle(look(data)), P3_SEEN)


@everywhere
def test_an_extended_webp_keeps_its_profile_and_its_transparency(look: Look) -> None:
    image = flat((*COLOUR, 255), "RGBA")
    data = webp((64, 64), 0x20 | 0x10, _riff_of(P3_PROFILE), webp_pixels(image))

    assert near(middle(look(data)), P3_SEEN)


def _riff_of(told: bytes) -> bytes:
    return b"ICCP" + struct.pack("<I", len(told)) + told + b"\0" * (len(told) % 2)
