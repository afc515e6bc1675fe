"""Who is asking: from a bearer token, of a device or an API key, to an Actor, in one statement."""

from datetime import timedelta

from sqlalchemy import bindparam, func, literal, select

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.key_text import looks_like_key
from pingvas.accounts.api_keys.use import Scope, authenticate_key
from pingvas.accounts.refusals import (
    InvalidToken,
    ProofNeeded,
    ReadOnlyView,
    SecondFactorRequired,
    TokenExpired,
    refuse_unless_standing,
)
from pingvas.accounts.sessions import access_tokens
from pingvas.accounts.tables import User, UserSession
from pingvas.base.errors import Forbidden
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.base.statements import fetch_one

# A sign-in younger than that will do for what is dear.
PROOF_LASTS = timedelta(minutes=10)

# Put together once: it runs before everything else, in every request.
_SIGNED_IN = (
    select(
        User.id,
        User.role,
        User.status,
        User.suspended_reason,
        User.leaves_at,
        (UserSession.proven_at > func.now() - literal(PROOF_LASTS)).label("freshly_proven"),
        UserSession.second_factor,
        UserSession.viewer_id,
        func.now().label("now"),
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.id == bindparam("session_id"),
        UserSession.user_id == bindparam("user_id"),
        UserSession.expires_at > func.now(),
    )
)


async def authenticate(
    session: ReadSession,
    settings: Settings,
    bearer: str,
    *,
    ip: str | None = None,
    needs: Scope | None = None,
    leaving_too: bool = False,
) -> Actor:
    """The person behind an access token whose device is still signed in, or behind an API key used at `ip` that has the scope
    `needs`; with None only a person will do who has signed in.

    Raises TokenExpired, InvalidToken, AccountSuspended and, unless that will do, AccountLeaving; for keys AddressNotAllowed and
    ScopeMissing too.
    """
    actor, _ = await authenticate_for_a_while(
        session, settings, bearer, ip=ip, needs=needs, leaving_too=leaving_too
    )
    return actor


async def authenticate_for_a_while(
    session: ReadSession,
    settings: Settings,
    bearer: str,
    *,
    ip: str | None = None,
    needs: Scope | None = None,
    leaving_too: bool = False,
) -> tuple[Actor, timedelta | None]:
    """The same, and for how much longer the token is good: by the database's clock, whatever this host's says. None: a key that
    never expires."""
    if looks_like_key(bearer):
        return await authenticate_key(session, bearer, ip=ip, needs=needs)
    claims = access_tokens.verify(settings, bearer)
    row = await fetch_one(session, _SIGNED_IN, {"session_id": claims.session_id, "user_id": claims.user_id})
    if row is None:
        raise InvalidToken
    left: timedelta = claims.expires_at - row.now
    if left <= timedelta():
        raise TokenExpired
    refuse_unless_standing(
        row.status, reason=row.suspended_reason, leaves_at=row.leaves_at, leaving_too=leaving_too
    )
    actor = Actor(
        user_id=row.id,
        role=row.role,
        session_id=claims.session_id,
        freshly_proven=row.freshly_proven,
        second_factor=row.second_factor,
        viewer_id=row.viewer_id,
    )
    return actor, left


def refuse_unless_fresh(actor: Actor) -> None:
    """Raises ProofNeeded unless the person proved a moment ago, on this device, that it is them. A key never does."""
    if not actor.freshly_proven:
        raise ProofNeeded


def is_admin(settings: Settings, actor: Actor) -> bool:
    """Whether what is the admins' is theirs: by their role, and by two factors where the operator wants that."""
    return actor.role == "admin" and (actor.second_factor or not settings.admin_second_factor)


def refuse_unless_admin(settings: Settings, actor: Actor) -> None:
    """Raises Forbidden, and SecondFactorRequired for an admin whose device has shown one factor where two are wanted."""
    if not is_admin(settings, actor):
        raise SecondFactorRequired if actor.role == "admin" else Forbidden


def refuse_if_viewing(actor: Actor) -> None:
    """Raises ReadOnlyView for an admin who looks through somebody's eyes: they see, and change nothing."""
    if actor.viewer_id is not None:
        raise ReadOnlyView
