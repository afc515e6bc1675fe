"""How an API key is written: `pgv_`, 30 random characters, and 6 that follow from these.

The beginning and the checksum let programs that look for leaked secrets know one without asking us, and let us refuse a slip of
the keyboard without asking the database. The checksum keeps nobody out: the 178 random bits do.
"""

import hashlib
import re
import secrets
import zlib

PREFIX = "pgv_"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECKSUM, _SHOWN = 30, 6, 6
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}", re.ASCII)


def make_key() -> str:
    """A new key."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return f"{PREFIX}{drawn}{_checksum_of(drawn)}"


def looks_like_key(bearer: str) -> bool:
    """Whether somebody means this to be an API key; `is_key` says whether it can be one."""
    return bearer.startswith(PREFIX)


def is_key(bearer: str) -> bool:
    """Whether it is written as a key is, checksum and all."""
    if _FORM.fullmatch(bearer) is None:
        return False
    drawn = bearer[len(PREFIX) : -_CHECKSUM]
    return bearer[-_CHECKSUM:] == _checksum_of(drawn)


def shown_part(key: str) -> str:
    """How the key begins: enough to know it by, and too little to guess the rest."""
    return key[: len(PREFIX) + _SHOWN]


def stored_form(key: str) -> str:
    """What the database keeps of a key: its SHA-256. A key is random, so a slow hash would add nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


def _checksum_of(drawn: str) -> str:
    """CRC-32 of the random characters in base 62, filled with zeros."""
    number, digits = zlib.crc32(drawn.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits
