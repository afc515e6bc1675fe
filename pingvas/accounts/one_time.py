"""One-time tokens: a link that signs a person in once, and soon stops working. Kept hashed, like every token."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.refusals import InvalidToken, TokenExpired, refuse_unless_active
from pingvas.accounts.tables import OneTimeToken, User
from pingvas.base.ids import new_id

PREFIX = "pvo_"
_SIGN_IN = "sign_in"


async def create_sign_in_token(session: AsyncSession, user_id: UUID, minutes: float) -> str:
    """A token that `redeem_sign_in_token` takes once within so many minutes. It is told here and kept nowhere."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        OneTimeToken(
            id=new_id(),
            user_id=user_id,
            purpose=_SIGN_IN,
            token_hash=_stored_form(token),
            expires_at=func.now() + timedelta(minutes=minutes),
        )
    )
    await session.flush()
    return token


async def redeem_sign_in_token(session: AsyncSession, token: str) -> User:
    """The person the token signs in; it works once. Raises InvalidToken, TokenExpired and AccountSuspended."""
    this_token = (OneTimeToken.token_hash == _stored_form(token)) & (OneTimeToken.purpose == _SIGN_IN)
    use_up = (
        update(OneTimeToken)
        .where(
            this_token,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > func.now(),
            OneTimeToken.user_id == User.id,
        )
        .values(used_at=func.now())
        .returning(User)
        .execution_options(synchronize_session=False)
    )
    user = await session.scalar(use_up)
    if user is None:
        unused = select(literal(True)).where(this_token, OneTimeToken.used_at.is_(None))
        raise TokenExpired if await session.scalar(unused) else InvalidToken
    refuse_unless_active(user.status)
    return user


def _stored_form(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
