"""What accounts leave behind when its time is over: devices signed out by age, links that stopped working."""

from dataclasses import dataclass

from sqlalchemy import CursorResult, Delete, delete, func, or_
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import OneTimeToken, UserSession


@dataclass(frozen=True)
class Forgotten:
    """How many rows went."""

    sessions: int
    one_time_tokens: int


async def forget_expired(session: AsyncSession) -> Forgotten:
    """Remove sessions and one-time tokens that can no longer be used."""
    sessions = await _count(session, delete(UserSession).where(UserSession.expires_at <= func.now()))
    tokens = delete(OneTimeToken).where(
        or_(OneTimeToken.expires_at <= func.now(), OneTimeToken.used_at.is_not(None))
    )
    return Forgotten(sessions, await _count(session, tokens))


async def _count(session: AsyncSession, statement: Delete) -> int:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - what a DELETE gives
    return result.rowcount
