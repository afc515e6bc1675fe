"""What people might have written to get a scene: short sentences and lists of tags, in English and Korean."""

from __future__ import annotations

import random

from models.recipe.scene import Scene

_TIME_EN = {
    "day": ("by day", "on a sunny day", "at noon", "in daylight", "under a blue sky", "on a bright day"),
    "sunset": (
        "at sunset",
        "at dusk",
        "in the evening",
        "under an orange sky",
        "during sunset",
        "at sundown",
    ),
    "night": ("at night", "by night", "in the dark", "at midnight", "under a dark sky"),
    "dawn": (
        "at dawn",
        "at sunrise",
        "in the early morning",
        "under a pink sky",
        "at daybreak",
        "in the morning",
    ),
}
_TIME_TAG_EN = {
    "day": ("day", "daytime", "noon", "blue sky", "sunny day"),
    "sunset": ("sunset", "dusk", "evening", "orange sky", "sundown"),
    "night": ("night", "midnight", "dark sky", "night sky"),
    "dawn": ("dawn", "sunrise", "early morning", "pink sky", "morning"),
}
_PLACE_EN = {
    "sea": ("by the sea", "on the sea", "at the ocean", "on the water", "by the ocean", "on the coast"),
    "mountains": ("in the mountains", "in front of mountains", "below the mountains", "near the mountains"),
    "hills": (
        "on green hills",
        "in the hills",
        "in a meadow",
        "on a grassy hill",
        "in the countryside",
        "in a field",
    ),
    "desert": ("in the desert", "among sand dunes", "on the sand", "in a sandy desert"),
    "forest": ("in the forest", "in the woods", "in front of a pine forest", "among the pines"),
    "snow": ("in the snow", "on snowy hills", "in a snowy landscape", "in winter", "in snow"),
}
_PLACE_TAG_EN = {
    "sea": ("sea", "the sea", "ocean", "the ocean", "a calm sea", "seascape", "coast"),
    "mountains": ("mountains", "the mountains", "high mountains", "snowy peaks", "a mountain landscape"),
    "hills": ("hills", "green hills", "rolling hills", "a meadow", "countryside", "a field", "grass"),
    "desert": ("desert", "the desert", "sand dunes", "a sandy desert", "dunes"),
    "forest": ("forest", "a forest", "woods", "a pine forest", "pine trees"),
    "snow": ("snow", "a snowy landscape", "snowy hills", "winter", "a winter landscape"),
}
_THING_EN = {
    "house": ("house", "house", "house", "cottage", "home", "cabin"),
    "boat": ("boat", "boat", "boat", "sailboat", "ship", "sailing boat"),
    "tree": ("tree", "tree", "tree", "big tree", "round tree"),
    "balloon": ("balloon", "hot air balloon", "hot-air balloon", "balloon"),
    "lighthouse": ("lighthouse", "lighthouse", "tall lighthouse"),
}
_POSITION_EN = {
    "left": ("on the left", "at the left", "on the left side"),
    "centre": ("in the middle", "in the centre", "in the center"),
    "right": ("on the right", "at the right", "on the right side"),
}
_BODY_EN = {
    "sun": ("the sun", "a big sun", "a sun", "sun"),
    "moon": ("the moon", "a full moon", "a bright moon", "moon", "moonlight"),
}
_CLOUDS_EN = ("clouds", "some clouds", "a few clouds", "a cloudy sky", "white clouds")
_STYLE_EN = (
    "flat illustration",
    "an illustration of {}",
    "a picture of {}",
    "a drawing of {}",
    "a view of {}",
    "a painting of {}",
)

_TIME_KO = {
    "day": ("낮", "한낮", "맑은 날", "대낮", "화창한 날", "푸른 하늘"),
    "sunset": ("노을", "해질녘", "저녁", "석양", "노을 지는 저녁", "일몰", "주황빛 하늘"),
    "night": ("밤", "한밤", "밤하늘", "어두운 밤", "깊은 밤"),
    "dawn": ("새벽", "아침", "이른 아침", "해돋이", "일출", "분홍빛 하늘"),
}
_TIME_BEFORE_KO = {
    "day": ("맑은 날의", "한낮의", "낮의", "화창한 날", "푸른 하늘 아래"),
    "sunset": ("노을 지는", "해질녘의", "저녁의", "석양의", "노을진", "해 지는"),
    "night": ("밤의", "한밤의", "어두운 밤", "밤하늘 아래", "깊은 밤의"),
    "dawn": ("새벽의", "이른 아침의", "아침의", "해 뜨는", "해돋이 때"),
}
_PLACE_KO = {
    "sea": ("바다", "바닷가", "해변", "잔잔한 바다"),
    "mountains": ("산", "높은 산", "산맥", "산속"),
    "hills": ("언덕", "들판", "초원", "푸른 언덕", "풀밭"),
    "desert": ("사막", "모래 언덕", "모래사막"),
    "forest": ("숲", "숲속", "소나무 숲"),
    "snow": ("눈밭", "설원", "눈 덮인 언덕", "겨울 풍경", "눈 내린 들판"),
}
_THING_KO = {
    "house": ("집", "집", "오두막"),
    "boat": ("배", "배", "돛단배", "돛배"),
    "tree": ("나무", "나무", "큰 나무"),
    "balloon": ("열기구", "열기구", "풍선"),
    "lighthouse": ("등대",),
}
_COLOUR_KO = {
    "red": ("빨간", "빨간", "붉은", "빨간색"),
    "blue": ("파란", "파란", "푸른", "파란색"),
    "yellow": ("노란", "노란", "노란색"),
    "white": ("하얀", "흰", "하얀색"),
    "green": ("초록", "초록색", "녹색", "초록"),
}
_POSITION_KO = {
    "left": ("왼쪽에 있는", "왼쪽의"),
    "centre": ("가운데 있는", "중앙의"),
    "right": ("오른쪽에 있는", "오른쪽의"),
}
_BODY_KO = {"sun": ("해", "태양", "큰 해"), "moon": ("달", "보름달", "밝은 달")}
_CLOUDS_KO = ("구름", "구름 낀 하늘", "구름 몇 점")

# Words the model shall learn to pass over: prompts of strangers are full of them.
OTHER_WORDS = [
    "beautiful",
    "cozy",
    "epic",
    "masterpiece",
    "quality",
    "detailed",
    "highly",
    "best",
    "art",
    "trending",
    "lovely",
    "quiet",
    "old",
    "small",
    "large",
    "dreamy",
    "minimal",
    "poster",
    "vector",
    "cute",
    "magical",
    "peaceful",
    "fantasy",
    "style",
    "wallpaper",
    "background",
    "color",
    "colorful",
    "vivid",
    "soft",
    "warm",
    "cool",
    "light",
    "beauty",
    "lonely",
    "calm",
    "wonderful",
    "modern",
    "simple",
    "pastel",
    "children",
    "book",
    "cover",
    "scene",
    "photo",
    "realistic",
    "cinematic",
    "4k",
    "8k",
    "hd",
    "아름다운",
    "예쁜",
    "고요한",
    "작은",
    "멋진",
    "평화로운",
    "동화",
    "같은",
    "그림",
    "일러스트",
    "풍경",
    "따뜻한",
    "배경",
    "귀여운",
    "조용한",
]


def caption(scene: Scene, rng: random.Random) -> str:
    """One caption of many; parts may be left out, and nothing that is not drawn is mentioned."""
    text = _korean(scene, rng) if rng.random() < 0.35 else _english(scene, rng)
    if rng.random() < 0.15:
        text = _with_other_words(text, rng)
    return text


def training_caption(scene: Scene, rng: random.Random) -> str:
    """As `caption`, but one in ten is empty: what classifier-free guidance compares with."""
    return "" if rng.random() < 0.10 else caption(scene, rng)


def _parts(scene: Scene, rng: random.Random) -> tuple[bool, bool, bool, bool, bool, bool, bool]:
    """Which of time, place, thing, colour, position, body and clouds to mention; at least one of the first three."""
    thing = scene.thing != "none" and rng.random() < 0.94
    time, place = rng.random() < 0.80, rng.random() < (0.80 if scene.thing != "boat" else 0.5)
    if not (thing or time or place):
        place = True
    body = scene.body != "none" and rng.random() < 0.60
    clouds = scene.clouds and rng.random() < 0.40
    return time, place, thing, rng.random() < 0.90, rng.random() < 0.45, body, clouds


def _english(scene: Scene, rng: random.Random) -> str:
    time, place, thing, colour, position, body, clouds = _parts(scene, rng)
    noun = ""
    if thing:
        name = rng.choice(_THING_EN[scene.thing])
        noun = f"{scene.colour} {name}" if colour else name
    extras = []
    if body:
        extras.append(rng.choice(_BODY_EN[scene.body]))
    if clouds:
        extras.append(rng.choice(_CLOUDS_EN))
    rng.shuffle(extras)
    if rng.random() < 0.35:  # tags
        tags = [noun] if noun else []
        if noun and position:
            tags[0] += " " + rng.choice(_POSITION_EN[scene.position])
        if time:
            tags.append(rng.choice(_TIME_TAG_EN[scene.time]))
        if place:
            tags.append(rng.choice(_PLACE_TAG_EN[scene.place]))
        tags += extras
        if rng.random() < 0.6:
            rng.shuffle(tags)
        return rng.choice((", ", ", ", " ")).join(tags)
    article = (
        ""
        if rng.random() < 0.08
        else "the "
        if rng.random() < 0.08
        else "an "
        if noun[:1] in "aeio"
        else "a "
    )
    if noun:
        head = article + noun
    elif place:
        head, place = rng.choice(_PLACE_TAG_EN[scene.place]), False
    else:
        head = rng.choice(("a landscape", "landscape", "a view", "a scene", "the sky", ""))
    where = []
    if place:
        where.append(rng.choice(_PLACE_EN[scene.place]))
    if time:
        where.append(rng.choice(_TIME_EN[scene.time]))
    if thing and position:
        where.append(rng.choice(_POSITION_EN[scene.position]))
    rng.shuffle(where)
    if where and rng.random() < 0.12:
        text = f"{where[0]}, {head} {' '.join(where[1:])}"
    else:
        text = f"{head} {' '.join(where)}"
    if extras:
        text += rng.choice((" with ", ", ", " and ")) + " and ".join(extras)
    text = " ".join(text.split())
    if rng.random() < 0.15:
        style = rng.choice(_STYLE_EN)
        text = style.format(text) if "{}" in style else f"{text}, {style}"
    return text[:1].upper() + text[1:] + rng.choice(("", ".")) if rng.random() < 0.2 else text


def _korean(scene: Scene, rng: random.Random) -> str:
    time, place, thing, colour, position, body, clouds = _parts(scene, rng)
    noun = ""
    if thing:
        noun = rng.choice(_THING_KO[scene.thing])
        if colour:
            noun = f"{rng.choice(_COLOUR_KO[scene.colour])} {noun}"
        if position:
            noun = f"{rng.choice(_POSITION_KO[scene.position])} {noun}"
    extras = []
    if body:
        extras.append(rng.choice(_BODY_KO[scene.body]))
    if clouds:
        extras.append(rng.choice(_CLOUDS_KO))
    if rng.random() < 0.35 or not (noun or place):  # tags
        tags = [noun] if noun else []
        if time:
            tags.append(rng.choice(_TIME_KO[scene.time]))
        if place:
            tags.append(rng.choice(_PLACE_KO[scene.place]))
        tags += extras
        rng.shuffle(tags)
        return rng.choice((", ", " ")).join(tags)
    when = [rng.choice(_TIME_BEFORE_KO[scene.time])] if time else []
    where = rng.choice(_PLACE_KO[scene.place])
    if place and noun and rng.random() < 0.25:  # "a landscape in which there is a thing"
        inside = [f"{noun}{_subject(noun)} 있는"]
        words = [*(inside + when if rng.random() < 0.6 else when + inside), where]
    elif place and noun:
        above = " 위의" if rng.random() < (0.6 if scene.thing == "boat" else 0.25) else ""
        joint = above or rng.choice(
            ("의", "에 있는", " 앞의", "에", "에 떠 있는" if scene.thing == "boat" else "에 있는")
        )
        words = [*when, where + joint, noun]
    else:
        words = [*when, where if place else noun]
    text = " ".join(words)
    if extras:
        names = ", ".join(extras)
        text = (
            f"{text}, {names}"
            if rng.random() < 0.5
            else f"{names} {rng.choice(('아래', '그리고', '있는'))} {text}"
        )
    return text


def _subject(noun: str) -> str:
    """The Korean subject particle after a noun: depends on whether its last syllable ends in a consonant."""
    return "이" if (ord(noun[-1]) - 0xAC00) % 28 else "가"


def _with_other_words(text: str, rng: random.Random) -> str:
    words = rng.sample(OTHER_WORDS, rng.randint(1, 4))
    if rng.random() < 0.5:
        words.append("".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 8))))
    if rng.random() < 0.5:
        return f"{text}, {', '.join(words)}"
    parts = text.split(" ")
    for word in words:
        parts.insert(rng.choice((0, len(parts), rng.randint(0, len(parts)))), word)
    return " ".join(parts)
