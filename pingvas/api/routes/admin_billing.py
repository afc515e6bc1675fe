"""For admins: who holds which plan and by what, agreements, and the inbox of the seller's events."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.admin import people
from pingvas.accounts.admin.audit import record
from pingvas.adapters.sellers.seller import NotSold, SellerRefused, SellerUnavailable
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    AdminDep,
    DatabaseDep,
    FreshAdminBeforehandDep,
    FreshAdminDep,
    ReadSessionDep,
    SellerIfAnyDep,
    SessionDep,
)
from pingvas.api.http.wire import Moment, PageDep
from pingvas.api.routes.admin import DoerDep, ReasonBody, doer_of
from pingvas.api.routes.subscription_out import SubscriptionOut, subscription_out
from pingvas.base.errors import Invalid, NotFound
from pingvas.billing.sold.admin_lists import (
    EventHasOwner,
    assign_event,
    list_events,
    list_held,
    replay_event,
)
from pingvas.billing.sold.agreements import NothingAgreed, agree, end_agreement
from pingvas.billing.sold.reconcile import reconcile
from pingvas.billing.subscriptions import NoSubscription

router = APIRouter(prefix="/admin", tags=["admin"])

Status = Literal["active", "trial", "past_due", "canceled"]
EventStatus = Literal["waiting", "applied", "ignored", "nobody", "failed"]


class HeldOut(BaseModel):
    """Somebody's subscription. `provider`: who sold it; `studio`: agreed with an admin; null: free."""

    user_id: UUID
    email: str | None
    display_name: str
    plan: str
    status: Status
    provider: str | None
    provider_id: str | None
    billing_cycle: Literal["monthly", "yearly"]
    renews_at: datetime | None
    ends_at: datetime | None
    balance: int


class HeldPage(BaseModel):
    items: list[HeldOut]
    next_cursor: str | None


class AgreementBody(ReasonBody):
    plan: str = Field(max_length=100)
    ends_at: Moment | None = Field(None, description="Left out or null: without an end")
    gives_credits: bool = Field(False, description="The plan's credits each month, from now on")


class BillingEventOut(BaseModel):
    """`nobody`: it belongs to no one known here, and waits for an admin to say whose it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    provider: str
    event_name: str
    status: EventStatus
    attempts: int
    next_try_at: datetime
    error: str | None
    user_id: UUID | None
    received_at: datetime
    applied_at: datetime | None
    body: dict[str, Any]


class BillingEventPage(BaseModel):
    items: list[BillingEventOut]
    next_cursor: str | None


class ReconciledOut(BaseModel):
    """How many things the seller has, how many of them we had otherwise, and how many belong to nobody known here."""

    seen: int
    changed: int
    nobody: int


class AssignBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_id: UUID


@router.get("/subscriptions", operation_id="list_subscriptions")
async def list_subscriptions(
    admin: AdminDep,
    session: ReadSessionDep,
    asked: PageDep,
    plan: Annotated[str | None, Query(max_length=100)] = None,
    status: Status | None = None,
) -> HeldPage:
    """Everybody's, the newest first."""
    page = await list_held(session, asked, plan=plan, status=status)
    return HeldPage(
        items=[HeldOut.model_validate(asdict(row)) for row in page.items], next_cursor=page.next_cursor
    )


@router.post("/users/{user_id:uuid}/plan", operation_id="agree_plan")
@raises(NotFound, NoSubscription, Invalid)
async def agree_plan(
    user_id: UUID, body: AgreementBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> SubscriptionOut:
    """Give somebody a plan that they do not pay for here."""
    await people.get_person(session, user_id)
    await agree(
        session,
        doer,
        user_id,
        body.plan,
        body.reason,
        ends_at=body.ends_at,
        gives_credits=body.gives_credits,
    )
    return await subscription_out(session, user_id)


@router.delete("/users/{user_id:uuid}/plan", operation_id="end_agreed_plan")
@raises(NotFound, NothingAgreed, NoSubscription)
async def end_agreed_plan(
    user_id: UUID,
    admin: FreshAdminDep,
    doer: DoerDep,
    session: SessionDep,
    body: ReasonBody | None = None,
) -> SubscriptionOut:
    """Take back what was agreed; what they bought stays."""
    await people.get_person(session, user_id)
    await end_agreement(session, doer, user_id, None if body is None else body.reason)
    return await subscription_out(session, user_id)


@router.get("/billing/events", operation_id="list_billing_events")
async def list_billing_events(
    admin: AdminDep, session: ReadSessionDep, asked: PageDep, status: EventStatus | None = None
) -> BillingEventPage:
    """What the seller sent, the newest first."""
    page = await list_events(session, asked, status=status)
    return BillingEventPage(
        items=[BillingEventOut.model_validate(event) for event in page.items], next_cursor=page.next_cursor
    )


@router.post("/billing/events/{event_id:uuid}/replay", operation_id="replay_billing_event")
@raises(NotFound)
async def replay(event_id: UUID, admin: FreshAdminDep, doer: DoerDep, session: SessionDep) -> BillingEventOut:
    """Apply an event once more, within seconds. Nothing comes twice of it."""
    return BillingEventOut.model_validate(await replay_event(session, doer, event_id))


@router.post("/billing/events/{event_id:uuid}/assign", operation_id="assign_billing_event")
@raises(NotFound, EventHasOwner)
async def assign(
    event_id: UUID, body: AssignBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> BillingEventOut:
    """Say whose an event is that belongs to no one known here; it is applied within seconds."""
    return BillingEventOut.model_validate(await assign_event(session, doer, event_id, body.user_id))


@router.post("/billing/reconcile", operation_id="reconcile_billing")
@raises(SellerUnavailable, SellerRefused, NotSold)
async def reconcile_now(
    request: Request, admin: FreshAdminBeforehandDep, database: DatabaseDep, seller: SellerIfAnyDep
) -> ReconciledOut:
    """Compare everything with the seller now, as is done each hour, and repair what differs."""
    if seller is None:
        raise NotSold("Nobody sells anything here, so there is nothing to compare with.")
    found = await reconcile(database, seller)
    async with database.transaction() as session:
        told = {"seen": found.seen, "changed": found.changed, "nobody": found.nobody}
        await record(session, doer_of(request, admin), "billing.reconcile", "billing", None, after=told)
    return ReconciledOut(**told)
