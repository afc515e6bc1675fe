"""A person's picture of themselves: `/me/avatar`."""

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile, status
from pydantic import BaseModel, Field

from pingvas.accounts.people.avatar import SIZES, avatar_object, set_avatar, store_avatar
from pingvas.accounts.tables import UserProfile
from pingvas.adapters.storage import Storage
from pingvas.api.http.bodies import ROOM_FOR_THE_FORM, Admission, bearer_of, hold_upload, too_large
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    BudgetsDep,
    DatabaseDep,
    DecoderDep,
    SessionDep,
    SettingsDep,
    StorageDep,
)
from pingvas.api.http.who_asks import who_asks
from pingvas.base.budgets import Budgets, BudgetUsedUp, StudioBusy
from pingvas.base.db import Database
from pingvas.base.errors import TooLarge

router = APIRouter(prefix="/me/avatar", tags=["accounts"])

MAX_BYTES = 8 * 1024 * 1024


# Bytes of the largest form that is taken.
MAX_FORM_BYTES = MAX_BYTES + ROOM_FOR_THE_FORM


async def admit(request: Request, declared: int) -> Admission:
    """Who sends a picture of themselves is known, and has not too much under way, before a byte of it is read."""
    database: Database = request.app.state.database
    budgets: Budgets = request.app.state.budgets
    async with database.read() as session:
        actor = await who_asks(request, session, bearer_of(request.headers))
    under_way, holding = hold_upload(budgets, actor.user_id, min(declared, MAX_FORM_BYTES))
    return Admission(MAX_FORM_BYTES, lambda: too_large(MAX_BYTES), holding, under_way)


class AvatarOut(BaseModel):
    """Where the picture is, in two sizes; the addresses are signed and expire."""

    small: str = Field(description=f"{SIZES[0]} pixels a side")
    large: str = Field(description=f"{SIZES[1]} pixels a side")


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="set_my_avatar",
    form_limits={"max_files": 1, "max_fields": 1, "max_part_size": 1024},
)
@raises(BudgetUsedUp, StudioBusy, TooLarge)
async def set_my_avatar(
    file: Annotated[
        UploadFile, File(description="PNG, JPEG, WebP, AVIF or HEIC; the square in its middle is shown")
    ],
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    storage: StorageDep,
    budgets: BudgetsDep,
    decoder: DecoderDep,
) -> AvatarOut:
    """Show this picture of me. It is made anew from its pixels: what else the file holds is not kept."""
    budgets.changes.take(actor.user_id)
    data = await file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge(
            f"This file is too large: at most {MAX_BYTES} bytes are taken.", extra={"max_bytes": MAX_BYTES}
        )
    picture = await decoder.check(
        budgets, actor.user_id, data, max_side=settings.max_image_side, max_pixels=settings.max_image_pixels
    )
    key = await store_avatar(storage, actor.user_id, picture.thumbnails.large)
    async with database.transaction() as session:
        await set_avatar(session, actor.user_id, key)
    return await _addresses(key, storage)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, operation_id="remove_my_avatar")
async def remove_my_avatar(actor: ActorDep, session: SessionDep) -> None:
    """Show no picture of me."""
    await set_avatar(session, actor.user_id, None)


async def avatar_out(profile: UserProfile, storage: Storage) -> AvatarOut | None:
    """The picture a profile shows: one of ours, or one elsewhere that stands for both sizes."""
    if profile.avatar_key is not None:
        return await _addresses(profile.avatar_key, storage)
    if profile.avatar_url is not None:
        return AvatarOut(small=profile.avatar_url, large=profile.avatar_url)
    return None


async def _addresses(key: str, storage: Storage) -> AvatarOut:
    small, large = [await storage.sign(avatar_object(key, size)) for size in SIZES]
    return AvatarOut(small=small, large=large)
