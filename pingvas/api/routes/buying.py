"""Buying plans and credits, and changing what was bought: everything for which the payment service is asked."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import BaseModel, Field

from pingvas.accounts.actor import Actor
from pingvas.accounts.current import refuse_if_viewing
from pingvas.accounts.refusals import ReadOnlyView
from pingvas.adapters.sellers.seller import NotSold, SellerRefused, SellerUnavailable
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    BudgetsDep,
    DatabaseDep,
    ReadSessionDep,
    SellerIfAnyDep,
)
from pingvas.api.http.landing import OwnAddressDep
from pingvas.api.http.once import REPLAYED, OnceDep
from pingvas.api.routes.auth import LanguageDep
from pingvas.api.routes.subscription_out import SubscriptionOut, subscription_out
from pingvas.base.budgets import BudgetUsedUp
from pingvas.base.db import Database, OutcomeUnknown
from pingvas.base.errors import Invalid
from pingvas.billing.sold import changes
from pingvas.billing.sold.changes import CannotChangeNow
from pingvas.billing.sold.checkouts import (
    AlreadySubscribed,
    OpenCheckout,
    check_out_pack,
    check_out_plan,
    get_checkout,
)
from pingvas.billing.sold.view import NothingSold
from pingvas.billing.subscriptions import NoSubscription

router = APIRouter(tags=["billing"])

# Where the payment service sends a browser back to.
_RETURN = "/billing/return"
_Name = Annotated[str, Field(min_length=1, max_length=50)]


class PlanBody(BaseModel):
    plan: _Name = Field(description="A plan's name, from `/plans`")
    billing_cycle: Literal["monthly", "yearly"]


class PackBody(BaseModel):
    pack: _Name = Field(description="A pack's name, from `/plans`")


class CheckoutOut(BaseModel):
    """The browser is sent to `checkout_url`, and comes back to `/billing/return?checkout=<id>`."""

    id: UUID
    checkout_url: str
    expires_at: datetime


class CheckoutStateOut(BaseModel):
    """`paid`: the payment service has told of it; a moment later the plan or the credits are there."""

    id: UUID
    variant: str = Field(description="`pro_monthly`, `pack_small`")
    status: Literal["waiting", "paid"]
    created_at: datetime


class PortalOut(BaseModel):
    """Pages of the payment service for this subscription, good for some hours."""

    portal: str
    change_card: str
    change_plan: str | None


@raises(BudgetUsedUp, SellerUnavailable, SellerRefused, ReadOnlyView)
async def _who_pays(actor: ActorBeforehandDep, budgets: BudgetsDep) -> Actor:
    """Somebody for whom the payment service is asked, which takes so many calls; an admin who looks through their eyes asks nothing."""
    refuse_if_viewing(actor)
    budgets.payment_calls.take(actor.user_id)
    return actor


PayerDep = Annotated[Actor, Depends(_who_pays)]


@router.post(
    "/subscription/checkout",
    status_code=status.HTTP_201_CREATED,
    operation_id="check_out_subscription",
    response_model=CheckoutOut,
    responses={201: REPLAYED},
)
@raises(Invalid, NotSold, AlreadySubscribed, NoSubscription, OutcomeUnknown)
async def check_out_subscription(
    body: PlanBody,
    actor: PayerDep,
    database: DatabaseDep,
    seller: SellerIfAnyDep,
    own: OwnAddressDep,
    language: LanguageDep,
    once: OnceDep,
) -> Response:
    """A page where a plan is bought, for somebody who has bought none yet. What is bought there comes in a moment after it is paid."""

    async def act() -> CheckoutOut:
        made = await check_out_plan(
            database,
            seller,
            actor.user_id,
            body.plan,
            body.billing_cycle,
            return_to=own + _RETURN,
            language=language,
        )
        return _checkout_out(made)

    return await once.answer_beside(database, actor, body, act)


@router.post(
    "/credits/checkout",
    status_code=status.HTTP_201_CREATED,
    operation_id="check_out_credits",
    response_model=CheckoutOut,
    responses={201: REPLAYED},
)
@raises(Invalid, NotSold, OutcomeUnknown)
async def check_out_credits(
    body: PackBody,
    actor: PayerDep,
    database: DatabaseDep,
    seller: SellerIfAnyDep,
    own: OwnAddressDep,
    language: LanguageDep,
    once: OnceDep,
) -> Response:
    """A page where a pack of credits is bought."""

    async def act() -> CheckoutOut:
        made = await check_out_pack(
            database, seller, actor.user_id, body.pack, return_to=own + _RETURN, language=language
        )
        return _checkout_out(made)

    return await once.answer_beside(database, actor, body, act)


@router.get("/checkouts/{checkout_id:uuid}", operation_id="get_checkout")
async def get_one(checkout_id: UUID, actor: ActorDep, session: ReadSessionDep) -> CheckoutStateOut:
    """Whether something was bought on a page yet."""
    found = await get_checkout(session, actor.user_id, checkout_id)
    return CheckoutStateOut(
        id=found.id,
        variant=found.variant,
        status="waiting" if found.used_at is None else "paid",
        created_at=found.created_at,
    )


@router.post("/subscription/change", operation_id="change_subscription")
@raises(Invalid, NotSold, NothingSold, CannotChangeNow, NoSubscription, OutcomeUnknown)
async def change_subscription(
    body: PlanBody, actor: PayerDep, database: DatabaseDep, seller: SellerIfAnyDep
) -> SubscriptionOut:
    """Another plan, as `/subscription/options` says: a better one at once, any other when the period ends."""
    await changes.change_plan(database, seller, actor.user_id, body.plan, body.billing_cycle)
    return await _as_it_is(database, actor)


@router.post("/subscription/cancel", operation_id="cancel_subscription")
@raises(NothingSold, NoSubscription, OutcomeUnknown)
async def cancel_subscription(
    actor: PayerDep, database: DatabaseDep, seller: SellerIfAnyDep
) -> SubscriptionOut:
    """Have it end with its period. Nothing that was made is lost, and credits stay until their dates."""
    await changes.cancel(database, seller, actor.user_id)
    return await _as_it_is(database, actor)


@router.post("/subscription/resume", operation_id="resume_subscription")
@raises(NothingSold, NoSubscription, OutcomeUnknown)
async def resume_subscription(
    actor: PayerDep, database: DatabaseDep, seller: SellerIfAnyDep
) -> SubscriptionOut:
    """Take a cancellation back, before it has ended."""
    await changes.resume(database, seller, actor.user_id)
    return await _as_it_is(database, actor)


@router.get("/subscription/portal", operation_id="get_subscription_portal")
@raises(NothingSold, NoSubscription)
async def get_portal(actor: PayerDep, database: DatabaseDep, seller: SellerIfAnyDep) -> PortalOut:
    """The payment service's pages: invoices, another card."""
    pages = await changes.customer_pages(database, seller, actor.user_id)
    return PortalOut(portal=pages.portal, change_card=pages.change_card, change_plan=pages.change_plan)


async def _as_it_is(database: Database, actor: Actor) -> SubscriptionOut:
    async with database.read() as session:
        return await subscription_out(session, actor.user_id)


def _checkout_out(made: OpenCheckout) -> CheckoutOut:
    return CheckoutOut(id=made.id, checkout_url=made.url, expires_at=made.expires_at)
