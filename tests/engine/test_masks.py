"""Where to repaint, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.masks import (
    compose,
    fit,
    fit_clear,
    fit_mask,
    latent_mask,
    mask_of,
    region_around,
    soften,
)
from pingvas.engine.images.transparency import filled, opaque, with_clear_parts_of


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def mask_with(width: int, height: int, box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", (width, height))
    mask.paste(255, box)
    return mask


def test_white_of_the_mask_is_repainted_and_black_is_kept() -> None:
    # given a colour picture as the mask, as painting programs write it
    painted = Image.merge("RGB", [mask_with(16, 8, (2, 2, 6, 6))] * 3)

    mask = mask_of(noise(16, 8), painted)

    assert mask.mode == "L"
    assert mask.getbbox() == (2, 2, 6, 6)
    assert set(np.unique(np.asarray(mask))) == {0, 255}


def test_strokes_on_nothing_are_a_mask_too() -> None:
    strokes = Image.new("RGBA", (16, 8), (255, 255, 255, 0))
    ImageDraw.Draw(strokes).rectangle((4, 2, 7, 5), fill=(255, 255, 255, 255))

    assert mask_of(noise(16, 8), strokes).getbbox() == (4, 2, 8, 6)


def test_without_a_mask_the_transparent_pixels_are_repainted() -> None:
    source = noise(16, 8)
    alpha = Image.new("L", (16, 8), 255)
    alpha.paste(0, (1, 1, 4, 5))
    source.putalpha(alpha)

    assert mask_of(source, None).getbbox() == (1, 1, 4, 5)


def test_inverting_repaints_what_was_kept() -> None:
    mask = mask_of(noise(8, 8), mask_with(8, 8, (0, 0, 8, 4)), invert=True)

    assert mask.getbbox() == (0, 4, 8, 8)


def test_what_a_lossy_file_makes_of_black_is_kept() -> None:
    almost = mask_with(8, 8, (0, 0, 4, 4)).point([min(250, value + 5) for value in range(256)])

    assert mask_of(noise(8, 8), almost).getbbox() == (0, 0, 4, 4)


def test_a_mask_of_another_size_is_refused_by_both_sizes() -> None:
    with pytest.raises(InvalidParameters, match=r"the mask is 8×9 and the source 16×12"):
        mask_of(noise(16, 12), Image.new("L", (8, 9), 255))


@pytest.mark.parametrize(("value", "invert"), [(0, False), (255, True)])
def test_a_mask_that_repaints_nothing_is_refused(value: int, invert: bool) -> None:
    with pytest.raises(InvalidParameters, match="nothing to repaint"):
        mask_of(noise(8, 8), Image.new("L", (8, 8), value), invert=invert)


def test_a_source_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidParameters, match="nothing says where"):
        mask_of(noise(8, 8), None)


@given(
    box=st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 30)] * 2),
    blur=st.integers(0, 6),
    padding=st.integers(0, 40),
    size=st.sampled_from([(32, 32), (64, 32), (24, 56)]),
)
@settings(deadline=None, max_examples=40)
def test_unmasked_pixels_stay_identical_whatever_is_painted(
    box: tuple[int, int, int, int], blur: int, padding: int, size: tuple[int, int]
) -> None:
    # given a mask somewhere in a picture
    original = noise(80, 70)
    mask = mask_with(80, 70, (box[0], box[1], min(80, box[0] + box[2]), min(70, box[1] + box[3])))
    soft = soften(mask, blur)
    region = region_around(mask, soft, padding=padding, width=size[0], height=size[1])

    # when something quite different is painted in its region
    painted = region.put_back(original, Image.new("RGB", size, (1, 2, 3)), soft)

    # then it shows exactly as far as the soft mask lets it
    weights, before, after = np.asarray(soft), np.asarray(original), np.asarray(painted)
    assert (after[weights == 0] == before[weights == 0]).all()
    assert (after[weights == 255] == (1, 2, 3)).all()


def test_there_is_no_seam_when_the_region_is_given_back_as_it_was() -> None:
    # given a smooth picture, whose crop survives being scaled up and down
    ramp = np.linspace(0, 255, 120).astype(np.uint8)
    original = Image.fromarray(np.stack([np.tile(ramp, (90, 1))] * 3, axis=2))
    mask = mask_with(120, 90, (50, 30, 80, 60))
    soft = soften(mask, 4)
    region = region_around(mask, soft, padding=8, width=128, height=128)

    back = region.put_back(original, region.crop(original), soft)

    assert np.abs(np.asarray(back).astype(int) - np.asarray(original)).max() <= 2


@pytest.mark.parametrize(
    ("mask_box", "size", "expected"),
    [
        ((40, 30, 50, 40), (64, 64), (35, 25, 55, 45)),  # padding only
        ((40, 30, 50, 40), (128, 64), (25, 25, 65, 45)),  # grown to both sides
        ((0, 30, 10, 40), (128, 64), (0, 25, 40, 45)),  # grown inwards at an edge
        ((0, 0, 100, 10), (64, 64), (0, -10, 100, 90)),  # higher than the picture: reaches over it
    ],
)
def test_the_region_has_the_proportions_that_are_rendered(
    mask_box: tuple[int, int, int, int], size: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    mask = mask_with(100, 80, mask_box)

    region = region_around(mask, mask, padding=5, width=size[0], height=size[1])

    assert region.box == expected
    assert region.crop(noise(100, 80)).size == size


def test_a_source_is_covered_upright_and_opaque() -> None:
    # given a wide picture that is half transparent
    source = Image.new("RGBA", (40, 20), (255, 0, 0, 255))
    source.paste((0, 0, 0, 0), (0, 0, 20, 20))

    fitted = fit(source, 32, 32)

    assert (fitted.mode, fitted.size) == ("RGB", (32, 32))
    assert fitted.getpixel((1, 16)) == (255, 255, 255)
    assert fitted.getpixel((30, 16)) == (255, 0, 0)
    assert opaque(source).getpixel((0, 0)) == (255, 255, 255)


def test_a_mask_is_cut_as_its_source_is() -> None:
    mask = mask_with(40, 20, (20, 0, 40, 20))

    assert fit_mask(mask, 32, 32).getbbox() == (16, 0, 32, 32)
    with pytest.raises(InvalidParameters, match="outside of the picture"):
        fit_mask(mask_with(40, 20, (0, 0, 5, 20)), 32, 32)


def test_holes_take_the_colours_around_them() -> None:
    source = Image.new("RGBA", (33, 17), (200, 100, 50, 255))
    source.paste((0, 0, 0, 0), (5, 5, 20, 12))

    assert filled(source).getextrema() == ((200, 200), (100, 100), (50, 50))


def test_a_picture_that_is_all_hole_is_filled_with_white() -> None:
    assert filled(Image.new("RGBA", (9, 5))).getextrema() == ((255, 255),) * 3


def test_a_latent_is_repainted_when_any_of_its_pixels_is() -> None:
    latents = latent_mask(mask_with(40, 24, (7, 8, 9, 9)), 8, 8)

    assert latents.shape == (3, 5)
    assert np.argwhere(latents == 1).tolist() == [[1, 0], [1, 1]]
    assert latent_mask(mask_with(40, 24, (39, 23, 40, 24)), 16, 16).tolist() == [[0, 0, 0], [0, 0, 1]]


def test_half_a_mask_mixes_half() -> None:
    black, white = Image.new("RGB", (2, 2)), Image.new("RGB", (2, 2), "white")

    assert compose(black, white, Image.new("L", (2, 2), 128)).getpixel((0, 0)) == (128, 128, 128)


def test_what_is_clear_and_not_repainted_stays_as_it_was() -> None:
    # given a source that is clear on the left, a mask across, and a soft edge
    source = noise(20, 10).convert("RGBA")
    source.paste((7, 8, 9, 0), (0, 0, 8, 10))
    source.paste((200, 100, 0, 100), (8, 0, 10, 10))
    soft = mask_with(20, 10, (4, 4, 16, 10))
    soft.paste(128, (4, 2, 16, 4))
    made = compose(filled(source), Image.new("RGB", (20, 10), (1, 2, 3)), soft)

    found = np.asarray(with_clear_parts_of(source, made, soft))

    weights, before = np.asarray(soft), np.asarray(source)
    assert (found[weights == 0] == before[weights == 0]).all()
    assert (found[weights == 255] == (1, 2, 3, 255)).all()
    # half painted over nothing is half there, over half more than half, over all of it all
    assert found[3, [4, 8, 12], 3].tolist() == [128, 178, 255]


def test_a_picture_that_ends_without_anything_clear_has_no_transparency() -> None:
    source = noise(8, 8).convert("RGBA")
    source.paste((0, 0, 0, 0), (2, 2, 4, 4))
    made = noise(8, 8, seed=1)

    assert with_clear_parts_of(source, made, mask_with(8, 8, (1, 1, 6, 6))) is made


def test_a_clear_source_is_cut_as_an_opaque_one_is() -> None:
    source = Image.new("RGBA", (40, 20), (200, 100, 0, 255))
    source.paste((0, 0, 0, 0), (0, 0, 20, 20))

    fitted = fit_clear(source, 32, 32)

    assert fitted.size == (32, 32)
    assert fitted.getpixel((30, 16)) == (200, 100, 0, 255)
    assert fitted.getpixel((1, 16)) == (0, 0, 0, 0)
    assert fit_clear(source, 40, 20).tobytes() == source.tobytes()
