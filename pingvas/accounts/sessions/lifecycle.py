"""Signed-in devices: one row each, whose refresh token is replaced at every use.

A token used a second time means that two parties hold it, so the device is signed out for both. The exception is
the moment in which two tabs of one browser refresh at once, or an answer is lost on the way: for a few seconds
the same device gets the same successor again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, literal, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.refusals import InvalidToken, TokenExpired, refuse_unless_active
from pingvas.accounts.sessions import access_tokens, refresh_tokens
from pingvas.accounts.sessions.device_names import device_key, device_name
from pingvas.accounts.sessions.refresh_tokens import RefreshClaims
from pingvas.accounts.tables import KnownDevice, User, UserSession
from pingvas.base.budgets import Budgets, address_key
from pingvas.base.db import Database
from pingvas.base.errors import NotFound
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings

LONGEST_SESSION = timedelta(days=365)  # however busy, a device signs in anew once a year
# One more signs the device out that was used longest ago.
MAX_SESSIONS = 20
_MAX_USER_AGENT = 400


Method = Literal["password", "link", "passkey", "google", "discord", "viewing"]


@dataclass(frozen=True)
class Tokens:
    """What a device needs to act and to go on acting. `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    session_id: UUID


@dataclass(frozen=True)
class Refreshed:
    """New tokens and whose they are."""

    user: User
    tokens: Tokens


class ReusedToken(InvalidToken):
    default_detail = "This token was used before, so this device has been signed out. Sign in again."


def may_be_signed_in() -> ColumnElement[bool]:
    """Of `users`: who is active, or has deleted the account and can still take that back."""
    return or_(User.status == "active", and_(User.status == "deleted", User.leaves_at.is_not(None)))


async def start_session(
    session: AsyncSession,
    settings: Settings,
    user: User,
    *,
    ip: str | None,
    user_agent: str | None,
    method: Method,
    second_factor: bool = False,
) -> Tokens:
    """Sign a device in, as somebody who has just proved by `method` who they are. The person's devices whose time is over are forgotten on the way, and beyond MAX_SESSIONS those
    that were used longest ago."""
    # Under the person's lock: of sign-ins at the same moment the later one sees the device of the earlier.
    await session.execute(select(User.id).where(User.id == user.id).with_for_update())
    kept = (
        select(UserSession.id)
        .where(UserSession.user_id == user.id, UserSession.expires_at > func.now())
        .order_by(UserSession.last_used_at.desc(), UserSession.id.desc())
        .limit(MAX_SESSIONS - 1)
    )
    over = delete(UserSession).where(UserSession.user_id == user.id, UserSession.id.not_in(kept))
    await session.execute(over)
    session_id = new_id()
    device = UserSession(
        id=session_id,
        user_id=user.id,
        refresh_token=refresh_tokens.stored_form(refresh_tokens.make(settings, session_id, 0)),
        rotation=0,
        ip_address=ip,
        user_agent=_trimmed(user_agent),
        method=method,
        second_factor=second_factor,
        expires_at=func.now() + _idle_life(settings),
    )
    session.add(device)
    await session.flush()
    if method != "viewing":
        await _notice_device(session, user, ip=ip, user_agent=device.user_agent)
    return _tokens(settings, user.id, session_id, rotation=0, issued_at=device.created_at)


async def refresh(
    database: Database,
    settings: Settings,
    budgets: Budgets,
    refresh_token: str,
    *,
    ip: str | None,
    user_agent: str | None,
) -> Refreshed:
    """The successor of a refresh token, with a new access token.

    Raises InvalidToken (forged, or the device is signed out), TokenExpired, AccountSuspended, ReusedToken and BudgetUsedUp.
    The database sees no forged token, so these count for their address alone when one comes; a genuine one is never refused for
    what others at its address try, only for what was tried with those of its device after that was signed out.
    Takes the database, not a session: signing the device out after a reuse must be committed although the
    caller is refused.
    """
    try:
        claims = refresh_tokens.read(settings, refresh_token)
    except InvalidToken:
        budgets.tokens.take(address_key(ip))
        raise
    with budgets.tokens.counting(claims.session_id, InvalidToken):
        async with database.transaction() as session:
            refreshed = await _rotate(session, settings, claims, ip=ip, user_agent=_trimmed(user_agent))
        if refreshed is None:
            raise ReusedToken
        return refreshed


async def end_session(session: AsyncSession, user_id: UUID, session_id: UUID) -> None:
    """Sign a person's device out; its access token stops working too. Raises NotFound, also for others' devices."""
    mine = delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id)
    if await session.scalar(mine.returning(UserSession.id)) is None:
        raise NotFound


async def end_other_sessions(session: AsyncSession, user_id: UUID, keep: UUID | None) -> int:
    """Sign all of a person's devices out but this one; how many it were."""
    others = delete(UserSession).where(UserSession.user_id == user_id)
    if keep is not None:
        others = others.where(UserSession.id != keep)
    return len((await session.scalars(others.returning(UserSession.id))).all())


async def end_session_of_token(session: AsyncSession, settings: Settings, refresh_token: str) -> None:
    """Sign out the device that a refresh token of any generation belongs to. Raises InvalidToken when it is forged.

    A device that is signed out already is as its owner wants it.
    """
    claims = refresh_tokens.read(settings, refresh_token)
    await session.execute(delete(UserSession).where(UserSession.id == claims.session_id))


async def _notice_device(
    session: AsyncSession, user: User, *, ip: str | None, user_agent: str | None
) -> None:
    """Remember the kind of device; write to its person when they have used others so far and not this one."""
    note = insert(KnownDevice).values(user_id=user.id, device=device_key(user_agent, ip))
    seen_again = note.on_conflict_do_update(
        index_elements=[KnownDevice.user_id, KnownDevice.device], set_={"last_seen_at": func.now()}
    )
    # The row's creator is zero unless an update made this version of it.
    is_new = await session.scalar(seen_again.returning(literal_column("xmax = 0")))
    others = select(func.count()).select_from(KnownDevice).where(KnownDevice.user_id == user.id)
    if not is_new or (await session.scalar(others) or 0) < 2:
        return
    when = await session.scalar(select(func.now()))
    told = {
        "device": device_name(user_agent),
        "address": ip or "unknown",
        "when": f"{when:%Y-%m-%d %H:%M} UTC",
    }
    await write_to(session, user, "new_device", told)


async def _rotate(
    session: AsyncSession,
    settings: Settings,
    claims: RefreshClaims,
    *,
    ip: str | None,
    user_agent: str | None,
) -> Refreshed | None:
    """None when the token is an old one and its device has been deleted for it."""
    successor = _next(settings, claims)
    # One statement decides: of two callers with the same token the second waits for the row, then finds another
    # generation in it and changes nothing.
    rotate = (
        update(UserSession)
        .where(
            UserSession.id == claims.session_id,
            UserSession.rotation == claims.rotation,
            UserSession.refresh_token == claims.stored_form,
            UserSession.expires_at > func.now(),
            UserSession.user_id == User.id,
            may_be_signed_in(),
        )
        .values(
            rotation=claims.rotation + 1,
            refresh_token=refresh_tokens.stored_form(successor),
            rotated_at=func.now(),
            last_used_at=func.now(),
            expires_at=func.least(
                func.now() + _idle_life(settings), UserSession.created_at + literal(LONGEST_SESSION)
            ),
            ip_address=ip,
            user_agent=user_agent,
        )
        .returning(User, func.now().label("now"))
        .execution_options(synchronize_session=False)
    )
    row = (await session.execute(rotate)).one_or_none()
    rotated = await _explain(session, settings, claims, user_agent) if row is None else (row.User, row.now)
    if rotated is None:
        await session.execute(delete(UserSession).where(UserSession.id == claims.session_id))
        return None
    user, now = rotated
    rotation = claims.rotation + 1
    return Refreshed(user, _tokens(settings, user.id, claims.session_id, rotation=rotation, issued_at=now))


async def _explain(
    session: AsyncSession, settings: Settings, claims: RefreshClaims, user_agent: str | None
) -> tuple[User, datetime] | None:
    """Why nothing was rotated: raises for what ended by itself, the user (and now) for a second tab, None for a reuse."""
    grace = timedelta(seconds=settings.refresh_grace_seconds)
    query = (
        select(
            UserSession.rotation,
            UserSession.user_agent,
            (UserSession.expires_at <= func.now()).label("expired"),
            (UserSession.rotated_at > func.now() - literal(grace)).label("rotated_just_now"),
            User,
            func.now().label("now"),
        )
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.id == claims.session_id)
        .with_for_update(of=UserSession)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise InvalidToken
    if row.expired:
        raise TokenExpired
    user: User = row.User
    refuse_unless_active(user, leaving_too=True)
    is_previous = row.rotation == claims.rotation + 1
    if is_previous and row.rotated_just_now and row.user_agent == user_agent:
        return user, row.now
    return None


def _next(settings: Settings, claims: RefreshClaims) -> str:
    return refresh_tokens.make(settings, claims.session_id, claims.rotation + 1)


def _tokens(
    settings: Settings, user_id: UUID, session_id: UUID, *, rotation: int, issued_at: datetime
) -> Tokens:
    """`issued_at` is by the database's clock."""
    return Tokens(
        access_token=access_tokens.issue(
            settings, user_id=user_id, session_id=session_id, issued_at=issued_at
        ),
        refresh_token=refresh_tokens.make(settings, session_id, rotation),
        expires_in=settings.access_token_seconds,
        session_id=session_id,
    )


def _idle_life(settings: Settings) -> timedelta:
    return timedelta(days=settings.refresh_token_days)


def _trimmed(user_agent: str | None) -> str | None:
    """A header is the client's to choose: short, and without the NUL that PostgreSQL cannot store."""
    return user_agent[:_MAX_USER_AGENT].replace("\x00", "") if user_agent is not None else None
