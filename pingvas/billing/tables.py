"""Tables of money: what is sold, who holds it, and the ledger of credits, which only ever grows."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_OBJECT, CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base


class SubscriptionPlan(Base):
    """What one may subscribe to. A price is NULL where it is negotiated, a limit of a minute where there is none."""

    __tablename__ = "subscription_plans"
    __table_args__ = (
        CheckConstraint(
            "monthly_price >= 0 AND yearly_price >= 0 AND credits_per_month >= 0"
            " AND storage_bytes >= 0 AND max_queues >= 1",
            name="chk_subscription_plans_figures",
        ),
        CheckConstraint("max_open_jobs >= 1", name="chk_subscription_plans_max_open_jobs"),
        CheckConstraint("queue_weight BETWEEN 1 AND 100", name="chk_subscription_plans_queue_weight"),
        CheckConstraint(
            "requests_per_minute >= 1 AND generations_per_minute >= 1",
            name="chk_subscription_plans_per_minute",
        ),
        CheckConstraint("rollover_credits >= 0 AND trial_credits >= 0", name="chk_subscription_plans_kept"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    monthly_price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    yearly_price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    credits_per_month: Mapped[int]
    storage_bytes: Mapped[int] = mapped_column(BigInteger)
    max_queues: Mapped[int]
    max_open_jobs: Mapped[int] = mapped_column(server_default="100")
    queue_weight: Mapped[int] = mapped_column(server_default="10")
    requests_per_minute: Mapped[int | None]
    generations_per_minute: Mapped[int | None]
    features: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]
    # Credits of a month that may be kept for one month more, at most.
    rollover_credits: Mapped[int] = mapped_column(server_default="0")
    trial_credits: Mapped[int] = mapped_column(server_default="0")


class CreditPack(Base):
    """Credits that are sold without a plan. The price is in USD."""

    __tablename__ = "credit_packs"
    __table_args__ = (CheckConstraint("credits > 0 AND price >= 0", name="chk_credit_packs_figures"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    credits: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]


class GiftCode(Base):
    """A word that gives credits to whoever knows it, once each."""

    __tablename__ = "gift_codes"
    __table_args__ = (
        CheckConstraint(
            "credits > 0 AND keep_days > 0 AND max_uses > 0 AND uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)",
            name="chk_gift_codes_figures",
        ),
        Index("uq_gift_codes_code", text("lower(code)"), unique=True),
    )

    id: Mapped[Id]
    code: Mapped[str]
    credits: Mapped[int]
    # Days that the credits live once they are there; NULL: they do not expire.
    keep_days: Mapped[int | None]
    # NULL: everybody may use it, once each.
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(server_default="0")
    valid_until: Mapped[datetime | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[CreatedAt]


class Subscription(Base):
    """A person's hold on a plan, and the credits left. Only `billing/credits.py` changes `remaining_credits`."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        one_of("subscriptions", "status", "active", "canceled", "expired", "past_due"),
        one_of("subscriptions", "billing_cycle", "monthly", "yearly"),
        CheckConstraint("remaining_credits >= 0", name="chk_credits_positive"),
        CheckConstraint("current_period_end >= current_period_start", name="chk_subscriptions_period"),
        # Everyone has exactly one current subscription; this says "at most one".
        Index(
            "uq_subscriptions_current", "user_id", unique=True, postgresql_where=text("status <> 'expired'")
        ),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as a class attribute

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey("subscription_plans.id", ondelete="RESTRICT"), index=True
    )
    lemon_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default="active")
    billing_cycle: Mapped[str] = mapped_column(server_default="monthly")
    remaining_credits: Mapped[int] = mapped_column(server_default="0")
    current_period_start: Mapped[date]
    current_period_end: Mapped[date | None]
    canceled_at: Mapped[datetime | None]
    # The soonest that some of the credits expire: before that nobody needs to look.
    credits_expire_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    trial_ends_at: Mapped[datetime | None]
    # What is paid late may be used until then.
    grace_ends_at: Mapped[datetime | None]
    # The plan that begins when this period ends.
    next_plan_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("subscription_plans.id", ondelete="RESTRICT"), index=True
    )
    # When something of it changes by itself: a month of credits, a period, a trial, a time of grace.
    settle_at: Mapped[datetime | None] = mapped_column(index=True)


class CreditGrant(Base):
    """Credits given once, with what is left of them. `source_key` says for what; it makes giving twice impossible."""

    __tablename__ = "credit_grants"
    __table_args__ = (
        one_of("credit_grants", "kind", "monthly", "trial", "bonus", "pack", "gift", "return"),
        CheckConstraint("amount > 0 AND remaining BETWEEN 0 AND amount", name="chk_credit_grants_figures"),
        CheckConstraint("expires_at > starts_at", name="chk_credit_grants_expires_at"),
        Index("ix_credit_grants_open", "subscription_id", postgresql_where=text("is_open")),
        Index("ix_credit_grants_expires_at", "expires_at", postgresql_where=text("is_open")),
        Index("ix_credit_grants_user_id", "user_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    subscription_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[str]
    source_key: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    remaining: Mapped[int]
    # For the index: it changes once, while what remains changes with each request and would not stay in its place (HOT).
    is_open: Mapped[bool] = mapped_column(Computed("remaining > 0", persisted=True))
    starts_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    # NULL: these do not expire.
    expires_at: Mapped[datetime | None]
    # When their owner was told that they expire soon.
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class CreditTransaction(Base):
    """One entry of the ledger. The database refuses to change, delete or truncate it."""

    __tablename__ = "credit_transactions"
    __table_args__ = (
        one_of("credit_transactions", "transaction_type", "grant", "consume", "refund", "expire", "bonus"),
        CheckConstraint(
            "CASE WHEN transaction_type IN ('consume', 'expire') THEN amount < 0 ELSE amount > 0 END",
            name="chk_credit_transactions_amount_sign",
        ),
        CheckConstraint("balance_after >= 0", name="chk_credit_transactions_balance_after"),
        # A job is charged once, settled once, and paid back once where what it made is lost, whatever is retried.
        Index(
            "uq_credit_transactions_job_type",
            "job_id",
            "transaction_type",
            text("(metadata ? 'undelivered')"),
            unique=True,
            postgresql_where=text("job_id IS NOT NULL AND transaction_type IN ('consume', 'refund')"),
        ),
        # Credits that came and went without a job, for the sums of a month.
        Index(
            "ix_credit_transactions_without_job",
            "created_at",
            postgresql_where=text("transaction_type IN ('grant', 'bonus', 'expire')"),
        ),
        Index("ix_credit_transactions_user_id", "user_id", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_credit_transactions_subscription_id",
            "subscription_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    subscription_id: Mapped[UUID | None] = mapped_column(ForeignKey("subscriptions.id", ondelete="SET NULL"))
    job_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("generation_jobs.id", ondelete="SET NULL"), index=True
    )
    transaction_type: Mapped[str]
    amount: Mapped[int]
    balance_after: Mapped[int]
    description: Mapped[str | None]
    # The column is `metadata`; SQLAlchemy keeps that attribute name for itself.
    details: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)
    # Not now(): entries are made under the lock of their subscription, and the clock, unlike the start of the
    # transaction, is in the order of the locks.
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
