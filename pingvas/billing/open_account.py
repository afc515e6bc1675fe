"""Opening an account: a person, a plan and the credits they start with. However somebody comes, it is done here."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.passwords.hashing import STUDIO
from pingvas.accounts.people.registration import register
from pingvas.accounts.tables import User
from pingvas.base.budgets import Key
from pingvas.base.settings import Settings
from pingvas.billing.subscriptions import give_welcome, lock_current_subscription, start_subscription


async def open_account(
    session: AsyncSession,
    settings: Settings,
    *,
    email: str | None,
    password: str | None,
    display_name: str,
    role: str = "user",
    plan: str = "free",
    credits: int | None = None,
    due_later: int = 0,
    who: Key = STUDIO,
) -> User:
    """A new person on `plan`, with so many credits; None: the bonus that the settings give to everybody who signs up.
    `due_later` come when the address is proven.

    `password=None` makes one who signs in another way, `email=None` one who has told no address. Raises Invalid, EmailExists and NoSubscription. Whether strangers may
    sign up at all is for the caller to ask: `registration.refuse_if_closed`.
    """
    user = await register(
        session, settings, email=email, password=password, display_name=display_name, role=role, who=who
    )
    user.bonus_due = due_later
    bonus = settings.signup_bonus_credits if credits is None else credits
    await start_subscription(session, user.id, bonus, plan=plan)
    return user


async def give_due_bonus(session: AsyncSession, user_id: UUID) -> int:
    """Give the credits that waited for the address to be proven, once; how many it were."""
    # Locked: of two calls the second finds nothing due.
    owed = select(User.bonus_due).where(User.id == user_id, User.email_verified_at.is_not(None))
    due = await session.scalar(owed.with_for_update(key_share=True))
    if not due:
        return 0
    await session.execute(update(User).where(User.id == user_id).values(bonus_due=0))
    subscription = await lock_current_subscription(session, user_id)
    await give_welcome(session, user_id, subscription.id, due)
    return due
