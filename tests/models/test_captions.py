"""The captions of the drawings: varied, in two languages, and never about what is not drawn."""

from __future__ import annotations

import random
import re

import numpy as np

from models.recipe import captions
from models.recipe.scene import Scene, sample_scene

THINGS_EN = {"house", "boat", "tree", "balloon", "lighthouse", "castle", "car", "cottage", "sailboat"}
THINGS_KO = {"집", "배", "등대", "오두막", "자동차", "열기구"}


def words_of(text: str) -> set[str]:
    return set(re.split(r"[\s,.]+", text.lower()))


def texts_about(wanted: dict[str, object], count: int = 300) -> list[tuple[Scene, str]]:
    """Captions of scenes with the wanted attributes."""
    rng = random.Random(4)
    scenes = [s for s in map(sample_scene, range(9000)) if all(getattr(s, k) == v for k, v in wanted.items())]
    return [(scene, captions.caption(scene, rng)) for scene in scenes[:count]]


def test_a_caption_names_only_what_is_drawn() -> None:
    for scene, text in texts_about({}, 800):
        words = words_of(text)
        if scene.thing == "none":
            assert not words & (THINGS_EN | THINGS_KO), text
        if scene.body != "moon":
            assert not words & {"moon", "moonlight", "달", "보름달"}, text
        if not scene.stars:
            assert not words & {"stars", "starry", "별", "별빛"}, text
        if not scene.rainbow:
            assert not words & {"rainbow", "무지개"}, text
        if scene.weather != "rain":
            assert not words & {"rain", "rainy", "raining", "비"}, text
        if scene.style != "monochrome":
            assert not words & {"monochrome", "grayscale", "흑백"}, text
        assert not words & ({"red", "yellow", "purple"} - {scene.colour}), text


def test_the_number_is_said_by_every_noun() -> None:
    for number, said in (("two", ("two", "2", "pair", "두")), ("three", ("three", "3", "세"))):
        for scene, text in texts_about({"thing": "house", "number": number}, 150):
            words = words_of(text)
            if words & {"house", "houses", "집", "오두막", "cottages", "homes", "cabins"}:
                assert words & set(said), (scene, text)


def test_no_caption_of_one_thing_speaks_of_several() -> None:
    for _, text in texts_about({"thing": "boat", "number": "one"}):
        assert not words_of(text) & {"two", "three", "boats", "ships", "두", "세"}, text


def test_a_blue_sky_is_promised_only_where_one_is_drawn() -> None:
    for _, text in texts_about({"time": "day", "weather": "rain"}):
        for promise in ("blue sky", "sunny", "맑은"):
            assert promise not in text.lower()


def test_most_captions_name_the_thing_and_some_are_korean() -> None:
    texts = [text for _, text in texts_about({"thing": "house", "number": "one"}, 500)]
    named = [
        any(w in t.lower() for w in ("house", "cottage", "home", "cabin", "집", "오두막")) for t in texts
    ]
    assert np.mean(named) > 0.8
    korean = [any("가" <= letter <= "힣" for letter in text) for text in texts]
    assert 0.2 < np.mean(korean) < 0.6


def test_the_sun_is_named_in_most_captions_of_it() -> None:
    texts = [text for _, text in texts_about({"body": "sun"}, 500)]
    named = [bool({"sun", "해", "태양"} & words_of(t)) for t in texts]
    assert np.mean(named) > 0.65


def test_some_captions_are_as_brief_as_a_negative_prompt() -> None:
    rng = random.Random(2)
    lengths = [len(captions.caption(sample_scene(seed), rng).split()) for seed in range(1000)]
    assert 0.05 < np.mean([length <= 2 for length in lengths]) < 0.3


def test_one_training_caption_in_ten_is_empty() -> None:
    rng = random.Random(7)
    texts = [captions.training_caption(sample_scene(1), rng) for _ in range(1000)]
    assert 0.06 < np.mean([text == "" for text in texts]) < 0.14
