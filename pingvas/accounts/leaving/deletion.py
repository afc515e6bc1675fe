"""Deleting an account: asked for, taken back within some days, or carried out.

Whoever calls ends the person's jobs, which this room does not know.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.events import AuthExpired
from pingvas.accounts.mail.mails import language_of, write_to, write_to_address
from pingvas.accounts.one_time import forget_tokens
from pingvas.accounts.people.admins import refuse_if_last_admin
from pingvas.accounts.sessions.lifecycle import end_other_sessions
from pingvas.accounts.tables import User
from pingvas.base.errors import Conflict
from pingvas.base.events import publish_later
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings


class NotLeaving(Conflict):
    default_detail = "This account is not deleted."


async def ask_to_leave(
    session: AsyncSession, settings: Settings, user_id: UUID, *, session_id: UUID | None
) -> datetime:
    """Mark the account as deleted and sign all its other devices out; until when that can be taken back. Raises LastAdmin."""
    await refuse_if_last_admin(session, user_id)
    leaves_at = func.now() + timedelta(days=settings.leave_days)
    mark = update(User).where(User.id == user_id, User.status == "active")
    user: User | None = await session.scalar(
        mark.values(status="deleted", leaves_at=leaves_at).returning(User)
    )
    if user is None or user.leaves_at is None:
        raise Conflict("This account is deleted already.")
    await end_other_sessions(session, user_id, session_id)
    publish_later(session, user_id, AuthExpired(code="account_leaving"))
    await forget_tokens(session, user_id, "sign_in", "verify_email", "confirm_old_email", "confirm_new_email")
    await write_to(session, user, "account_leaving", {"leaves_on": f"{user.leaves_at:%Y-%m-%d %H:%M} UTC"})
    return user.leaves_at


async def stay(session: AsyncSession, user_id: UUID) -> None:
    """Take a deletion back. Raises NotLeaving."""
    mark = update(User).where(User.id == user_id, User.status == "deleted", User.leaves_at > func.now())
    user = await session.scalar(mark.values(status="active", leaves_at=None).returning(User))
    if user is None:
        raise NotLeaving
    await write_to(session, user, "account_back")


async def find_due(session: ReadSession, limit: int) -> list[UUID]:
    """People whose time to change their mind is over, those of the longest first."""
    due = select(User.id).where(User.leaves_at <= func.now()).order_by(User.leaves_at).limit(limit)
    return list((await session.scalars(due)).all())


async def lock_due(session: AsyncSession, user_id: UUID) -> bool:
    """Take hold of somebody who leaves now; False: they have come back, or are gone."""
    due = select(User.id).where(User.id == user_id, User.leaves_at <= func.now())
    return await session.scalar(due.with_for_update()) is not None


async def erase(session: AsyncSession, user_id: UUID) -> None:
    """Delete the person's rows, and by them what they own; the database notes what lies in storage. A last mail says so."""
    user = await session.get_one(User, user_id)
    language, address = await language_of(session, user_id), user.email
    await session.execute(delete(User).where(User.id == user_id))
    if address is not None:
        await write_to_address(session, address, "account_gone", language=language)
