"""What can be drawn: a small world of landscapes, described by one frozen record per picture."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

import torch

TIMES = ("day", "sunset", "night", "dawn")
PLACES = ("sea", "mountains", "hills", "desert", "forest", "snow")
THINGS = ("none", "house", "boat", "tree", "balloon", "lighthouse")
COLOURS = ("red", "blue", "yellow", "white", "green")
POSITIONS = ("left", "centre", "right")
BODIES = ("none", "sun", "moon")

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "time": TIMES,
    "place": PLACES,
    "thing": THINGS,
    "colour": COLOURS,
    "position": POSITIONS,
    "body": BODIES,
    "clouds": ("no", "yes"),
}

# Houses and boats are what people ask for first, so they are drawn most often.
_THING_WEIGHTS = {"none": 14, "house": 30, "boat": 17, "tree": 14, "balloon": 14, "lighthouse": 11}
_THING_COLOURS = {
    "house": ("red", "blue", "yellow", "white", "green"),
    "boat": ("red", "blue", "yellow", "white", "green"),
    "tree": ("green", "red", "yellow", "white"),
    "balloon": ("red", "blue", "yellow", "white", "green"),
    "lighthouse": ("red", "blue", "yellow", "white", "green"),
}
_HELD_OUT_PERCENT = 8


@dataclass(frozen=True)
class Scene:
    """Everything a drawing shows. `colour` and `position` belong to the thing and mean nothing without one.

    `variant` seeds what no caption mentions: outlines, small shifts of place and colour.
    """

    time: str
    place: str
    thing: str
    colour: str
    position: str
    body: str
    clouds: bool
    variant: int

    def key(self) -> str:
        """The combination that may be held out: what a caption can tell apart, without the small parts."""
        return f"{self.time}/{self.place}/{self.thing}/{self.colour if self.thing != 'none' else '-'}"

    def label(self, attribute: str) -> str | None:
        """The value of one attribute, or None where it means nothing (the colour of no thing)."""
        if attribute == "clouds":
            return "yes" if self.clouds else "no"
        if attribute in ("colour", "position") and self.thing == "none":
            return None
        return str(getattr(self, attribute))


def is_held_out(scene: Scene) -> bool:
    """True for about 8 % of the combinations with a thing; training never draws them, judging does."""
    if scene.thing == "none":
        return False
    digest = hashlib.sha256(scene.key().encode()).digest()
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


def _any_scene(rng: random.Random) -> Scene:
    time = rng.choices(TIMES, (28, 28, 24, 20))[0]
    thing = rng.choices(tuple(_THING_WEIGHTS), tuple(_THING_WEIGHTS.values()))[0]
    place = "sea" if thing == "boat" else rng.choices(PLACES, (15, 17, 22, 15, 16, 15))[0]
    return Scene(
        time=time,
        place=place,
        thing=thing,
        colour=rng.choices(_THING_COLOURS[thing], _weights(thing))[0] if thing != "none" else "none",
        position=rng.choice(POSITIONS),
        body=("moon" if time == "night" else "sun") if rng.random() < 0.62 else "none",
        clouds=rng.random() < 0.45,
        variant=rng.randrange(2**31),
    )


def _weights(thing: str) -> tuple[int, ...]:
    return (40, 12, 12, 12) if thing == "tree" else (32, 20, 18, 16, 14)


def targets_of(scenes: list[Scene]) -> dict[str, torch.Tensor]:
    """The right answers as indices; -100 (ignored) where an attribute means nothing."""
    found = {}
    for name, values in ATTRIBUTES.items():
        labels = [scene.label(name) for scene in scenes]
        found[name] = torch.tensor([-100 if label is None else values.index(label) for label in labels])
    return found
