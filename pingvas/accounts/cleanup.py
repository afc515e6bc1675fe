"""What accounts leave behind when its time is over: devices signed out by age, links that stopped working."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import CursorResult, Delete, delete, func, literal, or_
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.sending import forget_old_mail
from pingvas.accounts.tables import Challenge, EmailChange, KnownDevice, OneTimeToken, UserSession

_DEVICES_KNOWN_FOR = timedelta(days=400)


@dataclass(frozen=True)
class Forgotten:
    """How many rows went, of those that are told of."""

    sessions: int
    one_time_tokens: int


async def forget_expired(session: AsyncSession) -> Forgotten:
    """Remove sessions, one-time tokens and questions that can no longer be used, and what was noted of devices and mail."""
    sessions = await _count(session, delete(UserSession).where(UserSession.expires_at <= func.now()))
    tokens = delete(OneTimeToken).where(
        or_(OneTimeToken.expires_at <= func.now(), OneTimeToken.used_at.is_not(None))
    )
    await session.execute(delete(Challenge).where(Challenge.expires_at <= func.now()))
    await session.execute(delete(EmailChange).where(EmailChange.expires_at <= func.now()))
    long_unseen = KnownDevice.last_seen_at < func.now() - literal(_DEVICES_KNOWN_FOR)
    await session.execute(delete(KnownDevice).where(long_unseen))
    await forget_old_mail(session)
    return Forgotten(sessions, await _count(session, tokens))


async def _count(session: AsyncSession, statement: Delete) -> int:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - what a DELETE gives
    return result.rowcount
