"""What can be drawn: a small world of landscapes, described by one frozen record per picture."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

import torch

TIMES = ("day", "sunset", "night", "dawn")
PLACES = ("sea", "mountains", "hills", "desert", "forest", "snow", "city", "lake")
THINGS = ("none", "house", "boat", "tree", "balloon", "lighthouse", "castle", "car")
COLOURS = ("red", "blue", "yellow", "white", "green", "purple")
POSITIONS = ("left", "centre", "right")
BODIES = ("none", "sun", "moon")
NUMBERS = ("one", "two", "three")
SIZES = ("small", "medium", "large")
WEATHERS = ("clear", "clouds", "rain", "snowfall", "fog")
SEASONS = ("summer", "autumn", "spring", "winter")
STYLES = ("plain", "pastel", "monochrome")

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "time": TIMES,
    "place": PLACES,
    "thing": THINGS,
    "colour": COLOURS,
    "position": POSITIONS,
    "body": BODIES,
    "number": NUMBERS,
    "size": SIZES,
    "weather": WEATHERS,
    "season": SEASONS,
    "stars": ("no", "yes"),
    "rainbow": ("no", "yes"),
    "style": STYLES,
}

# Houses and boats are what people ask for first, so they are drawn most often.
_THING_WEIGHTS = {
    "none": 14,
    "house": 24,
    "boat": 14,
    "tree": 12,
    "balloon": 12,
    "lighthouse": 8,
    "castle": 8,
    "car": 8,
}
_PLACE_WEIGHTS = {
    "sea": 12,
    "mountains": 13,
    "hills": 15,
    "desert": 11,
    "forest": 13,
    "snow": 12,
    "city": 12,
    "lake": 12,
}
_WATER = ("sea", "lake")
_SEASONAL = ("hills", "mountains", "forest", "lake")
_SINGLE = ("lighthouse", "castle")
_HELD_OUT_PERCENT = 8


@dataclass(frozen=True)
class Scene:
    """Everything a drawing shows. `colour`, `number`, `size` and `position` belong to the thing.

    `variant` seeds what no caption mentions: outlines, small shifts of place and colour.
    """

    time: str
    place: str
    thing: str
    colour: str
    position: str
    body: str
    number: str
    size: str
    weather: str
    season: str
    stars: bool
    rainbow: bool
    style: str
    variant: int

    def combinations(self) -> tuple[str, ...]:
        """The combinations that may be held out: what a caption can tell apart, without the small parts."""
        if self.thing == "none":
            return (f"{self.time}/{self.place}/none/-",)
        where = f"{self.time}/{self.place}/{self.thing}/{self.colour}"
        if self.number == "one" and self.weather in ("clear", "clouds"):
            return (where,)
        return where, f"{self.number} {self.colour} {self.thing}/{self.weather}"

    def label(self, attribute: str) -> str | None:
        """The value of one attribute, or None where it means nothing (the colour of no thing)."""
        value = getattr(self, attribute)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value) if self._means(attribute) else None

    def _means(self, attribute: str) -> bool:
        if attribute == "colour":
            return self.thing != "none" and self.style != "monochrome"
        if attribute == "number":
            return self.thing != "none"
        if attribute in ("position", "size"):
            return self.thing != "none" and self.number == "one"
        if attribute == "season":
            return self.place in (*_SEASONAL, "snow")
        return True


def is_held_out(scene: Scene) -> bool:
    """True for about 8 % of the combinations with a thing; training never draws them, judging does."""
    return scene.thing != "none" and any(_kept_back(key) for key in scene.combinations())


def _kept_back(key: str) -> bool:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < _HELD_OUT_PERCENT


def sample_scene(seed: int, held_out: bool = False) -> Scene:
    """The scene of a seed; the same seed gives the same scene on every machine.

    With `held_out` the scene is one of the combinations kept from training, else never one of them.
    """
    rng = random.Random(f"scene {seed} {held_out}")
    while True:
        scene = _any_scene(rng)
        if is_held_out(scene) == held_out:
            return scene


def _pick(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def _any_scene(rng: random.Random) -> Scene:
    time = _pick(rng, {"day": 28, "sunset": 27, "night": 25, "dawn": 20})
    thing = _pick(rng, _THING_WEIGHTS)
    place = _place(rng, thing)
    weather = _pick(rng, {"clear": 46, "clouds": 22, "rain": 12, "snowfall": 10, "fog": 10})
    if place == "desert" and weather not in ("clear", "clouds"):
        weather = "clear"
    if place == "hills" and weather == "snowfall":
        place = "snow"
    number = "one" if thing in _SINGLE or thing == "none" else _pick(rng, {"one": 66, "two": 19, "three": 15})
    open_sky = weather in ("clear", "clouds")
    crowded = thing == "balloon" and number == "three"
    body = "none"
    if open_sky and not crowded and rng.random() < 0.55:
        body = "moon" if time == "night" else "sun"
    return Scene(
        time=time,
        place=place,
        thing=thing,
        colour=_colour(rng, thing),
        position=rng.choice(POSITIONS),
        body=body,
        number=number,
        size="medium" if number != "one" else _pick(rng, {"medium": 60, "small": 20, "large": 20}),
        weather=weather,
        season=_season(rng, place, weather),
        stars=time == "night" and weather == "clear" and rng.random() < 0.5,
        rainbow=time in ("day", "dawn") and open_sky and body == "none" and rng.random() < 0.34,
        style="plain" if weather == "fog" else _pick(rng, {"plain": 85, "pastel": 7, "monochrome": 8}),
        variant=rng.randrange(2**31),
    )


def _place(rng: random.Random, thing: str) -> str:
    if thing == "boat":
        return "sea" if rng.random() < 0.65 else "lake"
    while True:
        place = _pick(rng, _PLACE_WEIGHTS)
        if thing != "car" or place not in _WATER:
            return place


def _season(rng: random.Random, place: str, weather: str) -> str:
    """Hills in winter are the place called snow; snow falls in winter only; elsewhere the season is not drawn."""
    if place == "snow":
        return "winter"
    if place not in _SEASONAL:
        return "summer"
    if weather == "snowfall":
        return "winter"
    season = _pick(rng, {"summer": 46, "autumn": 20, "spring": 18, "winter": 16})
    return "summer" if season == "winter" and place == "hills" else season


def _colour(rng: random.Random, thing: str) -> str:
    if thing == "none":
        return "none"
    if thing == "tree":
        return _pick(rng, {"green": 40, "red": 14, "yellow": 14, "white": 12})
    return _pick(rng, {"red": 28, "blue": 18, "yellow": 16, "white": 14, "green": 12, "purple": 12})


def targets_of(scenes: list[Scene]) -> dict[str, torch.Tensor]:
    """The right answers as indices; -100 (ignored) where an attribute means nothing."""
    found = {}
    for name, values in ATTRIBUTES.items():
        labels = [scene.label(name) for scene in scenes]
        found[name] = torch.tensor([-100 if label is None else values.index(label) for label in labels])
    return found
