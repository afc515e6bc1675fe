"""Who is asking: from a bearer token to an Actor, in one statement."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts import access_tokens
from pingvas.accounts.actor import Actor
from pingvas.accounts.refusals import InvalidToken, refuse_unless_active
from pingvas.accounts.tables import User, UserSession
from pingvas.base.settings import Settings


async def authenticate(session: AsyncSession, settings: Settings, bearer: str) -> Actor:
    """The person behind an access token whose device is still signed in.

    Raises TokenExpired, InvalidToken and AccountSuspended.
    """
    claims = access_tokens.verify(settings, bearer)
    query = (
        select(User.id, User.role, User.status)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.id == claims.session_id,
            UserSession.user_id == claims.user_id,
            UserSession.expires_at > func.now(),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise InvalidToken
    refuse_unless_active(row.status)
    return Actor(user_id=row.id, role=row.role, session_id=claims.session_id)
