"""The land of a drawing: eight places, with their seasons, as layered silhouettes from the horizon to the front."""

from __future__ import annotations

from collections.abc import Callable

from models.recipe.canvas import CELL, Canvas, Colour, Point, mix
from models.recipe.sky import SUNS

_MEADOWS: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    # far, middle, near, and what the near slope darkens to
    "summer": ((138, 194, 122), (104, 176, 92), (70, 146, 74), (40, 100, 60)),
    "autumn": ((222, 178, 104), (212, 144, 70), (190, 108, 50), (128, 70, 42)),
    "spring": ((190, 226, 140), (164, 214, 112), (136, 200, 96), (92, 164, 82)),
    "winter": ((226, 236, 248), (240, 246, 252), (250, 252, 255), (198, 214, 236)),
}
_CROWNS: dict[str, Colour] = {"autumn": (214, 84, 40), "spring": (246, 158, 190)}
_FIRS: dict[str, tuple[Colour, Colour]] = {
    "summer": ((70, 136, 110), (38, 98, 70)),
    "autumn": ((216, 150, 84), (196, 92, 40)),
    "spring": ((250, 190, 210), (238, 140, 176)),
    "winter": ((150, 184, 196), (62, 106, 116)),
}


def land(canvas: Canvas, body: tuple[float, float] | None) -> None:
    """Draws the place of the scene; `body` is where the sun or moon is, which the sea mirrors."""
    if canvas.scene.place == "sea":
        _sea(canvas, body)
        return
    places: dict[str, Callable[[Canvas], None]] = {
        "mountains": _mountains,
        "hills": _hills,
        "desert": _desert,
        "forest": _forest,
        "snow": _snow,
        "city": _city,
        "lake": _lake,
    }
    places[canvas.scene.place](canvas)


def _sea(canvas: Canvas, body: tuple[float, float] | None) -> None:
    h, time = canvas.horizon, canvas.scene.time
    top = mix(canvas.lit((70, 158, 200)), canvas.sky[2], 0.42 if time != "night" else 0.20)
    bottom = canvas.lit((20, 88, 148))
    if time == "sunset":
        top, bottom = mix(top, (236, 130, 100), 0.45), mix(bottom, (84, 46, 104), 0.65)
    canvas.layer([(0, h), (1, h)], top, bottom)
    if body:
        glow = SUNS[time][0]
        for i, (down, wide) in enumerate([(0.03, 0.095), (0.105, 0.13)]):
            x, y = body[0] + (0.02 if i % 2 else -0.01), h + down
            canvas.pill(x - wide, y, x + wide, y + 0.047, mix(top, glow, 0.62 - 0.12 * i))
    for y, share in ((h + 0.24, 0.16), (h + 0.33, 0.30)):
        line = canvas.wave(y, 0.012, 1.6)
        canvas.layer(line, mix(bottom, top, share * 0.6), mix(bottom, (8, 20, 50), share * 0.5))
    if canvas.scene.thing in ("house", "tree", "lighthouse", "castle"):
        sand, grass, s = canvas.lit((226, 200, 146)), canvas.lit((112, 172, 88)), min(1.1, canvas.scale)
        for x in canvas.stands:
            canvas.oval(x, 0.865, 0.25 * s, 0.085 * s, mix(sand, bottom, 0.25))
            canvas.oval(x, 0.85, 0.25 * s, 0.075 * s, sand)
            canvas.oval(x, 0.84 - 0.018 * s, 0.20 * s, 0.05 * s, grass)


def _mountains(canvas: Canvas) -> None:
    h, season = canvas.horizon, canvas.scene.season
    far, near = canvas.far((120, 140, 178), 0.36), canvas.lit((84, 100, 138))
    if season == "winter":
        far, near = canvas.far((206, 220, 240), 0.20), canvas.lit((164, 184, 216))
    peaks = [(0.10, 0.30), (0.38, 0.35), (0.66, 0.32), (0.92, 0.33)]
    _peaks(canvas, peaks, h + 0.02, far, mix(far, canvas.sky[2], 0.35), snow=True)
    _peaks(canvas, [(0.22, 0.24), (0.56, 0.20), (0.84, 0.25)], h + 0.10, near, mix(near, far, 0.25))
    _, middle, near_green, dark = _MEADOWS[season]
    canvas.layer(canvas.wave(0.78, 0.018, 0.8), canvas.lit(middle), canvas.lit(mix(near_green, dark, 0.5)))
    _bushes(canvas, 0.77)


def _peaks(
    canvas: Canvas, peaks: list[Point], base: float, colour: Colour, foot: Colour, snow: bool = False
) -> None:
    line: list[Point] = [(0, base - 0.08)]
    tops: list[Point] = []
    for i, (x, height) in enumerate(peaks):
        x, height = x + canvas.rng.uniform(-0.04, 0.04), height + canvas.rng.uniform(-0.05, 0.0)
        tops.append((x, base - height))
        line.append(tops[-1])
        if i < len(peaks) - 1:
            line.append(((x + peaks[i + 1][0]) / 2, base - height * 0.45))
    line.append((1, base - 0.10))
    canvas.layer(line, colour, foot)
    if snow:
        white = canvas.far((246, 250, 255), 0.12)
        for x, y in tops[1:3]:
            foot_line = [(0.052, 0.075), (0.02, 0.06), (-0.01, 0.09), (-0.055, 0.075)]
            canvas.shape([(x, y), *((x + a, y + b) for a, b in foot_line)], white)


def _meadow(canvas: Canvas, first: float, steps: int = 3) -> None:
    """Rolling slopes in the colours of the season."""
    far, middle, near, dark = _MEADOWS[canvas.scene.season]
    for i, colour in enumerate((far, middle, near)[3 - steps :]):
        i += 3 - steps
        top = canvas.far(colour, (0.34, 0.12, 0.0)[i])
        line = canvas.wave(first + (0.0, 0.09, 0.19)[i], (0.05, 0.042, 0.022)[i], (0.9, 0.7, 0.55)[i])
        canvas.layer(line, top, mix(top, canvas.lit(dark), 0.40))


def _bushes(canvas: Canvas, y: float) -> None:
    """Round crowns that tell autumn and spring from a distance."""
    colour = _CROWNS.get(canvas.scene.season)
    if not colour:
        return
    lit = canvas.lit(colour)
    start = int(canvas.rng.integers(1, 3))
    for i, cell in enumerate(range(start, 17, 4)):
        canvas.oval(cell * CELL, y, 0.062, 0.055 + 0.012 * (i % 2), mix(lit, canvas.sky[2], 0.12 * (i % 2)))


def _hills(canvas: Canvas) -> None:
    far, *_ = _MEADOWS[canvas.scene.season]
    top = canvas.far(far, 0.34)
    canvas.layer(canvas.wave(canvas.horizon, 0.05, 0.9), top, top)
    _bushes(canvas, canvas.horizon + 0.055)
    _meadow(canvas, canvas.horizon, steps=2)


def _desert(canvas: Canvas) -> None:
    h = canvas.horizon
    mesa = canvas.far((196, 112, 74), 0.22)
    x = 0.2 if canvas.rng.random() < 0.5 else 0.78
    canvas.shape(
        [(x - 0.17, h + 0.05), (x - 0.12, h - 0.11), (x + 0.10, h - 0.11), (x + 0.16, h + 0.05)], mesa
    )
    sands: list[Colour] = [(238, 194, 124), (230, 172, 98), (214, 146, 76)]
    for i, (y, sand) in enumerate(zip((h, h + 0.10, h + 0.20), sands, strict=True)):
        top = canvas.far(sand, (0.20, 0.06, 0.0)[i])
        line = canvas.wave(y, (0.030, 0.040, 0.024)[i], (0.8, 0.6, 0.5)[i])
        canvas.layer(line, top, mix(top, canvas.lit((168, 98, 56)), 0.42))


def _forest(canvas: Canvas) -> None:
    h, season = canvas.horizon, canvas.scene.season
    colours = _FIRS[season]
    back, front = canvas.far(colours[0], 0.30), canvas.lit(colours[1])
    canvas.layer([(0, h + 0.05), (1, h + 0.05)], back, back)
    _firs(canvas, h + 0.12, 0.27, 0.075, back, 8)
    _firs(canvas, h + 0.18, 0.32, 0.095, front, 6)
    _, middle, near, dark = _MEADOWS[season]
    canvas.layer(
        canvas.wave(h + 0.145, 0.010, 0.8),
        canvas.lit(mix(middle, near, 0.6)),
        canvas.lit(mix(near, dark, 0.6)),
    )


def _firs(canvas: Canvas, base: float, tall: float, wide: float, colour: Colour, count: int) -> None:
    """Firs; in spring and autumn round trees."""
    shift = int(canvas.rng.integers(0, 3)) * CELL
    white = canvas.lit((240, 246, 252))
    for i in range(-1, count + 1):
        x, top = i / count + shift, base - tall * canvas.rng.uniform(0.80, 1.08)
        high = base - top
        if canvas.scene.season in ("spring", "autumn"):
            canvas.oval(x, top + high * 0.42, wide * 0.95, high * 0.42, colour)
            canvas.box(
                x - wide * 0.22, top + high * 0.7, x + wide * 0.22, base, mix(colour, (70, 44, 40), 0.5)
            )
            continue
        for part in (0.54, 0.28, 0.0):
            y, w = top + high * part, wide * (0.50 + part * 0.62)
            snowy = canvas.scene.season == "winter" and part == 0.0
            canvas.shape(
                [(x, y), (x + w, y + high * 0.46), (x - w, y + high * 0.46)], white if snowy else colour
            )


def _snow(canvas: Canvas) -> None:
    h = canvas.horizon
    far = canvas.far((176, 198, 226), 0.20)
    foot = mix(far, canvas.lit((250, 252, 255)), 0.5)
    _peaks(canvas, [(0.16, 0.16), (0.52, 0.20), (0.86, 0.15)], h + 0.04, far, foot)
    whites: list[Colour] = [(226, 236, 248), (240, 246, 252), (252, 253, 255)]
    for i, (y, white) in enumerate(zip((h + 0.02, h + 0.10, h + 0.19), whites, strict=True)):
        top = canvas.far(white, (0.12, 0.04, 0.0)[i])
        line = canvas.wave(y, (0.034, 0.034, 0.020)[i], (0.8, 0.65, 0.5)[i])
        canvas.layer(line, top, mix(top, canvas.lit((168, 192, 226)), 0.40))


def _city(canvas: Canvas) -> None:
    """Two rows of tower blocks with large windows, and a street."""
    night = canvas.scene.time in ("night", "sunset")
    far = canvas.far((132, 144, 172), 0.40)
    near = canvas.lit((92, 104, 138))
    light = (255, 216, 120) if night else canvas.lit((196, 220, 238))
    for i, (cells, top) in enumerate(zip((3, 2, 3, 3, 2, 3), canvas.rng.integers(6, 9, 6), strict=True)):
        left = (0, 3, 5, 8, 11, 13)[i] * CELL
        canvas.box(left, top * CELL, left + cells * CELL, 0.80, mix(far, canvas.sky[2], 0.15 * (i % 2)))
    for i, top in enumerate(canvas.rng.integers(8, 11, 5)):
        left = (1, 4, 7, 10, 13)[i] * CELL
        tone = mix(near, (30, 30, 60), 0.14 * (i % 2))
        canvas.box(left, top * CELL, left + 2 * CELL, 0.80, tone)
        for y in range(int(top) + 1, 12, 2):
            canvas.box(left + CELL * 0.5, (y - 0.45) * CELL, left + CELL * 1.5, (y + 0.35) * CELL, light)
    canvas.layer([(0, 0.75), (1, 0.75)], canvas.lit((150, 150, 158)), canvas.lit((104, 104, 118)))
    canvas.box(0, 0.885, 1, 0.945, canvas.lit((70, 72, 88)))


def _lake(canvas: Canvas) -> None:
    """Slopes, a band of water, and for things that stand on land a shore in front."""
    h, time = canvas.horizon, canvas.scene.time
    far, middle, near, dark = _MEADOWS[canvas.scene.season]
    top = canvas.far(far, 0.30)
    canvas.layer(canvas.wave(h, 0.055, 0.9), top, top)
    _bushes(canvas, h + 0.075)
    top = canvas.far(middle, 0.10)
    canvas.layer(canvas.wave(h + 0.065, 0.028, 0.8), top, canvas.lit(mix(middle, dark, 0.3)))
    water = mix(canvas.lit((86, 170, 214)), canvas.sky[2], 0.30 if time != "night" else 0.15)
    deep = canvas.lit((36, 110, 170))
    canvas.layer([(0, 0.67), (1, 0.67)], water, deep)
    for x, y in ((0.30, 0.715), (0.72, 0.755)):
        canvas.pill(x - 0.14, y, x + 0.14, y + 0.032, mix(water, (255, 255, 255), 0.30))
    if canvas.scene.thing not in ("boat", "none", "balloon"):
        canvas.layer(canvas.wave(0.815, 0.008, 0.7), canvas.lit(near), canvas.lit(mix(near, dark, 0.5)))
