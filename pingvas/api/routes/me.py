"""The signed-in person: `/me`, and their devices."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.actor import Actor
from pingvas.accounts.people.addresses import find_change
from pingvas.accounts.people.handles import HANDLE, HandleTaken
from pingvas.accounts.people.preferences import Preferences, meaningful
from pingvas.accounts.people.profile import (
    MAX_BIO,
    MAX_URL,
    WEB_ADDRESS,
    Account,
    AccountChanges,
    change_account,
    get_account,
)
from pingvas.accounts.people.registration import MAX_DISPLAY_NAME
from pingvas.accounts.sessions.device_names import device_name
from pingvas.accounts.sessions.devices import list_sessions
from pingvas.accounts.sessions.lifecycle import end_other_sessions, end_session
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorDep,
    EvenLeavingActorDep,
    PlacesDep,
    ReadSessionDep,
    SessionDep,
    StorageDep,
    within,
)
from pingvas.api.http.wire import SHOWN_NAME, PageDep, left_out
from pingvas.api.routes.auth import UserOut
from pingvas.api.routes.avatar import AvatarOut, avatar_out
from pingvas.api.routes.email_and_password import EmailChangeOut
from pingvas.base.read_session import ReadSession
from pingvas.billing.subscriptions import NoSubscription, get_current_subscription
from pingvas.gallery.storage_use import used_bytes
from pingvas.generation.status.jobs import held_credits

router = APIRouter(prefix="/me", tags=["accounts"])


AvatarUrl = Annotated[
    str, Field(max_length=4000, json_schema_extra={"maxLength": MAX_URL, "pattern": WEB_ADDRESS})
]
Bio = Annotated[str, Field(max_length=4000, json_schema_extra={"maxLength": MAX_BIO})]


class MyProfile(BaseModel):
    avatar_url: str | None = Field(description="An address elsewhere, where the picture is not one of ours")
    avatar: AvatarOut | None
    bio: str | None
    preferences: Preferences


class MyPlan(BaseModel):
    """The plan a person holds and what it allows."""

    name: str
    display_name: str
    max_queues: int
    features: dict[str, Any]


class MyCredits(BaseModel):
    """`held` is what running and waiting jobs have taken already; unused parts of it come back to `balance`."""

    balance: int
    held: int


class MyStorage(BaseModel):
    used_bytes: int
    quota_bytes: int


class MeOut(BaseModel):
    user: UserOut
    profile: MyProfile
    plan: MyPlan
    credits: MyCredits
    storage: MyStorage
    features: dict[str, Any] = Field(description="What this person may use")
    has_password: bool
    email_change: EmailChangeOut | None = Field(description="A change of address that waits for consent")
    bonus_due: int = Field(description="Credits that come when the address is proven")
    leaves_at: datetime | None = Field(
        description="The account is deleted; until then that can be taken back"
    )
    viewed_by_admin: bool = Field(description="Whether it is an admin who looks through this person's eyes")


class MeChanges(BaseModel):
    """Only what is sent changes. `preferences` is merged field by field; null removes one."""

    model_config = ConfigDict(extra="forbid")

    display_name: str = Field(
        default_factory=left_out,
        max_length=400,
        description=f"1 to {MAX_DISPLAY_NAME} characters",
        json_schema_extra=SHOWN_NAME,
    )
    avatar_url: AvatarUrl | None = Field(None, description="http or https; null or nothing removes it")
    bio: Bio | None = Field(None, description=f"Up to {MAX_BIO} characters; null removes it")
    handle: str | None = Field(
        None,
        max_length=400,
        description="3 to 30 letters (a to z), digits and _, nobody else's; null removes it",
        json_schema_extra={"pattern": f"{HANDLE}|^$"},
    )
    preferences: dict[str, Any] | None = Field(
        None,
        description="A merge patch (RFC 7396) of the preferences that `GET /me` answers; null removes all",
    )


class DeviceOut(BaseModel):
    """A device that is signed in. `current` marks the one that asks."""

    id: UUID
    device: str = Field(description="Browser and system in words, or the program's own name")
    place: str | None = Field(description="Where the address is, where the operator has a file that tells")
    method: Literal["password", "link", "passkey", "google", "discord", "viewing"] = Field(
        description="How its person signed in; `viewing`: an admin who looks through their eyes"
    )
    second_factor: bool = Field(description="Whether two factors were shown on it")
    ip_address: str | None
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class EndedOut(BaseModel):
    ended: int = Field(description="How many devices were signed out")


class DevicesPage(BaseModel):
    items: list[DeviceOut]
    next_cursor: str | None


@router.get("", operation_id="get_me")
@raises(NoSubscription)
async def get_me(actor: EvenLeavingActorDep, session: ReadSessionDep, storage: StorageDep) -> MeOut:
    """The person, their plan, credits and storage."""
    return await _me(session, actor, await get_account(session, actor.user_id), storage)


@router.patch("", operation_id="change_me", dependencies=[within("changes")])
@raises(NoSubscription, HandleTaken)
async def change_me(body: MeChanges, actor: ActorDep, session: SessionDep, storage: StorageDep) -> MeOut:
    """Change the name people see, the picture, the few words, or settings of the page."""
    sent = body.model_dump(exclude_unset=True)
    changes = AccountChanges(**sent)  # type: ignore[typeddict-item]  # the fields of MeChanges are its keys
    return await _me(session, actor, await change_account(session, actor.user_id, changes), storage)


@router.get("/sessions", operation_id="list_my_sessions")
async def list_my_sessions(
    actor: ActorDep, session: ReadSessionDep, asked: PageDep, places: PlacesDep
) -> DevicesPage:
    """The devices this person is signed in on, the latest sign-in first."""
    page = await list_sessions(session, actor.user_id, asked)
    items = [
        DeviceOut(
            id=row.id,
            device=device_name(row.user_agent),
            place=places.place_of(row.ip_address),
            method=row.method,
            second_factor=row.second_factor,
            ip_address=row.ip_address,
            user_agent=row.user_agent,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            current=row.id == actor.session_id,
        )
        for row in page.items
    ]
    return DevicesPage(items=items, next_cursor=page.next_cursor)


@router.delete("/sessions", operation_id="end_my_other_sessions")
async def end_my_other_sessions(actor: ActorDep, session: SessionDep) -> EndedOut:
    """Sign all of this person's devices out but the one that asks."""
    return EndedOut(ended=await end_other_sessions(session, actor.user_id, actor.session_id))


@router.delete(
    "/sessions/{session_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="end_my_session"
)
async def end_my_session(session_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Sign one of this person's devices out. Its access token stops working at once."""
    await end_session(session, actor.user_id, session_id)


async def _me(session: ReadSession, actor: Actor, account: Account, storage: Storage) -> MeOut:
    subscription = await get_current_subscription(session, actor.user_id)
    user, profile = account.user, account.profile
    change = await find_change(session, actor.user_id)
    return MeOut(
        user=UserOut.model_validate(user),
        profile=MyProfile(
            avatar_url=profile.avatar_url,
            avatar=await avatar_out(profile, storage),
            bio=profile.bio,
            preferences=meaningful(profile.preferences),
        ),
        plan=MyPlan(
            name=subscription.plan_name,
            display_name=subscription.plan_display_name,
            max_queues=subscription.max_queues,
            features=subscription.features,
        ),
        credits=MyCredits(
            balance=subscription.remaining_credits, held=await held_credits(session, actor.user_id)
        ),
        storage=MyStorage(
            used_bytes=await used_bytes(session, actor.user_id), quota_bytes=subscription.storage_bytes
        ),
        features=subscription.features,
        has_password=user.password_hash is not None,
        email_change=None if change is None else EmailChangeOut.model_validate(change),
        bonus_due=user.bonus_due,
        leaves_at=user.leaves_at,
        viewed_by_admin=actor.viewer_id is not None,
    )
