"""The secret of an authenticator app, and the codes that follow from it (TOTP, RFC 6238: six digits, every thirty seconds)."""

import os
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp.exceptions import OTPVerificationError

from pingvas.base.settings import Settings

# Codes of the step before and after count too: clocks differ, and people type.
_STEPS_OFF = 1
_NONCE = 12
_FIRST_FORM = b"\x01"
_PURPOSE = "second-factor"
DIGITS = 6


def make_secret() -> str:
    """A new secret, as apps take it: 160 bits in base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, name: str, issuer: str) -> str:
    """The address that a page shows as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def find_step(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step that a code is of; None when it is none of this moment."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=_STEPS_OFF)
    except OTPVerificationError:
        return None


def seal(settings: Settings, user_id: UUID, secret: str) -> bytes:
    """The secret as it is kept: AES-256-GCM, bound to its person, so that it cannot be moved to another's row."""
    nonce = os.urandom(_NONCE)
    return (
        _FIRST_FORM
        + nonce
        + AESGCM(settings.key_for(_PURPOSE)).encrypt(nonce, secret.encode(), user_id.bytes)
    )


def unseal(settings: Settings, user_id: UUID, kept: bytes) -> str | None:
    """With the present key, or that of the previous secret while there is one. None: it was sealed with another, or by another
    version."""
    if kept[:1] != _FIRST_FORM:
        return None
    nonce, sealed = kept[1 : 1 + _NONCE], kept[1 + _NONCE :]
    for key in settings.keys_for(_PURPOSE):
        with suppress(InvalidTag, ValueError):
            return AESGCM(key).decrypt(nonce, sealed, user_id.bytes).decode()
    return None
