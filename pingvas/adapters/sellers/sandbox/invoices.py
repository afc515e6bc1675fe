"""Invoices and orders of the sandbox: made, paid, and given back."""

from datetime import datetime
from typing import Any, Literal

from pingvas.adapters.sellers.sandbox.catalogue import STORE_ID
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written

Reason = Literal["initial", "renewal", "updated"]
INVOICES, ORDERS = "subscription-invoices", "orders"


def amounts(cents: int) -> dict[str, Any]:
    """What an amount looks like, whole: there are no taxes and no discounts in the sandbox, and all is in US dollars."""
    told: dict[str, Any] = {"currency": "USD", "currency_rate": "1.00000000", "tax_inclusive": False}
    for name, value in {
        "subtotal": cents,
        "discount_total": 0,
        "tax": 0,
        "total": cents,
        "refunded_amount": 0,
    }.items():
        told |= {name: value, f"{name}_usd": value, f"{name}_formatted": f"${value / 100:,.2f}"}
    return told


def make_invoice(
    sandbox: Sandbox, subscription: Resource, at: datetime, reason: Reason, cents: int, *, is_paid: bool
) -> Resource:
    """An invoice, and the event that says whether it was paid."""
    status = "paid" if is_paid else "pending"
    invoice = sandbox.store.add(
        INVOICES,
        {
            "store_id": int(STORE_ID),
            "subscription_id": int(subscription.id),
            "customer_id": subscription["customer_id"],
            "user_name": subscription["user_name"],
            "user_email": subscription["user_email"],
            "billing_reason": reason,
            "card_brand": subscription["card_brand"],
            "card_last_four": subscription["card_last_four"],
            "status": status,
            "status_formatted": status.capitalize(),
            "refunded": False,
            "refunded_at": None,
            **amounts(cents),
            "urls": {"invoice_url": None},
            "created_at": written(at),
            "updated_at": written(at),
            "test_mode": True,
        },
        hidden={"custom": subscription.hidden["custom"]},
    )
    sandbox.emit(
        "subscription_payment_success" if is_paid else "subscription_payment_failed",
        invoice,
        _custom(invoice),
    )
    return invoice


def pay_late(sandbox: Sandbox, invoice: Resource, at: datetime) -> None:
    """An invoice that had failed is paid after all: two events say so."""
    _set(invoice, at, status="paid", status_formatted="Paid")
    sandbox.store.keep(invoice)
    sandbox.emit("subscription_payment_recovered", invoice, _custom(invoice))
    sandbox.emit("subscription_payment_success", invoice, _custom(invoice))


def give_up(sandbox: Sandbox, invoice: Resource, at: datetime) -> None:
    """Nobody tries to have it paid any more."""
    _set(invoice, at, status="void", status_formatted="Void")
    sandbox.store.keep(invoice)


def refund(sandbox: Sandbox, paid: Resource, at: datetime, cents: int | None) -> bool:
    """Give back so much of an invoice or order, None: all that is left of it. False: that cannot be done."""
    left = paid["total"] - paid["refunded_amount"]
    amount = left if cents is None else cents
    if paid["status"] not in ("paid", "partial_refund") or not 0 < amount <= left:
        return False
    back = paid["refunded_amount"] + amount
    status = "refunded" if back == paid["total"] else "partial_refund"
    _set(paid, at, status=status, status_formatted=status.replace("_", " ").capitalize())
    _set(paid, at, refunded=status == "refunded", refunded_at=written(at))
    _set(
        paid,
        at,
        refunded_amount=back,
        refunded_amount_usd=back,
        refunded_amount_formatted=f"${back / 100:,.2f}",
    )
    sandbox.store.keep(paid)
    name = "subscription_payment_refunded" if paid.kind == INVOICES else "order_refunded"
    sandbox.emit(name, paid, _custom(paid))
    return True


def call_fraud(sandbox: Sandbox, order: Resource, at: datetime) -> None:
    """The bank takes an order's money back."""
    _set(order, at, status="fraudulent", status_formatted="Fraudulent")
    sandbox.store.keep(order)
    sandbox.emit("order_refunded", order, _custom(order))


def _custom(resource: Resource) -> dict[str, Any]:
    custom: dict[str, Any] = resource.hidden.get("custom", {})
    return custom


def _set(resource: Resource, at: datetime, **changes: Any) -> None:
    resource.attributes.update(changes, updated_at=written(at))
