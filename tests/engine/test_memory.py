"""Foretelling memory: what counts, and who may say otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from pingvas.engine.memory.estimate import BYTES_PER_MEGAPIXEL, FIXED_BYTES, OTHERWISE, predict_bytes

SIZE: dict[str, Any] = {"width": 1000, "height": 2000}


@pytest.mark.parametrize(
    ("config", "given", "expected"),
    [
        ({}, {}, FIXED_BYTES + 2 * OTHERWISE),
        ({"family": "sdxl"}, {}, FIXED_BYTES + 2 * BYTES_PER_MEGAPIXEL["sdxl"]),
        ({"family": "a stranger"}, {"weights_bytes": 7}, FIXED_BYTES + 7 + 2 * OTHERWISE),
        ({"size_bytes": 11}, {"parts_bytes": 5}, FIXED_BYTES + 16 + 2 * OTHERWISE),
        (
            {"family": "sd1", "memory": {"weights_bytes": 3, "bytes_per_megapixel": 10}},
            {"weights_bytes": 7, "parts_bytes": 5},
            FIXED_BYTES + 3 + 5 + 20,
        ),
    ],
)
def test_weights_parts_and_pixels_add_up_and_the_model_knows_best(
    config: dict[str, Any], given: dict[str, int], expected: int
) -> None:
    assert predict_bytes(config, SIZE, **given) == expected


def test_a_larger_picture_never_needs_less() -> None:
    needs = [predict_bytes({"family": "sd1"}, {"width": side, "height": side}) for side in range(8, 4096, 64)]

    assert needs == sorted(needs)
