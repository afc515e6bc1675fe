"""Pictures made from pictures: how much of the source is kept, and that what must be kept is kept exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pingvas.engine.engine import Engine
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.requests import DENOISING, Inpaint, StepReport
from pingvas.engine.samplers import SAMPLERS


@pytest.fixture(scope="module")
def source() -> Image.Image:
    """Colour that differs everywhere, so that nothing shifted goes unnoticed."""
    across, down = np.meshgrid(np.arange(96), np.arange(64))
    return Image.fromarray(np.stack([across * 2, down * 3, (across + down) % 97], axis=2).astype(np.uint8))


@pytest.fixture(scope="module")
def mask() -> Image.Image:
    image = Image.new("L", (96, 64), 0)
    ImageDraw.Draw(image).rectangle((40, 20, 60, 40), fill=255)
    return image


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.int16)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_starts_from_a_source_and_runs_its_share_of_the_steps(
    engine: Engine, source: Image.Image, ask: Any, sampler: str
) -> None:
    reports: list[StepReport] = []

    result = engine.run(ask(source=source, strength=0.5, steps=6, sampler=sampler, width=96), reports.append)

    assert result.image.size == (96, 64)
    assert [report.step for report in reports if report.step_name == DENOISING] == [1, 2, 3]


def test_the_source_matters_and_the_seed_matters(engine: Engine, source: Image.Image, ask: Any) -> None:
    request = ask(source=source, strength=0.5, width=96)
    made = pixels(engine.run(request).image)

    assert np.array_equal(made, pixels(engine.run(request).image))
    assert not np.array_equal(
        made, pixels(engine.run(ask(source=source, strength=0.5, width=96, seed=8)).image)
    )
    turned = source.transpose(Image.Transpose.ROTATE_180)
    assert not np.array_equal(made, pixels(engine.run(ask(source=turned, strength=0.5, width=96)).image))


@pytest.mark.parametrize("strength", [0.0, 0.01, 1.0])
def test_the_extremes_of_strength_make_pictures(
    engine: Engine, source: Image.Image, ask: Any, strength: float
) -> None:
    assert engine.run(ask(source=source, strength=strength, width=96)).image.size == (96, 64)


@pytest.mark.parametrize("size", [(96, 64), (72, 40), (136, 136)])
def test_a_source_of_any_size_is_fitted_to_the_request(
    engine_f16: Engine, source: Image.Image, ask: Any, size: tuple[int, int]
) -> None:
    result = engine_f16.run(ask(source=source, strength=0.5, width=size[0], height=size[1]))

    assert result.image.size == size


def test_what_the_mask_does_not_touch_stays_as_it_was_to_the_last_bit(
    engine: Engine, engine_f16: Engine, source: Image.Image, mask: Image.Image, ask: Any
) -> None:
    for each in (engine, engine_f16):
        for blur in (0, 3):
            request = ask(source=source, inpaint=Inpaint(mask, blur=blur), width=96, strength=0.8)

            made = pixels(each.run(request).image)

            changed = np.abs(made - pixels(source)).max(axis=2) > 0
            rows, columns = np.nonzero(changed)
            assert changed[25:35, 45:55].mean() > 0.9
            reach = 3 * blur + 1
            assert (rows.min(), columns.min()) >= (20 - reach, 40 - reach)
            assert rows.max() <= 40 + reach
            assert columns.max() <= 60 + reach


def test_a_region_is_rendered_at_full_size_and_put_back_where_it_was(
    engine: Engine, source: Image.Image, mask: Image.Image, ask: Any
) -> None:
    inpaint = Inpaint(mask, blur=0, only_masked=True, padding=4)

    made = engine.run(ask(source=source, inpaint=inpaint, strength=0.8)).image

    assert made.size == source.size
    changed = np.abs(pixels(made) - pixels(source)).max(axis=2) > 0
    assert changed[25:35, 45:55].mean() > 0.9
    assert not changed[np.asarray(mask) == 0].any()


@pytest.mark.parametrize("only_masked", [False, True])
def test_clear_pixels_survive_inpainting_elsewhere(
    engine: Engine, source: Image.Image, mask: Image.Image, ask: Any, only_masked: bool
) -> None:
    # given a source with a clear corner, whose hidden colour is a third one, and a half clear one
    clear = source.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 30, 30))
    clear.paste((9, 200, 90, 77), (70, 40, 96, 64))
    inpaint = Inpaint(mask, blur=2, only_masked=only_masked, padding=4)

    made = engine.run(ask(source=clear, inpaint=inpaint, strength=0.8, width=96)).image

    assert (made.mode, made.size) == ("RGBA", (96, 64))
    found, before = np.asarray(made), np.asarray(clear)
    assert (found[:10] == before[:10]).all()
    assert (found[:30, :30] == before[:30, :30]).all()
    assert (found[50:, 70:] == before[50:, 70:]).all()
    assert (found[25:35, 45:55, 3] == 255).all()
    assert (found[25:35, 45:55, :3] != before[25:35, 45:55, :3]).any(axis=2).mean() > 0.9


def test_what_is_clear_is_white_to_a_model_that_paints_the_whole(
    engine: Engine, source: Image.Image, ask: Any
) -> None:
    clear = source.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 48, 64))
    white = source.copy()
    white.paste("white", (0, 0, 48, 64))

    made = [engine.run(ask(source=each, strength=0.5, width=96)).image for each in (clear, white)]

    assert made[0].mode == "RGB"
    assert made[0].tobytes() == made[1].tobytes()


def test_an_empty_mask_is_refused(engine: Engine, source: Image.Image, ask: Any) -> None:
    nothing = Image.new("L", source.size, 0)

    with pytest.raises(InvalidParameters, match="nothing to repaint"):
        engine.run(ask(source=source, inpaint=Inpaint(nothing)))


def test_inpainting_without_a_source_cannot_be_asked(mask: Image.Image, ask: Any) -> None:
    with pytest.raises(InvalidParameters, match="source"):
        ask(inpaint=Inpaint(mask))


def test_pictures_with_and_without_a_source_share_a_batch(
    engine: Engine, source: Image.Image, mask: Image.Image, ask: Any
) -> None:
    requests = [
        ask(seed=1, width=96),
        ask(seed=2, width=96, source=source, strength=0.5),
        ask(seed=3, width=96, source=source, inpaint=Inpaint(mask), sampler="euler_a"),
    ]
    alone = [pixels(engine.run(request).image) for request in requests]
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]

    while batch.entries:
        engine.step(batch)

    for entry, expected in zip(entries, alone, strict=True):
        assert np.abs(pixels(entry.outcome.image) - expected).max() <= 1  # type: ignore[union-attr]
