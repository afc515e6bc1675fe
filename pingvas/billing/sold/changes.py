"""What a person does with the subscription they have: another plan, cancel, resume, the seller's own pages.

The seller is asked outside of any transaction; its answer is a word like any other, and what follows from it is worked out as always.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select

from pingvas.adapters.sellers.seller import CustomerPages, Cycle, PlanVariant, Seller, SoldWord
from pingvas.base.db import Database
from pingvas.base.errors import Conflict
from pingvas.billing.sold.checkouts import find_plan_for_sale
from pingvas.billing.sold.copies import load_copies
from pingvas.billing.sold.sale import NotSubscribed, get_sale, is_upgrade
from pingvas.billing.sold.take import take_word
from pingvas.billing.tables import SubscriptionPlan

_Ask = Callable[[Seller], Awaitable[SoldWord]]


class CannotChangeNow(Conflict):
    code = "cannot_change_now"
    default_detail = "The subscription cannot be changed as it stands: it is canceled, paused or not paid."


async def change_plan(
    database: Database, seller: Seller | None, user_id: UUID, plan: str, cycle: Cycle
) -> None:
    """To a better plan at once, paid for the rest of the period; to another one when the period ends. The plan that it has already is
    no change. Raises NotSubscribed, CannotChangeNow, Invalid, NotSold, SellerUnavailable and SellerRefused."""
    variant = PlanVariant(plan, cycle)
    async with database.read() as session:
        sells = await find_plan_for_sale(session, seller, variant)
        copies = await load_copies(session, user_id)
        sale = get_sale(copies, sells.name)
        wanted = await session.scalar(select(SubscriptionPlan.id).where(SubscriptionPlan.name == plan))
    if copies is None or wanted is None:
        raise NotSubscribed
    if sale.status not in ("active", "trial"):
        raise CannotChangeNow(extra={"status": sale.status})
    target = copies.plans[wanted]
    if sale.plan is not None and sale.plan.id == target.id and sale.cycle == cycle:
        return
    at_once = is_upgrade(copies, sale, target, cycle)
    await _do(
        database, sells, user_id, lambda asked: asked.change(sale.provider_id, variant, at_once=at_once)
    )


async def cancel(database: Database, seller: Seller | None, user_id: UUID) -> None:
    """It ends with its period; one that is canceled already stays so. Raises NotSubscribed, SellerUnavailable and SellerRefused."""
    sells, sale_id, status = await _own(database, seller, user_id)
    if status != "canceled":
        await _do(database, sells, user_id, lambda asked: asked.cancel(sale_id))


async def resume(database: Database, seller: Seller | None, user_id: UUID) -> None:
    """Take a cancellation back; what is not canceled stays as it is. Raises NotSubscribed, SellerUnavailable and SellerRefused."""
    sells, sale_id, status = await _own(database, seller, user_id)
    if status == "canceled":
        await _do(database, sells, user_id, lambda asked: asked.resume(sale_id))


async def customer_pages(database: Database, seller: Seller | None, user_id: UUID) -> CustomerPages:
    """The seller's pages for it, good for some hours. Raises NotSubscribed, SellerUnavailable and SellerRefused."""
    sells, sale_id, _ = await _own(database, seller, user_id)
    return await sells.pages(sale_id)


async def _own(database: Database, seller: Seller | None, user_id: UUID) -> tuple[Seller, str, str]:
    if seller is None:
        raise NotSubscribed
    async with database.read() as session:
        sale = get_sale(await load_copies(session, user_id), seller.name)
    return seller, sale.provider_id, sale.status


async def _do(database: Database, seller: Seller, user_id: UUID, ask: _Ask) -> None:
    word = await ask(seller)
    async with database.transaction() as session:
        await take_word(session, seller.name, word, user_id=user_id)
