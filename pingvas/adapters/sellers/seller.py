"""The port to whoever sells plans and packs of credits, in the house's own words.

A seller is asked (`Seller`) and tells (`accept_event`, later `read_event`). Whatever it says of something sold is a whole, newest word about it:
`SoldWord`, `InvoiceWord` or `OrderWord`, with the seller's own time of change, by which words are put in order.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from pingvas.base.errors import Conflict, Forbidden, Unauthorized, Unavailable

Cycle = Literal["monthly", "yearly"]
SoldStatus = Literal["trial", "active", "paused_free", "paused", "past_due", "unpaid", "canceled", "expired"]
PaymentStatus = Literal["pending", "paid", "void", "refunded", "partial_refund", "failed"]
InvoiceReason = Literal["initial", "renewal", "updated"]


@dataclass(frozen=True)
class PlanVariant:
    """A plan as it is sold."""

    plan: str
    cycle: Cycle


@dataclass(frozen=True)
class PackVariant:
    """Credits as they are sold without a plan."""

    pack: str


Variant = PlanVariant | PackVariant


@dataclass(frozen=True)
class SoldWord:
    """A subscription, as the seller has it now. `variant=None`: one that the settings do not name.

    `ends_at`: when it stops for good (`canceled`, `expired`). `card`: brand and last four digits.
    """

    provider_id: str
    variant: PlanVariant | None
    status: SoldStatus
    began_at: datetime
    renews_at: datetime | None
    ends_at: datetime | None
    trial_ends_at: datetime | None
    card: str | None
    customer_id: str | None
    test_mode: bool
    updated_at: datetime


@dataclass(frozen=True)
class InvoiceWord:
    """What was asked for a subscription. Amounts in the smallest unit of `currency` (cents), `total_usd` in US cents."""

    provider_id: str
    subscription_id: str
    reason: InvoiceReason
    status: PaymentStatus
    subtotal: int
    total: int
    total_usd: int
    refunded: int
    currency: str
    paid_at: datetime
    test_mode: bool
    updated_at: datetime


@dataclass(frozen=True)
class OrderWord:
    """What was bought once. `variant=None`: the first order of a subscription, which has an invoice of its own, or nothing of ours."""

    provider_id: str
    variant: PackVariant | None
    status: PaymentStatus
    subtotal: int
    total: int
    total_usd: int
    refunded: int
    currency: str
    paid_at: datetime
    test_mode: bool
    updated_at: datetime


Word = SoldWord | InvoiceWord | OrderWord


@dataclass(frozen=True)
class Event:
    """What a seller sent by itself. `token` is the one that our checkout was made with, if it echoes one; `word=None`: nothing that
    the house deals in."""

    name: str
    token: str | None
    word: Word | None


@dataclass(frozen=True)
class SentEvent:
    """An event as it came, with nothing in it that a database cannot keep. The hash is of its bytes: what is sent again has the
    same one."""

    name: str
    body: Mapping[str, Any]
    body_hash: str


@dataclass(frozen=True)
class CheckoutPage:
    """Where a person pays, and until when the page is there."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class CustomerPages:
    """Pages of the seller for one subscription, signed for some hours: made anew each time, never kept."""

    portal: str
    change_card: str
    change_plan: str | None


class SellerUnavailable(Unavailable):
    code = "seller_unavailable"
    default_detail = (
        "The payment service does not answer right now. Nothing was bought or changed; try again in a moment."
    )


class SellerRefused(Unavailable):
    """It answered, and said no. The reason is for the operator's log."""

    code = "seller_refused"
    default_detail = (
        "The payment service refused this. Nothing was bought or changed; tell whoever runs this studio."
    )


class BadSignature(Unauthorized):
    code = "bad_signature"
    default_detail = "The signature does not belong to this body."


class TestModeEvent(Forbidden):
    """Nobody has paid for it. Where a studio sells in earnest it gives nothing."""

    __test__ = False  # pytest would take it for one of its own

    code = "test_mode_event"
    default_detail = "This event is of the seller's test mode, and this studio sells in earnest."


class NotSold(Conflict):
    """No variant of the seller stands for it in the settings."""

    code = "not_sold"
    default_detail = "This is not sold here."


class Seller(Protocol):
    """Someone who sells. All calls but those for events raise SellerUnavailable and SellerRefused, and NotSold of a variant that it
    does not have; no call may run inside a transaction.

    `name` is that of the address its events come to and of the rows that they make (`lemon-squeezy`, `sandbox`).
    """

    name: str
    test_mode: bool

    def sells(self, variant: Variant) -> bool:
        """Whether the settings say how the seller calls it."""
        ...

    async def checkout(
        self,
        variant: Variant,
        *,
        token: str,
        email: str | None,
        return_url: str,
        language: Literal["ko", "en"],
    ) -> CheckoutPage:
        """A page where this is paid. The events of what is bought there carry the token."""
        ...

    async def change(self, subscription_id: str, variant: PlanVariant, *, at_once: bool) -> SoldWord:
        """Another plan: paid for at once (the rest of the period, an invoice `updated`), or from the next invoice on."""
        ...

    async def cancel(self, subscription_id: str) -> SoldWord:
        """It ends with its period."""
        ...

    async def resume(self, subscription_id: str) -> SoldWord:
        """Take a cancellation back, before it has ended."""
        ...

    async def pages(self, subscription_id: str) -> CustomerPages: ...

    async def find_subscription(self, subscription_id: str) -> SoldWord | None: ...

    def list_subscriptions(self) -> AsyncIterator[SoldWord]: ...

    def list_invoices(self) -> AsyncIterator[InvoiceWord]: ...

    def list_orders(self) -> AsyncIterator[OrderWord]: ...

    def accept_event(self, headers: Mapping[str, str], body: bytes) -> SentEvent:
        """A body as it came, once its signature was checked: to be kept. Raises BadSignature, TestModeEvent, and Invalid where it
        is signed and still no event."""
        ...

    def read_event(self, body: Mapping[str, Any]) -> Event:
        """What a kept body says. Raises Invalid where that makes no sense, and TestModeEvent."""
        ...
