"""Leaving: deleting one's account, taking that back, and fetching everything about oneself as one file."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, status
from pydantic import BaseModel, Field

from pingvas.accounts.leaving.deletion import NotLeaving, ask_to_leave, stay
from pingvas.accounts.leaving.exports import ask_for_export, find_export
from pingvas.accounts.people.admins import LastAdmin
from pingvas.accounts.tables import DataExport
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    BudgetsDep,
    EvenLeavingActorDep,
    FreshActorDep,
    ReadSessionDep,
    SessionDep,
    SettingsDep,
    StorageDep,
)
from pingvas.base.budgets import BudgetUsedUp
from pingvas.base.errors import Conflict, NotFound
from pingvas.generation.lifecycle.cancel import cancel_all

router = APIRouter(prefix="/me", tags=["accounts"])


class LeavingOut(BaseModel):
    leaves_at: datetime = Field(description="When everything is deleted; until then it can be taken back")


class ExportOut(BaseModel):
    """The file with everything about a person."""

    status: Literal["waiting", "ready", "failed"]
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    file_size: int | None = Field(description="Bytes")
    url: str | None = Field(description="Where the zip is, for a short while; ask again for a fresh address")


@router.delete("", operation_id="delete_me")
@raises(LastAdmin, Conflict)
async def delete_me(actor: FreshActorDep, session: SessionDep, settings: SettingsDep) -> LeavingOut:
    """Delete this account. Jobs end and other devices are signed out at once; the rest is kept for some days, in which the owner
    can sign in and take the deletion back."""
    await cancel_all(session, actor)
    leaves_at = await ask_to_leave(session, settings, actor.user_id, session_id=actor.session_id)
    return LeavingOut(leaves_at=leaves_at)


@router.post("/delete/undo", status_code=status.HTTP_204_NO_CONTENT, operation_id="undo_delete_me")
@raises(NotLeaving)
async def undo_delete_me(actor: EvenLeavingActorDep, session: SessionDep) -> None:
    """Take the deletion of this account back."""
    await stay(session, actor.user_id)


@router.post("/export", status_code=status.HTTP_202_ACCEPTED, operation_id="ask_for_export")
@raises(BudgetUsedUp)
async def ask(
    actor: EvenLeavingActorDep, session: SessionDep, storage: StorageDep, budgets: BudgetsDep
) -> ExportOut:
    """Have a zip made with everything about this person; a mail says when it is ready."""
    export, is_fresh = await ask_for_export(session, actor.user_id)
    if is_fresh:
        budgets.exports.take(actor.user_id)
    return await _export_out(export, storage)


@router.get("/export", operation_id="get_export")
@raises(NotFound)
async def get(actor: EvenLeavingActorDep, session: ReadSessionDep, storage: StorageDep) -> ExportOut:
    """The latest export: where it stands, and its address once it is made."""
    found = await find_export(session, actor.user_id)
    if found is None:
        raise NotFound("No export was asked for yet.")
    return await _export_out(found, storage)


async def _export_out(export: DataExport, storage: Storage) -> ExportOut:
    return ExportOut(
        status=export.status,
        requested_at=export.created_at,
        ready_at=export.ready_at,
        expires_at=export.expires_at,
        file_size=export.file_size,
        url=None if export.storage_key is None else await storage.sign(export.storage_key),
    )
