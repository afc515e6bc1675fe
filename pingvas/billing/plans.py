"""The plans that are sold, and what each allows. The database holds them; this is what a new database starts with."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.billing.tables import SubscriptionPlan

GIB = 1024**3


@dataclass(frozen=True)
class Plan:
    """A row of `subscription_plans` before it is one. Prices in USD; None: agreed with each customer.

    `max_queues` bounds the jobs that are queued or running at once, `max_open_jobs` all that have not ended.
    Between people, machine time is shared by `queue_weight` (1 to 100): twice the weight, twice the time.
    `requests_per_minute` bounds the calls of programs, `generations_per_minute` the calls that ask for pictures; None: no limit.
    """

    name: str
    display_name: str
    monthly_price: Decimal | None
    yearly_price: Decimal | None
    credits_per_month: int
    storage_bytes: int
    max_queues: int
    max_open_jobs: int
    queue_weight: int
    requests_per_minute: int | None
    generations_per_minute: int | None
    features: dict[str, bool] = field(default_factory=dict)


def _features(*, flux: bool = False, api: bool = False, training: bool = False) -> dict[str, bool]:
    return {"flux_models": flux, "external_api": api, "lora_training": training}


PLANS = (
    Plan("free", "Free", Decimal(0), Decimal(0), 0, GIB, 1, 50, 10, 30, 2, _features()),
    Plan("starter", "Starter", Decimal(25), Decimal(250), 5_000, 20 * GIB, 1, 100, 25, 60, 5, _features()),
    Plan(
        "pro",
        "Pro",
        Decimal(75),
        Decimal(750),
        15_000,
        100 * GIB,
        1,
        200,
        50,
        120,
        10,
        _features(flux=True, api=True),
    ),
    Plan(
        "studio",
        "Studio",
        Decimal(150),
        Decimal(1500),
        30_000,
        200 * GIB,
        3,
        500,
        75,
        240,
        20,
        _features(flux=True, api=True, training=True),
    ),
    Plan(
        "enterprise",
        "Enterprise",
        None,
        None,
        1_000_000,
        10_240 * GIB,
        100,
        10_000,
        100,
        None,
        None,
        _features(flux=True, api=True, training=True),
    ),
)

_INSERT = text("""
    INSERT INTO subscription_plans (id, name, display_name, monthly_price, yearly_price, credits_per_month,
                                    storage_bytes, max_queues, max_open_jobs, queue_weight, requests_per_minute,
                                    generations_per_minute, features)
    VALUES (:id, :name, :display_name, :monthly_price, :yearly_price, :credits_per_month,
            :storage_bytes, :max_queues, :max_open_jobs, :queue_weight, :requests_per_minute,
            :generations_per_minute, CAST(:features AS jsonb))
    ON CONFLICT (name) DO NOTHING
""")


async def seed_plans(session: AsyncSession) -> None:
    """Add the plans that are missing. What an operator changed in the database stays."""
    for plan in PLANS:
        row = {"id": new_id(), **plan.__dict__, "features": json.dumps(plan.features)}
        await session.execute(_INSERT, row)


async def list_plans(session: ReadSession) -> list[SubscriptionPlan]:
    """The plans on sale, cheapest first, those agreed with each customer last."""
    query = (
        select(SubscriptionPlan)
        .where(SubscriptionPlan.is_active)
        .order_by(SubscriptionPlan.monthly_price.asc().nulls_last())
    )
    return list(await session.scalars(query))


async def plan_names(session: ReadSession) -> list[str]:
    """The names of all plans there are, on sale or not, by their weight in the queue."""
    query = select(SubscriptionPlan.name).order_by(SubscriptionPlan.queue_weight, SubscriptionPlan.name)
    return list(await session.scalars(query))
