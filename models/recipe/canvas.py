"""The canvas of a drawing: its light, and the shapes that sky, land and things are made of.

Shapes are drawn at twice the size and reduced, so that edges are smooth. All coordinates are fractions of the side.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from PIL import Image, ImageDraw

from models.recipe.scene import Scene

SIDE = 256
BIG = SIDE * 2
# One cell of the autoencoder. Things, sun and clouds stand on this grid: the same shape is then always the same latents.
CELL = 1 / 16

Colour = tuple[float, float, float]
Point = tuple[float, float]
Light = dict[str, tuple[Colour, Colour, float]]

# Sky colours from the top of the picture to the horizon.
SKIES: dict[str, tuple[Colour, Colour, Colour]] = {
    "day": ((66, 142, 214), (126, 190, 236), (206, 236, 246)),
    "sunset": ((92, 58, 128), (232, 104, 96), (255, 196, 112)),
    "night": ((12, 16, 52), (28, 40, 98), (62, 84, 146)),
    "dawn": ((150, 164, 226), (240, 186, 214), (255, 230, 204)),
}
# What covers the sky when it rains, snows or is foggy.
GREYS: dict[str, Colour] = {
    "day": (150, 166, 184),
    "sunset": (176, 116, 120),
    "night": (40, 48, 78),
    "dawn": (196, 178, 202),
}
# What the light does to the land: multiply by the first colour, then mix in the second by the share.
LIGHT: Light = {
    "day": ((1.0, 1.0, 1.0), (206, 236, 246), 0.0),
    "sunset": ((0.86, 0.60, 0.56), (120, 44, 70), 0.16),
    "night": ((0.44, 0.48, 0.68), (20, 26, 72), 0.16),
    "dawn": ((0.94, 0.84, 0.92), (244, 196, 214), 0.24),
}
# Things stay recognisable in every light.
THING_LIGHT: Light = {
    "day": ((1.0, 1.0, 1.0), (255, 255, 255), 0.0),
    "sunset": ((0.94, 0.78, 0.74), (255, 130, 80), 0.06),
    "night": ((0.78, 0.76, 0.84), (20, 28, 70), 0.06),
    "dawn": ((0.98, 0.92, 0.96), (250, 214, 220), 0.10),
}
PAINTS: dict[str, Colour] = {
    "red": (220, 46, 44),
    "blue": (40, 98, 214),
    "yellow": (250, 200, 44),
    "white": (246, 244, 238),
    "green": (48, 152, 76),
    "purple": (146, 66, 196),
}
HORIZONS = {
    "sea": 0.60,
    "mountains": 0.66,
    "hills": 0.62,
    "desert": 0.60,
    "forest": 0.60,
    "snow": 0.60,
    "city": 0.66,
    "lake": 0.56,
}
# Cells in which one, two or three things may stand.
_STANDS = {"left": (4, 3), "centre": (8, 7, 9), "right": (12, 13)}
_PAIRS = ((4, 12), (4, 11), (5, 12))
_SIZES = {"small": 0.68, "medium": 1.0, "large": 1.25}


def mix(a: Colour, b: Colour, share: float) -> Colour:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def whole(colour: Colour) -> tuple[int, int, int]:
    r, g, b = (max(0, min(255, round(c))) for c in colour)
    return r, g, b


def column(stops: Sequence[Colour], tall: int = BIG) -> Image.Image:
    """A vertical gradient through evenly spaced colours, `BIG` wide and `tall` high."""
    at = np.linspace(0, len(stops) - 1, tall)
    rows = np.stack([np.interp(at, range(len(stops)), [s[c] for s in stops]) for c in range(3)], axis=1)
    return Image.fromarray(rows.round().clip(0, 255).astype(np.uint8)[:, None, :]).resize((BIG, tall))


class Canvas:
    """An empty picture of a scene, `BIG` pixels square, with a pen and the scene's chances: where what stands.

    `twice` names what a faulty picture shows twice where the scene has one: "thing", "body".
    """

    def __init__(self, scene: Scene, twice: Collection[str] = ()) -> None:
        self.scene, self.twice = scene, twice
        self.rng = np.random.default_rng(scene.variant)
        self.jitter = float(self.rng.uniform(0.95, 1.04))
        self.horizon = HORIZONS[scene.place] + float(self.rng.uniform(-0.02, 0.02))
        self.bad_weather = scene.weather in ("rain", "snowfall", "fog")
        self.scale = {"one": _SIZES[scene.size], "two": 0.78, "three": 0.62}[scene.number]
        self.stands = [cell * CELL for cell in self._stands()] if scene.thing != "none" else []
        self.sky = self._sky_stops()
        self.image = Image.new("RGB", (BIG, BIG), whole(self.sky[2]))
        self.pen = ImageDraw.Draw(self.image)

    def _stands(self) -> tuple[int, ...]:
        number, position = self.scene.number, self.scene.position
        if number == "three":
            return (3, 8, 13)
        if number == "two":
            return _PAIRS[int(self.rng.integers(len(_PAIRS)))]
        cells = _STANDS[position]
        cell = cells[0 if self.scene.size == "large" else int(self.rng.integers(len(cells)))]
        if "thing" in self.twice:
            gap = int(self.rng.integers(3, 10))
            return cell, cell + gap if cell + gap < 14 else cell - gap
        return (cell,)

    def _sky_stops(self) -> tuple[Colour, Colour, Colour]:
        towards: Colour = (255, 255, 255) if self.jitter > 1 else (0, 0, 0)
        top, middle, low = (mix(c, towards, abs(self.jitter - 1) * 0.6) for c in SKIES[self.scene.time])
        if not self.bad_weather:
            return top, middle, low
        grey = GREYS[self.scene.time]
        return mix(top, grey, 0.62), mix(middle, grey, 0.68), mix(low, grey, 0.72)

    def finish(self, side: int) -> Image.Image:
        image = _styled(self.image.reduce(2), self.scene.style, dark=self.scene.time == "night")
        return image if side == SIDE else image.resize((side, side), Image.Resampling.BOX)

    # Light ------------------------------------------------------------------------------------------------------

    def lit(self, colour: Colour, table: Light = LIGHT) -> Colour:
        times, towards, share = table[self.scene.time]
        lit = (
            colour[0] * times[0] * self.jitter,
            colour[1] * times[1] * self.jitter,
            colour[2] * times[2] * self.jitter,
        )
        return mix(lit, towards, share)

    def far(self, colour: Colour, share: float) -> Colour:
        """A colour seen through air: mixed with the sky at the horizon."""
        return mix(self.lit(colour), self.sky[2], share)

    def paint(self, darker: float = 0.0) -> Colour:
        """The thing's colour in the scene's light, `darker` from 0 to 1."""
        return mix(self.lit(PAINTS[self.scene.colour], THING_LIGHT), (24, 18, 52), darker)

    def thing_lit(self, colour: Colour) -> Colour:
        return self.lit(colour, THING_LIGHT)

    # Shapes -----------------------------------------------------------------------------------------------------

    def layer(self, line: Sequence[Point], top: Colour, bottom: Colour) -> None:
        """Land below an outline, with a gradient from `top` (at its highest point) to `bottom`."""
        points = [(x * BIG, y * BIG) for x, y in line]
        high = min(BIG - 1, max(0, int(min(y for _, y in points))))
        mask = Image.new("L", (BIG, BIG - high))
        outline = [(x, y - high) for x, y in points]
        ImageDraw.Draw(mask).polygon([*outline, (BIG, BIG - high), (0, BIG - high)], fill=255)
        self.image.paste(column((top, bottom), BIG - high), (0, high), mask)

    def veil(self, colour: Colour, share: float) -> None:
        """Mixes a colour into the whole picture."""
        self.image.paste(Image.blend(self.image, Image.new("RGB", self.image.size, whole(colour)), share))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self.pen.polygon([(x * BIG, y * BIG) for x, y in points], fill=whole(colour))

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        box = ((x - rx) * BIG, (y - ry) * BIG, (x + rx) * BIG, (y + ry) * BIG)
        self.pen.ellipse(box, fill=whole(colour))

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.pen.rectangle((left * BIG, top * BIG, right * BIG, bottom * BIG), fill=whole(colour))

    def pill(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """A box with round ends."""
        box = (left * BIG, top * BIG, right * BIG, bottom * BIG)
        self.pen.rounded_rectangle(box, radius=(bottom - top) * BIG / 2, fill=whole(colour))

    def wave(self, y: float, height: float, waves: float) -> list[Point]:
        """A smooth outline about `y`, made of two sines."""
        a, b = self.rng.uniform(0, 2 * math.pi, 2)
        xs = np.linspace(0, 1, 65)
        ys = y + height * (
            0.7 * np.sin(xs * waves * 2 * math.pi + a) + 0.3 * np.sin(xs * waves * 4.3 * math.pi + b)
        )
        return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _styled(image: Image.Image, style: str, dark: bool) -> Image.Image:
    if style == "monochrome":
        grey = image.convert("L")
        return (grey.point(lambda v: min(255, v * 1.5 + 16)) if dark else grey).convert("RGB")
    if style == "pastel":
        return Image.blend(image, Image.new("RGB", image.size, (255, 244, 240)), 0.46)
    return image
