"""A bucket that answers 503 for ten seconds while pictures are being made."""

from __future__ import annotations

import time

import pytest

from tests.chaos.ordeal import expect_nothing_lost, ordeal
from tests.chaos.studio_under_fire import StudioUnderFire

pytestmark = pytest.mark.slow

AWAY_SECONDS = 10.0


def test_a_storage_that_fails_for_ten_seconds_loses_nothing(
    studio: StudioUnderFire, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.have_workers(2)
    refused_before = studio.bucket.refused

    def fails() -> None:
        studio.bucket.is_failing = True
        time.sleep(AWAY_SECONDS)
        studio.bucket.is_failing = False

    tally = ordeal(studio, fails, name="storage failing", capsys=capsys)

    assert studio.bucket.refused > refused_before, (
        "nothing was stored meanwhile, so this run has shown nothing"
    )
    assert tally.lapses == 0  # a picture that waits for its storage keeps its lease
    expect_nothing_lost(tally)
