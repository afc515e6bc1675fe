"""Prices: what grows with what, and that a charge never exceeds its quote."""

from typing import Any

import pytest

from pingvas.generation.price import charge, quote

CONFIG = {"cost": {"fixed_seconds": 1.0, "seconds_per_megapixel_step": 2.0}}
PICTURE: dict[str, Any] = {"width": 1000, "height": 500, "steps": 20, "cfg_scale": 4.0, "sampler": "dpmpp_2m"}


@pytest.mark.parametrize(
    ("changes", "seconds", "credits"),
    [
        ({}, 21.0, 21),
        ({"steps": 40}, 41.0, 41),
        ({"width": 2000}, 41.0, 41),
        ({"sampler": "heun"}, 41.0, 41),  # asks the model twice a step
        ({"cfg_scale": 1.0}, 11.0, 11),  # without guidance it is asked for one prediction, not two
        ({"width": 8, "height": 8, "steps": 1}, 1.000128, 2),
        ({"strength": 0.5}, 11.0, 11),  # a picture made from another runs half its steps
        ({"strength": 0.01}, 2.0, 2),  # one step at least
        ({"controlnet": [{}]}, 27.0, 27),
        ({"controlnet": [{}, {}]}, 34.8, 35),
        ({"prompt": "word " * 400, "loras": [{"name": "a", "weight": 1.0}]}, 21.0, 21),
    ],
)
def test_a_quote_is_the_work_in_seconds_rounded_up(
    changes: dict[str, Any], seconds: float, credits: int
) -> None:
    price = quote(CONFIG, PICTURE | changes)

    assert price.seconds == pytest.approx(seconds)
    assert price.credits == credits


ENLARGED: dict[str, Any] = {"width": 1000, "height": 2000, "scale": 4.0, "refine": None}
REFINE: dict[str, Any] = {"steps": 20, "strength": 0.25, "cfg_scale": 4.0, "sampler": "dpmpp_2m"}


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
    price = quote({"scale": 4, "cost": cost}, ENLARGED | changes, refine_config=CONFIG)

    assert price.seconds == pytest.approx(seconds)


def test_even_the_smallest_picture_costs_a_credit() -> None:
    assert quote({"cost": {"fixed_seconds": 0, "seconds_per_megapixel_step": 0}}, PICTURE).credits == 1


@pytest.mark.parametrize(("gpu_seconds", "charged"), [(0.0, 0), (0.01, 1), (2.0, 2), (2.1, 3), (99.0, 3)])
def test_a_charge_is_the_seconds_rounded_up_and_never_more_than_the_quote(
    gpu_seconds: float, charged: int
) -> None:
    assert charge(gpu_seconds=gpu_seconds, quoted=3) == charged
