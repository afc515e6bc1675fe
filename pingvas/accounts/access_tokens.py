"""Access tokens: short-lived JWTs (RFC 9068 `at+jwt`, HS256) that name a person and a device.

A good signature is not enough to act: `current.authenticate` also asks the database whether the device is
still signed in, which is what makes logging out take effect at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from pingvas.accounts.refusals import InvalidToken, TokenExpired
from pingvas.base import clock
from pingvas.base.settings import Settings

ALGORITHM = "HS256"
TYPE = "at+jwt"
ISSUER = "pingvas-studio"
AUDIENCE = "pingvas-api"
_LEEWAY = timedelta(seconds=5)  # several hosts issue and check tokens, and their clocks differ a little


@dataclass(frozen=True)
class AccessClaims:
    """What a token says, once its signature, kind and times have been checked."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


def issue(settings: Settings, *, user_id: UUID, session_id: UUID) -> str:
    """A token good for `settings.access_token_seconds`."""
    issued_at = clock.now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": issued_at,
        "exp": issued_at + timedelta(seconds=settings.access_token_seconds),
    }
    return jwt.encode(claims, settings.key_for("access-token"), algorithm=ALGORITHM, headers={"typ": TYPE})


def verify(settings: Settings, token: str) -> AccessClaims:
    """Raises TokenExpired or InvalidToken. What the token's own header says about its algorithm is not believed."""
    try:
        checked = jwt.decode_complete(
            token,
            settings.key_for("access-token"),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=_LEEWAY,
            options={"require": ["iss", "aud", "sub", "sid", "iat", "exp"]},
        )
        claims = checked["payload"]
        user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise InvalidToken from None
    if checked["header"].get("typ") != TYPE:  # another kind of token signed with this key stays another kind
        raise InvalidToken
    return AccessClaims(user_id, session_id, datetime.fromtimestamp(claims["exp"], UTC))
