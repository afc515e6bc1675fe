"""Looking as another person, for support: an admin sees what that person sees, and changes nothing. It ends by itself, is in the
audit log, and that person is told."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.sessions.lifecycle import Tokens, start_session
from pingvas.accounts.tables import User, UserSession
from pingvas.base.errors import Conflict, NotFound
from pingvas.base.settings import Settings

LASTS = timedelta(minutes=15)


async def start_viewing(
    session: AsyncSession,
    settings: Settings,
    doer: Doer,
    user_id: UUID,
    reason: str,
    *,
    user_agent: str | None,
) -> Tokens:
    """An access token to look with. There is no refresh token: after `LASTS` it is over. Raises NotFound, Invalid and Conflict.

    Other admins cannot be looked at: what they see is what an admin may do.
    """
    reason = accept_reason(reason)
    user = await session.scalar(select(User).where(User.id == user_id))
    if user is None:
        raise NotFound
    if user.role == "admin" or user.status != "active":
        raise Conflict("Only people with an active account who are no admins can be looked at.")
    tokens = await start_session(session, settings, user, ip=doer.ip, user_agent=user_agent, method="viewing")
    mark = update(UserSession).where(UserSession.id == tokens.session_id)
    await session.execute(mark.values(viewer_id=doer.user_id, expires_at=func.now() + LASTS))
    await record(session, doer, "user.view", "user", user_id, reason=reason)
    admin = await session.get_one(User, doer.user_id)
    when = await session.scalar(select(func.now()))
    told = {"admin": admin.display_name, "reason": reason, "when": f"{when:%Y-%m-%d %H:%M} UTC"}
    await write_to(session, user, "viewed_by_admin", told)
    return tokens
