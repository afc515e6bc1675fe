"""The canvas of a drawing: its light, its sky with sun, moon and clouds, and the shapes that land and things are made of.

Shapes are drawn at twice the size and reduced, so that edges are smooth. All coordinates are fractions of the side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from models.recipe.scene import Scene

SIDE = 256
BIG = SIDE * 2

Colour = tuple[float, float, float]
Point = tuple[float, float]

# Sky colours from the top of the picture to the horizon.
SKIES: dict[str, tuple[Colour, Colour, Colour]] = {
    "day": ((66, 142, 214), (126, 190, 236), (206, 236, 246)),
    "sunset": ((92, 58, 128), (232, 104, 96), (255, 196, 112)),
    "night": ((12, 16, 52), (28, 40, 98), (62, 84, 146)),
    "dawn": ((150, 164, 226), (240, 186, 214), (255, 230, 204)),
}
# What the light does to the land: multiply by the first colour, then mix in the second by the share.
LIGHT: dict[str, tuple[Colour, Colour, float]] = {
    "day": ((1.0, 1.0, 1.0), (206, 236, 246), 0.0),
    "sunset": ((0.86, 0.60, 0.56), (120, 44, 70), 0.16),
    "night": ((0.44, 0.48, 0.68), (20, 26, 72), 0.16),
    "dawn": ((0.94, 0.84, 0.92), (244, 196, 214), 0.24),
}
# Things stay recognisable in every light.
THING_LIGHT: dict[str, tuple[Colour, Colour, float]] = {
    "day": ((1.0, 1.0, 1.0), (255, 255, 255), 0.0),
    "sunset": ((0.94, 0.78, 0.74), (255, 130, 80), 0.06),
    "night": ((0.78, 0.76, 0.84), (20, 28, 70), 0.06),
    "dawn": ((0.98, 0.92, 0.96), (250, 214, 220), 0.10),
}
CLOUD_COLOURS: dict[str, Colour] = {
    "day": (252, 253, 255),
    "sunset": (255, 170, 150),
    "night": (66, 80, 130),
    "dawn": (255, 240, 244),
}
PAINTS: dict[str, Colour] = {
    "red": (220, 46, 44),
    "blue": (40, 98, 214),
    "yellow": (250, 200, 44),
    "white": (246, 244, 238),
    "green": (48, 152, 76),
}
SUNS: dict[str, tuple[Colour, Colour]] = {
    "day": ((255, 238, 150), (255, 246, 200)),
    "sunset": ((255, 222, 130), (255, 170, 90)),
    "night": ((248, 244, 220), (120, 140, 210)),
    "dawn": ((255, 246, 214), (255, 214, 170)),
}
_HORIZON = {"sea": 0.60, "mountains": 0.66, "hills": 0.62, "desert": 0.60, "forest": 0.60, "snow": 0.60}
_POSITION = {"left": 0.24, "centre": 0.5, "right": 0.76}


def mix(a: Colour, b: Colour, share: float) -> Colour:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def whole(colour: Colour) -> tuple[int, int, int]:
    r, g, b = (max(0, min(255, round(c))) for c in colour)
    return r, g, b


def column(stops: Sequence[Colour]) -> Image.Image:
    """A vertical gradient through evenly spaced colours, `BIG` square."""
    at = np.linspace(0, len(stops) - 1, BIG)
    rows = np.stack([np.interp(at, range(len(stops)), [s[c] for s in stops]) for c in range(3)], axis=1)
    return Image.fromarray(rows.round().clip(0, 255).astype(np.uint8)[:, None, :]).resize((BIG, BIG))


class Canvas:
    """A picture with the sky of a scene, `BIG` pixels square, and a pen; the land and the thing come later."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.rng = np.random.default_rng(scene.variant)
        self.jitter = float(self.rng.uniform(0.94, 1.05))
        self.horizon = _HORIZON[scene.place] + float(self.rng.uniform(-0.03, 0.03))
        self.x = _POSITION[scene.position] + float(self.rng.uniform(-0.04, 0.04))
        self.image = self._sky()
        self.pen = ImageDraw.Draw(self.image)
        if scene.clouds:
            self._clouds()

    def finish(self, side: int) -> Image.Image:
        image = self.image.reduce(2)
        return image if side == SIDE else image.resize((side, side), Image.Resampling.BOX)

    # Light and shapes -------------------------------------------------------------------------------------------

    def lit(self, colour: Colour, table: dict[str, tuple[Colour, Colour, float]] = LIGHT) -> Colour:
        times, towards, share = table[self.scene.time]
        lit = (
            colour[0] * times[0] * self.jitter,
            colour[1] * times[1] * self.jitter,
            colour[2] * times[2] * self.jitter,
        )
        return mix(lit, towards, share)

    def far(self, colour: Colour, share: float) -> Colour:
        """A colour seen through air: mixed with the sky at the horizon."""
        return mix(self.lit(colour), SKIES[self.scene.time][2], share)

    def layer(self, line: Sequence[Point], top: Colour, bottom: Colour) -> None:
        """Land below an outline, with a gradient from `top` (at its highest point) to `bottom`."""
        mask = Image.new("L", (BIG, BIG))
        points = [(x * BIG, y * BIG) for x, y in line]
        ImageDraw.Draw(mask).polygon([*points, (BIG, BIG), (0, BIG)], fill=255)
        high = max(0, int(min(y for _, y in points)))
        band = column((top, bottom)).resize((BIG, max(1, BIG - high)))
        self.image.paste(band, (0, high), mask.crop((0, high, BIG, BIG)))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self.pen.polygon([(x * BIG, y * BIG) for x, y in points], fill=whole(colour))

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        box = ((x - rx) * BIG, (y - ry) * BIG, (x + rx) * BIG, (y + ry) * BIG)
        self.pen.ellipse(box, fill=whole(colour))

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.pen.rectangle((left * BIG, top * BIG, right * BIG, bottom * BIG), fill=whole(colour))

    def wave(self, y: float, height: float, waves: float) -> list[Point]:
        """A smooth outline about `y`, made of two sines."""
        a, b = self.rng.uniform(0, 2 * math.pi, 2)
        xs = np.linspace(0, 1, 65)
        ys = y + height * (
            0.7 * np.sin(xs * waves * 2 * math.pi + a) + 0.3 * np.sin(xs * waves * 4.3 * math.pi + b)
        )
        return list(zip(xs.tolist(), ys.tolist(), strict=True))

    # The sky ----------------------------------------------------------------------------------------------------

    def _sky(self) -> Image.Image:
        time, body = self.scene.time, self.scene.body
        stops = [
            mix(c, (255, 255, 255) if self.jitter > 1 else (0, 0, 0), abs(self.jitter - 1) * 0.6)
            for c in SKIES[time]
        ]
        tall = int(self.horizon * BIG) + 24
        image = Image.new("RGB", (BIG, BIG), whole(stops[2]))
        image.paste(column(stops).resize((BIG, tall)), (0, 0))
        self.body_x, self.body_y = -1.0, -1.0
        if body == "none":
            return image
        low = time in ("sunset", "dawn")
        self.body_x = float(self.rng.choice([0.24, 0.5, 0.76]) + self.rng.uniform(-0.05, 0.05))
        if self.scene.thing != "none" and abs(self.body_x - self.x) < 0.16:
            self.body_x = (
                (self.body_x + 0.36) % 1.0 if 0.2 < (self.body_x + 0.36) % 1.0 < 0.85 else self.body_x - 0.34
            )
            self.body_x = min(0.84, max(0.16, self.body_x))
        lift = {"mountains": 0.30, "forest": 0.26}.get(self.scene.place, 0.17)
        self.body_y = body_y = self.horizon - lift if low else 0.19 + float(self.rng.uniform(-0.03, 0.04))
        disc, glow = SUNS[time]
        reach = 0.34 if low else 0.24
        axis = (np.arange(64) + 0.5) / 64
        far = np.hypot(axis[None, :] - self.body_x, axis[:, None] - body_y) / reach
        alpha = Image.fromarray(
            (np.exp(-far * far * 2.0) * (165 if time != "night" else 130)).astype(np.uint8)
        )
        image.paste(whole(glow), (0, 0), alpha.resize((BIG, BIG), Image.Resampling.BICUBIC))
        radius = {"day": 0.075, "sunset": 0.105, "night": 0.078, "dawn": 0.09}[time]
        self.pen = ImageDraw.Draw(image)
        self.oval(self.body_x, body_y, radius, radius, disc)
        return image

    def _clouds(self) -> None:
        base = CLOUD_COLOURS[self.scene.time]
        places = [(0.22, 0.15), (0.72, 0.11), (0.46, 0.30)]
        self.rng.shuffle(places)
        for x, y in places[: 2 if self.rng.random() < 0.5 else 3]:
            x, y = x + self.rng.uniform(-0.08, 0.08), y + self.rng.uniform(-0.02, 0.03)
            wide = self.rng.uniform(0.13, 0.18)
            if abs(x - self.body_x) < wide + 0.05 and abs(y - self.body_y) < 0.17:
                continue  # a cloud in front of the sun would make the caption's sun a lie
            colour = mix(base, SKIES[self.scene.time][1], 0.12)
            self.oval(x - wide * 0.5, y, wide * 0.42, wide * 0.30, colour)
            self.oval(x + wide * 0.5, y + 0.005, wide * 0.46, wide * 0.26, colour)
            self.oval(x, y - wide * 0.20, wide * 0.52, wide * 0.46, base)
            box = ((x - wide) * BIG, (y - 0.005) * BIG, (x + wide) * BIG, (y + wide * 0.27) * BIG)
            self.pen.rounded_rectangle(box, radius=int(wide * 0.13 * BIG), fill=whole(base))
