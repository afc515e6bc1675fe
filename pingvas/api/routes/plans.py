"""The plans and packs on sale: `/plans`, for everybody."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from pingvas.adapters.sellers.seller import Seller
from pingvas.api.http.deps import ReadSessionDep
from pingvas.billing.packs import list_packs
from pingvas.billing.plans import list_plans

router = APIRouter(tags=["billing"])

SANDBOX = "sandbox"


class PlanOut(BaseModel):
    """Prices in USD; null: agreed with each customer."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    display_name: str
    monthly_price: Decimal | None
    yearly_price: Decimal | None
    credits_per_month: int
    rollover_credits: int = Field(description="Credits of a month that are kept for one month more, at most")
    trial_credits: int = Field(description="Credits of a trial; 0: there is none")
    storage_bytes: int
    max_queues: int = Field(description="How many jobs may be queued or running at once; more of them wait")
    features: dict[str, Any]


class PackOut(BaseModel):
    """Credits that are bought once, and live a year. The price is in USD."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    credits: int
    price: Decimal


class SellerOut(BaseModel):
    """Who sells. Of the sandbox nobody pays anything, and every page of money says so."""

    name: str
    is_sandbox: bool


class PlanList(BaseModel):
    items: list[PlanOut]
    packs: list[PackOut]
    seller: SellerOut | None = Field(
        description="null: nothing is sold here; plans and credits come from an admin"
    )


@router.get("/plans", operation_id="list_plans")
async def list_all_plans(request: Request, session: ReadSessionDep) -> PlanList:
    """Every plan and pack on sale, cheapest first."""
    # Of a studio that sells nothing there is none.
    seller: Seller | None = getattr(request.app.state, "seller", None)
    return PlanList(
        items=[PlanOut.model_validate(plan) for plan in await list_plans(session)],
        packs=[PackOut.model_validate(pack) for pack in await list_packs(session)],
        seller=None if seller is None else SellerOut(name=seller.name, is_sandbox=seller.name == SANDBOX),
    )
