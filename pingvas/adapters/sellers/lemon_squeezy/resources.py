"""Lemon Squeezy's resources, subscriptions, invoices and orders, as words of ours. What makes no sense raises Invalid.

Of a resource those attributes are read that are needed; whatever else it has may be there or not.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pingvas.adapters.sellers.lemon_squeezy.statuses import INVOICE, ORDER, PAUSED, SUBSCRIPTION
from pingvas.adapters.sellers.seller import (
    InvoiceReason,
    InvoiceWord,
    OrderWord,
    PackVariant,
    PaymentStatus,
    PlanVariant,
    SoldStatus,
    SoldWord,
    Word,
)
from pingvas.adapters.sellers.variants import Variants
from pingvas.base.errors import Invalid

# Cents: ten billion of the dearest currency. What is more is no price, and columns have an end.
MOST = 1_000_000_000_000
_LONGEST = 200
_REASONS: Mapping[str, InvoiceReason] = {"initial": "initial", "renewal": "renewal", "updated": "updated"}
_Known = TypeVar("_Known")


class NoSense(Invalid):
    """The seller says something that cannot be."""

    default_detail = "What the payment service says makes no sense."


class Attributes:
    """The attributes of one resource, each read as what it must be."""

    def __init__(self, kind: str, told: object) -> None:
        if not isinstance(told, Mapping):
            raise _bad(kind, "it has no attributes")
        self.kind, self._told = kind, told

    def raw(self, name: str) -> Any:
        return self._told.get(name)

    def text(self, name: str) -> str | None:
        value = self._told.get(name)
        return value if isinstance(value, str) and 0 < len(value) <= _LONGEST else None

    def id(self, name: str) -> str | None:
        return as_id(self._told.get(name))

    def amount(self, name: str) -> int:
        value = self._told.get(name, 0)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
            raise _bad(self.kind, f"{name} is no amount")
        return value

    def time(self, name: str) -> datetime:
        found = self.time_if_any(name)
        if found is None:
            raise _bad(self.kind, f"{name} is missing")
        return found

    def time_if_any(self, name: str) -> datetime | None:
        value = self._told.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise _bad(self.kind, f"{name} is no time") from None
        if found.tzinfo is None or not 2000 <= found.year <= 2200:
            raise _bad(self.kind, f"{name} is no time")
        return found

    def known(self, name: str, table: Mapping[str, _Known]) -> _Known:
        value = self._told.get(name)
        if not isinstance(value, str) or value not in table:
            raise _bad(self.kind, f"{name} is none that is known")
        return table[value]


def as_id(value: object) -> str | None:
    """An id: a number, or the same written as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return text if text.isascii() and text.isdecimal() and len(text) <= 20 else None


def read_resource(
    resource: object, variants: Variants, *, store_id: str | None, test_mode: bool | None = None
) -> Word | None:
    """A resource of any type. None: of a type, or of a store, that is none of ours. `test_mode` is what was said beside it.

    Raises NoSense.
    """
    if not isinstance(resource, Mapping):
        raise _bad("it", "it is no resource")
    kind = str(resource.get("type"))
    read = _READERS.get(kind)
    if read is None:
        return None
    told, provider_id = Attributes(kind, resource.get("attributes")), as_id(resource.get("id"))
    if provider_id is None:
        raise _bad(kind, "it has no id")
    if store_id is not None and told.id("store_id") != store_id:
        return None
    said = told.raw("test_mode")
    return read(provider_id, told, variants, bool(test_mode) or said is True)


def _sold(provider_id: str, told: Attributes, variants: Variants, test_mode: bool) -> SoldWord:
    variant = variants.of_id(told.raw("variant_id"))
    return SoldWord(
        provider_id=provider_id,
        variant=variant if isinstance(variant, PlanVariant) else None,
        status=_sold_status(told),
        began_at=told.time("created_at"),
        renews_at=told.time_if_any("renews_at"),
        ends_at=told.time_if_any("ends_at"),
        trial_ends_at=told.time_if_any("trial_ends_at"),
        card=_card(told),
        customer_id=told.id("customer_id"),
        test_mode=test_mode,
        updated_at=told.time("updated_at"),
    )


def _sold_status(told: Attributes) -> SoldStatus:
    if told.raw("status") != PAUSED:
        return told.known("status", {name: ours for name, ours in SUBSCRIPTION.items() if ":" not in name})
    pause = told.raw("pause")
    mode = pause.get("mode") if isinstance(pause, Mapping) else None
    return SUBSCRIPTION["paused:free" if mode == "free" else "paused:void"]


def _card(told: Attributes) -> str | None:
    parts = [told.text("card_brand"), told.text("card_last_four")]
    return " ".join(part for part in parts if part) or None


def _invoice(provider_id: str, told: Attributes, variants: Variants, test_mode: bool) -> InvoiceWord:
    subscription_id = told.id("subscription_id")
    if subscription_id is None:
        raise _bad(told.kind, "subscription_id is missing")
    status = told.known("status", INVOICE)
    return InvoiceWord(
        provider_id=provider_id,
        subscription_id=subscription_id,
        reason=told.known("billing_reason", _REASONS),
        status=status,
        subtotal=told.amount("subtotal"),
        total=told.amount("total"),
        total_usd=told.amount("total_usd"),
        refunded=_refunded(told, status),
        currency=told.text("currency") or "USD",
        paid_at=told.time("created_at"),
        test_mode=test_mode,
        updated_at=told.time("updated_at"),
    )


def _order(provider_id: str, told: Attributes, variants: Variants, test_mode: bool) -> OrderWord:
    item = told.raw("first_order_item")
    variant = variants.of_id(item.get("variant_id")) if isinstance(item, Mapping) else None
    status = told.known("status", ORDER)
    return OrderWord(
        provider_id=provider_id,
        variant=variant if isinstance(variant, PackVariant) else None,
        status=status,
        subtotal=told.amount("subtotal"),
        total=told.amount("total"),
        total_usd=told.amount("total_usd"),
        refunded=_refunded(told, status),
        currency=told.text("currency") or "USD",
        paid_at=told.time("created_at"),
        test_mode=test_mode,
        updated_at=told.time("updated_at"),
    )


def _refunded(told: Attributes, status: PaymentStatus) -> int:
    """What went back, never more than was paid. Of a payment that went back as a whole the amount need not be said."""
    total = told.amount("total")
    return total if status == "refunded" else min(told.amount("refunded_amount"), total)


def _bad(kind: str, what: str) -> NoSense:
    return NoSense(f"Of {kind}: {what}.")


_READERS: Mapping[str, Callable[[str, Attributes, Variants, bool], Word]] = {
    "subscriptions": _sold,
    "subscription-invoices": _invoice,
    "orders": _order,
}
