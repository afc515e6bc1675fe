"""A new person's rows and what they may hold. `billing/open_account.py`, which also gives a plan and credits, is who calls."""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.passwords.hashing import STUDIO, hash_password
from pingvas.accounts.passwords.rules import accept_password
from pingvas.accounts.people.emails import normalise_email
from pingvas.accounts.tables import User, UserProfile
from pingvas.base.budgets import Key
from pingvas.base.errors import Conflict, Forbidden
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from pingvas.base.visible_text import accept_name

MAX_DISPLAY_NAME = 80


class EmailExists(Conflict):
    code = "email_exists"
    default_detail = "There is already an account with this e-mail address."


class RegistrationClosed(Forbidden):
    code = "registration_closed"
    default_detail = "This studio does not take new accounts. Ask the person who runs it."


def refuse_if_closed(settings: Settings) -> None:
    """Raises RegistrationClosed where strangers may not sign up; the operator's own tools do not ask."""
    if not settings.open_registration:
        raise RegistrationClosed


async def register(
    session: AsyncSession,
    settings: Settings,
    *,
    email: str | None,
    password: str | None,
    display_name: str,
    role: str = "user",
    who: Key = STUDIO,
) -> User:
    """A new active account with its profile. `password=None` makes one that signs in another way, `email=None` one of somebody
    who has told no address yet.

    `who` signs up, for the line of hashes. Raises Invalid, EmailExists, BudgetUsedUp and StudioBusy. Of two registrations of one
    address at the same moment, the second waits for the first to commit and is told EmailExists.
    """
    email = None if email is None else normalise_email(email)
    display_name = accept_display_name(display_name)
    password_hash = None
    if password is not None:
        # Before the first statement, so that no database connection is held while the hash is computed.
        password_hash = await hash_password(settings, accept_password(password, email=email or ""), who=who)
    new_user = {
        "id": new_id(),
        "email": email,
        "password_hash": password_hash,
        "display_name": display_name,
        "role": role,
        "status": "active",
    }
    unless_taken = insert(User).values(new_user).on_conflict_do_nothing(index_elements=[text("lower(email)")])
    user: User | None = await session.scalar(unless_taken.returning(User))
    if user is None:
        raise EmailExists
    session.add(UserProfile(id=new_id(), user_id=user.id, preferences={}))
    await session.flush()
    return user


def accept_display_name(display_name: str) -> str:
    """The name as it is shown: one line, trimmed. Raises Invalid."""
    return accept_name(display_name, field="display_name", longest=MAX_DISPLAY_NAME)
