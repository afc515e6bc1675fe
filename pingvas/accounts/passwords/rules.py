"""Which passwords are accepted, after NIST SP 800-63B: length, and not one that everybody tries first.

No rules about digits or signs, no expiry: they make people choose worse. Any Unicode is welcome, spaces too.
"""

import unicodedata

from pingvas.accounts.passwords.common_passwords import COMMON_PASSWORDS
from pingvas.base.errors import Invalid
from pingvas.base.visible_text import is_unicode

MIN_LENGTH = 10
MAX_LENGTH = 256


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
    if folded in COMMON_PASSWORDS or len(set(folded)) < 3:
        raise _refused("is one of the first that anybody would try")
    return password


def _refused(reason: str) -> Invalid:
    return Invalid(f"The password {reason}.", field="password", reason=reason)
