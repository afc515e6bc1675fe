"""What stands for a picture where it is shown small."""

import io

import numpy as np
import pytest
from PIL import Image

from pingvas.engine.images.thumbhash import thumbhash
from pingvas.engine.images.thumbnails import NoThumbnail, make_thumbnails, thumbnails_of


def gradient(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards and blue by both, each in its own way."""
    x = np.linspace(0, 1, width)[None, :].repeat(height, 0)
    y = np.linspace(0, 1, height)[:, None].repeat(width, 1)
    colours = np.stack([x**2, (0.2 + 0.8 * y) ** 3, (x * y + 0.3 * x) / 2], axis=2)
    return Image.fromarray((255 * colours).round().astype(np.uint8))


def saved(image: Image.Image, format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, quality=95)
    return buffer.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "WEBP"
        return image.size


def test_thumbnails_fit_their_sides_and_keep_the_shape() -> None:
    for size, small, large in (
        ((1024, 512), (320, 160), (640, 320)),
        ((200, 800), (80, 320), (160, 640)),
        ((500, 400), (320, 256), (500, 400)),
        ((64, 64), (64, 64), (64, 64)),
        ((3, 1), (3, 1), (3, 1)),
    ):
        made = make_thumbnails(Image.new("RGB", size))

        assert (size_of(made.small), size_of(made.large)) == (small, large)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_clear_is_white_in_them(mode: str) -> None:
    made = make_thumbnails(Image.new("RGBA", (32, 32), (0, 0, 0, 0)).convert(mode))

    for data in (made.small, made.large):
        with Image.open(io.BytesIO(data)) as image:
            assert image.convert("RGB").getextrema() == ((255, 255),) * 3
    assert made.hash == thumbhash(Image.new("RGB", (32, 32), "white"))


# What the algorithm's own implementation makes of the same pixels.
KNOWN = {
    (100, 60): "d2080e1c9a908787818888798787c4400df958",
    (60, 100): "d2080e1c1a901788988887877888c4400ce958",
    (100, 1): "c9a81231aa8387878888087ca288308908",
}


@pytest.mark.parametrize("size", KNOWN)
def test_a_hash_is_what_the_public_algorithm_says(size: tuple[int, int]) -> None:
    assert thumbhash(gradient(*size)).hex() == KNOWN[size]


def test_a_hash_is_short_whatever_the_picture() -> None:
    for size in ((1, 1), (2, 1), (3000, 20), (20, 3000), (640, 480)):
        assert 10 <= len(thumbhash(gradient(*size))) <= 30
    assert len(thumbhash(Image.new("L", (5, 5)).convert("RGB"))) <= 30


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_kept_file_has_the_thumbnails_of_its_picture(format: str) -> None:
    image = gradient(2600, 1300)

    made = thumbnails_of(saved(image, format))

    assert (size_of(made.small), size_of(made.large)) == ((320, 160), (640, 320))
    assert len(made.hash) == len(make_thumbnails(image).hash)


def test_a_file_that_cannot_be_read_has_none() -> None:
    data = saved(gradient(64, 64), "PNG")

    for broken in (b"", b"hello", data[: len(data) // 2]):
        with pytest.raises(NoThumbnail):
            thumbnails_of(broken)
