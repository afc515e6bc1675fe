"""What a person does with the subscription they have: another plan, cancel, resume, the seller's own pages.

The seller is asked outside of any transaction; its answer is a word like any other, and what follows from it is worked out as always.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from pingvas.adapters.sellers.seller import CustomerPages, Cycle, PlanVariant, Seller, SoldWord
from pingvas.base.db import Database
from pingvas.base.errors import Conflict
from pingvas.base.read_session import ReadSession
from pingvas.billing.sold.checkouts import find_plan_for_sale
from pingvas.billing.sold.copies import SoldCopy
from pingvas.billing.sold.take import take_word
from pingvas.billing.sold.view import NothingSold, find_managed, get_option

_Ask = Callable[[Seller], Awaitable[SoldWord]]


class CannotChangeNow(Conflict):
    code = "cannot_change_now"
    default_detail = "The subscription cannot be changed as it stands. Resume it or pay what is open first, then change it."


async def change_plan(
    database: Database, seller: Seller | None, user_id: UUID, plan: str, cycle: Cycle
) -> None:
    """As the options say: to a better plan at once, paid for the rest of the period, to another one when the period ends. The plan that
    it has already is no change. Raises NothingSold, CannotChangeNow, Invalid, NotSold, NoSubscription, SellerUnavailable and
    SellerRefused."""
    variant = PlanVariant(plan, cycle)
    async with database.read() as session:
        sells = await find_plan_for_sale(session, seller, variant)
        managed = await _managed_by(session, sells, user_id)
        option = await get_option(session, user_id, plan, cycle)
    if option.action == "current":
        return
    if option.action not in ("upgrade", "downgrade"):
        raise CannotChangeNow(extra={"subscription_status": managed.status})
    sold_id, at_once = managed.provider_id, option.at_once
    await _do(database, sells, user_id, lambda asked: asked.change(sold_id, variant, at_once=at_once))


async def cancel(database: Database, seller: Seller | None, user_id: UUID) -> None:
    """It ends with its period; one that is canceled already stays so. Raises NothingSold, NoSubscription, SellerUnavailable and
    SellerRefused."""
    sells, managed = await _own(database, seller, user_id)
    if managed.status != "canceled":
        await _do(database, sells, user_id, lambda asked: asked.cancel(managed.provider_id))


async def resume(database: Database, seller: Seller | None, user_id: UUID) -> None:
    """Take a cancellation back; what is not canceled stays as it is. Raises NothingSold, NoSubscription, SellerUnavailable and
    SellerRefused."""
    sells, managed = await _own(database, seller, user_id)
    if managed.status == "canceled":
        await _do(database, sells, user_id, lambda asked: asked.resume(managed.provider_id))


async def customer_pages(database: Database, seller: Seller | None, user_id: UUID) -> CustomerPages:
    """The seller's pages for it, good for some hours. Raises NothingSold, NoSubscription, SellerUnavailable and SellerRefused."""
    sells, managed = await _own(database, seller, user_id)
    return await sells.pages(managed.provider_id)


async def _own(database: Database, seller: Seller | None, user_id: UUID) -> tuple[Seller, SoldCopy]:
    if seller is None:
        raise NothingSold
    async with database.read() as session:
        return seller, await _managed_by(session, seller, user_id)


async def _managed_by(session: ReadSession, seller: Seller, user_id: UUID) -> SoldCopy:
    """What was bought from a seller that was here before is not for this one to change."""
    managed = await find_managed(session, user_id)
    if managed.provider != seller.name:
        raise NothingSold
    return managed


async def _do(database: Database, seller: Seller, user_id: UUID, ask: _Ask) -> None:
    word = await ask(seller)
    async with database.transaction() as session:
        await take_word(session, seller.name, word, user_id=user_id)
