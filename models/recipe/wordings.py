"""The words of the captions: what each attribute may be called, in English and Korean."""

from __future__ import annotations

Words = dict[str, tuple[str, ...]]

TIME_EN: Words = {
    "day": ("by day", "at noon", "in daylight", "during the day"),
    "sunset": ("at sunset", "at dusk", "in the evening", "during sunset", "at sundown"),
    "night": ("at night", "by night", "in the dark", "at midnight"),
    "dawn": ("at dawn", "at sunrise", "in the early morning", "at daybreak", "in the morning"),
}
# These are said only of an open sky.
OPEN_SKY_EN: Words = {
    "day": ("on a sunny day", "under a blue sky", "on a bright day"),
    "sunset": ("under an orange sky",),
    "night": ("under a dark sky", "under the night sky"),
    "dawn": ("under a pink sky",),
}
TIME_TAG_EN: Words = {
    "day": ("day", "daytime", "noon", "daylight"),
    "sunset": ("sunset", "dusk", "evening", "sundown", "evening light"),
    "night": ("night", "midnight", "night time"),
    "dawn": ("dawn", "sunrise", "early morning", "morning"),
}
OPEN_SKY_TAG_EN: Words = {
    "day": ("blue sky", "sunny day"),
    "sunset": ("orange sky",),
    "night": ("dark sky", "night sky"),
    "dawn": ("pink sky",),
}
PLACE_EN: Words = {
    "sea": ("by the sea", "on the sea", "at the ocean", "on the water", "by the ocean", "on the coast"),
    "mountains": ("in the mountains", "in front of mountains", "below the mountains", "near the mountains"),
    "hills": ("in the hills", "in a meadow", "on a grassy hill", "in the countryside", "in a field"),
    "desert": ("in the desert", "among sand dunes", "on the sand", "in a sandy desert"),
    "forest": ("in the forest", "in the woods", "in front of a forest", "among the trees of a forest"),
    "snow": ("in the snow", "on snowy hills", "in a snowy landscape", "in a snowy field", "in snow"),
    "city": ("in the city", "in town", "in a city street", "in front of tall buildings", "downtown"),
    "lake": ("by the lake", "at a lake", "on the lake", "near a lake", "on the lakeside"),
}
PLACE_TAG_EN: Words = {
    "sea": ("sea", "the sea", "ocean", "the ocean", "a calm sea", "seascape", "coast"),
    "mountains": ("mountains", "the mountains", "high mountains", "mountain peaks", "a mountain landscape"),
    "hills": ("hills", "rolling hills", "a meadow", "countryside", "a field", "grass"),
    "desert": ("desert", "the desert", "sand dunes", "a sandy desert", "dunes"),
    "forest": ("forest", "a forest", "woods", "the woods"),
    "snow": ("snow", "a snowy landscape", "snowy hills", "a snowy field", "a winter landscape"),
    "city": ("city", "the city", "a city skyline", "town", "skyscrapers", "tall buildings", "cityscape"),
    "lake": ("lake", "a lake", "the lake", "a calm lake", "lakeside"),
}
# Summer's own words for the places whose season shows.
GREEN_EN: Words = {"hills": ("green hills", "a green meadow"), "forest": ("a pine forest", "pine trees")}
SEASON_EN: Words = {
    "summer": ("in summer", "summer", "on a summer day"),
    "autumn": ("in autumn", "autumn", "in the fall", "autumn colours", "in fall colors"),
    "spring": ("in spring", "spring", "in bloom", "springtime", "with cherry blossoms"),
    "winter": ("in winter", "winter", "in the cold winter", "wintertime"),
}
WEATHER_EN: Words = {
    "clouds": ("clouds", "some clouds", "a few clouds", "a cloudy sky", "cloudy"),
    "rain": ("in the rain", "rain", "rainy", "raining", "rainy weather", "heavy rain", "on a rainy day"),
    "snowfall": ("snowing", "falling snow", "snowfall", "snowflakes", "heavy snowfall", "while it snows"),
    "fog": ("fog", "foggy", "in the fog", "mist", "misty", "in thick mist"),
}
STARS_EN = ("stars", "a starry sky", "bright stars", "under the stars", "starry night", "twinkling stars")
RAINBOW_EN = ("a rainbow", "rainbow", "a big rainbow", "under a rainbow", "a colorful rainbow")
BODY_EN: Words = {
    "sun": ("the sun", "a big sun", "a sun", "sun", "the sun shining"),
    "moon": ("the moon", "a full moon", "a bright moon", "moon", "moonlight", "under the moon"),
}
STYLE_EN: Words = {
    "pastel": ("pastel", "pastel colours", "in pastel colors", "soft pastel", "pastel style"),
    "monochrome": ("black and white", "monochrome", "grayscale", "in black and white", "greyscale"),
}
THING_EN: Words = {
    "house": ("house", "house", "house", "cottage", "home", "cabin"),
    "boat": ("boat", "boat", "boat", "sailboat", "ship", "sailing boat"),
    "tree": ("tree", "tree", "tree", "round tree"),
    "balloon": ("balloon", "hot air balloon", "hot-air balloon", "balloon"),
    "lighthouse": ("lighthouse", "lighthouse", "tall lighthouse"),
    "castle": ("castle", "castle", "fortress", "palace"),
    "car": ("car", "car", "car", "automobile"),
}
COLOUR_EN: Words = {
    "red": ("red", "red", "red", "red", "crimson", "scarlet"),
    "blue": ("blue", "blue", "blue", "blue", "navy", "royal blue"),
    "yellow": ("yellow", "yellow", "yellow", "golden"),
    "white": ("white", "white", "white", "snow-white"),
    "green": ("green", "green", "green", "emerald"),
    "purple": ("purple", "purple", "purple", "violet", "lilac"),
}
SIZE_EN: Words = {
    "small": ("small", "little", "tiny", "small"),
    "large": ("large", "big", "huge", "giant", "big"),
}
NUMBER_EN: Words = {
    "two": ("two", "two", "two", "2", "a pair of"),
    "three": ("three", "three", "three", "3", "a group of three"),
}
POSITION_EN: Words = {
    "left": ("on the left", "at the left", "on the left side"),
    "centre": ("in the middle", "in the centre", "in the center"),
    "right": ("on the right", "at the right", "on the right side"),
}
FRAMES_EN = (
    "{}, flat illustration",
    "an illustration of {}",
    "a picture of {}",
    "a drawing of {}",
    "a view of {}",
    "a painting of {}",
)

TIME_KO: Words = {
    "day": ("낮", "한낮", "대낮"),
    "sunset": ("노을", "해질녘", "저녁", "석양", "노을 지는 저녁", "일몰"),
    "night": ("밤", "한밤", "깊은 밤"),
    "dawn": ("새벽", "아침", "이른 아침", "해돋이", "일출"),
}
OPEN_SKY_KO: Words = {
    "day": ("맑은 날", "화창한 날", "푸른 하늘"),
    "sunset": ("주황빛 하늘",),
    "night": ("밤하늘", "어두운 밤"),
    "dawn": ("분홍빛 하늘",),
}
TIME_BEFORE_KO: Words = {
    "day": ("한낮의", "낮의", "대낮의"),
    "sunset": ("노을 지는", "해질녘의", "저녁의", "석양의", "노을진", "해 지는"),
    "night": ("밤의", "한밤의", "어두운 밤", "깊은 밤의"),
    "dawn": ("새벽의", "이른 아침의", "아침의", "해 뜨는", "해돋이 때"),
}
OPEN_SKY_BEFORE_KO: Words = {
    "day": ("맑은 날의", "화창한 날", "푸른 하늘 아래"),
    "sunset": ("주황빛 하늘 아래",),
    "night": ("밤하늘 아래",),
    "dawn": ("분홍빛 하늘 아래",),
}
PLACE_KO: Words = {
    "sea": ("바다", "바닷가", "해변", "잔잔한 바다"),
    "mountains": ("산", "높은 산", "산맥", "산속"),
    "hills": ("언덕", "들판", "초원", "풀밭"),
    "desert": ("사막", "모래 언덕", "모래사막"),
    "forest": ("숲", "숲속"),
    "snow": ("눈밭", "설원", "눈 덮인 언덕", "눈 덮인 들판"),
    "city": ("도시", "도시의 거리", "빌딩 숲", "시내"),
    "lake": ("호수", "호숫가", "잔잔한 호수"),
}
GREEN_KO: Words = {"hills": ("푸른 언덕", "푸른 들판"), "forest": ("소나무 숲",)}
SEASON_KO: Words = {
    "summer": ("여름", "한여름"),
    "autumn": ("가을", "단풍", "단풍 든 가을"),
    "spring": ("봄", "벚꽃", "꽃 피는 봄"),
    "winter": ("겨울", "추운 겨울", "한겨울"),
}
SEASON_BEFORE_KO: Words = {
    "summer": ("여름", "여름의", "한여름의"),
    "autumn": ("가을", "가을의", "단풍 든", "단풍이 든"),
    "spring": ("봄", "봄의", "벚꽃 핀", "꽃 피는 봄의"),
    "winter": ("겨울", "겨울의", "추운 겨울의"),
}
WEATHER_KO: Words = {
    "clouds": ("구름", "구름 낀 하늘", "구름 몇 점"),
    "rain": ("비", "비 오는 날", "빗속", "비 내리는 날"),
    "snowfall": ("눈 내리는 날", "함박눈", "눈송이", "눈 오는 날"),
    "fog": ("안개", "안개 낀 날", "짙은 안개"),
}
WEATHER_BEFORE_KO: Words = {
    "clouds": ("구름 낀",),
    "rain": ("비 오는", "비 내리는", "빗속의", "비가 오는", "비가 내리는"),
    "snowfall": ("눈 오는", "눈 내리는", "함박눈 내리는", "눈이 내리는", "눈이 오는"),
    "fog": ("안개 낀", "안개 속의", "안개가 낀", "안개 자욱한"),
}
STARS_KO = ("별", "별빛", "별이 빛나는 하늘", "반짝이는 별", "별들")
RAINBOW_KO = ("무지개", "큰 무지개", "무지개가 뜬 하늘")
BODY_KO: Words = {"sun": ("해", "태양", "큰 해"), "moon": ("달", "보름달", "밝은 달", "달빛")}
STYLE_KO: Words = {
    "pastel": ("파스텔", "파스텔톤", "파스텔 색"),
    "monochrome": ("흑백", "흑백 그림", "흑백으로"),
}
THING_KO: Words = {
    "house": ("집", "집", "오두막"),
    "boat": ("배", "배", "돛단배", "돛배"),
    "tree": ("나무",),
    "balloon": ("열기구", "열기구", "풍선"),
    "lighthouse": ("등대",),
    "castle": ("성", "성", "궁전"),
    "car": ("자동차", "차", "자동차"),
}
COUNTERS_KO = {"house": "채", "boat": "척", "tree": "그루", "balloon": "개", "car": "대", "lighthouse": "개"}
COLOUR_KO: Words = {
    "red": ("빨간", "빨간", "붉은", "빨간색"),
    "blue": ("파란", "파란", "푸른", "파란색"),
    "yellow": ("노란", "노란", "노란색"),
    "white": ("하얀", "흰", "하얀색"),
    "green": ("초록", "초록색", "녹색", "초록"),
    "purple": ("보라", "보라색", "보랏빛"),
}
SIZE_KO: Words = {"small": ("작은", "조그만", "자그마한"), "large": ("큰", "커다란", "거대한")}
NUMBER_KO: Words = {"one": ("한",), "two": ("두",), "three": ("세",)}
POSITION_KO: Words = {
    "left": ("왼쪽에 있는", "왼쪽의"),
    "centre": ("가운데 있는", "중앙의"),
    "right": ("오른쪽에 있는", "오른쪽의"),
}

# Words the model shall learn to pass over: prompts of strangers are full of them.
OTHER_WORDS: tuple[str, ...] = (
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
)
