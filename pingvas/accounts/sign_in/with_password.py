"""Signing in with e-mail and password.

What an outsider learns is the same, and takes the same time, whether the address is unknown, belongs to somebody
without a password, or the password is wrong. That an account is suspended is told to its owner only.

Guessers are turned away by budgets of wrong passwords, and in the queue for a hash they come after others. At an address where
an account is signed in already, only what was tried there for that account counts: nobody is locked out by another's guesses.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from pingvas.accounts.passwords.hashing import hash_password, needs_rehash, verify_password
from pingvas.accounts.passwords.rules import MAX_LENGTH, normalise_password
from pingvas.accounts.people.emails import normalise_email
from pingvas.accounts.refusals import refuse_unless_active
from pingvas.accounts.sign_in.first_factor import CodeNeeded, SecondFactorNeeded, SignedIn, enter
from pingvas.accounts.tables import User, UserSession
from pingvas.base.budgets import Budgets, Key, Rates, address_key, short_key
from pingvas.base.db import Database
from pingvas.base.errors import Unauthorized
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings

# In the queue for a hash: so many wrong passwords of an address are somebody's mistakes, so many a crowd's.
_MISTAKES = 5
_CROWD = 15


class InvalidCredentials(Unauthorized):
    code = "invalid_credentials"
    default_detail = "The e-mail address or the password is wrong."


@dataclass(frozen=True)
class _Known:
    user_id: UUID | None
    password_hash: str | None
    # Whether the account is signed in at this address.
    here: bool


async def sign_in(
    database: Database,
    settings: Settings,
    budgets: Budgets,
    *,
    email: str,
    password: str,
    ip: str | None,
    user_agent: str | None,
) -> SignedIn:
    """Raises Invalid (not an address), InvalidCredentials, AccountSuspended, SecondFactorNeeded, BudgetUsedUp and StudioBusy.

    Reads, hashes, then writes, in two short transactions: nobody holds a database connection while hashing.
    """
    email, password = normalise_email(email), normalise_password(password)
    address, account = address_key(ip), short_key(email.lower())
    budgets.sign_in_pair.check((account, address))
    async with database.read() as session:
        known = await _find(session, email, ip)
    tried: list[tuple[Rates, Key]] = [(budgets.sign_in_pair, (account, address))]
    if not known.here:
        tried += [(budgets.sign_in_address, address), (budgets.sign_in_account, account)]
    rank = 0 if known.here else _rank(budgets.sign_in_address.used_by(address))
    with _attempt(tried):
        if len(password) > MAX_LENGTH:  # cannot be anybody's, and a huge one would be hashed at our cost
            raise InvalidCredentials
        if not await verify_password(settings, known.password_hash, password, who=address, rank=rank):
            raise InvalidCredentials
    fresh_hash = None
    if known.password_hash is not None and needs_rehash(settings, known.password_hash):
        fresh_hash = await hash_password(settings, password, who=address, rank=rank)

    async with database.transaction() as session:
        # Asked again under a lock: while we hashed, the password may have changed or the account have gone.
        unchanged = select(User).where(User.id == known.user_id, User.password_hash == known.password_hash)
        user = await session.scalar(unchanged.with_for_update(key_share=True))
        if user is None or (user.status == "deleted" and user.leaves_at is None):
            raise InvalidCredentials
        refuse_unless_active(user, leaving_too=True)
        if fresh_hash is not None:
            user.password_hash = fresh_hash
        entered = await enter(session, settings, user, ip=ip, user_agent=user_agent, method="password")
    if isinstance(entered, CodeNeeded):  # told when it is kept
        raise SecondFactorNeeded(entered)
    return SignedIn(user, entered)


def _rank(wrong: float) -> int:
    return 0 if wrong < _MISTAKES else 1 if wrong < _CROWD else 2


@contextmanager
def _attempt(tried: Sequence[tuple[Rates, Key]]) -> Iterator[None]:
    """Count an attempt while it is made, so that many at once are not more than one after the other; only a wrong password
    stays counted. Raises BudgetUsedUp."""
    counted: list[tuple[Rates, Key]] = []
    wrong = False
    try:
        for rates, key in tried:
            rates.take(key)
            counted.append((rates, key))
        yield
    except InvalidCredentials:
        wrong = True
        raise
    finally:
        for rates, key in [] if wrong else counted:
            rates.give_back(key)


async def _find(session: ReadSession, email: str, ip: str | None) -> _Known:
    here = exists().where(
        UserSession.user_id == User.id, UserSession.ip_address == ip, UserSession.expires_at > func.now()
    )
    query = select(User.id, User.password_hash, here.label("here")).where(
        func.lower(User.email) == func.lower(email),
        or_(User.status != "deleted", User.leaves_at.is_not(None)),
    )
    row = (await session.execute(query)).one_or_none()
    return _Known(row.id, row.password_hash, row.here) if row is not None else _Known(None, None, False)
