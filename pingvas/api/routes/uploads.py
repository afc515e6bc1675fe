"""Sending a picture in: `POST /images`."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Header, Request, Response, UploadFile, status

from pingvas.api.http.bodies import ROOM_FOR_THE_FORM, Admission, bearer_of, hold_upload, too_large
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    BudgetsDep,
    DatabaseDep,
    DecoderDep,
    SettingsDep,
    StorageDep,
)
from pingvas.api.http.who_asks import who_asks
from pingvas.api.http.wire import KEY_SCHEMA
from pingvas.api.routes.image_out import ImageDetailsOut, image_details_out
from pingvas.base.budgets import Budgets, BudgetUsedUp, StudioBusy
from pingvas.base.db import Database
from pingvas.base.errors import StudioError, TooLarge
from pingvas.base.idempotency import (
    IdempotencyConflict,
    StillRunning,
    find_first_answer,
    idempotent_call,
    remember_answer,
)
from pingvas.base.settings import Settings
from pingvas.billing.entitlements import entitlements_of
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription, lock_current_subscription
from pingvas.gallery.keep_upload import keep_upload, store_upload
from pingvas.gallery.storage_use import StorageExceeded, require_room, used_bytes
from pingvas.generation.requests.job_request import Visibility

router = APIRouter(prefix="/images", tags=["gallery"])


def most_bytes(settings: Settings) -> int:
    """Bytes that the form with the largest picture has."""
    return settings.upload_max_bytes + ROOM_FOR_THE_FORM


async def admit(request: Request, declared: int) -> Admission:
    """Who uploads is known, has room for what comes, and has not too much under way, before a byte of it is read."""
    database: Database = request.app.state.database
    budgets: Budgets = request.app.state.budgets
    settings: Settings = request.app.state.settings
    async with database.read() as session:
        actor = await who_asks(request, session, bearer_of(request.headers))
        budgets.sent_images.take(actor.user_id)
        quota = entitlements_of(await get_current_subscription(session, actor.user_id)).storage_bytes
        used = await used_bytes(session, actor.user_id)
    largest = most_bytes(settings)
    # Once the storage is full, a call that was made before is still answered as then: the form fits in any case.
    room = max(0, quota - used) + ROOM_FOR_THE_FORM

    def refuse() -> StudioError:
        if largest <= room:
            return too_large(largest)
        return StorageExceeded(
            extra={"required_bytes": max(declared, room), "used_bytes": used, "quota_bytes": quota}
        )

    under_way, holding = hold_upload(budgets, actor.user_id, min(declared, largest))
    return Admission(min(largest, room), refuse, holding, under_way)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="upload_image",
    response_model=ImageDetailsOut,
    form_limits={"max_files": 1, "max_fields": 4, "max_part_size": 1024},
)
@raises(StillRunning, IdempotencyConflict, StorageExceeded, NoSubscription, BudgetUsedUp, StudioBusy)
async def upload_image(
    file: Annotated[
        UploadFile,
        File(description="PNG, JPEG, WebP, AVIF or HEIC. Of an animation, the first frame is kept"),
    ],
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    storage: StorageDep,
    budgets: BudgetsDep,
    decoder: DecoderDep,
    visibility: Annotated[Visibility, Form()] = "private",
    idempotency_key: Annotated[
        str | None,
        Header(
            json_schema_extra=KEY_SCHEMA,
            description="Same key and picture: the first answer again, and nothing is kept twice",
        ),
    ] = None,
) -> Response:
    """Keep a picture of mine. What it says about how it was made is read back; where it was taken is not kept."""
    data = await file.read(settings.upload_max_bytes + 1)
    if len(data) > settings.upload_max_bytes:
        raise TooLarge(
            f"This file is too large: at most {settings.upload_max_bytes} bytes are taken.",
            extra={"max_bytes": settings.upload_max_bytes},
        )
    call = None
    if idempotency_key is not None:
        body = {"sha256": hashlib.sha256(data).hexdigest(), "visibility": visibility}
        call = idempotent_call(actor.user_id, "POST /images", idempotency_key, body)
    async with database.read() as session:
        first = None if call is None else await find_first_answer(session, call)
        if first is not None:
            return _created(first[1], replayed=True)
        quota = entitlements_of(await get_current_subscription(session, actor.user_id)).storage_bytes
        await require_room(session, actor.user_id, 1, quota)
    picture = await decoder.check(
        budgets,
        actor.user_id,
        data,
        max_side=settings.max_image_side,
        max_pixels=settings.max_image_pixels,
    )
    stored = await store_upload(storage, actor.user_id, picture, visibility=visibility)
    keys = {} if actor.key is None else {actor.key.id: actor.key.name}
    stored.api_key_id = next(iter(keys), None)
    async with database.transaction() as session:
        first = None if call is None else await find_first_answer(session, call)
        if first is not None:
            return _created(first[1], replayed=True)
        subscription = await lock_current_subscription(session, actor.user_id)
        image = await keep_upload(session, stored, entitlements_of(subscription).storage_bytes)
        answer = (await image_details_out(session, image, storage, keys=keys)).model_dump_json()
        if call is not None:
            await remember_answer(session, call, status.HTTP_201_CREATED, answer)
    return _created(answer)


def _created(body: Any, *, replayed: bool = False) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return Response(text, status.HTTP_201_CREATED, headers=headers, media_type="application/json")
