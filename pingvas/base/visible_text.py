"""What can be seen of a text: names must show, and a prompt must say something.

A name holds no sign that nobody sees, for it would pass for another name or for none. Joiners stay where they shape
what is around them (Persian words, emoji), and so do selectors and marks behind a sign that carries them.
"""

import unicodedata

from pingvas.base.errors import Invalid

# Letters, marks and symbols by their category, and nothing to look at: fillers of Hangul and Khitan, vowels of Khmer
# that are not written, an empty Braille cell, a note without a head, the place of a missing object.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800\ufffc\u034f\U00016fe4\U0001d159")
# Format signs that are drawn: they stand under or around Arabic and Kaithi numbers.
_DRAWN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd")
_JOINERS = frozenset("\u200c\u200d")
_BLACK_FLAG, _END_OF_TAGS = "\U0001f3f4", "\U000e007f"
# In these nothing is joined, so a joiner would only hide in them.
_SCRIPTS_WITHOUT_JOINERS = (
    "LATIN", "GREEK", "COPTIC", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW", "HANGUL", "CJK", "HIRAGANA", "KATAKANA",
    "BOPOMOFO", "THAI", "LAO", "FULLWIDTH", "HALFWIDTH", "DIGIT",
)  # fmt: skip


def is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8 at all: JSON may hold half a surrogate pair, which is no character."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def is_storable(text: str) -> bool:
    """Whether a text is Unicode that the database takes: without NUL as well."""
    return "\0" not in text and is_unicode(text)


def shows_something(text: str) -> bool:
    """Whether there is anything to see: not blanks, marks without a carrier and signs that nobody sees alone."""
    return any(_carries(sign) for sign in text)


def find_unseen(text: str) -> str | None:
    """The first sign that nobody sees and that shapes nothing around it; None when there is none."""
    for place, sign in enumerate(text):
        before, behind = text[place - 1 : place], text[place + 1 : place + 2]
        if sign in _JOINERS:
            # Behind a sign that drops a vowel (class 9) it shapes that letter alone.
            drops_vowel = bool(before) and unicodedata.combining(before) == 9
            hidden = not (_is_joined(before) and (drops_vowel or _is_joined(behind)))
        elif _is_selector(sign):
            hidden = not before or not _carries(before)
        elif "\U000e0020" <= sign <= _END_OF_TAGS:
            hidden = not _is_of_a_flag(text, place)
        elif unicodedata.category(sign) in ("Mn", "Mc", "Me") and sign not in _UNSEEN:
            hidden = not before or before.isspace()
        else:
            hidden = not _carries(sign) and sign != " "
        if hidden:
            return sign
    return None


def why_no_name(name: str, *, longest: int) -> str | None:
    """What is wrong with a name, as the end of a sentence about it; None: it can be shown."""
    if len(name) > longest or not shows_something(name):
        return f"must have 1 to {longest} characters, and something to see among them"
    unseen = find_unseen(name)
    if unseen is not None:
        code = f"U+{ord(unseen):04X}"
        return f"must not have control characters or others that nobody sees, and has {code} {unicodedata.name(unseen, '')}".rstrip()
    return None


def accept_name(name: str, *, field: str, longest: int) -> str:
    """A name that people give and others read, as it is shown: one line, trimmed. Raises Invalid naming the field."""
    shown = on_one_line(unicodedata.normalize("NFC", name))
    reason = why_no_name(shown, longest=longest)
    if reason is not None:
        code = "unseen_characters" if shows_something(shown) and len(shown) <= longest else "name_length"
        raise Invalid(f"The name {reason}.", field=field, reason=reason, reason_code=code)
    return shown


def on_one_line(text: str) -> str:
    """The same words with one space between them, whatever blanks there were."""
    spaced = (" " if _is_blank(sign) else sign for sign in text)
    return " ".join(word for word in "".join(spaced).split(" ") if word)


def _is_blank(sign: str) -> bool:
    return sign in "\t\r\n" or unicodedata.category(sign) in ("Zs", "Zl", "Zp")


def _carries(sign: str) -> bool:
    """Whether it is seen by itself, so that marks, selectors and joiners can stand behind it."""
    category = unicodedata.category(sign)
    if category == "Cn":  # newer than the tables here (an emoji of next year), unless it is none at all
        return ord(sign) & 0xFFFE != 0xFFFE and not "\ufdd0" <= sign <= "\ufdef" and not _is_ignored(sign)
    if category in ("Zs", "Zl", "Zp", "Cc", "Cs", "Mn", "Mc", "Me"):
        return False
    if category == "Cf":
        return sign in _DRAWN_FORMATS
    return sign not in _UNSEEN


def _is_ignored(sign: str) -> bool:
    """Not assigned yet, and reserved for what is not drawn."""
    return (
        "\u2060" <= sign <= "\u206f" or "\ufff0" <= sign <= "\ufff8" or "\U000e0000" <= sign <= "\U000e0fff"
    )


def _is_selector(sign: str) -> bool:
    """Which form of the sign before it is meant."""
    return (
        "\ufe00" <= sign <= "\ufe0f"
        or "\U000e0100" <= sign <= "\U000e01ef"
        or sign in "\u180b\u180c\u180d\u180f"
    )


def _is_joined(neighbour: str) -> bool:
    if not neighbour or neighbour.isspace() or neighbour in _JOINERS or neighbour in _UNSEEN:
        return False
    if not _carries(neighbour):  # marks of a letter, the selector of an emoji
        return _is_selector(neighbour) or unicodedata.category(neighbour).startswith("M")
    category = unicodedata.category(neighbour)
    return category[0] in "LSNC" and not unicodedata.name(neighbour, "").startswith(_SCRIPTS_WITHOUT_JOINERS)


def _is_of_a_flag(text: str, place: int) -> bool:
    """Whether a tag is one of those that make a black flag that of a country, and their end is there."""
    start = place
    while start > 0 and "\U000e0020" <= text[start - 1] <= "\U000e007e":
        start -= 1
    end = text.find(_END_OF_TAGS, place)
    tags = text[start:end] if end >= 0 else ""
    return (
        text[start - 1 : start] == _BLACK_FLAG
        and 0 < len(tags) <= 6
        and all(sign > "\U000e001f" for sign in tags)
    )
