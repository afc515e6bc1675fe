"""The plan one holds, and what another would change: `/subscription`."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, ReadSessionDep, within
from pingvas.api.routes.subscription_out import SubscriptionOut, subscription_out
from pingvas.billing.sold.view import ChangeOption, list_options
from pingvas.billing.subscriptions import NoSubscription

router = APIRouter(prefix="/subscription", tags=["billing"])


class OptionOut(BaseModel):
    """A plan in one cycle. `upgrade` and `downgrade` are changes of what was bought, `checkout` buys it; `none`: not from here."""

    plan: str
    billing_cycle: Literal["monthly", "yearly"]
    price: Decimal = Field(description="USD, each month or each year")
    action: Literal["checkout", "upgrade", "downgrade", "current", "none"]
    starts_at: datetime | None = Field(description="Null: at once")
    credits_now: int = Field(description="That come at once")
    due_now: Decimal | None = Field(
        description="About what is paid at once, in USD without taxes; null: nothing, or only the seller knows"
    )
    credits_per_month: int


class OptionsOut(BaseModel):
    items: list[OptionOut]


@router.get("", operation_id="get_subscription")
@raises(NoSubscription)
async def get_subscription(actor: ActorDep, session: ReadSessionDep) -> SubscriptionOut:
    """The plan one holds, how it was come by and until when it lasts."""
    return await subscription_out(session, actor.user_id)


@router.get("/options", operation_id="list_subscription_options", dependencies=[within("lists")])
@raises(NoSubscription)
async def list_subscription_options(actor: ActorDep, session: ReadSessionDep) -> OptionsOut:
    """What each plan would cost and change, and when."""
    return OptionsOut(items=[_option(each) for each in await list_options(session, actor.user_id)])


def _option(option: ChangeOption) -> OptionOut:
    return OptionOut(
        plan=option.plan.name,
        billing_cycle=option.cycle,
        price=Decimal(option.price) / 100,
        action=option.action,
        starts_at=option.starts_at,
        credits_now=option.credits_now,
        due_now=None if option.due_now is None else Decimal(option.due_now) / 100,
        credits_per_month=option.plan.credits_per_month,
    )
