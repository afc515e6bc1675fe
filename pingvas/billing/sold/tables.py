"""Tables of what a seller told: its events as they came, and a copy of its subscriptions and payments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import CreatedAt, Id, one_of
from pingvas.base.db import Base


class BillingEvent(Base):
    """An event of a seller, as it came. The same body is the same row."""

    __tablename__ = "billing_events"
    __table_args__ = (
        UniqueConstraint("provider", "body_hash", name="uq_billing_events_body_hash"),
        one_of("billing_events", "status", "waiting", "applied", "ignored", "nobody", "failed"),
        CheckConstraint("attempts >= 0", name="chk_billing_events_attempts"),
        Index("ix_billing_events_waiting", "next_try_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_billing_events_received_at", text("received_at DESC"), text("id DESC")),
    )

    id: Mapped[Id]
    provider: Mapped[str]
    event_name: Mapped[str]
    body_hash: Mapped[str]
    body: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    applied_at: Mapped[datetime | None]


class Checkout(Base):
    """Who asked for a checkout: what is bought with its token is this person's."""

    __tablename__ = "checkouts"
    __table_args__ = (
        Index("ix_checkouts_user_id", "user_id", text("created_at DESC")),
        Index("ix_checkouts_created_at", "created_at"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    # Plan and cycle, or pack: `pro_monthly`, `pack_small`.
    variant: Mapped[str]
    created_at: Mapped[CreatedAt]
    # When something was bought with it.
    used_at: Mapped[datetime | None]


class SoldSubscription(Base):
    """The newest word about what was sold, or agreed with an admin (`provider` is `studio`)."""

    __tablename__ = "sold_subscriptions"
    __table_args__ = (
        UniqueConstraint("provider", "provider_id", name="uq_sold_subscriptions_provider"),
        one_of("sold_subscriptions", "billing_cycle", "monthly", "yearly"),
        one_of(
            "sold_subscriptions",
            "status",
            "trial",
            "active",
            "paused_free",
            "paused",
            "past_due",
            "unpaid",
            "canceled",
            "expired",
        ),
    )

    id: Mapped[Id]
    provider: Mapped[str]
    provider_id: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    # NULL: the seller names a variant that is no plan of ours.
    plan_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("subscription_plans.id", ondelete="RESTRICT"), index=True
    )
    billing_cycle: Mapped[str]
    status: Mapped[str]
    began_at: Mapped[datetime]
    renews_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    trial_ends_at: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    # Of what is agreed here: whether it brings the plan's credits each month.
    gives_credits: Mapped[bool] = mapped_column(server_default=text("false"))
    card: Mapped[str | None]
    customer_id: Mapped[str | None]
    test_mode: Mapped[bool]
    seller_updated_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class SoldVariant(Base):
    """Which plan a subscription was seen with, and when: an invoice for a change names none."""

    __tablename__ = "sold_variants"
    __table_args__ = (
        UniqueConstraint("sold_id", "seen_at", name="uq_sold_variants_seen_at"),
        one_of("sold_variants", "billing_cycle", "monthly", "yearly"),
    )

    id: Mapped[Id]
    sold_id: Mapped[UUID] = mapped_column(ForeignKey("sold_subscriptions.id", ondelete="CASCADE"))
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey("subscription_plans.id", ondelete="RESTRICT"), index=True
    )
    billing_cycle: Mapped[str]
    seen_at: Mapped[datetime]


class Payment(Base):
    """An invoice of a subscription or an order of a pack, in the smallest unit of its currency."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("provider", "kind", "provider_id", name="uq_payments_provider"),
        one_of("payments", "kind", "invoice", "order"),
        one_of("payments", "reason", "initial", "renewal", "updated", "pack"),
        one_of("payments", "status", "pending", "paid", "void", "refunded", "partial_refund", "failed"),
        CheckConstraint(
            "subtotal >= 0 AND total >= 0 AND total_usd >= 0 AND refunded >= 0"
            " AND credits_given >= 0 AND taken_back >= 0 AND not_taken_back >= 0",
            name="chk_payments_figures",
        ),
        Index("ix_payments_subscription_provider_id", "provider", "subscription_provider_id"),
        Index("ix_payments_paid_at", "paid_at"),
    )

    id: Mapped[Id]
    provider: Mapped[str]
    kind: Mapped[str]
    provider_id: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    # Of an invoice: the seller's id of the subscription, which may come later than the invoice.
    subscription_provider_id: Mapped[str | None]
    pack_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("credit_packs.id", ondelete="RESTRICT"), index=True
    )
    reason: Mapped[str]
    status: Mapped[str]
    subtotal: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    total_usd: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    currency: Mapped[str]
    # Credits given for it, taken back because of a refund, and those that were spent before.
    credits_given: Mapped[int] = mapped_column(server_default="0")
    taken_back: Mapped[int] = mapped_column(server_default="0")
    not_taken_back: Mapped[int] = mapped_column(server_default="0")
    paid_at: Mapped[datetime]
    test_mode: Mapped[bool]
    seller_updated_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
