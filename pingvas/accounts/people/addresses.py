"""A person's e-mail address: proving it, and changing it with the consent of the old one and the new one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.events import AccountUpdated
from pingvas.accounts.mail.compose import Language
from pingvas.accounts.mail.mails import write_to, write_to_address
from pingvas.accounts.one_time import LIFETIMES, forget_tokens, redeem_token
from pingvas.accounts.people.emails import normalise_email
from pingvas.accounts.people.registration import EmailExists
from pingvas.accounts.tables import EmailChange, User
from pingvas.base.db import Database
from pingvas.base.errors import Conflict, Invalid
from pingvas.base.events import publish_later
from pingvas.base.read_session import ReadSession


class AlreadyProven(Conflict):
    code = "already_proven"
    default_detail = "This address is proven already."


class NoChangeWaits(Conflict):
    default_detail = "There is no change of address to confirm. Ask for it again."


@dataclass(frozen=True)
class PendingChange:
    """A change of address that waits: for whom it still waits, and until when."""

    new_email: str
    old_confirmed: bool
    new_confirmed: bool
    expires_at: datetime


async def ask_to_verify(session: AsyncSession, user: User, *, language: Language | None = None) -> None:
    """Write to the address with a link that proves it. Raises AlreadyProven."""
    if user.email_verified_at is not None:
        raise AlreadyProven
    await write_to(session, user, "verify_email", language=language)


async def verify_email(session: AsyncSession, token: str) -> User:
    """Take the address as proven. Raises InvalidToken, TokenExpired and AccountSuspended."""
    user, _ = await redeem_token(session, token, "verify_email")
    prove_email(session, user)
    await session.flush()
    await forget_tokens(session, user.id, "verify_email")
    return user


def prove_email(session: AsyncSession, user: User) -> None:
    """The person has shown that the address is theirs; their pages stop asking for that."""
    if user.email_verified_at is None and user.email is not None:
        user.email_verified_at = func.now()
        publish_later(session, user.id, AccountUpdated())


async def ask_to_change_email(session: AsyncSession, user_id: UUID, new_email: str) -> PendingChange:
    """Write to the old address and the new one; the change is made when both have agreed. An account without an address, or
    with one that was never proven, needs only the new one to agree.

    An address that is another's already is not told here: its owner learns of nothing, and the change never comes to be.
    Raises Invalid and Conflict.
    """
    new_email = normalise_email(new_email)
    user = await session.get_one(User, user_id, with_for_update={"key_share": True})
    if user.email is not None and user.email.lower() == new_email.lower():
        raise Invalid("This is your address already.", field="email", reason="is your address already")
    needs_old = user.email is not None and user.email_verified_at is not None
    lifetime = literal(timedelta(minutes=LIFETIMES["confirm_new_email"]))
    values = {
        "new_email": new_email,
        "old_confirmed_at": None if needs_old else func.now(),
        "new_confirmed_at": None,
        "expires_at": func.now() + lifetime,
    }
    ask = insert(EmailChange).values(user_id=user_id, **values)
    ask = ask.on_conflict_do_update(index_elements=[EmailChange.user_id], set_=values)
    await session.execute(ask)
    await forget_tokens(session, user_id, "confirm_old_email", "confirm_new_email")
    if needs_old:
        await write_to(session, user, "confirm_old_email", {"new_email": new_email})
    taken = select(exists().where(func.lower(User.email) == new_email.lower()))
    if not await session.scalar(taken):
        await write_to(session, user, "confirm_new_email", to=new_email)
    change = await find_change(session, user_id)
    assert change is not None  # noqa: S101 - it was put there above
    return change


async def find_change(session: ReadSession, user_id: UUID) -> PendingChange | None:
    """The change of address that waits for somebody's consent."""
    query = select(EmailChange).where(EmailChange.user_id == user_id, EmailChange.expires_at > func.now())
    row = await session.scalar(query)
    if row is None:
        return None
    return PendingChange(
        row.new_email, row.old_confirmed_at is not None, row.new_confirmed_at is not None, row.expires_at
    )


async def forget_change(session: AsyncSession, user_id: UUID) -> None:
    """Drop the change that waits, and its links with it."""
    await session.execute(delete(EmailChange).where(EmailChange.user_id == user_id))
    await forget_tokens(session, user_id, "confirm_old_email", "confirm_new_email")


async def confirm_change(database: Database, token: str) -> PendingChange | None:
    """One of the two addresses agrees. None: it was the second, and the address has changed.

    Raises InvalidToken, TokenExpired, AccountSuspended, NoChangeWaits and EmailExists: the new address is somebody else's by now, and
    the change has ended with that. Takes the database, not a session: its end must be committed although the caller is refused.
    """
    async with database.transaction() as session:
        user, change = await _agree(session, token)
        if change.old_confirmed_at is None or change.new_confirmed_at is None:
            return await find_change(session, user.id)
        moved = await _move(session, user, change.new_email)
    if not moved:
        raise EmailExists
    return None


async def _agree(session: AsyncSession, token: str) -> tuple[User, EmailChange]:
    user, purpose = await redeem_token(session, token, "confirm_old_email", "confirm_new_email")
    column = EmailChange.old_confirmed_at if purpose == "confirm_old_email" else EmailChange.new_confirmed_at
    agree = (
        update(EmailChange)
        .where(EmailChange.user_id == user.id, EmailChange.expires_at > func.now())
        .values({column: func.now()})
        .returning(EmailChange)
    )
    change = await session.scalar(agree)
    if change is None:
        raise NoChangeWaits
    return user, change


async def _move(session: AsyncSession, user: User, new_email: str) -> bool:
    """Whether it could be done. It could not where the address was taken meanwhile: that ends the change, and the person is told."""
    old = user.email
    publish_later(session, user.id, AccountUpdated())
    try:
        async with session.begin_nested():
            user.email = new_email
            user.email_verified_at = func.now()
            await session.flush()
    except IntegrityError:
        await session.refresh(user)
        await forget_change(session, user.id)
        if old is not None:
            await write_to(session, user, "email_not_changed", {"new_email": new_email})
        return False
    await forget_change(session, user.id)
    # What was sent to the old address must not open the account any more.
    await forget_tokens(session, user.id, "verify_email", "reset_password", "sign_in")
    if old is not None:
        await write_to(session, user, "email_changed", {"new_email": new_email}, to=old)
    return True


async def forgot_password(session: AsyncSession, email: str, *, language: Language) -> None:
    """Write to the address with a link to set a new password, if it is somebody's. Takes the same time if it is nobody's.
    Raises Invalid for what is no address."""
    await write_to_address(session, normalise_email(email), "reset_password", language=language)
