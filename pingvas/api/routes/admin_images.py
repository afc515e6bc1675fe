"""For admins: images that people report, and those that are hidden. Every deed is in the audit log."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.tables import User
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AdminDep, ReadSessionDep, SessionDep, StorageDep
from pingvas.api.http.wire import PageDep
from pingvas.api.routes.admin import CountOut, DoerDep, ReasonBody
from pingvas.api.routes.image_out import image_out
from pingvas.api.routes.reports import Words
from pingvas.base.errors import Conflict, NotFound
from pingvas.gallery.sharing.hiding import HiddenView, hide_image, list_hidden, show_image
from pingvas.gallery.sharing.reasons import Reason
from pingvas.gallery.sharing.reports import (
    MOST_LISTED,
    MOST_TOLD,
    ReportedImage,
    dismiss_reports,
    list_reported,
)
from pingvas.gallery.tables import Image
from pingvas.generation.requests.job_request import Visibility

router = APIRouter(prefix="/admin", tags=["admin"])


class PersonRef(BaseModel):
    """Somebody, by what they are called."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    display_name: str
    handle: str | None
    status: Literal["active", "suspended", "deleted"]


class JudgedImageOut(BaseModel):
    """An image as admins see it who have to judge it. The addresses expire."""

    id: UUID
    width: int
    height: int
    visibility: Visibility
    prompt: str | None = Field(description="Null: it does not say")
    thumbnail_url: str | None
    thumbnail_large_url: str | None
    file_url: str
    created_at: datetime
    trashed_at: datetime | None
    owner: PersonRef


class ReportOut(BaseModel):
    reason: Reason
    words: str | None
    created_at: datetime
    reporter: PersonRef


class ReasonCountOut(BaseModel):
    reason: Reason
    count: int


class ReportedImageOut(BaseModel):
    """An image with its open reports."""

    image: JudgedImageOut
    count: int = Field(description="Open reports")
    reasons: list[ReasonCountOut] = Field(description="What most name first")
    reports: list[ReportOut] = Field(description=f"The newest, {MOST_TOLD} at most")


class ReportedOut(BaseModel):
    items: list[ReportedImageOut] = Field(
        description=f"{MOST_LISTED} at most; others follow once these are dealt with"
    )
    total: int = Field(description="Images with open reports")


class HiddenImageOut(BaseModel):
    """An image that nobody but its owner sees."""

    image: JudgedImageOut
    reason: Reason
    words: str | None
    visibility_before: Visibility
    hidden_at: datetime


class HiddenImagePage(BaseModel):
    items: list[HiddenImageOut]
    next_cursor: str | None


class HideBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="Its owner is told")
    words: Words | None = Field(None, description="What its owner is told beside it")


class DismissBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: Words | None = Field(None, description="Kept in the audit log")


@router.get("/reports", operation_id="list_reports")
async def list_reports(admin: AdminDep, session: ReadSessionDep, storage: StorageDep) -> ReportedOut:
    """Images with open reports, those with the most first."""
    found = await list_reported(session)
    return ReportedOut(items=[await _reported(each, storage) for each in found.items], total=found.total)


@router.get("/hidden-images", operation_id="list_hidden_images")
async def list_hidden_images(
    admin: AdminDep, session: ReadSessionDep, storage: StorageDep, asked: PageDep
) -> HiddenImagePage:
    """What is hidden, the newest first."""
    page = await list_hidden(session, asked)
    items = [await _hidden(view, storage) for view in page.items]
    return HiddenImagePage(items=items, next_cursor=page.next_cursor)


@router.post("/images/{image_id:uuid}/hide", operation_id="hide_image")
@raises(NotFound)
async def hide(
    image_id: UUID, body: HideBody, admin: AdminDep, doer: DoerDep, session: SessionDep, storage: StorageDep
) -> HiddenImageOut:
    """Let nobody but its owner see an image, who is told why; its reports are closed. Asked for again, it changes the reason."""
    return await _hidden(await hide_image(session, doer, image_id, body.reason, body.words), storage)


@router.post(
    "/images/{image_id:uuid}/show", status_code=status.HTTP_204_NO_CONTENT, operation_id="show_image"
)
@raises(NotFound, Conflict)
async def show(image_id: UUID, body: ReasonBody, admin: AdminDep, doer: DoerDep, session: SessionDep) -> None:
    """Let a hidden image be seen again by whom it was seen before. Its owner is told."""
    await show_image(session, doer, image_id, body.reason)


@router.post("/images/{image_id:uuid}/reports/dismiss", operation_id="dismiss_reports")
@raises(NotFound)
async def dismiss(
    image_id: UUID, body: DismissBody, admin: AdminDep, doer: DoerDep, session: SessionDep
) -> CountOut:
    """Close the open reports of an image, which stays as it is."""
    return CountOut(count=await dismiss_reports(session, doer, image_id, body.words))


async def _reported(found: ReportedImage, storage: Storage) -> ReportedImageOut:
    return ReportedImageOut(
        image=await _judged(found.image, found.owner, storage),
        count=sum(found.counts.values()),
        reasons=[ReasonCountOut(reason=reason, count=count) for reason, count in found.counts.items()],
        reports=[
            ReportOut(
                reason=report.reason,
                words=report.words,
                created_at=report.created_at,
                reporter=PersonRef.model_validate(reporter),
            )
            for report, reporter in found.reports
        ],
    )


async def _hidden(view: HiddenView, storage: Storage) -> HiddenImageOut:
    hidden = view.hidden
    return HiddenImageOut(
        image=await _judged(view.image, view.owner, storage),
        reason=hidden.reason,
        words=hidden.words,
        visibility_before=hidden.visibility_before,
        hidden_at=hidden.hidden_at,
    )


async def _judged(image: Image, owner: User, storage: Storage) -> JudgedImageOut:
    shown = await image_out(image, storage)
    said: dict[str, Any] = shown.generation_params
    prompt = said.get("prompt")
    return JudgedImageOut(
        **shown.model_dump(
            include={
                "id",
                "width",
                "height",
                "visibility",
                "thumbnail_url",
                "thumbnail_large_url",
                "file_url",
                "created_at",
                "trashed_at",
            }
        ),
        prompt=prompt if isinstance(prompt, str) else None,
        owner=PersonRef.model_validate(owner),
    )
