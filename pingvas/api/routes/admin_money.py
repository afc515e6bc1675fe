"""For admins: plans and whom a change touches, codes, and what the studio took in and owes."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AdminDep, FreshAdminDep, ReadSessionDep, SessionDep, SettingsDep
from pingvas.api.http.once import REPLAYED, OnceDep
from pingvas.api.http.tables_as_csv import AS_CSV, CsvDep, csv_answer
from pingvas.api.http.wire import Day, Moment, PageDep, left_out
from pingvas.api.routes.admin import DoerDep, Reason
from pingvas.api.routes.plans import PlanOut
from pingvas.api.routes.usage_out import UsageOut, usage_csv, usage_out
from pingvas.base.errors import Conflict, NotFound
from pingvas.billing import gift_codes, plan_changes
from pingvas.billing.gifts import MOST_AT_ONCE, MOST_DAYS
from pingvas.billing.plan_changes import BOUNDS, LONGEST_NAME, HeldPlan, NoSuchPlan
from pingvas.generation.usage.read_usage import read_usage
from pingvas.generation.usage.revenue import read_revenue

router = APIRouter(prefix="/admin", tags=["admin"])

_MONTH_COLUMNS = (
    "month",
    "revenue_usd",
    "refunded_usd",
    "granted",
    "spent",
    "expired",
    "gpu_seconds",
    "gpu_cost_usd",
)


def _figure(name: str) -> Any:
    least, most = BOUNDS[name]
    return Field(default_factory=left_out, ge=least, le=most)


def _price() -> Any:
    return Field(None, description="USD; null: agreed with each customer")


def _written(price: object) -> object:
    """As the API writes prices; a number of JSON would lose cents."""
    if price is not None and not (isinstance(price, str) and re.fullmatch(_PRICE, price, re.ASCII)):
        raise ValueError("must be a price such as 79.50, as text")
    return price


_PRICE = r"[0-9]{1,8}(?:\.[0-9]{1,2})?"
Price = Annotated[
    Decimal | None,
    BeforeValidator(_written),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_PRICE}$"}, {"type": "null"}]}),
]


class AdminPlanOut(PlanOut):
    """A plan with all that decides, and how many people hold it."""

    max_open_jobs: int
    queue_weight: int
    requests_per_minute: int | None
    generations_per_minute: int | None
    is_active: bool
    holders: int = 0


class AdminPlans(BaseModel):
    items: list[AdminPlanOut]


class FeatureFlags(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    flux_models: bool = Field(default_factory=left_out)
    external_api: bool = Field(default_factory=left_out)
    lora_training: bool = Field(default_factory=left_out)


class PlanChanges(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    display_name: str = Field(default_factory=left_out, min_length=1, max_length=4 * LONGEST_NAME)
    monthly_price: Price = _price()
    yearly_price: Price = _price()
    credits_per_month: int = _figure("credits_per_month")
    rollover_credits: int = _figure("rollover_credits")
    trial_credits: int = _figure("trial_credits")
    storage_bytes: int = _figure("storage_bytes")
    max_queues: int = _figure("max_queues")
    max_open_jobs: int = _figure("max_open_jobs")
    queue_weight: int = _figure("queue_weight")
    requests_per_minute: int | None = Field(
        None, ge=1, le=BOUNDS["requests_per_minute"][1], description="null: no limit"
    )
    generations_per_minute: int | None = Field(
        None, ge=1, le=BOUNDS["generations_per_minute"][1], description="null: no limit"
    )
    features: FeatureFlags = Field(default_factory=left_out)
    is_active: bool = Field(
        default_factory=left_out, description="Whether it is on sale; whoever holds it keeps it"
    )


class PlanChangeBody(PlanChanges):
    reason: Reason


class TouchedOut(BaseModel):
    """Whom a change touches."""

    model_config = ConfigDict(from_attributes=True)

    holders: int = Field(description="People who hold the plan")
    over_storage: int = Field(
        description="Those of them whose pictures would no longer fit; they keep them, and add none"
    )
    losing: list[str] = Field(description="Features that all of them would lose")


class CodeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    credits: int
    keep_days: int | None = Field(description="Days that its credits live; null: they do not expire")
    max_uses: int | None = Field(description="By so many people; null: by everybody")
    uses: int
    valid_until: datetime | None
    created_at: datetime


class CodePage(BaseModel):
    items: list[CodeOut]
    next_cursor: str | None


class NewCodeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason
    credits: int = Field(ge=1, le=MOST_AT_ONCE)
    code: str | None = Field(
        None, max_length=40, pattern=gift_codes.FORM, description="Left out: one is made up"
    )
    keep_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    max_uses: int | None = Field(None, ge=1, le=gift_codes.MOST_USES)
    valid_until: Moment | None = None


class MonthOut(BaseModel):
    """`month`: its first day. `refunded_usd` counts in the month that was paid."""

    model_config = ConfigDict(from_attributes=True)

    month: date
    revenue_usd: Decimal
    refunded_usd: Decimal
    granted: int = Field(description="Credits that were given, for money or as a gift")
    spent: int = Field(description="Credits that jobs cost")
    expired: int
    gpu_seconds: float
    gpu_cost_usd: Decimal | None = Field(None, description="null: nobody has told what a second costs")


class RevenueOut(BaseModel):
    months: list[MonthOut]
    outstanding: int = Field(description="Credits that people have and may still spend")


class UsageOfAllOut(UsageOut):
    """The same of everybody; `keys` is empty."""

    gpu_cost_usd: Decimal | None


@router.get("/plans", operation_id="list_all_plans")
async def list_all_plans(admin: AdminDep, session: ReadSessionDep) -> AdminPlans:
    """Every plan, on sale or not, by its weight in the queue."""
    return AdminPlans(items=[_plan_out(held) for held in await plan_changes.list_all_plans(session)])


@router.patch("/plans/{name}", operation_id="change_plan")
@raises(NoSuchPlan, Conflict)
async def change_plan(
    name: str, body: PlanChangeBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep
) -> AdminPlanOut:
    """Change a plan. It holds at once, for all who hold the plan. What the seller asks for it is changed there."""
    changes = body.model_dump(exclude_unset=True, exclude={"reason"})
    return _plan_out(await plan_changes.change_plan(session, doer, name, changes, body.reason))


@router.post("/plans/{name}/preview", operation_id="preview_plan")
@raises(NoSuchPlan, Conflict)
async def preview_plan(name: str, body: PlanChanges, admin: AdminDep, session: SessionDep) -> TouchedOut:
    """Whom such a change would touch. Nothing is changed."""
    changes = body.model_dump(exclude_unset=True)
    return TouchedOut.model_validate(await plan_changes.preview_change(session, name, changes))


@router.get("/codes", operation_id="list_codes")
async def list_codes(admin: AdminDep, session: ReadSessionDep, asked: PageDep) -> CodePage:
    """The codes that give credits, newest first."""
    page = await gift_codes.list_codes(session, asked)
    return CodePage(items=[CodeOut.model_validate(code) for code in page.items], next_cursor=page.next_cursor)


@router.post(
    "/codes",
    status_code=status.HTTP_201_CREATED,
    operation_id="make_code",
    response_model=CodeOut,
    responses={201: REPLAYED},
)
@raises(gift_codes.CodeExists)
async def make_code(
    body: NewCodeBody, admin: FreshAdminDep, doer: DoerDep, session: SessionDep, once: OnceDep
) -> Response:
    """Make a code that gives credits, once to each person."""

    async def act() -> CodeOut:
        new = gift_codes.NewCode(**body.model_dump(exclude={"reason"}))
        return CodeOut.model_validate(await gift_codes.make_code(session, doer, new, body.reason))

    return await once.answer(session, admin, body, act)


@router.delete("/codes/{code_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="end_code")
@raises(NotFound)
async def end_code(code_id: UUID, admin: AdminDep, doer: DoerDep, session: SessionDep) -> None:
    """End a code: it gives nothing from now on. What it gave stays."""
    await gift_codes.end_code(session, doer, code_id)


@router.get("/revenue", operation_id="get_revenue", response_model=RevenueOut, responses=AS_CSV)
async def get_revenue(
    admin: AdminDep,
    session: ReadSessionDep,
    settings: SettingsDep,
    as_csv: CsvDep,
    first: Annotated[Day | None, Query(alias="from", description="Left out: twelve months in all")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Left out: today")] = None,
) -> Any:
    """What came in, was given, spent and expired, by the month, and what is owed. As CSV the months."""
    revenue = await read_revenue(session, first, last)
    months = [
        MonthOut.model_validate(month).model_copy(
            update={"gpu_cost_usd": _cost(settings.gpu_second_cost_usd, month.gpu_seconds)}
        )
        for month in revenue.months
    ]
    if as_csv:
        rows = ([getattr(month, column) for column in _MONTH_COLUMNS] for month in months)
        return csv_answer(_MONTH_COLUMNS, rows, name="revenue")
    return RevenueOut(months=months, outstanding=revenue.outstanding)


@router.get("/usage", operation_id="get_usage_of_all", response_model=UsageOfAllOut, responses=AS_CSV)
async def get_usage_of_all(
    admin: AdminDep,
    session: ReadSessionDep,
    settings: SettingsDep,
    as_csv: CsvDep,
    first: Annotated[Day | None, Query(alias="from", description="Left out: thirty days in all")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Left out: today")] = None,
) -> Any:
    """What everybody made and spent, by day, model and kind, and what the machines cost. As CSV a line for each of these."""
    usage = await read_usage(session, None, first, last)
    if as_csv:
        return usage_csv(usage)
    told = usage_out(usage).model_dump() | {"keys": []}
    return UsageOfAllOut(**told, gpu_cost_usd=_cost(settings.gpu_second_cost_usd, usage.totals.gpu_seconds))


def _plan_out(held: HeldPlan) -> AdminPlanOut:
    return AdminPlanOut.model_validate(held.plan).model_copy(update={"holders": held.holders})


def _cost(of_a_second: float | None, seconds: float) -> Decimal | None:
    return None if of_a_second is None else Decimal(str(round(of_a_second * seconds, 2)))
