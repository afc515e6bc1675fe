"""The form of a refresh token: which device, which generation, and our MAC over both.

`pvr_` + base64url(device id, 16 bytes | generation, 4 bytes | HMAC-SHA256, 32 bytes). The MAC separates two cases
that a random string cannot: an old token of ours (somebody kept a copy) and a made-up one (nobody's business).
As it is a function of device and generation, the successor of a token can be told twice without being stored.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from pingvas.accounts.refusals import InvalidToken
from pingvas.base.settings import Settings

PREFIX = "pvr_"
_PURPOSE = "refresh-token"
_ID, _GENERATION = 16, 4
_LENGTH = len(PREFIX) + 70  # 52 bytes in base64 without padding


@dataclass(frozen=True)
class RefreshClaims:
    """What a genuine token names. Whether it is the current one is for the database to say, which knows it by `stored_form`."""

    session_id: UUID
    rotation: int
    stored_form: str


def make(settings: Settings, session_id: UUID, rotation: int) -> str:
    """The one token of this device and generation."""
    return _made(settings.key_for(_PURPOSE), session_id, rotation)


def _made(key: bytes, session_id: UUID, rotation: int) -> str:
    body = session_id.bytes + rotation.to_bytes(_GENERATION, "big")
    mac = hmac.new(key, body, hashlib.sha256).digest()
    return PREFIX + base64.urlsafe_b64encode(body + mac).decode().rstrip("=")


def read(settings: Settings, token: str) -> RefreshClaims:
    """Raises InvalidToken when the token is not one of ours."""
    if len(token) != _LENGTH or not token.startswith(PREFIX):
        raise InvalidToken
    try:
        raw = base64.b64decode(token[len(PREFIX) :] + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken from None
    session_id, rotation = UUID(bytes=raw[:_ID]), int.from_bytes(raw[_ID : _ID + _GENERATION], "big")
    # Made anew and compared whole: base64 has several spellings of the same bytes, and only ours is accepted.
    ours = [_made(key, session_id, rotation) for key in settings.keys_for(_PURPOSE)]
    if not any(hmac.compare_digest(token.encode(), each.encode()) for each in ours):
        raise InvalidToken
    return RefreshClaims(session_id, rotation, stored_form(token))


def stored_form(token: str) -> str:
    """What the database keeps of a token: its SHA-256. The token is a MAC, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
