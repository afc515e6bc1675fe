"""The sky of a drawing: sun, moon, stars, rainbow and clouds; and the rain, snow and fog that hang before the land."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from models.recipe.canvas import BIG, CELL, Canvas, Colour, column, mix, whole

SUNS: dict[str, tuple[Colour, Colour]] = {
    "day": ((255, 232, 110), (255, 246, 200)),
    "sunset": ((255, 226, 110), (255, 170, 90)),
    "night": ((250, 246, 222), (120, 140, 210)),
    "dawn": ((255, 238, 146), (255, 220, 170)),
}
_CLOUDS: dict[str, Colour] = {
    "day": (252, 253, 255),
    "sunset": (255, 170, 150),
    "night": (74, 88, 140),
    "dawn": (255, 242, 246),
}
_RADIUS = {"day": 0.112, "sunset": 0.125, "night": 0.112, "dawn": 0.118}
# The height at which a low sun stands clear of the land.
_LOW = {"sea": 6, "hills": 6, "desert": 5, "forest": 4, "snow": 4, "lake": 4, "mountains": 3, "city": 3}
_RAINBOW: tuple[Colour, ...] = ((232, 84, 78), (250, 196, 84), (104, 190, 112), (92, 122, 214))


def sky(canvas: Canvas) -> tuple[float, float] | None:
    """Draws everything above the land; returns where the sun or moon is."""
    tall = int(canvas.horizon * BIG) + 24
    canvas.image.paste(column(canvas.sky, tall), (0, 0))
    if canvas.scene.rainbow:
        _rainbow(canvas)
    body = _body_place(canvas) if canvas.scene.body != "none" else None
    if body:
        _body(canvas, *body)
        if "body" in canvas.twice:
            gap = int(canvas.rng.integers(3, 9)) * CELL
            _body(canvas, body[0] + gap if body[0] + gap < 0.9 else body[0] - gap, body[1])
    if canvas.scene.stars:
        _stars(canvas, body)
    if canvas.scene.weather == "clouds":
        _clouds(canvas, body)
    if canvas.scene.weather in ("rain", "snowfall"):
        _overcast(canvas)
    return body


def weather(canvas: Canvas) -> None:
    """Draws rain, falling snow or fog over the land, behind the thing."""
    kind = canvas.scene.weather
    if kind == "rain":
        _rain(canvas)
    elif kind == "snowfall":
        _snowfall(canvas)
    elif kind == "fog":
        _fog(canvas)


def _body_place(canvas: Canvas) -> tuple[float, float]:
    """The middle of the sun or moon: on the grid, as far from the things as a free place allows."""
    scene = canvas.scene
    high = 3 if scene.time in ("day", "night") else _LOW[scene.place]
    cells = [cell * CELL for cell in (3, 4, 8, 12, 13)]
    if scene.number == "two":
        return 8 * CELL, high * CELL
    gaps = [min((abs(x - stand) for stand in canvas.stands), default=1.0) for x in cells]
    free = [x for x, gap in zip(cells, gaps, strict=True) if gap >= 0.30 or scene.number == "three"]
    free = free or [cells[gaps.index(max(gaps))]]
    return float(canvas.rng.choice(free)), high * CELL


def _body(canvas: Canvas, x: float, y: float) -> None:
    time = canvas.scene.time
    disc, glow = SUNS[time]
    reach = 0.36 if time in ("sunset", "dawn") else 0.28
    axis = (np.arange(64) + 0.5) / 64
    far = np.hypot(axis[None, :] - x, axis[:, None] - y) / reach
    alpha = Image.fromarray((np.exp(-far * far * 2.0) * (165 if time != "night" else 130)).astype(np.uint8))
    canvas.image.paste(whole(glow), (0, 0), alpha.resize((BIG, BIG), Image.Resampling.BICUBIC))
    canvas.oval(x, y, _RADIUS[time], _RADIUS[time], disc)


def _stars(canvas: Canvas, body: tuple[float, float] | None) -> None:
    places = [(2, 2), (5, 5), (6, 1), (9, 4), (11, 1), (13, 5), (14, 2), (2, 6), (8, 7)]
    if canvas.rng.random() < 0.5:
        places = [(16 - x, y) for x, y in places]
    shown = 0
    for cell_x, cell_y in places:
        x, y = cell_x * CELL, cell_y * CELL
        if shown == 6 or (body and math.hypot(x - body[0], y - body[1]) < 0.19):
            continue
        points = []
        for i in range(8):
            r, turn = (0.040, 0.014)[i % 2], i * math.pi / 4
            points.append((x + r * math.sin(turn), y - r * math.cos(turn)))
        canvas.shape(points, (255, 240, 176))
        shown += 1


def _rainbow(canvas: Canvas) -> None:
    base = 0.64
    for i, colour in enumerate(_RAINBOW):
        r = 0.48 - i * 0.047
        canvas.oval(0.5, base, r, r, mix(colour, canvas.sky[1], 0.15))
    r = 0.48 - len(_RAINBOW) * 0.047
    canvas.oval(0.5, base, r, r, mix(canvas.sky[1], canvas.sky[2], 0.6))


def _clouds(canvas: Canvas, body: tuple[float, float] | None) -> None:
    base = _CLOUDS[canvas.scene.time]
    places = [(3, 2), (11, 2), (7, 4), (13, 4), (4, 5)]
    canvas.rng.shuffle(places)
    busy = [body] if body else []
    if canvas.scene.thing == "balloon":
        busy += [(x, 0.33) for x in canvas.stands]
    count, shown = int(canvas.rng.integers(2, 4)), 0
    for shift in (0, 1):
        for cell_x, cell_y in places:
            x, y = (cell_x + shift) * CELL, cell_y * CELL
            if shown < count and all(abs(x - bx) > 0.26 or abs(y - by) > 0.20 for bx, by in busy):
                _cloud(canvas, x, y, 0.165, base)
                busy.append((x, y))
                shown += 1


def _cloud(canvas: Canvas, x: float, y: float, wide: float, base: Colour) -> None:
    shade = mix(base, canvas.sky[1], 0.14)
    canvas.oval(x - wide * 0.5, y, wide * 0.42, wide * 0.30, shade)
    canvas.oval(x + wide * 0.5, y + 0.005, wide * 0.46, wide * 0.26, shade)
    canvas.oval(x, y - wide * 0.20, wide * 0.52, wide * 0.46, base)
    canvas.pill(x - wide, y - 0.005, x + wide, y + wide * 0.30, base)


def _overcast(canvas: Canvas) -> None:
    """A ceiling of dark cloud along the top, where rain and snow come from."""
    colour = mix(canvas.sky[0], (40, 46, 66), 0.34)
    canvas.box(0, 0, 1, 0.085, colour)
    shift = int(canvas.rng.integers(0, 3)) * CELL
    for i in range(6):
        canvas.oval(i * 4 * CELL - 0.12 + shift, 0.085, 0.155, 0.07 + 0.02 * (i % 2), colour)


def _rain(canvas: Canvas) -> None:
    drop = mix(canvas.sky[1], (226, 240, 255), 0.62 if canvas.scene.time != "night" else 0.42)
    shift = int(canvas.rng.integers(0, 2))
    for row in range(4):
        for i in range(5):
            x = (i * 4 + (row % 2) * 2 + shift) * CELL - 0.03
            y = (3 + row * 3) * CELL
            slant, half = 0.055, 0.024
            canvas.shape(
                [(x - half, y), (x + half, y), (x + half - slant, y + 0.135), (x - half - slant, y + 0.135)],
                drop,
            )


def _snowfall(canvas: Canvas) -> None:
    flake: Colour = (255, 255, 255) if canvas.scene.time != "night" else (214, 222, 244)
    places = [
        (1, 4),
        (5, 3),
        (9, 4),
        (13, 3),
        (3, 6),
        (7, 7),
        (11, 6),
        (15, 7),
        (1, 9),
        (5, 10),
        (9, 9),
        (13, 10),
    ]
    places += [(3, 12), (7, 13), (11, 12), (15, 13)]
    mirrored, shift = canvas.rng.random() < 0.5, int(canvas.rng.integers(0, 3))
    for i, (cell_x, cell_y) in enumerate(places):
        x = (16 - cell_x if mirrored else cell_x + shift - 1) * CELL
        y, r = (cell_y + (0.0, 0.5)[i % 2]) * CELL, 0.028 if i % 3 == 1 else 0.035
        canvas.oval(x, y, r, r, flake)


def _fog(canvas: Canvas) -> None:
    """A veil over everything and two thick banks before the land."""
    mist = mix(canvas.sky[2], (246, 246, 250), 0.45 if canvas.scene.time != "night" else 0.22)
    canvas.veil(mist, 0.38)
    shift = int(canvas.rng.integers(0, 3)) * CELL
    for y, left, right in ((0.44, -0.1, 0.62), (0.56, 0.30, 1.1), (0.68, -0.1, 0.70), (0.90, 0.2, 1.1)):
        canvas.pill(left + shift, y, right + shift, y + 0.075, mist)
