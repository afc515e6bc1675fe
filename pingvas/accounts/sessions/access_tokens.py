"""Access tokens: short-lived JWTs (RFC 9068 `at+jwt`, HS256) that name a person and a device.

A good signature is not enough to act: `current.authenticate` also asks the database whether the device is
still signed in, which is what makes logging out take effect at once, and whether the token's time is over by the
database's clock, which is everybody's. By a host's own clock only what is over by far is refused, unasked.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import jwt

from pingvas.accounts.refusals import InvalidToken, TokenExpired
from pingvas.base import clock
from pingvas.base.secret_keys import id_of_key
from pingvas.base.settings import Settings

PURPOSE = "access-token"
ALGORITHM = "HS256"
TYPE = "at+jwt"
ISSUER = "pingvas-studio"
AUDIENCE = "pingvas-api"


@dataclass(frozen=True)
class AccessClaims:
    """What a token says, once its signature, kind and times have been checked."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


def issue(settings: Settings, *, user_id: UUID, session_id: UUID, issued_at: datetime | None = None) -> str:
    """A token good for `settings.access_token_seconds` from `issued_at`, by the database's clock where one was asked."""
    issued_at = clock.now() if issued_at is None else issued_at
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": issued_at,
        "exp": issued_at + timedelta(seconds=settings.access_token_seconds),
    }
    key = settings.key_for(PURPOSE)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": id_of_key(key)})


def verify(settings: Settings, token: str) -> AccessClaims:
    """Raises TokenExpired or InvalidToken. What the token's own header says about its algorithm is not believed, and the key that it
    names is one of ours or none.

    Times are taken with `clock.TOLERANCE`.
    """
    claims = _checked(settings.keys_for(PURPOSE), token)
    if claims.expires_at + clock.TOLERANCE <= clock.now():
        raise TokenExpired
    return claims


# A token comes with every request of its device, and several parts of one ask for it. Only good ones are kept.
@lru_cache(maxsize=4096)
def _checked(keys: tuple[bytes, ...], token: str) -> AccessClaims:
    """What a token says that was good when it was seen first; only its end can change that."""
    try:
        # Which key it is may be said by anybody; it is looked up among ours. Tokens of an older version name none.
        key_id = jwt.get_unverified_header(token).get("kid", id_of_key(keys[0]))
        key = next((key for key in keys if id_of_key(key) == key_id), None)
        if key is None:
            raise InvalidToken
        checked = jwt.decode_complete(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=clock.TOLERANCE,
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
