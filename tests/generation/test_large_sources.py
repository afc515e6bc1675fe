"""Prices of jobs whose images are larger than what is asked for: by counted pixels."""

from typing import Any
from uuid import UUID

import pytest

from pingvas.base.ids import new_id
from pingvas.generation.job_parameters import JobParameters, read_parameters
from pingvas.generation.pricing.large_sources import (
    DECODED,
    ENCODED,
    IN_ENGINE,
    NO_MORE,
    MorePixels,
    more_pixels,
)
from pingvas.generation.pricing.price import HEADROOM, quote

SOURCE, MASK = new_id(), new_id()
STEPS: dict[str, Any] = {
    "model": "toy",
    "prompt": "a house",
    "seed": 7,
    "steps": 2,
    "cfg_scale": 4.0,
    "sampler": "dpmpp_2m",
    "width": 512,
    "height": 512,
}
ASKED = 512 * 512 / 1e6


def job(job_type: str, **changes: Any) -> JobParameters:
    return read_parameters(job_type, {**STEPS, "source_image": str(SOURCE), **changes})


def sizes(side: int) -> dict[UUID, tuple[int, int]]:
    return {SOURCE: (side, side), MASK: (side, side)}


@pytest.mark.parametrize(
    ("parameters", "read", "kept"),
    [
        (job("img2img"), 1, 0),
        (job("inpaint"), 1, 0),
        (job("inpaint", mask_image=str(MASK)), 2, 0),
        (job("inpaint", mask_image=str(MASK), inpaint_area="masked"), 2, 1),
        (job("txt2img", controlnet=[{"model": "edges", "image": str(SOURCE)}] * 2), 2, 0),
        (job("upscale", scale=4.0, width=8192, height=8192), 0, 0),
        (job("txt2img"), 0, 0),
    ],
)
def test_pixels_beyond_the_picture_are_counted_for_each_image_that_is_read_and_kept(
    parameters: JobParameters, read: int, kept: int
) -> None:
    beyond = 2048 * 2048 / 1e6 - ASKED

    found = more_pixels(parameters, sizes(2048))

    assert found.read == pytest.approx(read * beyond)
    assert found.kept == pytest.approx(kept * beyond)


def test_images_no_larger_than_the_picture_cost_nothing_more() -> None:
    assert more_pixels(job("inpaint", mask_image=str(MASK), inpaint_area="masked"), sizes(512)) == NO_MORE


def test_the_largest_source_is_quoted_for_what_its_pixels_take() -> None:
    asked = job("inpaint", mask_image=str(MASK), inpaint_area="masked")

    small = quote({}, asked, more=more_pixels(asked, sizes(512)))
    large = quote({}, asked, more=more_pixels(asked, sizes(8192)))

    assert large.seconds - small.seconds == pytest.approx(
        (2 * DECODED + ENCODED + 3 * IN_ENGINE) * (8192 * 8192 / 1e6 - ASKED)
    )
    assert large.credits >= HEADROOM * large.seconds
    assert large.credits > 10 * small.credits


def test_a_machine_that_is_faster_at_steps_decodes_no_faster() -> None:
    more = MorePixels(read=10.0)

    for ratio in (0.01, 1.0, 100.0):
        with_it, without = (
            quote({}, job("img2img"), ratio=ratio, more=each).seconds for each in (more, NO_MORE)
        )
        assert with_it - without == pytest.approx(more.seconds)
