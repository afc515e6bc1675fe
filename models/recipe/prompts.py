"""Prompts for judging, with what a right picture shows.

Training makes its captions up afresh, so a short prompt here can occur there word for word (4 of the 24 fixed ones do in
600,000 captions); prompts about held-out combinations cannot.
"""

from __future__ import annotations

import random

from models.recipe.scene import Scene, sample_scene

Wanted = dict[str, str]


def _w(
    time: str = "",
    place: str = "",
    thing: str = "",
    colour: str = "",
    position: str = "",
    body: str = "",
    clouds: str = "",
) -> Wanted:
    found = {
        "time": time,
        "place": place,
        "thing": thing,
        "colour": colour,
        "position": position,
        "body": body,
        "clouds": clouds,
    }
    return {name: value for name, value in found.items() if value}


FIXED: tuple[tuple[str, Wanted], ...] = (
    ("a red house at sunset", _w("sunset", thing="house", colour="red")),
    (
        "a little red house on the hills, evening light, the sun",
        _w("sunset", "hills", "house", "red", body="sun"),
    ),
    ("a sailing boat on the sea at night under the moon", _w("night", "sea", "boat", body="moon")),
    ("A blue boat on the ocean in daylight with clouds.", _w("day", "sea", "boat", "blue", clouds="yes")),
    ("mountains at dawn", _w("dawn", "mountains")),
    ("a quiet winter landscape at night, full moon", _w("night", "snow", body="moon")),
    ("hot air balloon over the desert by day, yellow balloon", _w("day", "desert", "balloon", "yellow")),
    ("a white lighthouse on the coast at sunset", _w("sunset", "sea", "lighthouse", "white")),
    ("a green tree in a meadow at noon", _w("day", "hills", "tree", "green")),
    ("pine forest, night, moon", _w("night", "forest", body="moon")),
    ("forest in the early morning with a yellow cottage", _w("dawn", "forest", "house", "yellow")),
    ("sand dunes under an orange sky", _w("sunset", "desert")),
    (
        "a red balloon in the mountains, blue sky, some clouds",
        _w("day", "mountains", "balloon", "red", clouds="yes"),
    ),
    ("snowy hills at dusk, blue house on the left", _w("sunset", "snow", "house", "blue", "left")),
    ("a white house in the middle of a field at sunrise", _w("dawn", "hills", "house", "white", "centre")),
    ("red lighthouse on the right at night by the sea", _w("night", "sea", "lighthouse", "red", "right")),
    ("노을 지는 바다 위의 빨간 배", _w("sunset", "sea", "boat", "red")),
    ("밤하늘 아래 눈밭의 파란 집, 보름달", _w("night", "snow", "house", "blue", body="moon")),
    ("맑은 날 초원에 있는 노란 나무", _w("day", "hills", "tree", "yellow")),
    ("새벽의 산맥", _w("dawn", "mountains")),
    ("한낮의 사막, 빨간 열기구, 구름", _w("day", "desert", "balloon", "red", clouds="yes")),
    ("해질녘 숲속의 하얀 오두막", _w("sunset", "forest", "house", "white")),
    ("바닷가의 초록 등대, 아침", _w("dawn", "sea", "lighthouse", "green")),
    ("밤의 언덕, 달, 왼쪽에 있는 빨간 집", _w("night", "hills", "house", "red", "left", "moon")),
)

_TIME = {
    "day": ("on a bright day", "낮의"),
    "sunset": ("at sunset", "해질녘의"),
    "night": ("at night", "밤의"),
    "dawn": ("at dawn", "새벽의"),
}
_PLACE = {
    "sea": ("by the sea", "바다"),
    "mountains": ("in the mountains", "산"),
    "hills": ("on green hills", "언덕"),
    "desert": ("in the desert", "사막"),
    "forest": ("in the forest", "숲"),
    "snow": ("in the snow", "눈밭"),
}
_THING = {"house": "집", "boat": "배", "tree": "나무", "balloon": "열기구", "lighthouse": "등대"}
_COLOUR = {"red": "빨간", "blue": "파란", "yellow": "노란", "white": "하얀", "green": "초록"}


def plain_prompt(scene: Scene, korean: bool = False) -> tuple[str, Wanted]:
    """One full sentence about a scene: time, place, thing, colour, and the sun or moon if there is one."""
    when, where = _TIME[scene.time][korean], _PLACE[scene.place][korean]
    wanted = _w(scene.time, scene.place, scene.thing, body=scene.body if scene.body != "none" else "")
    if scene.thing != "none":
        wanted["colour"] = scene.colour
    else:
        del wanted["thing"]
    if korean:
        text = f"{when} {where}"
        if scene.thing != "none":
            text += f"{' 위의' if scene.thing == 'boat' else '에 있는'} {_COLOUR[scene.colour]} {_THING[scene.thing]}"
        return text + {"sun": ", 해", "moon": ", 달", "none": ""}[scene.body], wanted
    head = f"a {scene.colour} {scene.thing}" if scene.thing != "none" else "a landscape"
    return f"{head} {where} {when}" + {"sun": ", the sun", "moon": ", the moon", "none": ""}[
        scene.body
    ], wanted


def drawn_prompts(
    count: int, held_out: bool, korean: bool = False, first_seed: int = 20_000_000
) -> list[tuple[str, Wanted]]:
    """Prompts about scenes of judging seeds; with `held_out`, about combinations that training never saw."""
    order = random.Random(count).sample(range(count * 4), count)
    return [plain_prompt(sample_scene(first_seed + i, held_out), korean) for i in order]
