"""What sellers send by themselves: `/webhooks/{provider}`."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from pingvas.adapters.sellers.seller import BadSignature, TestModeEvent
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AddressDep, BudgetsDep, DatabaseDep, SellerIfAnyDep
from pingvas.base.budgets import BudgetUsedUp
from pingvas.base.errors import Invalid, NotFound
from pingvas.billing.inbox import keep_event

router = APIRouter(prefix="/webhooks", tags=["billing"])


class Taken(BaseModel):
    """Nothing: the event is kept."""


@router.post("/{provider}", operation_id="take_webhook")
@raises(BadSignature, TestModeEvent, NotFound, Invalid, BudgetUsedUp)
async def take_webhook(
    provider: str,
    request: Request,
    database: DatabaseDep,
    seller: SellerIfAnyDep,
    budgets: BudgetsDep,
    address: AddressDep,
) -> Taken:
    """For the payment service. The body is kept if `X-Signature` (hex HMAC-SHA256 of its bytes) is right, and dealt with in a
    moment; the same body again is the same event."""
    if seller is None or provider != seller.name:
        raise NotFound
    body = await request.body()
    with budgets.wrong_signatures.charging(address, BadSignature):
        event = seller.accept_event(request.headers, body)
    async with database.transaction() as session:
        await keep_event(session, seller.name, event)
    return Taken()
