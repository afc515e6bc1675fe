"""What people might have written to get a scene: short sentences and lists of tags, in English and Korean."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.recipe import wordings as w
from models.recipe.scene import Scene


@dataclass(frozen=True)
class _Said:
    """Which parts of a scene a caption mentions. Number is said by the noun itself: one house, two houses."""

    time: bool
    place: bool
    thing: bool
    colour: bool
    size: bool
    position: bool
    body: bool
    weather: bool
    season: bool
    stars: bool
    rainbow: bool
    style: bool


def caption(scene: Scene, rng: random.Random) -> str:
    """One caption of many; parts may be left out, and nothing that is not drawn is mentioned."""
    said = _brief(scene, rng) if rng.random() < 0.12 else _parts(scene, rng)
    text = _korean(scene, said, rng) if rng.random() < 0.35 else _english(scene, said, rng)
    if rng.random() < 0.15:
        text = _with_other_words(text, rng)
    return text


def training_caption(scene: Scene, rng: random.Random) -> str:
    """As `caption`, but one in ten is empty: what classifier-free guidance compares with."""
    return "" if rng.random() < 0.10 else caption(scene, rng)


def _sayable(scene: Scene) -> dict[str, bool]:
    """What there is to say about a scene."""
    thing = scene.thing != "none"
    return {
        "time": True,
        "place": True,
        "thing": thing,
        "colour": scene.label("colour") is not None,
        "size": scene.label("size") in ("small", "large"),
        "position": scene.label("position") is not None,
        "body": scene.body != "none",
        "weather": scene.weather != "clear",
        "season": scene.label("season") is not None,
        "stars": scene.stars,
        "rainbow": scene.rainbow,
        "style": scene.style != "plain",
    }


def _parts(scene: Scene, rng: random.Random) -> _Said:
    """Most of what there is to say; at least one of time, place and thing."""
    shares = {
        "time": 0.80,
        "place": 0.80 if scene.thing != "boat" else 0.5,
        "thing": 0.94,
        "colour": 0.88,
        "size": 0.88,
        "position": 0.55,
        "body": 0.85,
        "weather": 0.78 if scene.weather == "clouds" else 0.92,
        "season": {"summer": 0.25, "winter": 0.55}.get(scene.season, 0.85),
        "stars": 0.85,
        "rainbow": 0.92,
        "style": 0.95,
    }
    said = {name: can and rng.random() < shares[name] for name, can in _sayable(scene).items()}
    if not (said["thing"] or said["time"] or said["place"]):
        said["place"] = True
    return _Said(**said)


def _brief(scene: Scene, rng: random.Random) -> _Said:
    """One or two parts only, as in a negative prompt."""
    can = _sayable(scene)
    names = [name for name in can if can[name] and name not in ("colour", "size", "position")]
    chosen = rng.sample(names, min(len(names), rng.choice((1, 1, 2))))
    return _Said(**{name: name in chosen for name in can})


# English ----------------------------------------------------------------------------------------------------------


def _english(scene: Scene, said: _Said, rng: random.Random) -> str:
    noun = _noun_en(scene, said, rng) if said.thing else ""
    extras = _extras_en(scene, said, rng)
    if rng.random() < 0.35 or not (noun or said.place or said.time):
        return _tags_en(scene, said, noun, extras, rng)
    return _sentence_en(scene, said, noun, extras, rng)


def _noun_en(scene: Scene, said: _Said, rng: random.Random) -> str:
    words = []
    if said.size:
        words.append(rng.choice(w.SIZE_EN[scene.size]))
    if said.colour:
        words.append(rng.choice(w.COLOUR_EN[scene.colour]))
    words.append(rng.choice(w.THING_EN[scene.thing]))
    if scene.number == "one":
        return " ".join(words)
    return f"{rng.choice(w.NUMBER_EN[scene.number])} {' '.join(words)}s"


def _extras_en(scene: Scene, said: _Said, rng: random.Random) -> list[str]:
    extras = []
    if said.body:
        extras.append(rng.choice(w.BODY_EN[scene.body]))
    if said.weather:
        extras.append(rng.choice(w.WEATHER_EN[scene.weather]))
    if said.stars:
        extras.append(rng.choice(w.STARS_EN))
    if said.rainbow:
        extras.append(rng.choice(w.RAINBOW_EN))
    if said.season:
        extras.append(rng.choice(w.SEASON_EN[scene.season]))
    if said.style:
        extras.append(rng.choice(w.STYLE_EN[scene.style]))
    rng.shuffle(extras)
    return extras


def _open_sky(scene: Scene) -> bool:
    return scene.weather in ("clear", "clouds") and scene.style == "plain"


def _word(words: w.Words, more: w.Words, key: str, allowed: bool, rng: random.Random) -> str:
    return rng.choice(words[key] + (more.get(key, ()) if allowed else ()))


def _place_tag_en(scene: Scene, rng: random.Random) -> str:
    return _word(w.PLACE_TAG_EN, w.GREEN_EN, scene.place, scene.season == "summer", rng)


def _tags_en(scene: Scene, said: _Said, noun: str, extras: list[str], rng: random.Random) -> str:
    tags = []
    if noun:
        article = rng.choice(("a ", "", "", "one " if scene.number == "one" else ""))
        tags.append(article + noun if scene.number == "one" else noun)
        if said.position:
            tags[0] += " " + rng.choice(w.POSITION_EN[scene.position])
    if said.time:
        tags.append(_word(w.TIME_TAG_EN, w.OPEN_SKY_TAG_EN, scene.time, _open_sky(scene), rng))
    if said.place:
        tags.append(_place_tag_en(scene, rng))
    tags += extras
    if rng.random() < 0.6:
        rng.shuffle(tags)
    return rng.choice((", ", ", ", " ")).join(tags)


def _article(scene: Scene, noun: str, rng: random.Random) -> str:
    if scene.number != "one":
        return ""
    found = rng.choices(("a", "one", "a single", "the", ""), (80, 6, 3, 5, 6))[0]
    if found == "a" and noun[:1] in "aeio":
        found = "an"
    return found + " " if found else ""


def _sentence_en(scene: Scene, said: _Said, noun: str, extras: list[str], rng: random.Random) -> str:
    place = said.place
    if noun:
        head = _article(scene, noun, rng) + noun
    elif place:
        head, place = _place_tag_en(scene, rng), False
    else:
        head = rng.choice(("a landscape", "landscape", "a view", "a scene", "the sky", ""))
    where = []
    if place:
        green = w.GREEN_EN.get(scene.place) if scene.season == "summer" else None
        where.append(
            f"on {green[0]}"
            if green and scene.place == "hills" and rng.random() < 0.3
            else rng.choice(w.PLACE_EN[scene.place])
        )
    if said.time:
        where.append(_word(w.TIME_EN, w.OPEN_SKY_EN, scene.time, _open_sky(scene), rng))
    if noun and said.position:
        where.append(rng.choice(w.POSITION_EN[scene.position]))
    rng.shuffle(where)
    if where and rng.random() < 0.12:
        text = f"{where[0]}, {head} {' '.join(where[1:])}"
    else:
        text = f"{head} {' '.join(where)}"
    if extras:
        text += rng.choice((" with ", ", ", ", ", " and ")) + rng.choice((" and ", ", ")).join(extras)
    text = " ".join(text.split())
    if rng.random() < 0.15:
        text = rng.choice(w.FRAMES_EN).format(text)
    return text[:1].upper() + text[1:] + rng.choice(("", ".")) if rng.random() < 0.2 else text


# Korean -----------------------------------------------------------------------------------------------------------


def _korean(scene: Scene, said: _Said, rng: random.Random) -> str:
    noun = _noun_ko(scene, said, rng) if said.thing else ""
    if rng.random() < 0.35 or not (noun or said.place):
        return _tags_ko(scene, said, noun, rng)
    return _sentence_ko(scene, said, noun, rng)


def _noun_ko(scene: Scene, said: _Said, rng: random.Random) -> str:
    noun = rng.choice(w.THING_KO[scene.thing])
    words = []
    if said.size:
        words.append(rng.choice(w.SIZE_KO[scene.size]))
    if said.colour:
        words.append(rng.choice(w.COLOUR_KO[scene.colour]))
    text = " ".join([*words, noun])
    counter = w.COUNTERS_KO.get(scene.thing, "개") if rng.random() < 0.7 else "개"
    number = w.NUMBER_KO[scene.number][0]
    if scene.number != "one":
        text = f"{text} {number} {counter}" if rng.random() < 0.6 else f"{number} {counter}의 {text}"
    elif rng.random() < 0.10:
        text = f"{text} {number} {counter}"
    if said.position:
        text = f"{rng.choice(w.POSITION_KO[scene.position])} {text}"
    return text


def _extras_ko(scene: Scene, said: _Said, rng: random.Random) -> list[str]:
    """Sun, moon, stars, rainbow, clouds and style: what stands beside the sentence."""
    extras = []
    if said.body:
        extras.append(rng.choice(w.BODY_KO[scene.body]))
    if said.weather and scene.weather == "clouds":
        extras.append(rng.choice(w.WEATHER_KO["clouds"]))
    if said.stars:
        extras.append(rng.choice(w.STARS_KO))
    if said.rainbow:
        extras.append(rng.choice(w.RAINBOW_KO))
    if said.style:
        extras.append(rng.choice(w.STYLE_KO[scene.style]))
    return extras


def _tags_ko(scene: Scene, said: _Said, noun: str, rng: random.Random) -> str:
    tags = [noun] if noun else []
    if said.time:
        tags.append(_word(w.TIME_KO, w.OPEN_SKY_KO, scene.time, _open_sky(scene), rng))
    if said.place:
        tags.append(_word(w.PLACE_KO, w.GREEN_KO, scene.place, scene.season == "summer", rng))
    if said.season:
        tags.append(rng.choice(w.SEASON_KO[scene.season]))
    if said.weather and scene.weather != "clouds":
        tags.append(rng.choice(w.WEATHER_KO[scene.weather]))
    tags += _extras_ko(scene, said, rng)
    rng.shuffle(tags)
    return rng.choice((", ", ", ", " ")).join(tags)


def _sentence_ko(scene: Scene, said: _Said, noun: str, rng: random.Random) -> str:
    when = []
    if said.season:
        when.append(rng.choice(w.SEASON_BEFORE_KO[scene.season]))
    if said.weather and scene.weather != "clouds":
        when.append(rng.choice(w.WEATHER_BEFORE_KO[scene.weather]))
    if said.time:
        when.append(_word(w.TIME_BEFORE_KO, w.OPEN_SKY_BEFORE_KO, scene.time, _open_sky(scene), rng))
    rng.shuffle(when)
    where = _word(w.PLACE_KO, w.GREEN_KO, scene.place, scene.season == "summer", rng)
    if said.place and noun and rng.random() < 0.25:  # "a landscape in which there is a thing"
        inside = [f"{noun}{_subject(noun)} 있는"]
        words = [*(inside + when if rng.random() < 0.6 else when + inside), where]
    elif said.place and noun:
        boat = scene.thing == "boat"
        joints = ("의", "에 있는", " 앞의", "에", "에 떠 있는" if boat else "에 있는")
        joint = " 위의" if rng.random() < (0.6 if boat else 0.25) else rng.choice(joints)
        words = [*when, where + joint, noun]
    else:
        words = [*when, where if said.place else noun]
    text = " ".join(words)
    extras = _extras_ko(scene, said, rng)
    if extras:
        names = ", ".join(extras)
        joint = rng.choice(("아래", "그리고", "있는"))
        text = f"{text}, {names}" if rng.random() < 0.5 else f"{names} {joint} {text}"
    return text


def _subject(noun: str) -> str:
    """The Korean subject particle after a noun: depends on whether its last syllable ends in a consonant."""
    return "이" if (ord(noun[-1]) - 0xAC00) % 28 else "가"


def _with_other_words(text: str, rng: random.Random) -> str:
    words = rng.sample(w.OTHER_WORDS, rng.randint(1, 4))
    if rng.random() < 0.5:
        words.append("".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 8))))
    if rng.random() < 0.5:
        return f"{text}, {', '.join(words)}"
    parts = text.split(" ")
    for word in words:
        parts.insert(rng.choice((0, len(parts), rng.randint(0, len(parts)))), word)
    return " ".join(parts)
