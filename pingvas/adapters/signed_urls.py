"""Signed, expiring addresses for files on local disk: `/files/{key}?e=…&s=…`. Refuses what it did not sign.

The expiry is rounded up to a window, so that a picture keeps one address for a while and browsers cache it.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from pingvas.base.clock import TOLERANCE, now
from pingvas.base.errors import Forbidden

ROUTE = "/files/"


class LinkRefused(Forbidden):
    """A file address that is over, or that the studio did not sign."""

    default_detail = "This address is not valid, or no longer. Ask for the picture again."


@dataclass(frozen=True)
class FileGrant:
    """What a good address allows: reading until `expires_at`; `public` says shared caches may keep the answer."""

    expires_at: datetime
    public: bool


def sign_url(key: str, seconds: int, secret: bytes, *, public: bool = False) -> str:
    """A path that reads `key` for at least `seconds`, at most half as long again."""
    window = max(1, seconds // 2)
    expires = (int(now().timestamp()) + seconds) // window * window + window
    shared = "&p=1" if public else ""
    return f"{ROUTE}{quote(key)}?e={expires}{shared}&s={_signature(key, expires, public, secret)}"


def verify_url(
    key: str, expires: str, signature: str, secrets: Sequence[bytes], *, public: bool = False
) -> FileGrant:
    """Check the parts of an address made by `sign_url` with one of these secrets. Raises LinkRefused."""
    # isdecimal alone would take other scripts' digits, and an endless number would be slow to read.
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        raise LinkRefused
    ours = [_signature(key, int(expires), public, secret).encode() for secret in secrets]
    if not any(hmac.compare_digest(each, signature.encode()) for each in ours):
        raise LinkRefused
    expires_at = datetime.fromtimestamp(int(expires), UTC)
    if expires_at + TOLERANCE <= now():  # another host has signed it, by another clock
        raise LinkRefused
    return FileGrant(expires_at=expires_at, public=public)


def _signature(key: str, expires: int, public: bool, secret: bytes) -> str:
    # The key is last: it is the only part of free length, so no two questions read the same.
    message = f"{expires}|{int(public)}|{key}".encode()
    return base64.urlsafe_b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode().rstrip("=")
