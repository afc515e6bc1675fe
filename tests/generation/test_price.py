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
    ],
)
def test_a_quote_is_the_work_in_seconds_rounded_up(
    changes: dict[str, Any], seconds: float, credits: int
) -> None:
    price = quote(CONFIG, PICTURE | changes)

    assert price.seconds == pytest.approx(seconds)
    assert price.credits == credits


def test_even_the_smallest_picture_costs_a_credit() -> None:
    assert quote({"cost": {"fixed_seconds": 0, "seconds_per_megapixel_step": 0}}, PICTURE).credits == 1


@pytest.mark.parametrize(("gpu_seconds", "charged"), [(0.0, 0), (0.01, 1), (2.0, 2), (2.1, 3), (99.0, 3)])
def test_a_charge_is_the_seconds_rounded_up_and_never_more_than_the_quote(
    gpu_seconds: float, charged: int
) -> None:
    assert charge(gpu_seconds=gpu_seconds, quoted=3) == charged
