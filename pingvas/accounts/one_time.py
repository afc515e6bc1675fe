"""One-time tokens: a link that signs a person in once, proves an address, or lets a new password be set, and soon stops
working. Kept hashed, like every token."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.refusals import InvalidToken, TokenExpired, refuse_unless_active
from pingvas.accounts.tables import OneTimeToken, User
from pingvas.base.ids import new_id

PREFIX = "pvo_"

Purpose = Literal["sign_in", "verify_email", "reset_password", "confirm_old_email", "confirm_new_email"]
# Minutes a token works, unless said otherwise.
LIFETIMES: Mapping[Purpose, float] = {
    "sign_in": 60,
    "verify_email": 24 * 60,
    "reset_password": 30,
    "confirm_old_email": 24 * 60,
    "confirm_new_email": 24 * 60,
}


async def create_token(
    session: AsyncSession, user_id: UUID, purpose: Purpose, *, minutes: float | None = None
) -> str:
    """A token that `redeem_token` takes once within so many minutes. It is told here and kept nowhere."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        OneTimeToken(
            id=new_id(),
            user_id=user_id,
            purpose=purpose,
            token_hash=_stored_form(token),
            expires_at=func.now() + timedelta(minutes=LIFETIMES[purpose] if minutes is None else minutes),
        )
    )
    await session.flush()
    return token


async def redeem_token(session: AsyncSession, token: str, *purposes: Purpose) -> tuple[User, Purpose]:
    """The person the token is of, and which of these purposes it has; it works once.

    Raises InvalidToken, TokenExpired and AccountSuspended.
    """
    this_token = (OneTimeToken.token_hash == _stored_form(token)) & OneTimeToken.purpose.in_(purposes)
    use_up = (
        update(OneTimeToken)
        .where(
            this_token,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > func.now(),
            OneTimeToken.user_id == User.id,
        )
        .values(used_at=func.now())
        .returning(User, OneTimeToken.purpose)
        .execution_options(synchronize_session=False)
    )
    used = (await session.execute(use_up)).one_or_none()
    if used is None:
        unused = select(literal(True)).where(this_token, OneTimeToken.used_at.is_(None))
        raise TokenExpired if await session.scalar(unused) else InvalidToken
    refuse_unless_active(used.User, leaving_too=True)
    return used.User, used.purpose


async def forget_tokens(session: AsyncSession, user_id: UUID, *purposes: Purpose) -> None:
    """Have a person's links of these kinds stop working: their address or password is another now."""
    links = delete(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.purpose.in_(purposes))
    await session.execute(links)


def _stored_form(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
