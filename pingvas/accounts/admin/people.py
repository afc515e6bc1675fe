"""What an admin sees of people and does to them. Each deed is in the audit log with its reason, in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.events import AuthExpired
from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.people.admins import refuse_if_last_admin
from pingvas.accounts.sessions.lifecycle import end_other_sessions
from pingvas.accounts.sign_in.second_factor import take_away
from pingvas.accounts.tables import ApiKey, OAuthAccount, Passkey, SecondFactor, User, UserSession
from pingvas.base.errors import Conflict, NotFound
from pingvas.base.events import publish_later
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import accept_name

MAX_REASON = 1000


@dataclass(frozen=True)
class PeopleFilter:
    """Which people. `words` are looked for in address, name and handle, or are an id."""

    words: str | None = None
    role: str | None = None
    status: str | None = None


@dataclass(frozen=True)
class WaysIn:
    """How a person can sign in, and where they are."""

    devices: int
    passkeys: int
    providers: list[str]
    api_keys: int
    second_factor: bool
    last_used_at: datetime | None


async def list_people(session: ReadSession, filter: PeopleFilter, asked: PageRequest) -> Page[User]:
    """People, those who came last first. Raises BadCursor."""
    query = select(User)
    if filter.words:
        query = query.where(_matches(filter.words))
    if filter.role is not None:
        query = query.where(User.role == filter.role)
    if filter.status is not None:
        query = query.where(User.status == filter.status)
    told = ("people", str(filter.words), str(filter.role), str(filter.status))
    page = await read_page(session, query, asked, order=(User.created_at, User.id), belongs_to=told)
    return page.of(lambda row: row[0])


async def get_person(session: ReadSession, user_id: UUID) -> User:
    """Raises NotFound."""
    user = await session.scalar(select(User).where(User.id == user_id))
    if user is None:
        raise NotFound
    return user


async def ways_in(session: ReadSession, user_id: UUID) -> WaysIn:
    """How somebody can sign in."""

    def count(
        table: type[UserSession] | type[Passkey] | type[ApiKey], *also: ColumnElement[bool]
    ) -> ColumnElement[int]:
        return (
            select(func.count()).select_from(table).where(table.user_id == user_id, *also).scalar_subquery()
        )

    used = select(func.max(UserSession.last_used_at))
    last = used.where(UserSession.user_id == user_id, UserSession.viewer_id.is_(None)).scalar_subquery()
    providers = select(func.array_agg(OAuthAccount.provider)).where(OAuthAccount.user_id == user_id)
    factor = select(func.count()).select_from(SecondFactor)
    factor = factor.where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    row = (
        await session.execute(
            select(
                count(UserSession, UserSession.expires_at > func.now(), UserSession.viewer_id.is_(None)),
                count(Passkey),
                providers.scalar_subquery(),
                count(ApiKey, ApiKey.revoked_at.is_(None)),
                factor.scalar_subquery(),
                last,
            )
        )
    ).one()
    return WaysIn(row[0], row[1], sorted(row[2] or []), row[3], bool(row[4]), row[5])


async def suspend(session: AsyncSession, doer: Doer, user_id: UUID, reason: str) -> User:
    """Keep somebody out until they are restored: devices and keys stop working at once, the pages that are open say why, and they
    are written to. Their sessions are kept until then, so that each device learns it too.

    Whoever calls ends their jobs. Raises NotFound, Invalid, LastAdmin and Conflict.
    """
    reason = accept_reason(reason)
    await refuse_if_last_admin(session, user_id)
    user = await _lock(session, user_id)
    if user.status != "active":
        raise Conflict(f"This account is {user.status} already.")
    user.status, user.suspended_at, user.suspended_reason = "suspended", func.now(), reason
    await session.flush()
    await session.execute(
        delete(UserSession).where(UserSession.user_id == user_id, UserSession.viewer_id.is_not(None))
    )
    publish_later(session, user_id, AuthExpired(code="account_suspended"))
    await _record(session, doer, "user.suspend", user_id, ("status", "active", "suspended"), reason)
    await write_to(session, user, "account_suspended", {"reason": reason})
    return await _again(session, user_id)


async def restore(session: AsyncSession, doer: Doer, user_id: UUID, reason: str) -> User:
    """Let somebody in again who was suspended; each device signs in anew. Raises NotFound, Invalid and Conflict."""
    reason = accept_reason(reason)
    user = await _lock(session, user_id)
    if user.status != "suspended":
        raise Conflict("This account is not suspended.")
    user.status, user.suspended_at, user.suspended_reason = "active", None, None
    await session.flush()
    await end_other_sessions(session, user_id, None)
    await _record(session, doer, "user.restore", user_id, ("status", "suspended", "active"), reason)
    await write_to(session, user, "account_restored")
    return await _again(session, user_id)


async def set_role(session: AsyncSession, doer: Doer, user_id: UUID, role: str, reason: str) -> User:
    """Make somebody an admin, or an admin a user. Raises NotFound, Invalid, LastAdmin."""
    reason = accept_reason(reason)
    if role != "admin":
        await refuse_if_last_admin(session, user_id)
    user = await _lock(session, user_id)
    before, user.role = user.role, role
    await session.flush()
    if before != role:
        await _record(session, doer, "user.role", user_id, ("role", before, role), reason)
    return await _again(session, user_id)


async def end_sessions_of(session: AsyncSession, doer: Doer, user_id: UUID, reason: str) -> int:
    """Sign all of somebody's devices out; how many it were. Raises NotFound and Invalid."""
    reason = accept_reason(reason)
    await _lock(session, user_id)
    ended = await end_other_sessions(session, user_id, None)
    await record(session, doer, "user.end_sessions", "user", user_id, after={"ended": ended}, reason=reason)
    return ended


async def revoke_keys_of(session: AsyncSession, doer: Doer, user_id: UUID, reason: str) -> int:
    """Have all of somebody's API keys stop working; how many it were. Raises NotFound and Invalid."""
    reason = accept_reason(reason)
    await _lock(session, user_id)
    revoke = update(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    revoked = (await session.scalars(revoke.values(revoked_at=func.now()).returning(ApiKey.id))).all()
    await record(
        session, doer, "user.revoke_keys", "user", user_id, after={"revoked": len(revoked)}, reason=reason
    )
    return len(revoked)


async def remove_second_factor_of(session: AsyncSession, doer: Doer, user_id: UUID, reason: str) -> None:
    """For somebody who has lost the app and the recovery codes. Raises NotFound and Invalid."""
    reason = accept_reason(reason)
    user = await _lock(session, user_id)
    await take_away(session, user_id)
    await record(session, doer, "user.remove_second_factor", "user", user_id, reason=reason)
    await write_to(session, user, "second_factor_off")


def accept_reason(reason: str) -> str:
    """Why, in words that show. Raises Invalid."""
    return accept_name(reason, field="reason", longest=MAX_REASON)


def _matches(words: str) -> ColumnElement[bool]:
    words = words.strip()
    try:
        return User.id == UUID(words)
    except ValueError:
        pass
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = f"%{escaped}%"
    return or_(User.email.ilike(like), User.display_name.ilike(like), User.handle.ilike(like))


async def _lock(session: AsyncSession, user_id: UUID) -> User:
    user = await session.scalar(select(User).where(User.id == user_id).with_for_update(key_share=True))
    if user is None:
        raise NotFound
    return user


async def _again(session: AsyncSession, user_id: UUID) -> User:
    """The row as the database has it now."""
    return await session.get_one(User, user_id, populate_existing=True)


async def _record(
    session: AsyncSession, doer: Doer, action: str, user_id: UUID, change: tuple[str, str, str], reason: str
) -> None:
    field, before, after = change
    await record(
        session, doer, action, "user", user_id, before={field: before}, after={field: after}, reason=reason
    )
