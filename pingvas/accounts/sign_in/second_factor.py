"""The second factor of an account, an authenticator app: setting it up, showing a code of it, and taking it away.

Wrong codes of an app count for the account, whoever sends them, so nobody guesses one. That closes no other way in: recovery
codes, which cannot be guessed, count for the address that sends them, and passkeys are not asked for a code.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.mail.sending import STUDIO
from pingvas.accounts.sign_in import app_codes
from pingvas.accounts.sign_in.challenges import forget_challenges
from pingvas.accounts.sign_in.recovery_codes import make_recovery_codes, use_recovery_code
from pingvas.accounts.sign_in.ways_in import lock_person, weaken_sessions
from pingvas.accounts.tables import RecoveryCode, SecondFactor, User
from pingvas.base.budgets import Budgets, Key
from pingvas.base.errors import Conflict, Invalid
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings


class WrongCode(Invalid):
    """Wrong, too old, or used before: which of these is not told. `tries_left`: how many more the question takes that was answered."""

    code = "wrong_code"
    default_detail = "This code is wrong, or was used before."

    def __init__(self, *, tries_left: int | None = None) -> None:
        extra = None if tries_left is None else {"tries_left": tries_left}
        super().__init__(field="code", reason="is wrong, or was used before", extra=extra)


class SecondFactorExists(Conflict):
    code = "second_factor_exists"
    default_detail = "A second factor is set up already. Remove it to set up another one."


class NoSecondFactor(Conflict):
    code = "no_second_factor"
    default_detail = "No second factor is set up."


@dataclass(frozen=True)
class Begun:
    """What an app needs, told once: the secret, and the same as an address for a QR code."""

    secret: str
    uri: str


async def begin(session: AsyncSession, settings: Settings, user_id: UUID) -> Begun:
    """Make a secret, which counts once a code of it was shown. Raises SecondFactorExists."""
    user = await lock_person(session, user_id)
    secret = app_codes.make_secret()
    sealed = app_codes.seal(settings, user_id, secret)
    put = insert(SecondFactor).values(user_id=user_id, secret=sealed)
    put = put.on_conflict_do_update(
        index_elements=[SecondFactor.user_id],
        set_={"secret": sealed, "last_step": 0, "created_at": func.now()},
        where=SecondFactor.confirmed_at.is_(None),
    )
    if await session.scalar(put.returning(SecondFactor.user_id)) is None:
        raise SecondFactorExists
    name = user.email or user.handle or user.display_name
    return Begun(secret, app_codes.provisioning_uri(secret, name=name, issuer=STUDIO))


async def confirm(session: AsyncSession, settings: Settings, user_id: UUID, code: str) -> list[str]:
    """From here on the factor counts, for its app has shown a code; the recovery codes.

    Raises NoSecondFactor, SecondFactorExists and WrongCode.
    """
    user = await lock_person(session, user_id)
    factor = await session.get(SecondFactor, user_id, populate_existing=True)
    if factor is None:
        raise NoSecondFactor
    if factor.confirmed_at is not None:
        raise SecondFactorExists
    step = await _step_of(session, settings, factor, code)
    if step is None:
        raise WrongCode
    factor.last_step = step
    factor.confirmed_at = func.now()
    await session.flush()
    await write_to(session, user, "second_factor_on")
    return await make_recovery_codes(session, user_id)


async def remove(session: AsyncSession, user_id: UUID) -> None:
    """Take the factor and its recovery codes away, and write to the person. Raises NoSecondFactor."""
    user = await lock_person(session, user_id)
    factor = await take_away(session, user_id)
    if factor is None:
        raise NoSecondFactor
    if factor.confirmed_at is not None:
        await write_to(session, user, "second_factor_off")


async def take_away(session: AsyncSession, user_id: UUID) -> SecondFactor | None:
    """Take a factor away with all that belongs to it, telling nobody; None: there was none."""
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor)
    factor = await session.scalar(gone)
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    await forget_challenges(session, user_id, "second_factor")
    await weaken_sessions(session, user_id)
    return factor


async def renew_recovery_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    """New recovery codes; the old ones work no more. Raises NoSecondFactor."""
    await lock_person(session, user_id)
    if not await has_second_factor(session, user_id):
        raise NoSecondFactor
    return await make_recovery_codes(session, user_id)


async def has_second_factor(session: ReadSession, user_id: UUID) -> bool:
    """Whether an app is set up and confirmed."""
    mine = select(SecondFactor.user_id).where(SecondFactor.user_id == user_id)
    return await session.scalar(mine.where(SecondFactor.confirmed_at.is_not(None))) is not None


async def use_code(session: AsyncSession, settings: Settings, user_id: UUID, code: str) -> None:
    """Take a code of the app, or a recovery code. None works twice; of two who show one at once, one has shown it. Raises
    WrongCode."""
    if not _is_of_an_app(code):
        left = await use_recovery_code(session, user_id, code)
        if left is None:
            raise WrongCode
        user = await session.get_one(User, user_id)
        await write_to(session, user, "recovery_code_used", {"left": left})
        return
    query = select(SecondFactor).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )
    factor = await session.scalar(query)
    step = None if factor is None else await _step_of(session, settings, factor, code)
    if factor is None or step is None:
        raise WrongCode
    later = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
    # Sealed anew, so that a secret of the studio's that was replaced can be forgotten some day.
    kept = _resealed(settings, factor)
    if (
        await session.scalar(later.values(last_step=step, secret=kept).returning(SecondFactor.user_id))
        is None
    ):
        raise WrongCode


@contextmanager
def counting(budgets: Budgets, user_id: UUID, code: str, *, address: Key) -> Iterator[None]:
    """Count an attempt while it is made, so that many at once are not more than one after the other; only a wrong code stays
    counted. Raises BudgetUsedUp."""
    of_app = _is_of_an_app(code)
    rates, key = (budgets.second_factor, user_id) if of_app else (budgets.tokens, address)
    rates.take(key)
    wrong = False
    try:
        yield
    except WrongCode:
        wrong = True
        raise
    finally:
        if not wrong:
            rates.give_back(key)


async def reseal_all(session: AsyncSession, settings: Settings) -> int:
    """Seal what belongs to people's apps with the present secret, so that the one before can be forgotten; of how many people."""
    factors = (await session.scalars(select(SecondFactor).with_for_update())).all()
    for factor in factors:
        factor.secret = _resealed(settings, factor)
    return len(factors)


def _plain(code: str) -> str:
    return re.sub(r"\s", "", code)


def _is_of_an_app(code: str) -> bool:
    plain = _plain(code)
    return len(plain) == app_codes.DIGITS and plain.isascii() and plain.isdecimal()


def _resealed(settings: Settings, factor: SecondFactor) -> bytes:
    secret = app_codes.unseal(settings, factor.user_id, factor.secret)
    return factor.secret if secret is None else app_codes.seal(settings, factor.user_id, secret)


async def _step_of(session: AsyncSession, settings: Settings, factor: SecondFactor, code: str) -> int | None:
    """By the database's clock, which is everybody's."""
    secret = app_codes.unseal(settings, factor.user_id, factor.secret)
    now = await session.scalar(select(func.now()))
    if secret is None or now is None or not _is_of_an_app(code):
        return None
    return app_codes.find_step(secret, _plain(code), now=now)
