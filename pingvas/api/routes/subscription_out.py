"""The subscription as it is told to whoever holds it: what several routes answer."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.routes.plans import PlanOut
from pingvas.base.read_session import ReadSession
from pingvas.billing.sold.view import view_subscription


class SubscriptionOut(BaseModel):
    """`ends_at`: when it stops for good. `next_plan` begins when this period ends. `card`: brand and last four digits."""

    model_config = ConfigDict(from_attributes=True)

    plan: PlanOut
    status: Literal["active", "trial", "past_due", "canceled"]
    billing_cycle: Literal["monthly", "yearly"]
    current_period_start: date
    current_period_end: date | None
    renews_at: datetime | None
    ends_at: datetime | None
    trial_ends_at: datetime | None
    grace_ends_at: datetime | None = Field(description="Of what is past due: until when it may be used")
    next_plan: str | None
    card: str | None
    is_sold: bool = Field(description="Bought from the seller, rather than free or agreed with an admin")
    can: list[Literal["checkout", "change", "cancel", "resume", "portal"]] = Field(
        description="What may be asked for now"
    )


async def subscription_out(session: ReadSession, user_id: UUID) -> SubscriptionOut:
    """Raises NoSubscription."""
    return SubscriptionOut.model_validate(await view_subscription(session, user_id))
