"""For admins: the audit log and announcements. `/announcements` is everybody's."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.admin.announcements import (
    MAX_TEXT,
    NewAnnouncement,
    all_announcements,
    announce,
    current_announcements,
    withdraw,
)
from pingvas.accounts.admin.audit import AuditFilter, list_entries, names_of_targets
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AdminDep, EvenLeavingActorDep, ReadSessionDep, SessionDep
from pingvas.api.http.once import REPLAYED, OnceDep
from pingvas.api.http.tables_as_csv import AS_CSV, csv_answer
from pingvas.api.http.wire import Moment, PageDep
from pingvas.api.routes.admin import DoerDep
from pingvas.base.errors import NotFound

router = APIRouter(tags=["admin"])

Level = Literal["info", "warning", "critical"]
_COLUMNS = (
    "created_at",
    "actor_name",
    "action",
    "target_type",
    "target_id",
    "before",
    "after",
    "reason",
    "ip_address",
)


class AuditEntryOut(BaseModel):
    """A deed of an admin. `actor_id` is null where they are gone, or acted from the command line."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    actor_id: UUID | None
    actor_name: str
    action: str
    target_type: str
    target_id: str | None
    target_name: str | None = Field(None, description="Of a person: what they are called now")
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    ip_address: str | None
    created_at: datetime


class AuditPage(BaseModel):
    items: list[AuditEntryOut]
    next_cursor: str | None


class AnnouncementOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    level: Level
    text_en: str
    text_ko: str
    starts_at: datetime
    ends_at: datetime | None


class AnnouncementsOut(BaseModel):
    items: list[AnnouncementOut]


class AnnouncementBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    level: Level = "info"
    text_en: str = Field(min_length=1, max_length=MAX_TEXT)
    text_ko: str = Field(min_length=1, max_length=MAX_TEXT)
    starts_at: Moment | None = Field(None, description="Left out: now")
    ends_at: Moment | None = Field(None, description="Left out: until it is removed")


async def _filter(
    actor_id: UUID | None = None,
    target_id: Annotated[str | None, Query(max_length=200)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> AuditFilter:
    return AuditFilter(actor_id, target_id, action, since, until)


FilterDep = Annotated[AuditFilter, Depends(_filter)]


@router.get("/admin/audit", operation_id="list_audit_log")
async def list_audit_log(
    admin: AdminDep, session: ReadSessionDep, asked: PageDep, filter: FilterDep
) -> AuditPage:
    """What admins did, newest first."""
    page = await list_entries(session, filter, asked)
    names = await names_of_targets(session, page.items)
    items = [
        AuditEntryOut.model_validate(entry).model_copy(
            update={"target_name": names.get(entry.target_id or "")}
        )
        for entry in page.items
    ]
    return AuditPage(items=items, next_cursor=page.next_cursor)


@router.get(
    "/admin/audit.csv",
    operation_id="export_audit_log",
    response_class=Response,
    responses=AS_CSV,
)
async def export_audit_log(
    admin: AdminDep, session: ReadSessionDep, asked: PageDep, filter: FilterDep
) -> Response:
    """A page of the same, by the same filters, as CSV; the next one is in the header `X-Next-Cursor`."""
    page = await list_entries(session, filter, asked)
    headers = {"X-Next-Cursor": page.next_cursor} if page.next_cursor else {}
    rows = ([getattr(entry, column) for column in _COLUMNS] for entry in page.items)
    return csv_answer(_COLUMNS, rows, headers=headers)


@router.get("/announcements", operation_id="list_announcements")
async def list_current(actor: EvenLeavingActorDep, session: ReadSessionDep) -> AnnouncementsOut:
    """What the studio has to say at this moment, newest first."""
    return _told(await current_announcements(session))


@router.get("/admin/announcements", operation_id="list_all_announcements")
async def list_all(admin: AdminDep, session: ReadSessionDep) -> AnnouncementsOut:
    """Also what it said before, and will say."""
    return _told(await all_announcements(session))


@router.post(
    "/admin/announcements",
    status_code=status.HTTP_201_CREATED,
    operation_id="announce",
    response_model=AnnouncementOut,
    responses={201: REPLAYED},
)
async def create(
    body: AnnouncementBody, admin: AdminDep, doer: DoerDep, session: SessionDep, once: OnceDep
) -> Response:
    """Tell everybody. Pages that are open show it at once."""

    async def act() -> AnnouncementOut:
        new = NewAnnouncement(body.level, body.text_en, body.text_ko, body.starts_at, body.ends_at)
        return AnnouncementOut.model_validate(await announce(session, doer, new))

    return await once.answer(session, admin, body, act)


@router.delete(
    "/admin/announcements/{announcement_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="withdraw_announcement",
)
@raises(NotFound)
async def remove(announcement_id: UUID, admin: AdminDep, doer: DoerDep, session: SessionDep) -> None:
    """Remove it; it is in the audit log."""
    await withdraw(session, doer, announcement_id)


def _told(found: list[Any]) -> AnnouncementsOut:
    return AnnouncementsOut(items=[AnnouncementOut.model_validate(one) for one in found])
