"""Opening an account: a person, a plan and the credits they start with. However somebody comes, it is done here."""

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.passwords import STUDIO
from pingvas.accounts.registration import register
from pingvas.accounts.tables import User
from pingvas.base.budgets import Key
from pingvas.base.settings import Settings
from pingvas.billing.subscriptions import start_subscription


async def open_account(
    session: AsyncSession,
    settings: Settings,
    *,
    email: str,
    password: str | None,
    display_name: str,
    role: str = "user",
    plan: str = "free",
    credits: int | None = None,
    who: Key = STUDIO,
) -> User:
    """A new person on `plan`, with so many credits; None: the bonus that the settings give to everybody who signs up.

    `password=None` makes one who signs in another way. Raises Invalid, EmailExists and NoSubscription. Whether strangers may
    sign up at all is for the caller to ask: `registration.refuse_if_closed`.
    """
    user = await register(
        session, settings, email=email, password=password, display_name=display_name, role=role, who=who
    )
    bonus = settings.signup_bonus_credits if credits is None else credits
    await start_subscription(session, user.id, bonus, plan=plan)
    return user
