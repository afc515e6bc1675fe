"""The things of a drawing, each a handful of flat shapes about the point where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.recipe.canvas import CELL, Canvas, Colour, Point, mix

_FLOOR = 0.84


@dataclass(frozen=True)
class _Spot:
    """A pen whose zero is where a thing stands and whose unit is the thing's size; y grows downwards."""

    canvas: Canvas
    x: float
    y: float

    def at(self, x: float, y: float) -> Point:
        return self.x + x * self.canvas.scale, self.y + y * self.canvas.scale

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self.canvas.shape([self.at(x, y) for x, y in points], colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.canvas.box(*self.at(left, top), *self.at(right, bottom), colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self.canvas.oval(*self.at(x, y), rx * self.canvas.scale, ry * self.canvas.scale, colour)


def things(canvas: Canvas) -> None:
    """Draws the scene's thing as often as it says."""
    painters: dict[str, Callable[[_Spot], None]] = {
        "house": _house,
        "boat": _boat,
        "tree": _tree,
        "balloon": _balloon,
        "lighthouse": _lighthouse,
        "castle": _castle,
        "car": _car,
    }
    lift = int(canvas.rng.integers(-1, 1)) if canvas.scale < 1.2 else 0
    heights = {"balloon": (5.5 + lift) * CELL, "boat": 12.75 * CELL, "car": 0.88}
    for x in canvas.stands:
        painters[canvas.scene.thing](_Spot(canvas, x, heights.get(canvas.scene.thing, _FLOOR)))


def _window(spot: _Spot) -> Colour:
    lit = spot.canvas.scene.time in ("night", "sunset") or spot.canvas.bad_weather
    return (255, 222, 118) if lit else spot.canvas.thing_lit((178, 220, 242))


def _house(spot: _Spot) -> None:
    canvas, w, wall = spot.canvas, 0.156, -0.187
    roof = canvas.thing_lit((72, 66, 84) if canvas.scene.colour != "white" else (196, 92, 66))
    spot.box(w * 0.42, wall - 0.17, w * 0.78, wall - 0.02, canvas.paint(0.34))
    spot.box(-w, wall, w, 0, canvas.paint())
    spot.box(w * 0.42, wall, w, 0, canvas.paint(0.14))
    spot.shape(
        [
            (-w - 0.032, wall + 0.008),
            (-w * 0.45, wall - 0.135),
            (w * 0.55, wall - 0.135),
            (w + 0.032, wall + 0.008),
        ],
        roof,
    )
    spot.box(-w * 0.76, wall + 0.045, -w * 0.12, wall + 0.125, _window(spot))
    spot.box(w * 0.18, wall + 0.058, w * 0.68, 0, canvas.thing_lit((86, 58, 52)))


def _boat(spot: _Spot) -> None:
    canvas = spot.canvas
    spot.shape(
        [(-0.012, -0.02), (-0.012, -0.31), (0.155, -0.055), (0.15, -0.045)],
        canvas.thing_lit((252, 248, 238)),
    )
    spot.shape([(-0.035, -0.045), (-0.035, -0.255), (-0.145, -0.045)], canvas.thing_lit((228, 222, 218)))
    spot.shape([(-0.20, -0.03), (0.20, -0.03), (0.135, 0.08), (-0.13, 0.08)], canvas.paint())
    spot.shape([(-0.158, 0.03), (0.161, 0.03), (0.135, 0.08), (-0.13, 0.08)], canvas.paint(0.24))


def _tree(spot: _Spot) -> None:
    canvas = spot.canvas
    trunk = canvas.thing_lit((112, 74, 54))
    spot.shape([(-0.028, -0.24), (0.028, -0.24), (0.038, 0), (-0.038, 0)], trunk)
    low, high = canvas.paint(0.20), canvas.paint()
    spot.oval(-0.08, -0.26, 0.095, 0.085, low)
    spot.oval(0.085, -0.265, 0.095, 0.09, low)
    spot.oval(0, -0.34, 0.135, 0.135, high)


def _balloon(spot: _Spot) -> None:
    canvas = spot.canvas
    stripe: Colour = (255, 255, 255) if canvas.scene.colour != "white" else (230, 120, 90)
    spot.box(-0.036, 0.205, 0.036, 0.265, canvas.thing_lit((124, 82, 54)))
    spot.shape([(-0.108, 0.075), (0.108, 0.075), (0.036, 0.195), (-0.036, 0.195)], canvas.paint(0.16))
    spot.oval(0, 0, 0.138, 0.145, canvas.paint())
    spot.oval(0, 0, 0.058, 0.145, mix(canvas.paint(), stripe, 0.42))


def _lighthouse(spot: _Spot) -> None:
    canvas = spot.canvas
    dark = canvas.thing_lit((64, 62, 84))
    band = canvas.thing_lit((250, 248, 240) if canvas.scene.colour != "white" else (204, 96, 84))
    spot.shape([(-0.058, -0.44), (0.058, -0.44), (0.098, 0), (-0.098, 0)], canvas.paint())
    spot.shape([(-0.071, -0.295), (0.071, -0.295), (0.084, -0.175), (-0.084, -0.175)], band)
    spot.box(-0.076, -0.46, 0.076, -0.42, dark)
    spot.box(-0.048, -0.54, 0.048, -0.455, (255, 226, 120))
    spot.shape([(-0.074, -0.53), (0.074, -0.53), (0, -0.61)], dark)


def _castle(spot: _Spot) -> None:
    canvas = spot.canvas
    roof = canvas.thing_lit((64, 62, 96) if canvas.scene.colour != "white" else (196, 92, 66))
    door = canvas.thing_lit((78, 54, 56))
    spot.box(-0.13, -0.22, 0.13, 0, canvas.paint(0.12))
    for left in (-0.13, -0.03, 0.07):  # battlements
        spot.box(left, -0.27, left + 0.06, -0.21, canvas.paint(0.12))
    for x in (-0.15, 0.15):
        spot.box(x - 0.062, -0.33, x + 0.062, 0, canvas.paint())
        spot.shape([(x - 0.085, -0.325), (x + 0.085, -0.325), (x, -0.47)], roof)
        spot.box(x - 0.026, -0.24, x + 0.026, -0.16, _window(spot))
    spot.box(-0.05, -0.09, 0.05, 0, door)
    spot.oval(0, -0.09, 0.05, 0.05, door)


def _car(spot: _Spot) -> None:
    canvas = spot.canvas
    tyre, hub = canvas.thing_lit((44, 42, 54)), canvas.thing_lit((206, 208, 214))
    spot.shape([(-0.12, -0.14), (-0.075, -0.235), (0.07, -0.235), (0.125, -0.14)], canvas.paint())
    spot.shape([(-0.085, -0.14), (-0.055, -0.205), (-0.012, -0.205), (-0.012, -0.14)], _window(spot))
    spot.shape([(0.018, -0.14), (0.018, -0.205), (0.055, -0.205), (0.088, -0.14)], _window(spot))
    spot.box(-0.20, -0.145, 0.20, -0.045, canvas.paint())
    spot.box(-0.20, -0.085, 0.20, -0.045, canvas.paint(0.2))
    for x in (-0.115, 0.115):
        spot.oval(x, -0.035, 0.055, 0.055, tyre)
        spot.oval(x, -0.035, 0.024, 0.024, hub)
