"""Prompts for judging, with what a right picture shows.

Training makes its captions up afresh, so a short prompt here can occur there word for word; prompts about held-out
combinations cannot.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.recipe.scene import Scene, sample_scene

Wanted = dict[str, str]
Asked = tuple[str, Wanted]


def _one(thing: str, colour: str = "", **more: str) -> Wanted:
    """What a prompt about one thing asks for."""
    return {"thing": thing, "number": "one", **({"colour": colour} if colour else {}), **more}


FIXED: tuple[Asked, ...] = (
    ("a red house at sunset", _one("house", "red", time="sunset")),
    (
        "a little red house on the hills, evening light, the sun",
        _one("house", "red", time="sunset", place="hills", body="sun", size="small"),
    ),
    (
        "a sailing boat on the sea at night under the moon",
        _one("boat", time="night", place="sea", body="moon"),
    ),
    (
        "A blue boat on the ocean in daylight with clouds.",
        _one("boat", "blue", time="day", place="sea", weather="clouds"),
    ),
    ("mountains at dawn", {"time": "dawn", "place": "mountains"}),
    ("a quiet winter night in snowy hills, full moon", {"time": "night", "place": "snow", "body": "moon"}),
    (
        "hot air balloon over the desert by day, yellow balloon",
        _one("balloon", "yellow", time="day", place="desert"),
    ),
    (
        "a white lighthouse on the coast at sunset",
        _one("lighthouse", "white", time="sunset", place="sea"),
    ),
    ("a green tree in a meadow at noon", _one("tree", "green", time="day", place="hills")),
    ("forest, night, moon and stars", {"time": "night", "place": "forest", "body": "moon", "stars": "yes"}),
    (
        "forest in the early morning with a yellow cottage",
        _one("house", "yellow", time="dawn", place="forest"),
    ),
    (
        "two red houses by the lake at noon",
        {"thing": "house", "number": "two", "colour": "red", "place": "lake"},
    ),
    (
        "three white sailboats on the sea at sunrise",
        {"thing": "boat", "number": "three", "colour": "white", "place": "sea", "time": "dawn"},
    ),
    ("a big purple castle in the mountains", _one("castle", "purple", place="mountains", size="large")),
    (
        "a blue car in the city on a rainy night",
        _one("car", "blue", place="city", weather="rain", time="night"),
    ),
    ("autumn forest in the fog", {"season": "autumn", "place": "forest", "weather": "fog"}),
    (
        "snow is falling on a small red cabin in the woods",
        _one("house", "red", weather="snowfall", place="forest", size="small"),
    ),
    ("a rainbow over green hills in the morning", {"rainbow": "yes", "place": "hills", "time": "dawn"}),
    (
        "spring at the lake, a white tree in the middle",
        _one("tree", "white", season="spring", place="lake", position="centre"),
    ),
    (
        "black and white city skyline at night with stars",
        {"style": "monochrome", "place": "city", "time": "night", "stars": "yes"},
    ),
    (
        "pastel drawing of a yellow lighthouse on the right by the sea",
        _one("lighthouse", "yellow", style="pastel", position="right", place="sea"),
    ),
    (
        "three green balloons over the desert at dusk",
        {"thing": "balloon", "number": "three", "colour": "green", "place": "desert", "time": "sunset"},
    ),
    ("노을 지는 바다 위의 빨간 배", _one("boat", "red", time="sunset", place="sea")),
    (
        "밤하늘 아래 눈밭의 파란 집, 보름달",
        _one("house", "blue", time="night", place="snow", body="moon"),
    ),
    ("맑은 날 초원에 있는 노란 나무", _one("tree", "yellow", time="day", place="hills")),
    ("비 오는 도시의 빨간 자동차", _one("car", "red", weather="rain", place="city")),
    ("안개 낀 새벽의 산맥", {"time": "dawn", "place": "mountains", "weather": "fog"}),
    ("무지개가 뜬 한낮의 호수", {"rainbow": "yes", "time": "day", "place": "lake"}),
    (
        "단풍 든 숲속의 하얀 오두막, 저녁",
        _one("house", "white", season="autumn", place="forest", time="sunset"),
    ),
    (
        "밤바다의 초록 등대와 별",
        _one("lighthouse", "green", time="night", place="sea", stars="yes"),
    ),
    (
        "언덕 위의 보라색 집 두 채, 해",
        {"thing": "house", "number": "two", "colour": "purple", "place": "hills", "body": "sun"},
    ),
    (
        "함박눈 내리는 겨울 산의 큰 성",
        _one("castle", weather="snowfall", season="winter", place="mountains", size="large"),
    ),
)

_TIME = {
    "day": ("by day", "낮의"),
    "sunset": ("at sunset", "해질녘의"),
    "night": ("at night", "밤의"),
    "dawn": ("at dawn", "새벽의"),
}
_PLACE = {
    "sea": ("by the sea", "바다"),
    "mountains": ("in the mountains", "산"),
    "hills": ("in the hills", "언덕"),
    "desert": ("in the desert", "사막"),
    "forest": ("in the forest", "숲"),
    "snow": ("in the snow", "눈밭"),
    "city": ("in the city", "도시"),
    "lake": ("by the lake", "호수"),
}
_THING = {
    "house": ("house", "집", "채"),
    "boat": ("boat", "배", "척"),
    "tree": ("tree", "나무", "그루"),
    "balloon": ("balloon", "열기구", "개"),
    "lighthouse": ("lighthouse", "등대", "개"),
    "castle": ("castle", "성", "개"),
    "car": ("car", "자동차", "대"),
}
_COLOUR = {
    "red": "빨간",
    "blue": "파란",
    "yellow": "노란",
    "white": "하얀",
    "green": "초록",
    "purple": "보라색",
}
_SIZE = {"small": ("small ", "작은 "), "large": ("large ", "큰 ")}
_NUMBER = {"two": ("two", "두"), "three": ("three", "세")}
_WEATHER = {
    "clouds": (", some clouds", "구름 낀 "),
    "rain": (" in the rain", "비 내리는 "),
    "snowfall": (", snow is falling", "눈 내리는 "),
    "fog": (" in the fog", "안개 낀 "),
}
_SEASON = {"autumn": (" in autumn", "가을 "), "spring": (" in spring", "봄 ")}
_BODY = {"sun": (", the sun", ", 해"), "moon": (", the moon", ", 달")}
_STYLE = {"pastel": (", pastel colours", ", 파스텔톤"), "monochrome": (", black and white", ", 흑백")}


def plain_prompt(scene: Scene, korean: bool = False) -> Asked:
    """One full sentence about a scene that names all there is to name except where the thing stands."""
    wanted: Wanted = {"time": scene.time, "place": scene.place}
    before = after = ""
    if scene.season in _SEASON:
        wanted["season"] = scene.season
        before += _SEASON[scene.season][1]
        after += _SEASON[scene.season][0]
    if scene.weather != "clear":
        wanted["weather"] = scene.weather
        before += _WEATHER[scene.weather][1]
        after += _WEATHER[scene.weather][0]
    extras = ""
    for name, words in (("body", _BODY), ("style", _STYLE)):
        value = getattr(scene, name)
        if value in words:
            wanted[name] = value
            extras += words[value][korean]
    for name, pair in (("stars", (", stars", ", 별")), ("rainbow", (", a rainbow", ", 무지개"))):
        if getattr(scene, name):
            wanted[name] = "yes"
            extras += pair[korean]
    noun = _noun(scene, korean, wanted) if scene.thing != "none" else ""
    when, where = _TIME[scene.time][korean], _PLACE[scene.place][korean]
    if not korean:
        return f"{noun or 'a landscape'} {where} {when}{after}{extras}", wanted
    joint = ("위의 " if scene.thing == "boat" else "에 있는 ") if noun else ""
    space = " " if joint.startswith("위") else ""
    return f"{before}{when} {where}{space}{joint}{noun}{extras}", wanted


def _noun(scene: Scene, korean: bool, wanted: Wanted) -> str:
    """The thing with its number, size and colour; notes in `wanted` what it says."""
    wanted |= {"thing": scene.thing, "number": scene.number}
    size = colour = ""
    if scene.label("size") in _SIZE:
        wanted["size"] = scene.size
        size = _SIZE[scene.size][korean]
    if scene.label("colour"):
        wanted["colour"] = scene.colour
        colour = (_COLOUR[scene.colour] if korean else scene.colour) + " "
    english, name, counter = _THING[scene.thing]
    if scene.number == "one":
        return f"{size}{colour}{name}" if korean else f"a {size}{colour}{english}"
    number = _NUMBER[scene.number][korean]
    return f"{colour}{name} {number} {counter}" if korean else f"{number} {colour}{english}s"


def drawn_prompts(
    count: int, held_out: bool, korean: bool = False, first_seed: int = 20_000_000
) -> list[Asked]:
    """Prompts about scenes of judging seeds; with `held_out`, about combinations that training never saw."""
    order = random.Random(count).sample(range(count * 4), count * 2)
    scenes = [sample_scene(first_seed + i, held_out) for i in order]
    # A colour that is not seen in black and white cannot make a combination new.
    told = [scene for scene in scenes if scene.style != "monochrome" or not held_out]
    return [plain_prompt(scene, korean) for scene in told[:count]]


@dataclass(frozen=True)
class Unwanted:
    """A prompt that leaves something open, and the negative prompt that forbids it."""

    prompt: str
    negative: str
    attribute: str
    value: str


NEGATIVES: tuple[Unwanted, ...] = (
    Unwanted("a boat at noon", "sea", "place", "sea"),
    Unwanted("a tree by day", "green", "colour", "green"),
    Unwanted("a house at night", "red", "colour", "red"),
    Unwanted("a castle", "sunset", "time", "sunset"),
    Unwanted("the desert at night", "moon", "body", "moon"),
    Unwanted("밤의 집", "달", "body", "moon"),
)
