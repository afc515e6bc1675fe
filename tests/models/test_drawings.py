"""The drawings, their captions and the measurements that judge them."""

from __future__ import annotations

import random

import numpy as np

from models.recipe import captions
from models.recipe.draw import draw
from models.recipe.judge import accuracy, load_reader, read, time_by_sky, true_drawings
from models.recipe.scene import COLOURS, PLACES, THINGS, TIMES, is_held_out, sample_scene


def test_a_seed_always_gives_the_same_drawing() -> None:
    for seed in range(6):
        assert sample_scene(seed) == sample_scene(seed)
        assert draw(sample_scene(seed)).tobytes() == draw(sample_scene(seed)).tobytes()
    assert draw(sample_scene(1)).tobytes() != draw(sample_scene(2)).tobytes()


def test_a_drawing_is_256_pixels_square_and_may_be_drawn_smaller() -> None:
    assert draw(sample_scene(3)).size == (256, 256)
    assert draw(sample_scene(3), side=64).size == (64, 64)


def test_the_first_scenes_show_every_time_place_thing_and_colour() -> None:
    scenes = [sample_scene(seed) for seed in range(600)]
    assert {s.time for s in scenes} == set(TIMES)
    assert {s.place for s in scenes} == set(PLACES)
    assert {s.thing for s in scenes} == set(THINGS)
    assert {s.colour for s in scenes} - {"none"} == set(COLOURS)


def test_boats_are_drawn_only_on_the_sea_and_the_moon_only_at_night() -> None:
    scenes = [sample_scene(seed) for seed in range(2000)]
    assert {s.place for s in scenes if s.thing == "boat"} == {"sea"}
    assert {s.time for s in scenes if s.body == "moon"} == {"night"}


def test_training_never_draws_a_held_out_combination() -> None:
    drawn = {sample_scene(seed).key() for seed in range(4000)}
    kept = {sample_scene(seed, held_out=True).key() for seed in range(400)}
    assert not drawn & kept
    assert all(is_held_out(sample_scene(seed, held_out=True)) for seed in range(50))


def test_a_caption_names_only_what_is_drawn() -> None:
    rng = random.Random(5)
    for seed in range(400):
        scene = sample_scene(seed)
        words = set(captions.caption(scene, rng).lower().replace(",", " ").replace(".", " ").split())
        if scene.thing == "none":
            assert not words & {
                "house",
                "boat",
                "tree",
                "balloon",
                "lighthouse",
                "cottage",
                "집",
                "배",
                "등대",
            }
        if scene.body != "moon":
            assert not words & {"moon", "moonlight", "달", "보름달"}
        assert not words & ({"red", "yellow"} - {scene.colour})


def test_most_captions_name_the_thing_and_some_are_korean() -> None:
    rng = random.Random(6)
    scenes = [scene for scene in map(sample_scene, range(600)) if scene.thing == "house"]
    texts = [captions.caption(scene, rng) for scene in scenes]
    named = [
        any(w in t.lower() for w in ("house", "cottage", "home", "cabin", "집", "오두막")) for t in texts
    ]
    assert np.mean(named) > 0.85
    korean = [any("가" <= letter <= "힣" for letter in text) for text in texts]
    assert 0.2 < np.mean(korean) < 0.6


def test_one_training_caption_in_ten_is_empty() -> None:
    rng = random.Random(7)
    texts = [captions.training_caption(sample_scene(1), rng) for _ in range(1000)]
    assert 0.06 < np.mean([text == "" for text in texts]) < 0.14


def test_the_reader_is_right_on_true_drawings_and_guesses_on_shuffled_labels() -> None:
    pictures, wanted = true_drawings(60)
    shown = read(load_reader(), pictures)
    right = accuracy(shown, wanted)
    assert min(right.values()) >= 0.98, right
    shuffled = accuracy(shown, wanted[7:] + wanted[:7])
    assert max(shuffled["time"], shuffled["place"], shuffled["thing"], shuffled["colour"]) < 0.40, shuffled


def test_the_colour_of_the_sky_alone_tells_the_time_of_day() -> None:
    pictures, wanted = true_drawings(40)
    assert np.mean([time_by_sky(p) == w["time"] for p, w in zip(pictures, wanted, strict=True)]) >= 0.98
