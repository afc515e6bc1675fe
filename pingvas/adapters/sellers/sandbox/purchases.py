"""The sandbox's checkouts: a page is asked for, and somebody pays on it, or tries to."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pingvas.adapters.sellers.sandbox.catalogue import STORE_ID, Offer
from pingvas.adapters.sellers.sandbox.invoices import ORDERS, amounts, make_invoice
from pingvas.adapters.sellers.sandbox.months import after
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written

CHECKOUTS, SUBSCRIPTIONS = "checkouts", "subscriptions"
TRIAL_DAYS = 7

How = Literal["pay", "trial", "decline"]


@dataclass(frozen=True)
class Asked:
    """What a checkout is asked for with, read and found good."""

    offer: Offer
    custom: Mapping[str, Any]
    email: str | None
    redirect_url: str | None
    language: str
    expires_at: datetime | None
    as_sent: Mapping[str, Any]


def make_checkout(sandbox: Sandbox, asked: Asked) -> Resource:
    """A page on which one offer can be paid."""
    at, id = sandbox.store.now(), str(uuid.uuid4())
    return sandbox.store.add(
        CHECKOUTS,
        {
            **asked.as_sent,
            "store_id": int(STORE_ID),
            "variant_id": asked.offer.variant_id,
            "custom_price": None,
            "expires_at": None if asked.expires_at is None else written(asked.expires_at),
            "created_at": written(at),
            "updated_at": written(at),
            "test_mode": True,
            "url": f"{sandbox.url}/checkout/{id}",
        },
        hidden={
            "custom": dict(asked.custom),
            "email": asked.email,
            "redirect_url": asked.redirect_url,
            "language": asked.language,
            "order_id": None,
        },
        id=id,
    )


def is_open(sandbox: Sandbox, checkout: Resource) -> bool:
    """Whether it can still be paid there."""
    until = checkout["expires_at"]
    return until is None or sandbox.store.now() < checkout.time("expires_at")


def pay(sandbox: Sandbox, checkout: Resource, offer: Offer, how: How, email: str) -> Resource | None:
    """Somebody has filled the page in: the order, or None where the card was declined. A page that was paid already gives its order
    again and takes nothing."""
    if how == "decline":
        return None
    if checkout.hidden["order_id"] is not None:
        return sandbox.store.find(ORDERS, checkout.hidden["order_id"])
    at, custom = sandbox.store.now(), checkout.hidden["custom"]
    is_trial = how == "trial" and offer.interval is not None
    customer = _customer(sandbox, email, at)
    order = _order(sandbox, customer, offer, at, custom, cents=0 if is_trial else offer.price)
    checkout.hidden["order_id"] = order.id
    sandbox.store.keep(checkout)
    sandbox.emit("order_created", order, custom)
    if offer.interval is not None:
        _subscribe(sandbox, customer, order, offer, at, custom, is_trial=is_trial)
    return order


def _customer(sandbox: Sandbox, email: str, at: datetime) -> Resource:
    for known in sandbox.store.all("customers"):
        if known["email"] == email:
            return known
    return sandbox.store.add(
        "customers",
        {
            "store_id": int(STORE_ID),
            "name": email,
            "email": email,
            "created_at": written(at),
            "test_mode": True,
        },
    )


def _order(
    sandbox: Sandbox, customer: Resource, offer: Offer, at: datetime, custom: Mapping[str, Any], *, cents: int
) -> Resource:
    item = {
        "id": sandbox.store.next_number(),
        "product_id": offer.variant_id,
        "variant_id": offer.variant_id,
        "price_id": offer.variant_id,
        "product_name": offer.title,
        "variant_name": offer.name,
        "price": offer.price,
        "quantity": 1,
        "created_at": written(at),
        "updated_at": written(at),
        "test_mode": True,
    }
    return sandbox.store.add(
        ORDERS,
        {
            "store_id": int(STORE_ID),
            "customer_id": int(customer.id),
            "identifier": str(uuid.uuid4()),
            "order_number": sandbox.store.next_number(),
            "user_name": customer["name"],
            "user_email": customer["email"],
            **amounts(cents),
            "status": "paid",
            "status_formatted": "Paid",
            "refunded": False,
            "refunded_at": None,
            "first_order_item": item,
            "urls": {"receipt": None},
            "created_at": written(at),
            "updated_at": written(at),
            "test_mode": True,
        },
        hidden={"custom": dict(custom)},
    )


def _subscribe(
    sandbox: Sandbox,
    customer: Resource,
    order: Resource,
    offer: Offer,
    at: datetime,
    custom: Mapping[str, Any],
    *,
    is_trial: bool,
) -> None:
    trial_ends_at = at + timedelta(days=TRIAL_DAYS) if is_trial else None
    anchor = trial_ends_at or at
    assert offer.interval is not None  # noqa: S101 - asked for by the caller
    renews_at = trial_ends_at or after(anchor, 1, offer.interval)
    subscription = sandbox.store.add(
        SUBSCRIPTIONS,
        {
            "store_id": int(STORE_ID),
            "customer_id": int(customer.id),
            "order_id": int(order.id),
            "order_item_id": order["first_order_item"]["id"],
            "product_id": offer.variant_id,
            "variant_id": offer.variant_id,
            "product_name": offer.title,
            "variant_name": offer.name,
            "user_name": customer["name"],
            "user_email": customer["email"],
            "status": "on_trial" if is_trial else "active",
            "status_formatted": "On Trial" if is_trial else "Active",
            "card_brand": "visa",
            "card_last_four": "4242",
            "payment_processor": "stripe",
            "pause": None,
            "cancelled": False,
            "trial_ends_at": None if trial_ends_at is None else written(trial_ends_at),
            "billing_anchor": anchor.day,
            "renews_at": written(renews_at),
            "ends_at": None,
            "created_at": written(at),
            "updated_at": written(at),
            "test_mode": True,
        },
        hidden={
            "custom": dict(custom),
            "anchor": written(anchor),
            "periods": 0 if is_trial else 1,
            "began": written(at),
            "card_works": True,
            "carry": 0,
            "retry_at": None,
            "retries": 0,
            "open_invoice": None,
        },
    )
    sandbox.emit("subscription_created", subscription, custom)
    if not is_trial:
        make_invoice(sandbox, subscription, at, "initial", offer.price, is_paid=True)
    sandbox.emit("subscription_updated", subscription, custom)
