"""Which ways in a person has. The last one cannot be removed, and what a device has shown counts only while the way it was
shown by is there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import OAuthAccount, Passkey, RecoveryCode, SecondFactor, User, UserSession
from pingvas.adapters.oauth.identity import Provider, configured
from pingvas.base.errors import Conflict
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings


class LastWayIn(Conflict):
    code = "last_way_in"
    default_detail = "This is the only way into the account. Add another one first."


@dataclass(frozen=True)
class WaysIn:
    """`providers` are those that are linked and that this studio still works with."""

    has_password: bool
    passkeys: int
    providers: tuple[Provider, ...]
    second_factor_since: datetime | None
    recovery_codes_left: int


async def find_ways_in(session: ReadSession, settings: Settings, user_id: UUID) -> WaysIn:
    """All there are of a person."""
    passkeys = select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)
    codes = select(func.count()).select_from(RecoveryCode)
    codes = codes.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    query = (
        select(
            User.password_hash.is_not(None).label("has_password"),
            passkeys.scalar_subquery().label("passkeys"),
            SecondFactor.confirmed_at,
            codes.scalar_subquery().label("recovery_codes"),
        )
        .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        .where(User.id == user_id)
    )
    row = (await session.execute(query)).one()
    linked = set(
        (await session.scalars(select(OAuthAccount.provider).where(OAuthAccount.user_id == user_id))).all()
    )
    providers = tuple(provider for provider in configured(settings) if provider in linked)
    return WaysIn(row.has_password, row.passkeys, providers, row.confirmed_at, row.recovery_codes)


async def lock_person(session: AsyncSession, user_id: UUID) -> User:
    """Hold a person's row: of two who remove a way in at once, the second sees what the first has left."""
    return await session.get_one(User, user_id, with_for_update={"key_share": True}, populate_existing=True)


async def refuse_if_last(session: AsyncSession, settings: Settings, user_id: UUID) -> None:
    """After a way in was removed, in the same transaction and under `lock_person`. Raises LastWayIn when none is left."""
    ways = await find_ways_in(session, settings, user_id)
    if not (ways.has_password or ways.passkeys or ways.providers):
        raise LastWayIn


async def weaken_sessions(session: AsyncSession, user_id: UUID) -> None:
    """After a second factor was removed: devices that have shown one that is there no more have shown none."""
    has_passkey = exists().where(Passkey.user_id == user_id)
    has_app = exists().where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    by_passkey = UserSession.method == "passkey"
    gone = or_(and_(by_passkey, ~has_passkey), and_(~by_passkey, ~has_app))
    devices = update(UserSession).where(
        UserSession.user_id == user_id, UserSession.second_factor == true(), gone
    )
    await session.execute(devices.values(second_factor=False).execution_options(synchronize_session=False))
