"""A new password: by the link of a forgotten one, or by somebody signed in. Other devices are signed out with the old one."""

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.one_time import forget_tokens, redeem_token
from pingvas.accounts.passwords.hashing import hash_password
from pingvas.accounts.passwords.rules import accept_password
from pingvas.accounts.sign_in.challenges import forget_challenges
from pingvas.accounts.sign_in.reclaim import reclaim
from pingvas.accounts.tables import User, UserSession
from pingvas.base import clock
from pingvas.base.budgets import Key
from pingvas.base.db import Database
from pingvas.base.settings import Settings


async def reset_password(
    database: Database, settings: Settings, *, token: str, password: str, who: Key
) -> None:
    """Set the password of whoever the link was sent to, whose address is proven by it, and sign all their devices out. Where it was
    not proven before, what else lets somebody into the account goes as well.

    Hashed between two transactions, so that nobody holds a connection meanwhile; the link is used up in the second. Raises
    Invalid, InvalidToken, TokenExpired, AccountSuspended, BudgetUsedUp and StudioBusy.
    """
    accepted = accept_password(password, email="")
    password_hash = await hash_password(settings, accepted, who=who)
    async with database.transaction() as session:
        user, _ = await redeem_token(session, token, "reset_password")
        accept_password(password, email=user.email or "")
        if user.email_verified_at is None:
            await reclaim(session, user)
        await _set(session, user, password_hash, keep=None)


async def change_password(
    database: Database, settings: Settings, *, user_id: UUID, session_id: UUID, password: str, who: Key
) -> None:
    """Set the password of somebody who has just proved who they are, and sign their other devices out.

    Raises Invalid, BudgetUsedUp and StudioBusy.
    """
    async with database.read() as reading:
        email = await reading.scalar(select(User.email).where(User.id == user_id))
    password_hash = await hash_password(settings, accept_password(password, email=email or ""), who=who)
    async with database.transaction() as session:
        user = await session.get_one(User, user_id, with_for_update={"key_share": True})
        await _set(session, user, password_hash, keep=session_id)


async def set_password(session: AsyncSession, settings: Settings, user: User, password: str) -> None:
    """For the studio's own commands: no device stays signed in. Raises Invalid."""
    password_hash = await hash_password(settings, accept_password(password, email=user.email or ""))
    await _set(session, user, password_hash, keep=None)


async def _set(session: AsyncSession, user: User, password_hash: str, *, keep: UUID | None) -> None:
    user.password_hash = password_hash
    others = delete(UserSession).where(UserSession.user_id == user.id)
    if keep is not None:
        others = others.where(UserSession.id != keep)
    await session.execute(others)
    # Links that were sent before, and sign-ins that wait for a code, would go round the new password.
    await forget_tokens(session, user.id, "reset_password", "sign_in")
    await forget_challenges(session, user.id, "second_factor")
    when = await session.scalar(select(func.now())) or clock.now()
    await write_to(session, user, "password_changed", {"when": f"{when:%Y-%m-%d %H:%M} UTC"})
