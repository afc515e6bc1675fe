"""What follows a sign-in by a password or a provider: a signed-in device, or the question for a code.

Both are one factor. Whoever has set up an app is asked for its code whichever of them they come by, else the app would protect
nothing. A passkey shows two factors by itself, and the operator's link is for those who have lost theirs: these do not ask.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.refusals import refuse_unless_active
from pingvas.accounts.sessions.lifecycle import Method, Tokens, start_session
from pingvas.accounts.sign_in.challenges import (
    LIFETIMES,
    ChallengeOver,
    as_text,
    ask,
    count_attempt,
    from_text,
    take,
)
from pingvas.accounts.sign_in.second_factor import WrongCode, counting, has_second_factor, use_code
from pingvas.accounts.tables import User
from pingvas.base.budgets import Budgets, Key
from pingvas.base.db import Database
from pingvas.base.errors import Forbidden
from pingvas.base.settings import Settings

# Codes that may be tried before the password is asked for again. Kept in the database: a restart gives none back.
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class SignedIn:
    """A person and the tokens of the device they have just signed in on."""

    user: User
    tokens: Tokens


@dataclass(frozen=True)
class CodeNeeded:
    """`challenge` is what `sign_in_with_code` wants beside the code."""

    challenge: str


class SecondFactorNeeded(Forbidden):
    """`challenge` goes to `/auth/second-factor` with a code, within `expires_in` seconds."""

    code = "second_factor_needed"
    default_detail = "A code of your app is needed as well."

    def __init__(self, needed: CodeNeeded) -> None:
        seconds = round(LIFETIMES["second_factor"].total_seconds())
        super().__init__(extra={"challenge": needed.challenge, "expires_in": seconds})


async def enter(
    session: AsyncSession,
    settings: Settings,
    user: User,
    *,
    ip: str | None,
    user_agent: str | None,
    method: Method,
) -> Tokens | CodeNeeded:
    """A device of somebody who has shown one factor, unless their account wants a second one."""
    if await has_second_factor(session, user.id):
        return CodeNeeded(
            as_text(await ask(session, "second_factor", user_id=user.id, data={"method": method}))
        )
    return await start_session(session, settings, user, ip=ip, user_agent=user_agent, method=method)


async def sign_in_with_code(
    database: Database,
    settings: Settings,
    budgets: Budgets,
    *,
    challenge: str,
    code: str,
    ip: str | None,
    user_agent: str | None,
    address: Key,
) -> SignedIn:
    """Raises ChallengeOver, WrongCode, AccountSuspended and BudgetUsedUp. A wrong code leaves the challenge as it is, for
    MAX_ATTEMPTS in all."""
    with budgets.tokens.counting(address, ChallengeOver):
        token = from_text(challenge)
        # Committed by itself, so that a wrong code stays counted.
        async with database.transaction() as session:
            asked = await count_attempt(session, token, "second_factor", most=MAX_ATTEMPTS)
        user_id = asked.user_id
        if user_id is None:
            raise ChallengeOver
        with counting(budgets, user_id, code, address=address):
            async with database.transaction() as session:
                try:
                    await use_code(session, settings, user_id, code)
                except WrongCode:
                    raise WrongCode(tries_left=MAX_ATTEMPTS - asked.attempts) from None
                await take(session, token, "second_factor")
                user = await session.get_one(User, user_id)
                refuse_unless_active(user, leaving_too=True)
                tokens = await start_session(
                    session,
                    settings,
                    user,
                    ip=ip,
                    user_agent=user_agent,
                    method=asked.data["method"],
                    second_factor=True,
                )
        return SignedIn(user, tokens)
