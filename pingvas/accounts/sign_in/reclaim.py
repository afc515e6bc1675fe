"""An account whose address was never proven, and whose true owner comes now.

Whoever made it may have been anybody, and may have waited for that: nothing that was set up before lets them in again.
"""

from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.people.addresses import prove_email
from pingvas.accounts.tables import (
    ApiKey,
    Challenge,
    EmailChange,
    KnownDevice,
    OAuthAccount,
    OneTimeToken,
    Passkey,
    RecoveryCode,
    SecondFactor,
    User,
    UserSession,
)

_WAYS_IN: tuple[Any, ...] = (
    UserSession,
    Passkey,
    SecondFactor,
    RecoveryCode,
    OAuthAccount,
    ApiKey,
    OneTimeToken,
    EmailChange,
    Challenge,
    KnownDevice,
)


async def reclaim(session: AsyncSession, user: User) -> None:
    """Take the address as proven, and drop the password, the devices, the keys and all other ways in."""
    user.password_hash = None
    prove_email(session, user)
    await session.flush()
    for table in _WAYS_IN:
        await session.execute(delete(table).where(table.user_id == user.id))
