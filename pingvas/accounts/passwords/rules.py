"""Which passwords are accepted, after NIST SP 800-63B-4: length, and not one that everybody tries first.

Fifteen characters, since a password is enough here by itself; each Unicode code point counts as one. No rules about digits or signs,
no expiry: they make people choose worse. Any Unicode is welcome, spaces too. Passwords that were accepted by shorter
rules go on working.
"""

import unicodedata

from pingvas.accounts.passwords.common_passwords import COMMON_PASSWORDS
from pingvas.base.errors import Invalid
from pingvas.base.visible_text import is_unicode

MIN_LENGTH = 15
MAX_LENGTH = 256
# A part of a word that is written again and again.
_LONGEST_PART = 5
_ROWS = (
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "가나다라마바사아자차카타파하",
)


def normalise_password(password: str) -> str:
    """Unicode NFC, so that 비밀번호 typed on a Mac and on a phone are the same password. Raises Invalid for what is no
    Unicode: half a surrogate pair, which no hash takes."""
    if not is_unicode(password):
        raise _refused("is not valid Unicode")
    return unicodedata.normalize("NFC", password)


def accept_password(password: str, *, email: str) -> str:
    """The password as it is to be hashed. Raises Invalid with the reason, before any hashing."""
    password = normalise_password(password)
    if len(password) < MIN_LENGTH:
        raise _refused(f"needs at least {MIN_LENGTH} characters")
    if len(password) > MAX_LENGTH:
        raise _refused(f"has more than {MAX_LENGTH} characters")
    folded = password.casefold()
    local_part = email.rpartition("@")[0].casefold()
    if folded in (email.casefold(), local_part):
        raise _refused("is your e-mail address")
    if folded in COMMON_PASSWORDS or _is_a_run(folded):
        raise _refused("is one of the first that anybody would try")
    return password


def _is_a_run(folded: str) -> bool:
    """Few signs, a few signs again and again, or signs as they follow one another: as short as what says it."""
    if len(set(folded)) < 3 or any(_repeats(folded, length) for length in range(1, _LONGEST_PART + 1)):
        return True
    return any(folded in row + row for row in (*_ROWS, *(row[::-1] for row in _ROWS)))


def _repeats(text: str, length: int) -> bool:
    return text == (text[:length] * len(text))[: len(text)]


def _refused(reason: str) -> Invalid:
    return Invalid(f"The password {reason}.", field="password", reason=reason)
