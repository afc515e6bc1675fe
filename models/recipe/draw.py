"""Draws a scene: flat layered shapes over soft gradients, 256x256 RGB, nothing smaller than about 12 pixels."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from models.recipe.canvas import (
    BIG,
    PAINTS,
    SIDE,
    SKIES,
    SUNS,
    THING_LIGHT,
    Canvas,
    Colour,
    Point,
    mix,
    whole,
)
from models.recipe.scene import Scene


def draw(scene: Scene, side: int = SIDE) -> Image.Image:
    """The picture of a scene, `side` x `side` RGB. The same scene gives the same bytes."""
    return _Drawing(scene).finish(side)


class _Drawing(Canvas):
    """The land, and on it the thing."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        places: dict[str, Callable[[], None]] = {
            "sea": self._sea,
            "mountains": self._mountains,
            "hills": self._hills,
            "desert": self._desert,
            "forest": self._forest,
            "snow": self._snow,
        }
        places[scene.place]()
        things: dict[str, Callable[[], None]] = {
            "house": self._house,
            "boat": self._boat,
            "tree": self._tree,
            "balloon": self._balloon,
            "lighthouse": self._lighthouse,
        }
        if scene.thing != "none":
            things[scene.thing]()

    # The land ---------------------------------------------------------------------------------------------------

    def _sea(self) -> None:
        h = self.horizon
        water: tuple[Colour, Colour] = ((70, 158, 200), (20, 88, 148))
        top = mix(self.lit(water[0]), SKIES[self.scene.time][2], 0.42 if self.scene.time != "night" else 0.20)
        bottom = self.lit(water[1])
        if self.scene.time == "sunset":
            top, bottom = mix(top, (236, 130, 100), 0.45), mix(bottom, (84, 46, 104), 0.65)
        self.layer([(0, h), (1, h)], top, bottom)
        if self.scene.body != "none":
            glow = SUNS[self.scene.time][0]
            for i, (down, wide) in enumerate([(0.02, 0.085), (0.085, 0.12), (0.16, 0.085)]):
                y, x = h + down, self.body_x + (0.02 if i % 2 else -0.01)
                box = ((x - wide) * BIG, y * BIG, (x + wide) * BIG, (y + 0.036) * BIG)
                self.pen.rounded_rectangle(box, radius=9, fill=whole(mix(top, glow, 0.62 - 0.12 * i)))
        for y, share in ((h + 0.24, 0.16), (h + 0.33, 0.30)):
            self.layer(
                self.wave(y, 0.012, 1.6),
                mix(bottom, top, share * 0.6),
                mix(bottom, (8, 20, 50), share * 0.5),
            )
        if self.scene.thing in ("house", "tree", "lighthouse"):
            sand, x = self.lit((226, 200, 146)), self.x
            self.oval(x, 0.865, 0.25, 0.085, mix(sand, bottom, 0.25))
            self.oval(x, 0.85, 0.25, 0.075, sand)
            self.oval(x, 0.822, 0.20, 0.05, self.lit((112, 172, 88)))

    def _mountains(self) -> None:
        h = self.horizon
        far, near = self.far((120, 140, 178), 0.36), self.lit((84, 100, 138))
        peaks = [(0.10, 0.30), (0.38, 0.36), (0.66, 0.32), (0.92, 0.34)]
        self._peaks(peaks, h + 0.02, far, mix(far, SKIES[self.scene.time][2], 0.35), 0.06)
        self._peaks([(0.22, 0.24), (0.56, 0.20), (0.84, 0.25)], h + 0.10, near, mix(near, far, 0.25), 0.0)
        self.layer(self.wave(0.78, 0.018, 0.8), self.lit((98, 152, 92)), self.lit((52, 104, 70)))

    def _peaks(self, peaks: list[Point], base: float, colour: Colour, foot: Colour, snow: float) -> None:
        line: list[Point] = [(0, base - 0.08)]
        tops: list[Point] = []
        for i, (x, height) in enumerate(peaks):
            x, height = x + self.rng.uniform(-0.05, 0.05), height + self.rng.uniform(-0.05, 0.04)
            tops.append((x, base - height))
            line.append(tops[-1])
            if i < len(peaks) - 1:
                line.append(((x + peaks[i + 1][0]) / 2, base - height * 0.45))
        line.append((1, base - 0.10))
        self.layer(line, colour, foot)
        if snow:
            white = self.far((246, 250, 255), 0.12)
            for x, y in tops[1:3]:
                self.shape(
                    [
                        (x, y),
                        (x + 0.052, y + 0.075),
                        (x + 0.02, y + 0.06),
                        (x - 0.01, y + 0.09),
                        (x - 0.055, y + 0.075),
                    ],
                    white,
                )

    def _hills(self) -> None:
        h = self.horizon
        greens: list[Colour] = [(138, 194, 122), (104, 176, 92), (70, 146, 74)]
        for i, (y, green) in enumerate(zip((h, h + 0.09, h + 0.19), greens, strict=True)):
            top = self.far(green, (0.34, 0.12, 0.0)[i])
            self.layer(
                self.wave(y, (0.05, 0.042, 0.022)[i], (0.9, 0.7, 0.55)[i]),
                top,
                mix(top, self.lit((40, 100, 60)), 0.40),
            )

    def _desert(self) -> None:
        h = self.horizon
        mesa = self.far((196, 112, 74), 0.22)
        x = 0.2 if self.rng.random() < 0.5 else 0.78
        self.shape(
            [(x - 0.17, h + 0.05), (x - 0.12, h - 0.11), (x + 0.10, h - 0.11), (x + 0.16, h + 0.05)], mesa
        )
        sands: list[Colour] = [(238, 194, 124), (230, 172, 98), (214, 146, 76)]
        for i, (y, sand) in enumerate(zip((h, h + 0.10, h + 0.20), sands, strict=True)):
            top = self.far(sand, (0.20, 0.06, 0.0)[i])
            self.layer(
                self.wave(y, (0.030, 0.040, 0.024)[i], (0.8, 0.6, 0.5)[i]),
                top,
                mix(top, self.lit((168, 98, 56)), 0.42),
            )

    def _forest(self) -> None:
        h = self.horizon
        back, front = self.far((70, 136, 110), 0.30), self.lit((38, 98, 70))
        self.layer([(0, h + 0.05), (1, h + 0.05)], back, back)
        self._firs(h + 0.12, 0.27, 0.075, back, 8)
        self._firs(h + 0.18, 0.32, 0.095, front, 6)
        self.layer(self.wave(h + 0.145, 0.010, 0.8), self.lit((74, 134, 76)), self.lit((34, 84, 56)))

    def _firs(self, base: float, tall: float, wide: float, colour: Colour, count: int) -> None:
        shift = self.rng.uniform(0, 1 / count)
        for i in range(-1, count + 1):
            x, top = i / count + shift, base - tall * self.rng.uniform(0.78, 1.1)
            for part in (0.0, 0.28, 0.54):
                y = top + (base - top) * part
                w = wide * (0.50 + part * 0.62)
                self.shape(
                    [(x, y), (x + w, y + (base - top) * 0.46), (x - w, y + (base - top) * 0.46)], colour
                )

    def _snow(self) -> None:
        h = self.horizon
        far = self.far((176, 198, 226), 0.20)
        self._peaks(
            [(0.16, 0.16), (0.52, 0.20), (0.86, 0.15)],
            h + 0.04,
            far,
            mix(far, self.lit((250, 252, 255)), 0.5),
            0.0,
        )
        whites: list[Colour] = [(226, 236, 248), (240, 246, 252), (252, 253, 255)]
        for i, (y, white) in enumerate(zip((h + 0.02, h + 0.10, h + 0.19), whites, strict=True)):
            top = self.far(white, (0.12, 0.04, 0.0)[i])
            self.layer(
                self.wave(y, (0.034, 0.034, 0.020)[i], (0.8, 0.65, 0.5)[i]),
                top,
                mix(top, self.lit((168, 194, 228)), 0.55),
            )

    # Things -----------------------------------------------------------------------------------------------------

    def _paint(self, shade: float = 0.0) -> Colour:
        """The thing's own colour in this light; `shade` darkens it (to 1: black)."""
        return mix(self.lit(PAINTS[self.scene.colour], THING_LIGHT), (10, 12, 30), shade)

    def _thing_lit(self, colour: Colour) -> Colour:
        return self.lit(colour, THING_LIGHT)

    def _window(self) -> Colour:
        return (255, 214, 110) if self.scene.time in ("night", "sunset") else self._thing_lit((190, 222, 240))

    def _house(self) -> None:
        x, floor, w, tall = self.x, 0.835, 0.155, 0.185
        wall = floor - tall
        roof = self._thing_lit((72, 66, 84) if self.scene.colour != "white" else (196, 92, 66))
        self.box(x + w * 0.42, wall - 0.17, x + w * 0.74, wall - 0.02, self._paint(0.34))
        self.box(x - w, wall, x + w, floor, self._paint())
        self.box(x + w * 0.42, wall, x + w, floor, self._paint(0.14))
        self.shape(
            [
                (x - w - 0.035, wall + 0.008),
                (x - w * 0.45, wall - 0.135),
                (x + w * 0.55, wall - 0.135),
                (x + w + 0.035, wall + 0.008),
            ],
            roof,
        )
        self.box(x - w * 0.70, wall + 0.048, x - w * 0.14, wall + 0.115, self._window())
        self.box(x + w * 0.20, wall + 0.062, x + w * 0.64, floor, self._thing_lit((86, 58, 52)))

    def _boat(self) -> None:
        x, line = self.x, self.horizon + 0.19
        self.shape(
            [
                (x - 0.012, line - 0.02),
                (x - 0.012, line - 0.31),
                (x + 0.155, line - 0.055),
                (x + 0.15, line - 0.045),
            ],
            self._thing_lit((252, 248, 238)),
        )
        self.shape(
            [(x - 0.035, line - 0.045), (x - 0.035, line - 0.255), (x - 0.145, line - 0.045)],
            self._thing_lit((228, 222, 218)),
        )
        self.shape(
            [
                (x - 0.20, line - 0.03),
                (x + 0.20, line - 0.03),
                (x + 0.135, line + 0.065),
                (x - 0.13, line + 0.065),
            ],
            self._paint(),
        )
        self.shape(
            [
                (x - 0.165, line + 0.022),
                (x + 0.168, line + 0.022),
                (x + 0.135, line + 0.065),
                (x - 0.13, line + 0.065),
            ],
            self._paint(0.24),
        )

    def _tree(self) -> None:
        x, floor = self.x, 0.84
        trunk = self._thing_lit((112, 74, 54))
        self.shape([(x - 0.026, 0.60), (x + 0.026, 0.60), (x + 0.036, floor), (x - 0.036, floor)], trunk)
        low, high = self._paint(0.20), self._paint()
        self.oval(x - 0.08, 0.58, 0.095, 0.085, low)
        self.oval(x + 0.085, 0.575, 0.095, 0.09, low)
        self.oval(x, 0.50, 0.135, 0.135, high)

    def _balloon(self) -> None:
        x, y = self.x, 0.33 + float(self.rng.uniform(-0.04, 0.04))
        self.box(x - 0.034, y + 0.215, x + 0.034, y + 0.265, self._thing_lit((124, 82, 54)))
        self.shape(
            [(x - 0.108, y + 0.075), (x + 0.108, y + 0.075), (x + 0.036, y + 0.195), (x - 0.036, y + 0.195)],
            self._paint(0.16),
        )
        self.oval(x, y, 0.138, 0.145, self._paint())
        self.oval(
            x,
            y,
            0.058,
            0.145,
            mix(self._paint(), (255, 255, 255) if self.scene.colour != "white" else (230, 120, 90), 0.42),
        )

    def _lighthouse(self) -> None:
        x, floor = self.x, 0.84
        lamp, dark = (255, 226, 120), self._thing_lit((64, 62, 84))
        band = self._thing_lit((250, 248, 240) if self.scene.colour != "white" else (204, 96, 84))
        self.shape(
            [(x - 0.058, 0.40), (x + 0.058, 0.40), (x + 0.098, floor), (x - 0.098, floor)], self._paint()
        )
        self.shape([(x - 0.071, 0.545), (x + 0.071, 0.545), (x + 0.084, 0.665), (x - 0.084, 0.665)], band)
        self.box(x - 0.076, 0.385, x + 0.076, 0.42, dark)
        self.box(x - 0.046, 0.305, x + 0.046, 0.388, lamp)
        self.shape([(x - 0.072, 0.31), (x + 0.072, 0.31), (x, 0.235)], dark)
