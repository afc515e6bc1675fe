"""Signing in with e-mail and password.

What an outsider learns is the same, and takes the same time, whether the address is unknown, belongs to somebody
without a password, or the password is wrong. That an account is suspended is told to its owner only.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pingvas.accounts.emails import normalise_email
from pingvas.accounts.password_rules import MAX_LENGTH, normalise_password
from pingvas.accounts.passwords import hash_password, needs_rehash, verify_password
from pingvas.accounts.refusals import AccountSuspended
from pingvas.accounts.sessions import Tokens, start_session
from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.errors import Unauthorized
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings


class InvalidCredentials(Unauthorized):
    code = "invalid_credentials"
    default_detail = "The e-mail address or the password is wrong."


@dataclass(frozen=True)
class SignedIn:
    """A person and the tokens of the device they have just signed in on."""

    user: User
    tokens: Tokens


@dataclass(frozen=True)
class _Known:
    user_id: UUID | None
    password_hash: str | None


async def sign_in(
    database: Database,
    settings: Settings,
    *,
    email: str,
    password: str,
    ip: str | None,
    user_agent: str | None,
) -> SignedIn:
    """Raises Invalid (not an address), InvalidCredentials and AccountSuspended.

    Reads, hashes, then writes, in two short transactions: nobody holds a database connection while hashing.
    """
    email, password = normalise_email(email), normalise_password(password)
    async with database.read() as session:
        known = await _find(session, email)
    if len(password) > MAX_LENGTH:  # cannot be anybody's, and a huge one would be hashed at our cost
        raise InvalidCredentials
    if not await verify_password(settings, known.password_hash, password):
        raise InvalidCredentials
    fresh_hash = None
    if known.password_hash is not None and needs_rehash(settings, known.password_hash):
        fresh_hash = await hash_password(settings, password)

    async with database.transaction() as session:
        # Asked again under a lock: while we hashed, the password may have changed or the account have gone.
        unchanged = select(User).where(User.id == known.user_id, User.password_hash == known.password_hash)
        user = await session.scalar(unchanged.with_for_update(key_share=True))
        if user is None or user.status == "deleted":
            raise InvalidCredentials
        if user.status != "active":
            raise AccountSuspended
        if fresh_hash is not None:
            user.password_hash = fresh_hash
        return SignedIn(user, await start_session(session, settings, user, ip=ip, user_agent=user_agent))


async def _find(session: ReadSession, email: str) -> _Known:
    query = select(User.id, User.password_hash).where(
        func.lower(User.email) == func.lower(email), User.status != "deleted"
    )
    row = (await session.execute(query)).one_or_none()
    return _Known(row.id, row.password_hash) if row is not None else _Known(None, None)
