"""Who is asking: from a bearer token to an Actor, in one statement."""

from datetime import timedelta

from sqlalchemy import bindparam, func, select

from pingvas.accounts import access_tokens
from pingvas.accounts.actor import Actor
from pingvas.accounts.refusals import InvalidToken, TokenExpired, refuse_unless_active
from pingvas.accounts.tables import User, UserSession
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.base.statements import fetch_one

# Put together once: it runs before everything else, in every request.
_SIGNED_IN = (
    select(User.id, User.role, User.status, func.now().label("now"))
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.id == bindparam("session_id"),
        UserSession.user_id == bindparam("user_id"),
        UserSession.expires_at > func.now(),
    )
)


async def authenticate(session: ReadSession, settings: Settings, bearer: str) -> Actor:
    """The person behind an access token whose device is still signed in.

    Raises TokenExpired, InvalidToken and AccountSuspended.
    """
    actor, _ = await authenticate_for_a_while(session, settings, bearer)
    return actor


async def authenticate_for_a_while(
    session: ReadSession, settings: Settings, bearer: str
) -> tuple[Actor, timedelta]:
    """The same, and for how much longer the token is good: by the database's clock, whatever this host's says."""
    claims = access_tokens.verify(settings, bearer)
    row = await fetch_one(session, _SIGNED_IN, {"session_id": claims.session_id, "user_id": claims.user_id})
    if row is None:
        raise InvalidToken
    left: timedelta = claims.expires_at - row.now
    if left <= timedelta():
        raise TokenExpired
    refuse_unless_active(row.status)
    return Actor(user_id=row.id, role=row.role, session_id=claims.session_id), left
