"""API keys, for programs that act in somebody's name: `/me/api-keys`. Only somebody who has signed in makes and changes them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from pingvas.accounts.api_keys.addresses import MAX_ADDRESSES
from pingvas.accounts.api_keys.keys import (
    MAX_LIVE_KEYS,
    MAX_MODELS,
    MAX_NAME,
    KeyChanges,
    KeyRevoked,
    KeyView,
    TooManyKeys,
    change_key,
    create_key,
    list_keys,
    revoke_key,
)
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, BudgetsDep, FreshActorDep, ReadSessionDep, SessionDep, within
from pingvas.api.http.wire import SHOWN_NAME, Moment, PageDep, Text, left_out
from pingvas.base.budgets import BudgetUsedUp
from pingvas.catalog.models import require_known

router = APIRouter(prefix="/me/api-keys", tags=["accounts"])

ScopeName = Literal["read", "generate", "manage"]

_NAME: JsonDict = {**SHOWN_NAME, "maxLength": MAX_NAME}
_INTEGER_MAX = 2_147_483_647
Name = Annotated[
    str, Field(max_length=400, description=f"1 to {MAX_NAME} characters", json_schema_extra=_NAME)
]
Cap = Annotated[int, Field(ge=0, le=_INTEGER_MAX)]
Models = Annotated[
    list[Annotated[Text, Field(min_length=1, max_length=200)]],
    Field(max_length=MAX_MODELS, json_schema_extra={"uniqueItems": True}),
]
Addresses = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=MAX_ADDRESSES)]
PerMinute = Annotated[int, Field(ge=1, le=_INTEGER_MAX)]

_TOTAL_CAP = "Credits that it may spend in all; null: what I have"
_DAILY_CAP = "Credits that it may spend in a day, of UTC; null: what I have"
_MODELS = "Names of the models, LoRAs and other parts that its jobs may use; null: all that I may use"
_ADDRESSES = "From where it may be used: addresses, and networks as `198.51.100.0/24`; null: from everywhere"
_PER_MINUTE = "Requests a minute that it may make; null: what my plan allows all my programs together"
_EXPIRES_AT = "When it stops working; null: never"


class KeyOut(BaseModel):
    """An API key. Of the key itself only its beginning is kept, `prefix`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str
    scopes: list[ScopeName]
    total_cap: int | None = Field(description=_TOTAL_CAP)
    daily_cap: int | None = Field(description=_DAILY_CAP)
    spent_total: int = Field(description="Credits that its jobs hold, or have cost")
    spent_today: int = Field(description="The same of those asked for today, of UTC")
    models: list[str] | None = Field(description=_MODELS)
    addresses: list[str] | None = Field(description=_ADDRESSES)
    requests_per_minute: int | None = Field(description=_PER_MINUTE)
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To a minute")
    last_used_ip: str | None
    created_at: datetime


class NewKeyOut(KeyOut):
    key: str = Field(description="The key itself, told this once")


class KeyPage(BaseModel):
    items: list[KeyOut]
    next_cursor: str | None


class KeyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    scopes: list[ScopeName] = Field(
        min_length=1,
        max_length=3,
        description="`read`: look. `generate`: ask for pictures, cancel, upload. `manage`: change the gallery and the profile",
        json_schema_extra={"uniqueItems": True},
    )
    total_cap: Cap | None = Field(None, description=_TOTAL_CAP)
    daily_cap: Cap | None = Field(None, description=_DAILY_CAP)
    models: Models | None = Field(None, description=_MODELS)
    addresses: Addresses | None = Field(None, description=_ADDRESSES)
    requests_per_minute: PerMinute | None = Field(None, description=_PER_MINUTE)
    expires_at: Moment | None = Field(None, description=_EXPIRES_AT)


class KeyPatch(BaseModel):
    """Only what is sent changes; null takes a bound away. Scopes stay as they are: make another key."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(default_factory=left_out)
    total_cap: Cap | None = Field(None, description=_TOTAL_CAP)
    daily_cap: Cap | None = Field(None, description=_DAILY_CAP)
    models: Models | None = Field(None, description=_MODELS)
    addresses: Addresses | None = Field(None, description=_ADDRESSES)
    requests_per_minute: PerMinute | None = Field(None, description=_PER_MINUTE)
    expires_at: Moment | None = Field(None, description=_EXPIRES_AT)


@router.get("", operation_id="list_api_keys", dependencies=[within("lists")])
async def list_my_keys(actor: ActorDep, session: ReadSessionDep, asked: PageDep) -> KeyPage:
    """My API keys, the newest first, with those that were revoked or have expired."""
    page = await list_keys(session, actor.user_id, asked)
    items = [KeyOut(**_facts(view)) for view in page.items]
    return KeyPage(items=items, next_cursor=page.next_cursor)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="create_api_key",
    description=f"Make an API key, which acts in my name within its bounds. It is shown in this answer and never again; I am written "
    f"to. At most {MAX_LIVE_KEYS} work at once.",
)
@raises(TooManyKeys, BudgetUsedUp)
async def create_my_key(
    body: KeyBody, actor: FreshActorDep, session: SessionDep, budgets: BudgetsDep, response: Response
) -> NewKeyOut:
    """Make a key; the answer is the only place where it stands."""
    budgets.api_keys.take(actor.user_id)
    await require_known(session, body.models or (), field="models")
    bounds = body.model_dump(exclude={"name", "scopes"})
    made = await create_key(
        session,
        actor.user_id,
        body.name,
        body.scopes,
        KeyChanges(**bounds),  # type: ignore[typeddict-item]  # the other fields of the body are its keys
    )
    response.headers["Cache-Control"] = "no-store"
    return NewKeyOut(**_facts(made.view), key=made.text)


@router.patch("/{key_id:uuid}", operation_id="change_api_key", dependencies=[within("changes")])
@raises(KeyRevoked)
async def change_my_key(key_id: UUID, body: KeyPatch, actor: FreshActorDep, session: SessionDep) -> KeyOut:
    """Change the name of an API key of mine, or its bounds. They count from the next call on."""
    sent = body.model_dump(exclude_unset=True)
    await require_known(session, sent.get("models") or (), field="models")
    changes = KeyChanges(**sent)  # type: ignore[typeddict-item]  # the fields of KeyPatch are its keys
    return KeyOut(**_facts(await change_key(session, actor.user_id, key_id, changes)))


@router.delete("/{key_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="revoke_api_key")
async def revoke_my_key(key_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Have an API key of mine stop working at once. What was made with it still says so."""
    await revoke_key(session, actor.user_id, key_id)


def _facts(view: KeyView) -> dict[str, Any]:
    own = {name: getattr(view.key, name) for name in KeyOut.model_fields if not name.startswith("spent_")}
    return {**own, "spent_total": view.spent_total, "spent_today": view.spent_today}
