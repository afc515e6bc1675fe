"""Keyset pages: a cursor is the sort values of the last row, signed so that nobody forges one, opaque to clients."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pingvas.base.errors import Invalid

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
_MAC_BYTES = 12

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and where the next ones start; `next_cursor` is None on the last page."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(values: Sequence[str | int], key: bytes) -> str:
    """Sort values of the last row -> URL-safe text."""
    body = json.dumps(list(values), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def decode_cursor(cursor: str, key: bytes, *, length: int) -> list[Any]:
    """The `length` sort values in a cursor. Raises Invalid when it was not made by `encode_cursor` with this key."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise _bad_cursor()
    values: list[Any] = json.loads(body)
    if len(values) != length:
        raise _bad_cursor()
    return values


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def _bad_cursor() -> Invalid:
    return Invalid(
        "The cursor is not one of ours.",
        errors=[{"loc": ["query", "cursor"], "msg": "not a cursor of this list"}],
    )
