"""How a tag is written: one form for every way of typing the same word, and what is no tag.

Also how what somebody types finds tags: by any part of them, and by the initial consonants of Korean syllables.
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from pingvas.base.visible_text import is_storable, on_one_line, why_no_name

MAX_TAG = 64
MAX_TAGS = 64

# Forms that differ in nothing but their width. NFKC of a whole text would go further: ² is no 2, and ㅋ is a letter of its own.
_WIDTHS = ("<wide>", "<narrow>")

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
# Two initials typed one after the other, which input methods make one letter of.
_PAIRS = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
_FIRST, _LAST = ord("가"), ord("힣")
_OF_INITIAL, _OF_VOWEL = 21 * 28, 28


def fold(typed: str) -> str:
    """The form that all ways of typing the same word share: width, composition, case and blanks make no difference."""
    wide = "".join(map(_in_one_width, typed))
    # As Unicode compares without case: decomposed first, for folding knows no composed letters with iota below.
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", wide).casefold())
    return on_one_line(folded)


def accept_tag(typed: str) -> str:
    """A tag as it is kept. Raises ValueError, whose text is the end of a sentence about it."""
    if not is_storable(typed):
        raise ValueError("must be valid Unicode without the NUL character")
    name = fold(typed)
    if "," in name:
        raise ValueError("must not have a comma, which stands between tags")
    if reason := why_no_name(name, longest=MAX_TAG):
        raise ValueError(reason)
    return name


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same tags without repetitions, in the order of their first mention."""
    return tuple(dict.fromkeys(names))


# What the document says of a tag, as near as a pattern comes; `accept_tag` decides.
_NO_SIGN = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad,\uff0c"
_SHOWN: JsonDict = {"minLength": 1, "pattern": rf"^[^{_NO_SIGN}]*[^\s\u00a0{_NO_SIGN}][^{_NO_SIGN}]*$"}

# A request's tags are kept in their one form. What is typed is no longer than what is kept.
TagName = Annotated[str, AfterValidator(accept_tag), Field(max_length=MAX_TAG, json_schema_extra=_SHOWN)]
TagNames = Annotated[tuple[TagName, ...], Field(max_length=MAX_TAGS), AfterValidator(distinct)]


def pattern_for(typed: str) -> str:
    """A regular expression of PostgreSQL's that finds the tags which hold what is typed, at any place.

    A consonant stands for every syllable that begins with it (ㄱㅇㅇ finds 고양이), and the last syllable may be one that
    is not typed to its end: 고야 finds 고양이, and 곻 finds 고향.
    """
    letters = "".join(_PAIRS.get(sign, sign) for sign in fold(typed))
    if not letters:
        return ""
    return "".join(map(_any_of, letters[:-1])) + _not_at_its_end(letters[-1])


def _in_one_width(sign: str) -> str:
    form, _, _ = unicodedata.decomposition(sign).partition(" ")
    if form not in _WIDTHS:
        return sign
    return chr(int(unicodedata.decomposition(sign).split()[1], 16))


def _any_of(letter: str) -> str:
    """What a typed letter stands for."""
    if letter in _INITIALS:
        first = _FIRST + _INITIALS.index(letter) * _OF_INITIAL
        return f"[{letter}{chr(first)}-{chr(first + _OF_INITIAL - 1)}]"
    return letter if letter.isalnum() or letter.isspace() else f"\\{letter}"


def _not_at_its_end(letter: str) -> str:
    """The same of the last one, which may still become something else."""
    code = ord(letter)
    if not _FIRST <= code <= _LAST:
        return _any_of(letter)
    final = (code - _FIRST) % _OF_VOWEL
    if final == 0:  # any final may follow
        return f"[{letter}-{chr(code + _OF_VOWEL - 1)}]"
    following = _FINALS[final]
    if following not in _INITIALS:
        return letter
    return f"(?:{letter}|{chr(code - final)}{_any_of(following)})"  # or it begins the next syllable
