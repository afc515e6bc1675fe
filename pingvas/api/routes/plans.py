"""The plans on sale: `/plans`, for everybody."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.deps import ReadSessionDep
from pingvas.billing.plans import list_plans

router = APIRouter(tags=["billing"])


class PlanOut(BaseModel):
    """Prices in USD; null: agreed with each customer."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    display_name: str
    monthly_price: Decimal | None
    yearly_price: Decimal | None
    credits_per_month: int
    storage_bytes: int
    max_queues: int = Field(description="How many jobs may be queued or running at once; more of them wait")
    features: dict[str, Any]


class PlanList(BaseModel):
    items: list[PlanOut]


@router.get("/plans", operation_id="list_plans")
async def list_all_plans(session: ReadSessionDep) -> PlanList:
    """Every plan on sale, cheapest first."""
    return PlanList(items=[PlanOut.model_validate(plan) for plan in await list_plans(session)])
