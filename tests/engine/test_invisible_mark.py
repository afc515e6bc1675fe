"""The mark that nobody sees: how little it changes, what it outlives, and that chance does not make it up."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pingvas.engine.images.invisible_mark import MAX_ID, mark, read_mark

ID = 0xB5C3


def noise(width: int, height: int) -> Image.Image:
    drawn = np.random.RandomState(1).randint(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(drawn)


def gradient(width: int, height: int) -> Image.Image:
    down, across = np.mgrid[0:height, 0:width]
    levels = [
        40 + 170 * across / width,
        30 + 200 * down / height,
        60 + 90 * (across + down) / (width + height),
    ]
    return Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))


def photo(width: int, height: int) -> Image.Image:
    """As photographs are: a sky, a ground, things with edges and their shadows, and grain."""
    chance = np.random.RandomState(2)
    image = gradient(width, height)
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = chance.randint(0, width), chance.randint(0, height)
        wide, high = chance.randint(4, width // 3), chance.randint(4, height // 3)
        colour = tuple(int(level) for level in chance.randint(0, 256, 3))
        draw.ellipse((x, y, x + wide, y + high), fill=colour)
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(1.5)), np.float64)
    grain = chance.normal(0, 4, soft.shape)
    return Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8))


PICTURES = {"noise": noise, "gradient": gradient, "photo": photo}
SIZES = [(256, 256), (512, 512), (768, 512), (1024, 1024)]


def psnr(one: Image.Image, other: Image.Image) -> float:
    apart = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    return float(10 * np.log10(255**2 / np.mean(apart**2)))


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def halved(image: Image.Image, filter: Image.Resampling) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), filter)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", PICTURES)
def test_a_marked_picture_looks_the_same_and_is_read(kind: str, size: tuple[int, int]) -> None:
    image = PICTURES[kind](*size)

    marked = mark(image, ID)

    assert psnr(image, marked) >= 42
    found = read_mark(marked)
    assert found is not None
    assert found.operator_id == ID


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", PICTURES)
def test_the_mark_outlives_a_jpeg_of_quality_75_and_halving_and_both(
    kind: str, size: tuple[int, int]
) -> None:
    marked = mark(PICTURES[kind](*size), ID)

    ways = {
        "jpeg": as_jpeg(marked, 75),
        "halved": halved(marked, Image.Resampling.LANCZOS),
        "jpeg, halved": halved(as_jpeg(marked, 75), Image.Resampling.BICUBIC),
        "halved, jpeg": as_jpeg(halved(marked, Image.Resampling.BICUBIC), 75),
        "webp": _as_webp(marked),
    }

    read = {way: found.operator_id for way, image in ways.items() if (found := read_mark(image)) is not None}
    assert read == dict.fromkeys(ways, ID)


def _as_webp(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=75)
    return Image.open(buffer)


@pytest.mark.parametrize("operator_id", [0, 1, 255, 256, MAX_ID])
def test_each_number_is_read_as_it_was_put(operator_id: int) -> None:
    found = read_mark(mark(photo(512, 512), operator_id))

    assert found is not None
    assert found.operator_id == operator_id


def test_marking_again_takes_the_place_of_an_earlier_mark() -> None:
    found = read_mark(mark(mark(photo(512, 512), 7), 9))

    assert found is not None
    assert found.operator_id == 9


def test_no_picture_without_a_mark_reads_as_if_it_had_one() -> None:
    chance = np.random.RandomState(3)
    drawn = (Image.fromarray(chance.randint(0, 256, (64, 64, 3)).astype(np.uint8)) for _ in range(300))
    flat = (Image.new("RGB", (256, 256), (level, level, level)) for level in range(0, 256, 15))

    pictures = [*drawn, *flat, *(make(512, 384) for make in PICTURES.values())]

    assert [read_mark(image) for image in pictures] == [None] * len(pictures)


def test_a_picture_cut_in_half_is_not_taken_for_somebody_elses() -> None:
    marked = mark(photo(512, 512), ID)

    assert read_mark(marked.crop((0, 0, 256, 512))) is None


def test_what_is_clear_stays_as_clear_as_it_was() -> None:
    image = photo(256, 256).convert("RGBA")
    image.putalpha(Image.linear_gradient("L"))

    marked = mark(image, ID)

    assert marked.mode == "RGBA"
    assert marked.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert read_mark(marked) is not None


def test_a_picture_too_small_for_a_mark_stays_as_it_is() -> None:
    image = photo(300, 40)

    assert mark(image, ID) is image
    assert read_mark(image) is None


def test_a_large_picture_is_marked_strip_by_strip_without_seams() -> None:
    image = Image.new("RGB", (2400, 1800), (120, 130, 140))

    change = np.asarray(mark(image, ID), np.int16)[..., 0] - 120

    assert np.abs(np.diff(change, axis=0)).max() <= 2
    assert np.abs(change).max() <= 8
