"""Checkouts: who asks for one is noted before the seller is asked, so that whatever is bought there is theirs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.adapters.sellers.seller import Cycle, NotSold, PackVariant, PlanVariant, Seller, Variant
from pingvas.adapters.sellers.variants import name_of
from pingvas.base.db import Database
from pingvas.base.errors import Conflict, Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.billing.sold.tables import Checkout
from pingvas.billing.sold.tokens import hash_token, make_token
from pingvas.billing.sold.view import get_option
from pingvas.billing.tables import CreditPack, SubscriptionPlan

# So long after it was asked for, a checkout on which nothing was bought is forgotten: its page was there for a day, and what is told of
# it late comes within days.
KEEP_DAYS = 90
_FORGET = text("""
    DELETE FROM checkouts WHERE id IN (
        SELECT id FROM checkouts
         WHERE used_at IS NULL AND created_at < now() - make_interval(days => :days) ORDER BY created_at LIMIT :most)
""")


class AlreadySubscribed(Conflict):
    code = "already_subscribed"
    default_detail = "There is a subscription already: change that one."


@dataclass(frozen=True)
class OpenCheckout:
    """A page where somebody may pay."""

    id: UUID
    url: str
    expires_at: datetime


async def check_out_plan(
    database: Database,
    seller: Seller | None,
    user_id: UUID,
    plan: str,
    cycle: Cycle,
    *,
    return_to: str,
    language: Literal["ko", "en"],
) -> OpenCheckout:
    """A page where a plan is bought. Raises Invalid, NotSold, AlreadySubscribed, NoSubscription, SellerUnavailable and
    SellerRefused."""
    variant = PlanVariant(plan, cycle)
    async with database.transaction() as session:
        sells = await find_plan_for_sale(session, seller, variant)
        if (await get_option(session, user_id, plan, cycle)).action != "checkout":
            raise AlreadySubscribed
        begun = await _begin(session, user_id, variant)
    return await _ask(sells, begun, variant, return_to=return_to, language=language)


async def check_out_pack(
    database: Database,
    seller: Seller | None,
    user_id: UUID,
    pack: str,
    *,
    return_to: str,
    language: Literal["ko", "en"],
) -> OpenCheckout:
    """A page where a pack of credits is bought. Raises Invalid, NotSold, SellerUnavailable and SellerRefused."""
    variant = PackVariant(pack)
    async with database.transaction() as session:
        found = await session.scalar(select(CreditPack).where(CreditPack.name == pack))
        if found is None:
            raise Invalid(f"There is no pack {pack!r}.", field="pack", reason="is none of the packs")
        if seller is None or not found.is_active or not seller.sells(variant):
            raise NotSold(extra={"variant": name_of(variant)})
        begun = await _begin(session, user_id, variant)
    return await _ask(seller, begun, variant, return_to=return_to, language=language)


async def find_plan_for_sale(session: ReadSession, seller: Seller | None, variant: PlanVariant) -> Seller:
    """Who sells this plan. Raises Invalid where there is no such plan, and NotSold."""
    found = await session.scalar(select(SubscriptionPlan).where(SubscriptionPlan.name == variant.plan))
    if found is None:
        raise Invalid(f"There is no plan {variant.plan!r}.", field="plan", reason="is none of the plans")
    price = found.yearly_price if variant.cycle == "yearly" else found.monthly_price
    if seller is None or not found.is_active or not price or not seller.sells(variant):
        raise NotSold(extra={"variant": name_of(variant)})
    return seller


async def get_checkout(session: ReadSession, user_id: UUID, checkout_id: UUID) -> Checkout:
    """One of this person's. Raises NotFound."""
    mine = select(Checkout).where(Checkout.id == checkout_id, Checkout.user_id == user_id)
    found = await session.scalar(mine)
    if found is None:
        raise NotFound
    return found


async def forget_checkouts(session: AsyncSession, *, most: int = 1000) -> int:
    """Of those on which nothing was bought; how many."""
    done = await session.execute(_FORGET, {"days": KEEP_DAYS, "most": most})
    return int(getattr(done, "rowcount", 0))


@dataclass(frozen=True)
class _Begun:
    id: UUID
    token: str
    email: str | None


async def _begin(session: AsyncSession, user_id: UUID, variant: Variant) -> _Begun:
    begun = _Begun(new_id(), make_token(), await session.scalar(select(User.email).where(User.id == user_id)))
    session.add(
        Checkout(
            id=begun.id,
            user_id=user_id,
            token_hash=hash_token(begun.token),
            variant=name_of(variant),
            created_at=func.now(),
        )
    )
    await session.flush()
    return begun


async def _ask(
    seller: Seller, begun: _Begun, variant: Variant, *, return_to: str, language: Literal["ko", "en"]
) -> OpenCheckout:
    page = await seller.checkout(
        variant,
        token=begun.token,
        email=begun.email,
        return_url=f"{return_to}?checkout={begun.id}",
        language=language,
    )
    return OpenCheckout(begun.id, page.url, page.expires_at)
