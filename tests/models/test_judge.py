"""The measurements that judge a model, checked on pictures whose content is known."""

from __future__ import annotations

import random

import numpy as np

from models.recipe.judge import doubled, drawings_like, sky_agreement, spread
from models.recipe.prompts import FIXED, NEGATIVES, drawn_prompts, plain_prompt
from models.recipe.reader import READ, accuracy, faulty, load_reader, read, shuffled, true_drawings
from models.recipe.scene import ATTRIBUTES, sample_scene


def test_the_reader_is_right_on_true_drawings_and_guesses_on_shuffled_labels() -> None:
    pictures, wanted = true_drawings(160)
    shown = read(load_reader(), pictures)
    right = accuracy(shown, wanted)
    assert right["overall"] >= 0.98, right
    assert min(right.values()) >= 0.95, right
    guessed = accuracy(shown, shuffled(wanted))
    assert max(guessed["time"], guessed["place"], guessed["thing"], guessed["colour"]) < 0.40, guessed


def test_the_colour_of_the_sky_alone_tells_the_time_of_day() -> None:
    pictures, wanted = true_drawings(60)
    for want in wanted:  # true drawings say everything; prompts name a style only where it is not plain
        if want["style"] == "plain":
            del want["style"]
        if want["weather"] == "clear":
            del want["weather"]
    assert sky_agreement(pictures, wanted) >= 0.97


def test_two_things_or_two_moons_where_one_was_asked_are_counted() -> None:
    house: dict[str, str] = {"thing": "house", "number": "one"}
    wanted = [house, house, {"thing": "house", "number": "two"}, {"body": "moon"}]
    numbers, discs = ("one", "two", "two", "one"), ("none", "none", "none", "two")
    shown = [{"number": n, "discs": d} for n, d in zip(numbers, discs, strict=True)]
    assert doubled(shown, wanted) == 2 / 3


def test_the_reader_sees_what_is_drawn_twice() -> None:
    pictures, targets = faulty(120, first=60_000_000)
    shown = read(load_reader(), pictures)
    for name in ("number", "discs"):
        two = [i for i, target in enumerate(targets[name].tolist()) if target == READ[name].index("two")]
        assert np.mean([shown[i][name] == "two" for i in two]) > 0.85


def test_identical_pictures_have_no_spread() -> None:
    one = drawings_like({"thing": "house"}, 1)
    mean, least = spread(np.repeat(one, 4, axis=0))
    assert mean == least == 0


def test_drawings_of_one_prompt_show_it_and_differ() -> None:
    wanted = FIXED[0][1]
    drawings = drawings_like(wanted, 6)
    assert spread(drawings)[1] > 0.01
    assert accuracy(read(load_reader(), drawings), [wanted] * 6)["overall"] > 0.9


def test_prompts_name_only_what_is_drawn_and_ask_for_nothing_unknown() -> None:
    lists = [list(FIXED), drawn_prompts(40, held_out=True), drawn_prompts(40, held_out=False, korean=True)]
    for text, wanted in (asked for found in lists for asked in found):
        assert text
        assert all(value in ATTRIBUTES[name] for name, value in wanted.items()), wanted
    assert all(case.value in ATTRIBUTES[case.attribute] for case in NEGATIVES)


def test_a_korean_prompt_asks_for_the_same_as_its_english_one() -> None:
    for seed in random.Random(1).sample(range(5000), 60):
        scene = sample_scene(seed)
        assert plain_prompt(scene)[1] == plain_prompt(scene, korean=True)[1]
