"""The scenes and their drawings."""

from __future__ import annotations

import numpy as np
import pytest

from models.recipe.canvas import CELL, Canvas
from models.recipe.draw import draw
from models.recipe.scene import (
    ATTRIBUTES,
    Scene,
    is_held_out,
    sample_scene,
    targets_of,
)

SCENES = [sample_scene(seed) for seed in range(2000)]


def a_scene(**changes: object) -> Scene:
    plain = Scene(
        time="day",
        place="hills",
        thing="house",
        colour="red",
        position="centre",
        body="none",
        number="one",
        size="medium",
        weather="clear",
        season="summer",
        stars=False,
        rainbow=False,
        style="plain",
        variant=5,
    )
    return Scene(**{**vars(plain), **changes})


def pixels(scene: Scene) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
    return np.asarray(draw(scene), dtype=np.float64)


def test_a_seed_always_gives_the_same_drawing() -> None:
    for seed in range(6):
        assert sample_scene(seed) == sample_scene(seed)
        assert draw(sample_scene(seed)).tobytes() == draw(sample_scene(seed)).tobytes()
    assert draw(sample_scene(1)).tobytes() != draw(sample_scene(2)).tobytes()


def test_a_drawing_is_256_pixels_square_and_may_be_drawn_smaller() -> None:
    assert draw(sample_scene(3)).size == (256, 256)
    assert draw(sample_scene(3), side=64).size == (64, 64)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_the_first_scenes_show_every_value(attribute: str) -> None:
    assert {scene.label(attribute) for scene in SCENES} - {None} == set(ATTRIBUTES[attribute])


def test_boats_float_on_water_and_cars_do_not() -> None:
    assert {s.place for s in SCENES if s.thing == "boat"} == {"sea", "lake"}
    assert not {s.place for s in SCENES if s.thing == "car"} & {"sea", "lake"}


def test_the_sky_shows_what_belongs_to_the_time_and_the_weather() -> None:
    assert {s.time for s in SCENES if s.body == "moon"} == {"night"}
    assert {s.time for s in SCENES if s.stars} == {"night"}
    assert "night" not in {s.time for s in SCENES if s.rainbow}
    assert {s.weather for s in SCENES if s.body != "none"} == {"clear", "clouds"}


def test_snow_falls_on_no_green_land() -> None:
    falling = [s for s in SCENES if s.weather == "snowfall" and s.label("season")]
    assert {s.season for s in falling} == {"winter"}


def test_training_never_draws_a_held_out_combination() -> None:
    drawn = {key for scene in SCENES for key in scene.combinations()}
    kept = [sample_scene(seed, held_out=True) for seed in range(300)]
    assert all(is_held_out(scene) for scene in kept)
    assert all(set(scene.combinations()) - drawn for scene in kept)


def test_what_means_nothing_has_no_label_and_is_not_learnt() -> None:
    empty = a_scene(thing="none", colour="none")
    two_grey = a_scene(number="two", style="monochrome")
    assert [empty.label(name) for name in ("colour", "number", "size", "position")] == [None] * 4
    assert [two_grey.label(name) for name in ("colour", "size", "position")] == [None] * 3
    assert a_scene(place="sea").label("season") is None
    assert targets_of([empty])["colour"].tolist() == [-100]


@pytest.mark.parametrize("number", ["two", "three"])
def test_each_of_several_things_stands_apart_from_the_next(number: str) -> None:
    stands = Canvas(a_scene(number=number)).stands
    assert len(stands) == {"two": 2, "three": 3}[number]
    assert np.diff(stands).min() >= 5 * CELL
    assert all(stand / CELL == round(stand / CELL) for stand in stands)


def test_a_large_house_covers_more_than_a_small_one() -> None:
    covered = []
    for size in ("small", "medium", "large"):
        red, green, blue = pixels(a_scene(size=size)).transpose(2, 0, 1)
        covered.append(((red > 2 * green) & (red > 2 * blue)).mean())
    assert covered[0] < covered[1] * 0.7
    assert covered[2] > covered[1] * 1.25


@pytest.mark.parametrize("time", ["day", "sunset", "night", "dawn"])
@pytest.mark.parametrize("place", ATTRIBUTES["place"])
def test_sun_and_moon_are_whole_whatever_the_place(time: str, place: str) -> None:
    body = "moon" if time == "night" else "sun"
    bright = pixels(a_scene(time=time, place=place, body=body, thing="none"))
    dark = pixels(a_scene(time=time, place=place, body="none", thing="none"))
    changed = np.abs(bright - dark).max(axis=2) > 24
    # The disc alone has a radius of at least 0.112 of the side: 4 % of the picture.
    assert changed[:150].mean() > 0.039 * 256 / 150


def test_black_and_white_has_no_colour_and_pastel_little() -> None:
    def colourfulness(style: str) -> float:
        found = pixels(a_scene(style=style))
        return float((found.max(axis=2) - found.min(axis=2)).mean())

    assert colourfulness("monochrome") == 0
    assert 0 < colourfulness("pastel") < 0.7 * colourfulness("plain")


def test_weather_and_season_change_the_picture() -> None:
    plain = pixels(a_scene())
    for change in ({"weather": "rain"}, {"weather": "fog"}, {"season": "autumn"}, {"rainbow": True}):
        assert np.abs(pixels(a_scene(**change)) - plain).mean() > 5, change
