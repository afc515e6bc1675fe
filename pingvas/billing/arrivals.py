"""Somebody comes from Google or Discord: to the account that is theirs, or to a new one with a plan and credits."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.compose import Language
from pingvas.accounts.people.addresses import ask_to_verify, prove_email
from pingvas.accounts.people.profile import accept_avatar_url
from pingvas.accounts.people.registration import (
    MAX_DISPLAY_NAME,
    EmailExists,
    accept_display_name,
    refuse_if_closed,
)
from pingvas.accounts.sessions.lifecycle import Tokens
from pingvas.accounts.sign_in.first_factor import CodeNeeded, enter
from pingvas.accounts.sign_in.linked_providers import address_of, find_person, hold_identity, link
from pingvas.accounts.tables import User, UserProfile
from pingvas.adapters.oauth.identity import NAMES, Identity
from pingvas.base.budgets import Budgets, Key
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.settings import Settings
from pingvas.billing.open_account import give_due_bonus, open_account


async def arrive(
    database: Database,
    settings: Settings,
    budgets: Budgets,
    identity: Identity,
    *,
    ip: str | None,
    user_agent: str | None,
    address: Key,
    language: Language,
) -> Tokens | CodeNeeded:
    """Sign whoever has shown this identity in, or ask them for a code.

    Raises NotLinked, AccountSuspended, RegistrationClosed, EmailExists, TooManyLinked and BudgetUsedUp.
    """
    is_second_try = False
    while True:
        try:
            async with database.transaction() as session:
                await hold_identity(session, identity)
                user = await find_person(session, identity)
                if user is None:
                    user = await _open(
                        session, settings, budgets, identity, address=address, language=language
                    )
                await give_due_bonus(session, user.id)
                return await enter(
                    session, settings, user, ip=ip, user_agent=user_agent, method=identity.provider
                )
        except EmailExists:
            # Somebody signed up with this address a moment ago: now there is an account to look at.
            if is_second_try:
                raise
            is_second_try = True


async def _open(
    session: AsyncSession,
    settings: Settings,
    budgets: Budgets,
    identity: Identity,
    *,
    address: Key,
    language: Language,
) -> User:
    """A new account. Its name and picture are taken over, this once; its address counts as proven where the provider vouches."""
    refuse_if_closed(settings)
    budgets.sign_ups.take(address)
    email = address_of(identity)
    is_proven = email is not None and identity.email_is_theirs
    with budgets.sign_up_bonuses.one_if_left(address) as left:
        bonus = settings.signup_bonus_credits if left else 0
        later = bonus if settings.bonus_after_verification and not is_proven else 0
        user = await open_account(
            session,
            settings,
            email=email,
            password=None,
            display_name=_name_of(identity),
            credits=bonus - later,
            due_later=later,
        )
    picture = update(UserProfile).where(UserProfile.user_id == user.id)
    await session.execute(picture.values(avatar_url=_picture_of(identity)))
    await link(session, user, identity)
    if is_proven:
        prove_email(session, user)
        await session.flush()
    elif email is not None:
        await ask_to_verify(session, user, language=language)
    return user


def _name_of(identity: Identity) -> str:
    """The name they have there, if it can be shown here."""
    try:
        return accept_display_name((identity.name or "")[:MAX_DISPLAY_NAME])
    except Invalid:
        return f"{NAMES[identity.provider]} user"


def _picture_of(identity: Identity) -> str | None:
    try:
        return accept_avatar_url(identity.avatar_url)
    except Invalid:
        return None
