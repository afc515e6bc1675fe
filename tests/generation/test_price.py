"""Prices: what grows with what, what was learned, and that a charge never exceeds its quote."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pingvas.generation.job_parameters import JobParameters, read_parameters
from pingvas.generation.pricing.price import HEADROOM, charge, quote

CONFIG = {"cost": {"fixed_seconds": 1.0, "seconds_per_megapixel_step": 2.0}}
STEPS: dict[str, Any] = {
    "model": "toy",
    "prompt": "a house",
    "seed": 7,
    "steps": 20,
    "cfg_scale": 4.0,
    "sampler": "dpmpp_2m",
}
PICTURE: dict[str, Any] = {**STEPS, "width": 1000, "height": 500}
CONTROL: dict[str, Any] = {"model": "edges", "image": "00000000-0000-7000-8000-000000000000"}


def picture(**changes: Any) -> JobParameters:
    job_type = "img2img" if "strength" in changes else "txt2img"
    return read_parameters(job_type, {**PICTURE, "source_image": CONTROL["image"], **changes})


def enlarged(**changes: Any) -> JobParameters:
    return read_parameters("upscale", ENLARGED | changes)


@pytest.mark.parametrize(
    ("changes", "seconds", "credits"),
    [
        ({}, 21.0, 26),
        ({"steps": 40}, 41.0, 50),
        ({"width": 2000}, 41.0, 50),
        ({"sampler": "heun"}, 41.0, 50),  # asks the model twice a step
        ({"cfg_scale": 1.0}, 11.0, 14),  # without guidance it is asked for one prediction, not two
        ({"width": 8, "height": 8, "steps": 1}, 1.000128, 2),
        ({"strength": 0.5}, 11.0, 14),  # a picture made from another runs half its steps
        ({"strength": 0.01}, 2.0, 3),  # one step at least
        ({"controlnet": [CONTROL]}, 27.0, 33),
        ({"controlnet": [CONTROL, CONTROL]}, 34.8, 42),
        ({"prompt": "word " * 400, "loras": [{"name": "a", "weight": 1.0}]}, 21.0, 26),
    ],
)
def test_a_quote_is_the_work_in_seconds_with_a_fifth_on_top_rounded_up(
    changes: dict[str, Any], seconds: float, credits: int
) -> None:
    price = quote(CONFIG, picture(**changes))

    assert price.seconds == pytest.approx(seconds)
    assert price.credits == credits


ENLARGED: dict[str, Any] = {
    "model": "four",
    "source_image": CONTROL["image"],
    "width": 1000,
    "height": 2000,
    "scale": 4.0,
    "refine": None,
}
REFINE: dict[str, Any] = {**STEPS, "strength": 0.25}


@pytest.mark.parametrize(
    ("cost", "changes", "seconds"),
    [
        ({}, {}, 3.0),
        ({"seconds_per_output_megapixel": 4.0, "fixed_seconds": 0.5}, {}, 8.5),
        (
            {},
            {"scale": 2.0},
            9.0,
        ),  # the model makes four times as many pixels, and half a side is taken of them
        ({}, {"scale": 8.0}, 3.0),
        ({}, {"refine": REFINE}, 3.0 + 1.0 + 2.0 * 5 * 2.0),  # refining: five steps of two megapixels
    ],
)
def test_enlarging_costs_what_the_model_makes_and_refining_comes_on_top(
    cost: dict[str, float], changes: dict[str, Any], seconds: float
) -> None:
    price = quote({"scale": 4, "cost": cost}, enlarged(**changes), refine_config=CONFIG)

    assert price.seconds == pytest.approx(seconds)


def test_what_was_learned_of_a_model_scales_its_own_part_of_the_price() -> None:
    refined = enlarged(refine=REFINE)

    plain = quote(CONFIG, picture(), ratio=0.5)
    both = quote({"scale": 4}, refined, refine_config=CONFIG, ratio=10.0, refine_ratio=0.1)

    assert (plain.seconds, plain.credits) == (10.5, 13)
    assert both.seconds == pytest.approx(10.0 * 3.0 + 0.1 * (1.0 + 2.0 * 5 * 2.0))


@given(ratio=st.floats(1e-4, 1e4), steps=st.integers(1, 150), side=st.integers(8, 512).map(lambda n: 8 * n))
def test_a_quote_covers_what_is_expected_and_is_at_least_one_credit(
    ratio: float, steps: int, side: int
) -> None:
    price = quote(CONFIG, picture(steps=steps, width=side, height=side), ratio=ratio)

    assert price.credits == max(1, math.ceil(HEADROOM * price.seconds))
    assert charge(gpu_seconds=price.seconds, quoted=price.credits) <= price.credits


def test_even_the_smallest_picture_costs_a_credit() -> None:
    assert quote({"cost": {"fixed_seconds": 0, "seconds_per_megapixel_step": 0}}, picture()).credits == 1


@given(gpu_seconds=st.floats(0, 1e6), quoted=st.integers(0, 10**6))
def test_nobody_is_ever_charged_more_than_the_quote_or_than_a_credit_above_the_seconds(
    gpu_seconds: float, quoted: int
) -> None:
    charged = charge(gpu_seconds=gpu_seconds, quoted=quoted)

    assert 0 <= charged <= quoted
    assert charged <= gpu_seconds + 1


@pytest.mark.parametrize(("gpu_seconds", "charged"), [(0.0, 0), (0.01, 1), (2.0, 2), (2.1, 3), (99.0, 3)])
def test_a_charge_is_the_seconds_rounded_up_and_never_more_than_the_quote(
    gpu_seconds: float, charged: int
) -> None:
    assert charge(gpu_seconds=gpu_seconds, quoted=3) == charged
