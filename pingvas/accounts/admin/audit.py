"""The audit log: who did what on whom, before and after, from where. Written in the transaction of the deed; the database refuses
to change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import AuditEntry, User
from pingvas.base.ids import new_id
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession

COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Doer:
    """Who acts, and from which address. `user_id` None: somebody with a shell on the machine."""

    user_id: UUID | None
    ip: str | None


FROM_COMMAND_LINE = Doer(None, None)


@dataclass(frozen=True)
class AuditFilter:
    """Which entries: all where nothing is said."""

    actor_id: UUID | None = None
    target_id: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def record(
    session: AsyncSession,
    doer: Doer,
    action: str,
    target_type: str,
    target_id: UUID | str | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write down a deed of an admin. `before` and `after` hold what changed, as JSON, and no secret."""
    name = COMMAND_LINE
    if doer.user_id is not None:
        found = await session.execute(select(User.email, User.display_name).where(User.id == doer.user_id))
        email, display_name = found.one()
        name = email or display_name
    entry = AuditEntry(
        id=new_id(),
        actor_id=doer.user_id,
        actor_name=name,
        action=action,
        target_type=target_type,
        target_id=None if target_id is None else str(target_id),
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        reason=reason,
        ip_address=doer.ip,
    )
    session.add(entry)
    await session.flush()


async def list_entries(session: ReadSession, filter: AuditFilter, asked: PageRequest) -> Page[AuditEntry]:
    """The entries, newest first. Raises BadCursor."""
    query = select(AuditEntry)
    if filter.actor_id is not None:
        query = query.where(AuditEntry.actor_id == filter.actor_id)
    if filter.target_id is not None:
        query = query.where(AuditEntry.target_id == filter.target_id)
    if filter.action is not None:
        query = query.where(AuditEntry.action == filter.action)
    if filter.since is not None:
        query = query.where(AuditEntry.created_at >= filter.since)
    if filter.until is not None:
        query = query.where(AuditEntry.created_at < filter.until)
    order = (AuditEntry.created_at, AuditEntry.id)
    told = tuple(str(part) for part in vars(filter).values())
    page = await read_page(session, query, asked, order=order, belongs_to=("audit", *told))
    return page.of(lambda row: row[0])


async def names_of_targets(session: ReadSession, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """What the people are called now to whom something was done, by their ids; those who are gone are left out."""
    ids = {UUID(entry.target_id) for entry in entries if entry.target_type == "user" and entry.target_id}
    if not ids:
        return {}
    found = await session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {str(user_id): name for user_id, name in found}
