"""For admins: people, and what is done to them. Every deed is in the audit log."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.actor import Actor
from pingvas.accounts.admin import people
from pingvas.accounts.admin.audit import Doer
from pingvas.accounts.admin.people import MAX_REASON, PeopleFilter
from pingvas.accounts.admin.viewing import LASTS, start_viewing
from pingvas.accounts.people.admins import LastAdmin
from pingvas.accounts.tables import User
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AdminDep, FreshAdminDep, ReadSessionDep, SessionDep, SettingsDep
from pingvas.api.http.once import REPLAYED, OnceDep
from pingvas.api.http.wire import SHOWN_NAME, PageDep
from pingvas.base.errors import Conflict, NotFound
from pingvas.base.read_session import ReadSession
from pingvas.billing.gifts import MOST_AT_ONCE, MOST_DAYS, give_bonus
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription
from pingvas.gallery.storage_use import used_bytes
from pingvas.generation.lifecycle.cancel import cancel_all

router = APIRouter(prefix="/admin/users", tags=["admin"])

Reason = Annotated[
    str,
    Field(
        max_length=4 * MAX_REASON,
        description="Kept in the audit log",
        json_schema_extra=SHOWN_NAME | {"maxLength": MAX_REASON},
    ),
]


class PersonOut(BaseModel):
    """Somebody, as admins see them in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None
    email_verified_at: datetime | None
    display_name: str
    handle: str | None
    role: Literal["user", "admin"]
    status: Literal["active", "suspended", "deleted"]
    suspended_at: datetime | None
    suspended_reason: str | None
    leaves_at: datetime | None
    created_at: datetime


class PersonDetailsOut(PersonOut):
    """The same with what they hold and how they sign in."""

    plan: str
    credits: int
    used_bytes: int
    quota_bytes: int
    devices: int
    passkeys: int
    providers: list[str]
    api_keys: int
    second_factor: bool
    last_used_at: datetime | None


class PeoplePage(BaseModel):
    items: list[PersonOut]
    next_cursor: str | None


class ReasonBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class RoleBody(ReasonBody):
    role: Literal["user", "admin"]


class BonusBody(ReasonBody):
    credits: int = Field(ge=1, le=MOST_AT_ONCE)
    keep_days: int | None = Field(None, ge=1, le=MOST_DAYS, description="Days that they live; null: for good")


class CountOut(BaseModel):
    count: int


class BalanceOut(BaseModel):
    balance: int


class ViewOut(BaseModel):
    """What to look with. Calls that would change something are refused with `read_only_view`."""

    access_token: str
    expires_in: int = Field(description="Seconds")


def doer_of(request: Request, admin: Actor) -> Doer:
    """An admin as the audit log names them."""
    return Doer(admin.user_id, None if request.client is None else request.client.host)


async def _doer(request: Request, admin: AdminDep) -> Doer:
    return doer_of(request, admin)


DoerDep = Annotated[Doer, Depends(_doer)]


@router.get("", operation_id="list_people")
async def list_people(
    admin: AdminDep,
    session: ReadSessionDep,
    asked: PageDep,
    q: Annotated[
        str | None, Query(max_length=200, description="Part of an address, a name or a handle; or an id")
    ] = None,
    role: Literal["user", "admin"] | None = None,
    status: Literal["active", "suspended", "deleted"] | None = None,
) -> PeoplePage:
    """Everybody, those who came last first."""
    page = await people.list_people(session, PeopleFilter(q, role, status), asked)
    return PeoplePage(
        items=[PersonOut.model_validate(user) for user in page.items], next_cursor=page.next_cursor
    )


@router.get("/{user_id:uuid}", operation_id="get_person")
@raises(NotFound, NoSubscription)
async def get_person(user_id: UUID, admin: AdminDep, session: ReadSessionDep) -> PersonDetailsOut:
    """One of them, with plan, credits and ways to sign in."""
    return await _details(session, await people.get_person(session, user_id))


@router.post("/{user_id:uuid}/suspend", operation_id="suspend_person")
@raises(NotFound, LastAdmin, Conflict)
async def suspend(
    user_id: UUID, body: ReasonBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> PersonOut:
    """Keep somebody out: devices and keys stop working at once, jobs end. They are told the reason."""
    await people.get_person(session, user_id)
    await cancel_all(session, Actor(user_id, "user", None))
    return PersonOut.model_validate(await people.suspend(session, doer, user_id, body.reason))


@router.post("/{user_id:uuid}/restore", operation_id="restore_person")
@raises(NotFound, Conflict)
async def restore(
    user_id: UUID, body: ReasonBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> PersonOut:
    """Let somebody in again."""
    return PersonOut.model_validate(await people.restore(session, doer, user_id, body.reason))


@router.put("/{user_id:uuid}/role", operation_id="set_role")
@raises(NotFound, LastAdmin)
async def set_role(
    user_id: UUID, body: RoleBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> PersonOut:
    """Make somebody an admin, or an admin a user. There is always an admin left."""
    return PersonOut.model_validate(await people.set_role(session, doer, user_id, body.role, body.reason))


@router.post(
    "/{user_id:uuid}/credits",
    operation_id="give_bonus_credits",
    response_model=BalanceOut,
    responses={200: REPLAYED},
)
@raises(NotFound, NoSubscription)
async def give_credits(
    user_id: UUID, body: BonusBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep, once: OnceDep
) -> Response:
    """Give somebody credits. They read the reason in their ledger."""

    async def act() -> BalanceOut:
        await people.get_person(session, user_id)
        balance = await give_bonus(
            session, doer, user_id, body.credits, body.reason, keep_days=body.keep_days
        )
        return BalanceOut(balance=balance)

    return await once.answer(session, admin, body, act)


@router.post("/{user_id:uuid}/sessions/end", operation_id="end_sessions_of")
@raises(NotFound)
async def end_sessions(
    user_id: UUID, body: ReasonBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> CountOut:
    """Sign all of somebody's devices out."""
    return CountOut(count=await people.end_sessions_of(session, doer, user_id, body.reason))


@router.post("/{user_id:uuid}/api-keys/revoke", operation_id="revoke_keys_of")
@raises(NotFound)
async def revoke_keys(
    user_id: UUID, body: ReasonBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> CountOut:
    """Have all of somebody's API keys stop working."""
    return CountOut(count=await people.revoke_keys_of(session, doer, user_id, body.reason))


@router.post(
    "/{user_id:uuid}/second-factor/remove",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="remove_second_factor_of",
)
@raises(NotFound)
async def remove_second_factor(
    user_id: UUID, body: ReasonBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> None:
    """For somebody who has lost the app and the recovery codes, once it is sure who asks."""
    await people.remove_second_factor_of(session, doer, user_id, body.reason)


@router.post("/{user_id:uuid}/view", operation_id="view_as")
@raises(NotFound, Conflict)
async def view_as(
    user_id: UUID,
    body: ReasonBody,
    admin: FreshAdminDep,
    doer: DoerDep,
    session: SessionDep,
    settings: SettingsDep,
    user_agent: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> ViewOut:
    """Look at the studio as this person sees it, for a quarter of an hour, without changing anything. They are told."""
    tokens = await start_viewing(session, settings, doer, user_id, body.reason, user_agent=user_agent)
    lasts = min(tokens.expires_in, int(LASTS.total_seconds()))
    return ViewOut(access_token=tokens.access_token, expires_in=lasts)


async def _details(session: ReadSession, user: User) -> PersonDetailsOut:
    subscription = await get_current_subscription(session, user.id)
    ways = await people.ways_in(session, user.id)
    return PersonDetailsOut(
        **PersonOut.model_validate(user).model_dump(),
        plan=subscription.plan_name,
        credits=subscription.remaining_credits,
        used_bytes=await used_bytes(session, user.id),
        quota_bytes=subscription.storage_bytes,
        devices=ways.devices,
        passkeys=ways.passkeys,
        providers=ways.providers,
        api_keys=ways.api_keys,
        second_factor=ways.second_factor,
        last_used_at=ways.last_used_at,
    )
