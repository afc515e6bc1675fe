"""Credits that are sold without a plan. The database holds the packs; these are what a new one starts with."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.billing.tables import CreditPack


@dataclass(frozen=True)
class Pack:
    """A row of `credit_packs` before it is one. The price is in USD."""

    name: str
    credits: int
    price: Decimal


PACKS = (
    Pack("small", 1_000, Decimal(7)),
    Pack("medium", 5_000, Decimal(30)),
    Pack("large", 20_000, Decimal(110)),
)

_INSERT = text("""
    INSERT INTO credit_packs (id, name, credits, price) VALUES (:id, :name, :credits, :price)
    ON CONFLICT (name) DO NOTHING
""")


async def seed_packs(session: AsyncSession) -> None:
    """Add the packs that are missing. What an operator changed in the database stays."""
    for pack in PACKS:
        await session.execute(_INSERT, {"id": new_id(), **pack.__dict__})


async def list_packs(session: ReadSession) -> list[CreditPack]:
    """The packs on sale, cheapest first."""
    query = select(CreditPack).where(CreditPack.is_active).order_by(CreditPack.price, CreditPack.name)
    return list(await session.scalars(query))
