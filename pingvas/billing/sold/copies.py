"""What is known of one person's money: their copies of the seller's words, as one transaction sees them.

What follows from them (`plan_held`, `credits_due`) is worked out from this alone, so that it does not matter in which order the
words came, how often, or whether some never did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pingvas.adapters.sellers.seller import Cycle
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import fetch, fetch_one

# Agreed with an admin: sold by nobody.
STUDIO = "studio"

_WALLET = text("""
    SELECT id, created_at, now() AS now FROM subscriptions WHERE user_id = :user_id AND status <> 'expired'
""")
_SOLD = text("""
    SELECT id, provider, provider_id, plan_id, billing_cycle, status, began_at, renews_at, ends_at, trial_ends_at,
           past_due_since, gives_credits, card, customer_id, seller_updated_at
      FROM sold_subscriptions WHERE user_id = :user_id ORDER BY provider, provider_id
""")
_SEEN = text("""
    SELECT seen.sold_id, seen.plan_id, seen.billing_cycle, seen.seen_at
      FROM sold_variants AS seen JOIN sold_subscriptions AS sold ON sold.id = seen.sold_id
     WHERE sold.user_id = :user_id ORDER BY seen.seen_at
""")
_PAID = text("""
    SELECT payment.id, payment.provider, payment.kind, payment.provider_id, payment.subscription_provider_id,
           pack.credits AS pack_credits, payment.reason, payment.status, payment.subtotal, payment.total, payment.refunded,
           payment.currency, payment.credits_given, payment.taken_back, payment.not_taken_back, payment.paid_at
      FROM payments AS payment LEFT JOIN credit_packs AS pack ON pack.id = payment.pack_id
     WHERE payment.user_id = :user_id ORDER BY payment.paid_at, payment.provider_id
""")
_PLANS = text("""
    SELECT id, name, display_name, queue_weight, monthly_price, yearly_price, credits_per_month, trial_credits, is_active
      FROM subscription_plans
""")
# Those that follow from copies; bonuses, gifts and what came back do not.
_GRANTS = text("""
    SELECT source_key, amount FROM credit_grants
     WHERE subscription_id = :subscription_id AND kind IN ('monthly', 'trial', 'pack')
""")


@dataclass(frozen=True)
class PlanRow:
    """A plan, as far as money needs it."""

    id: UUID
    name: str
    display_name: str
    queue_weight: int
    monthly_price: Decimal | None
    yearly_price: Decimal | None
    credits_per_month: int
    trial_credits: int
    is_active: bool

    @property
    def rank(self) -> tuple[int, Decimal]:
        """Of two plans the better has the higher one. What is agreed with each customer costs the most."""
        return self.queue_weight, Decimal("Infinity") if self.monthly_price is None else self.monthly_price

    def price(self, cycle: str) -> Decimal | None:
        return self.yearly_price if cycle == "yearly" else self.monthly_price


@dataclass(frozen=True)
class SeenVariant:
    """With which plan a subscription was seen, and when."""

    plan: PlanRow
    cycle: Cycle
    seen_at: datetime


@dataclass(frozen=True)
class SoldCopy:
    """A row of `sold_subscriptions` with the plans that it was seen with, oldest first."""

    id: UUID
    provider: str
    provider_id: str
    plan: PlanRow | None
    cycle: Cycle
    status: str
    began_at: datetime
    renews_at: datetime | None
    ends_at: datetime | None
    trial_ends_at: datetime | None
    past_due_since: datetime | None
    gives_credits: bool
    card: str | None
    customer_id: str | None
    seller_updated_at: datetime
    seen: tuple[SeenVariant, ...]


@dataclass(frozen=True)
class Paid:
    """A row of `payments`."""

    id: UUID
    provider: str
    kind: str
    provider_id: str
    subscription_provider_id: str | None
    pack_credits: int | None
    reason: str
    status: str
    subtotal: int
    total: int
    refunded: int
    currency: str
    credits_given: int
    taken_back: int
    not_taken_back: int
    paid_at: datetime

    @property
    def was_paid(self) -> bool:
        return self.status in ("paid", "partial_refund", "refunded")

    @property
    def is_kept(self) -> bool:
        """Paid, and not given back as a whole."""
        return self.status in ("paid", "partial_refund")


@dataclass(frozen=True)
class Copies:
    """All of one person. `given`: the credits they had for these so far, by source key. `member_since`: since when there is a wallet."""

    user_id: UUID
    wallet_id: UUID
    member_since: datetime
    now: datetime
    plans: Mapping[UUID, PlanRow]
    sold: tuple[SoldCopy, ...]
    payments: tuple[Paid, ...]
    given: Mapping[str, int]
    # Periods by subscription, once they were worked out (`periods_of`).
    periods: dict[UUID, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def free(self) -> PlanRow:
        return next(plan for plan in self.plans.values() if plan.name == "free")

    def invoices_of(self, sold: SoldCopy) -> tuple[Paid, ...]:
        """Those of one subscription that were paid, oldest first."""
        return tuple(
            each
            for each in self.payments
            if each.kind == "invoice"
            and each.was_paid
            and each.provider == sold.provider
            and each.subscription_provider_id == sold.provider_id
        )


async def load_copies(session: ReadSession, user_id: UUID) -> Copies | None:
    """None: this person has no wallet any more."""
    person = {"user_id": user_id}
    wallet = await fetch_one(session, _WALLET, person)
    if wallet is None:
        return None
    plans = {row["id"]: PlanRow(**row) for row in await fetch(session, _PLANS, {})}
    seen: dict[UUID, list[SeenVariant]] = {}
    for row in await fetch(session, _SEEN, person):
        variant = SeenVariant(plans[row["plan_id"]], row["billing_cycle"], row["seen_at"])
        seen.setdefault(row["sold_id"], []).append(variant)
    sold = []
    for row in await fetch(session, _SOLD, person):
        told = dict(row)
        plan_id, cycle = told.pop("plan_id"), told.pop("billing_cycle")
        plan = None if plan_id is None else plans[plan_id]
        sold.append(SoldCopy(**told, plan=plan, cycle=cycle, seen=tuple(seen.get(told["id"], ()))))
    payments = tuple(Paid(**row) for row in await fetch(session, _PAID, person))
    grants = await fetch(session, _GRANTS, {"subscription_id": wallet.id})
    return Copies(
        user_id=user_id,
        wallet_id=wallet.id,
        member_since=wallet.created_at,
        now=wallet.now,
        plans=plans,
        sold=tuple(sold),
        payments=payments,
        given={row["source_key"]: row["amount"] for row in grants},
    )
