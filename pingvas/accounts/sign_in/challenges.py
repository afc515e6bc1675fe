"""What the studio asks and waits to have answered, once and within minutes: by a passkey, by a provider, with a code.

A question is known by a token that carries its id; of the token only a hash is kept.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import Challenge
from pingvas.base.errors import Conflict
from pingvas.base.ids import new_id

Purpose = Literal["passkey_registration", "passkey_sign_in", "second_factor", "oauth", "oauth_link"]

LIFETIMES: Mapping[Purpose, timedelta] = {
    "passkey_registration": timedelta(minutes=5),
    "passkey_sign_in": timedelta(minutes=5),
    "second_factor": timedelta(minutes=10),
    "oauth": timedelta(minutes=10),
    "oauth_link": timedelta(minutes=10),
}
# Questions of a kind that may wait for one person's answer; one more ends the oldest.
MOST_OF_A_PERSON = 10
_ID, _SECRET = 16, 32


class ChallengeOver(Conflict):
    """It was answered already, its time is over, or it never was: which of these is not told."""

    code = "challenge_over"
    default_detail = "This took too long, or was answered already. Begin again."


async def ask(
    session: AsyncSession,
    purpose: Purpose,
    *,
    user_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
) -> bytes:
    """Note that something was asked, of a person where it is known who answers; the token that `take` wants.

    `data` is plain JSON that is needed when the answer comes.
    """
    if user_id is not None:
        await _forget_oldest(session, user_id, purpose)
    challenge_id = new_id()
    token = challenge_id.bytes + secrets.token_bytes(_SECRET)
    session.add(
        Challenge(
            id=challenge_id,
            purpose=purpose,
            user_id=user_id,
            data={**(data or {}), "hash": _stored_form(token)},
            expires_at=func.now() + LIFETIMES[purpose],
        )
    )
    await session.flush()
    return token


async def take(session: AsyncSession, token: bytes, *purposes: Purpose) -> Challenge:
    """The question that is answered now. Of two answers at once, one gets it. Raises ChallengeOver."""
    answered = delete(Challenge).where(_is(token, *purposes)).returning(Challenge)
    taken = await session.scalar(answered.execution_options(synchronize_session=False))
    if taken is None:
        raise ChallengeOver
    return taken


async def count_attempt(session: AsyncSession, token: bytes, purpose: Purpose, *, most: int) -> Challenge:
    """The question, which somebody tries to answer for one more time of `most`. Raises ChallengeOver."""
    tried = (
        update(Challenge)
        .where(_is(token, purpose), Challenge.attempts < most)
        .values(attempts=Challenge.attempts + 1)
        .returning(Challenge)
        .execution_options(synchronize_session=False)
    )
    found = await session.scalar(tried)
    if found is None:
        raise ChallengeOver
    return found


async def forget_challenges(session: AsyncSession, user_id: UUID, *purposes: Purpose) -> None:
    """What was asked of a person need not be answered any more."""
    asked = delete(Challenge).where(Challenge.user_id == user_id, Challenge.purpose.in_(purposes))
    await session.execute(asked)


def as_text(token: bytes) -> str:
    """The token as it travels in addresses and JSON: base64url without padding."""
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """Raises ChallengeOver for what cannot be a token."""
    try:
        token = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ChallengeOver from None
    if as_text(token) != text:  # another spelling of the same bytes
        raise ChallengeOver
    return token


def _is(token: bytes, *purposes: Purpose) -> ColumnElement[bool]:
    if len(token) != _ID + _SECRET:
        raise ChallengeOver
    return and_(
        Challenge.id == UUID(bytes=token[:_ID]),
        Challenge.purpose.in_(purposes),
        Challenge.data["hash"].astext == _stored_form(token),
        Challenge.expires_at > func.now(),
    )


async def _forget_oldest(session: AsyncSession, user_id: UUID, purpose: Purpose) -> None:
    mine = (Challenge.user_id == user_id, Challenge.purpose == purpose)
    kept = select(Challenge.id).where(*mine).order_by(Challenge.id.desc()).limit(MOST_OF_A_PERSON - 1)
    await session.execute(delete(Challenge).where(*mine, Challenge.id.not_in(kept)))


def _stored_form(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
