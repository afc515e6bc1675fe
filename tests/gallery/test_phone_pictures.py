"""AVIF and HEIC as phones write them: what is kept of them, and that bad ones are refused by name."""

import io
import random
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms

from pingvas.base.errors import StudioError
from pingvas.engine.images.heif_boxes import codec_of
from pingvas.engine.images.infotext import write_infotext
from pingvas.gallery.uploads import (
    CheckedImage,
    DamagedImage,
    LargePicture,
    NotAnImage,
    PictureTooCostly,
    TooManyPixels,
    check_image,
)
from tests.gallery.test_uploads import EXIF_IFD, ORIENTATION, PARAMETERS, USER_COMMENT, opened, private_notes

FORMATS = ["AVIF", "HEIF"]


@pytest.fixture(autouse=True)
def _with_an_encoder() -> Iterator[None]:
    """The studio has a decoder of HEIC alone; what writes it for the tests goes again, and its decoder with it."""
    before = dict(Image.OPEN), list(Image.ID), dict(Image.SAVE)
    pillow_heif.register_heif_opener()
    Image.OPEN, Image.ID = before[0], before[1]
    yield
    Image.SAVE = before[2]


def check(data: bytes, *, max_side: int = 4096, max_pixels: int = 1_000_000, **limits: int) -> CheckedImage:
    return check_image(data, max_side=max_side, max_pixels=max_pixels, **limits)


def saved(image: Image.Image, format: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, quality=90, **how)
    return buffer.getvalue()


def halves(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new(mode, size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image


def colour(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_a_phones_picture_is_kept_as_a_jpeg_that_looks_the_same(format: str) -> None:
    data = saved(halves(), format)

    kept = check(data)

    assert (kept.format, kept.width, kept.height) == ("jpg", 64, 48)
    image = opened(kept.data)
    assert image.format == "JPEG"
    red, blue = colour(image, (8, 24)), colour(image, (56, 24))
    assert red[0] > 230 > 30 > red[2]
    assert blue[2] > 230 > 30 > blue[0]
    assert opened(kept.thumbnails.small).size == (64, 48)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_clear_in_it_stays_clear_in_a_png(format: str) -> None:
    image = halves(mode="RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))

    kept = check(saved(image, format))

    assert kept.format == "png"
    assert opened(kept.data).mode == "RGBA"
    assert abs(colour(opened(kept.data), (8, 47))[3] - 252) < 8


@pytest.mark.parametrize("format", FORMATS)
def test_an_alpha_that_hides_nothing_makes_no_png(format: str) -> None:
    assert check(saved(halves(mode="RGBA"), format)).format == "jpg"


@pytest.mark.parametrize("format", FORMATS)
def test_it_is_turned_upright_once_and_nothing_private_is_kept(format: str) -> None:
    # given: the camera was held sideways, and says where and by whom
    data = saved(halves(), format, exif=private_notes(6).tobytes(), xmp=b"<x>my aunt</x>")

    # when
    kept = check(data)

    # then: red is on top now
    image = opened(kept.data)
    assert (kept.width, kept.height) == image.size == (48, 64)
    assert colour(image, (24, 8))[0] > 230
    assert colour(image, (24, 56))[2] > 230
    assert ORIENTATION not in image.getexif()
    for secret in (b"camera", b"aunt", b"GPS"):
        assert secret in data or secret == b"GPS"
        assert secret not in kept.data


@pytest.mark.parametrize("format", FORMATS)
def test_its_colour_profile_goes_along(format: str) -> None:
    # given: a profile that is not sRGB's, as a phone's P3 is not
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    wide = _wide_profile()

    # when
    kept = check(saved(halves(), format, icc_profile=wide))
    nonsense = check(saved(halves(), format, icc_profile=profile))

    # then: one that cannot belong to these pixels is left behind
    assert opened(kept.data).info["icc_profile"] == wide
    assert "icc_profile" not in opened(nonsense.data).info


def _wide_profile() -> bytes:
    from pingvas.engine.images.colour_profiles import profile_of_cicp

    found = profile_of_cicp(12, 13)
    assert found is not None
    return found


def test_colours_that_are_told_by_code_points_are_seen_as_they_are_meant() -> None:
    # given: an AVIF whose box of colours says Display P3
    data = saved(halves(), "AVIF")
    place = data.index(b"colrnclx") + 8
    wide = data[:place] + struct.pack(">HH", 12, 13) + data[place + 4 :]
    of_video = data[:place] + struct.pack(">HH", 1, 1) + data[place + 4 :]

    # when
    kept, plain = check(wide), check(of_video)

    # then
    assert opened(kept.data).info["icc_profile"] == _wide_profile()
    assert "icc_profile" not in opened(plain.data).info


@pytest.mark.parametrize("format", FORMATS)
def test_what_other_programs_say_in_it_is_read(format: str) -> None:
    exif = Image.Exif()
    text = write_infotext(PARAMETERS, version="v1.10")
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")

    kept = check(saved(halves(), format, exif=exif.tobytes()))

    assert {name: kept.parameters[name] for name in PARAMETERS} == PARAMETERS
    again = check(kept.data).parameters
    assert {name: again[name] for name in PARAMETERS} == PARAMETERS


def test_of_a_moving_avif_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]

    kept = check(saved(frames[0], "AVIF", save_all=True, append_images=frames[1:]))

    red, green, blue = colour(opened(kept.data), (8, 8))
    assert red > 230 > 30 > max(green, blue)


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_of_what_lies_behind_or_beside_the_pixels_is_kept(format: str) -> None:
    # given: a page, an archive and a program's text in boxes that every reader passes over
    hidden = b"<script>alert(1)</script>PK\x03\x04%PDF-1.7"
    data = saved(halves(), format) + struct.pack(">I4s", 8 + len(hidden), b"free") + hidden + hidden

    kept = check(data)

    assert opened(kept.data).format == "JPEG"
    for secret in (b"script", b"PK\x03\x04", b"%PDF"):
        assert secret not in kept.data


def ftyp(major: bytes, *others: bytes) -> bytes:
    body = major + bytes(4) + b"".join(others)
    return struct.pack(">I4s", 8 + len(body), b"ftyp") + body


def with_header_size(data: bytes, width: int, height: int) -> bytes:
    """The picture's box of its size tells another."""
    changed, place = bytearray(data), -1
    while (place := data.find(b"ispe", place + 1)) >= 0:
        changed[place + 8 : place + 16] = struct.pack(">II", width, height)
    return bytes(changed)


@cache
def sound(format: str) -> bytes:
    noise = Image.frombytes("RGB", (128, 96), random.Random(2).randbytes(128 * 96 * 3))
    return saved(noise, format)


def hostile(kind: str, format: str) -> tuple[bytes, tuple[type[StudioError], ...]]:
    data = sound(format)
    other = FORMATS[1 - FORMATS.index(format)]
    head = data[: data.index(b"meta") - 4]
    kinds: dict[str, tuple[bytes, tuple[type[StudioError], ...]]] = {
        "cut off in its pixels": (data[: len(data) * 2 // 3], (DamagedImage,)),
        "cut off in its boxes": (data[: data.index(b"iprp") + 6], (DamagedImage,)),
        "a beginning alone": (head, (DamagedImage,)),
        "a box that is longer than the file": (
            head + struct.pack(">I4s", 2**31 - 1, b"meta") + data[len(head) + 8 :],
            (DamagedImage,),
        ),
        "a box of eight exabytes": (head + struct.pack(">I4sQ", 1, b"meta", 2**63 - 1), (DamagedImage,)),
        "a box of no bytes": (head + struct.pack(">I4s", 3, b"meta") * 1000, (DamagedImage,)),
        "far more pixels in its header": (
            with_header_size(data, 60_000, 60_000),
            (TooManyPixels, DamagedImage),
        ),
        "too wide in its header": (with_header_size(data, 5000, 1), (TooManyPixels, DamagedImage)),
        "no pixels in its header": (with_header_size(data, 0, 0), (DamagedImage,)),
        "the pixels of the other codec": (
            head + sound(other)[sound(other).index(b"meta") - 4 :],
            (DamagedImage,),
        ),
        "a film": (ftyp(b"isom", b"avc1", b"mp41") + data[len(head) :], (NotAnImage,)),
        "a program behind its beginning": (head + b"\x7fELF" + bytes(500), (DamagedImage,)),
        "a JPEG behind its beginning": (head + saved(halves(), "JPEG"), (DamagedImage,)),
    }
    return kinds[kind]


HOSTILE = [
    "cut off in its pixels",
    "cut off in its boxes",
    "a beginning alone",
    "a box that is longer than the file",
    "a box of eight exabytes",
    "a box of no bytes",
    "far more pixels in its header",
    "too wide in its header",
    "no pixels in its header",
    "the pixels of the other codec",
    "a film",
    "a program behind its beginning",
    "a JPEG behind its beginning",
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_by_name(kind: str, format: str) -> None:
    data, expected = hostile(kind, format)

    with pytest.raises(expected):
        check(data)


@pytest.mark.parametrize("format", FORMATS)
def test_one_with_too_many_pixels_is_refused_before_it_is_decoded(format: str) -> None:
    data = saved(halves((400, 300)), format)

    with pytest.raises(TooManyPixels):
        check(data, max_side=399)
    with pytest.raises(LargePicture):
        check(data, decode_pixels=400 * 300 - 1)
    with pytest.raises(PictureTooCostly) as costly:
        check(data, memory=160 * 1024 * 1024 + 400 * 300)
    assert costly.value.extra["max_pixels"] < 400 * 300


@pytest.mark.parametrize("format", FORMATS)
def test_mutated_files_are_kept_whole_or_refused_by_name(format: str) -> None:
    data, chance = sound(format), random.Random(11)
    kept = refused = 0
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(8, 700 if chance.random() < 0.7 else len(data))] = chance.randrange(256)

        try:
            found = check(bytes(changed))
        except (NotAnImage, DamagedImage, TooManyPixels):
            refused += 1
        else:
            kept += 1
            assert opened(found.data).size == (found.width, found.height)

    assert kept > 0
    assert refused > 0


def test_a_file_is_known_by_its_brands_and_not_by_its_name() -> None:
    assert codec_of(ftyp(b"avif", b"mif1")) == "AVIF"
    assert codec_of(ftyp(b"mif1", b"miaf", b"avif")) == "AVIF"
    assert codec_of(ftyp(b"mif1", b"heic")) == "HEIF"
    assert codec_of(ftyp(b"heic")) == "HEIF"
    assert codec_of(ftyp(b"qt  ")) is None
    assert codec_of(b"\xff\xff\xff\xffftypmif1" + b"avif" * 1000) == "AVIF"
    for data in (b"", b"ftyp", bytes(12), sound("AVIF")[8:]):
        assert codec_of(data) is None
