"""Tables of generation: the job, which is also the queue, its steps, the workers that take jobs, and what was learned."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_LIST, EMPTY_OBJECT, CreatedAt, Id, one_of
from pingvas.base.db import Base
from pingvas.generation.statuses import IS_ENDED, IS_OPEN, IS_RETRYABLE, IS_WAITING, STATUSES


class GenerationJob(Base):
    """One image asked for: its request, its place in the queue, its lease, its price and its end."""

    __tablename__ = "generation_jobs"
    __table_args__ = (
        one_of("generation_jobs", "job_type", "txt2img", "img2img", "inpaint", "upscale"),
        one_of("generation_jobs", "status", *STATUSES),
        CheckConstraint("priority BETWEEN 1 AND 100", name="chk_generation_jobs_priority"),
        CheckConstraint(
            "estimated_credits >= 0 AND actual_credits >= 0 AND actual_credits <= estimated_credits",
            name="chk_generation_jobs_credits",
        ),
        # A status and the facts that make it true are written together or not at all.
        CheckConstraint(
            "(status = 'processing') = (lease_expires_at IS NOT NULL)"
            " AND (status <> 'processing' OR (worker_id IS NOT NULL AND started_at IS NOT NULL))",
            name="chk_generation_jobs_processing_has_lease",
        ),
        CheckConstraint(
            f"({IS_ENDED}) = (completed_at IS NOT NULL)",
            name="chk_generation_jobs_ended_has_time",
        ),
        CheckConstraint(
            "status <> 'queued' OR queued_at IS NOT NULL", name="chk_generation_jobs_queued_has_time"
        ),
        CheckConstraint(
            "status <> 'failed' OR failure_code IS NOT NULL", name="chk_generation_jobs_failed_has_code"
        ),
        CheckConstraint(
            "batch_index >= 0 AND attempt >= 0 AND lost_attempts >= 0", name="chk_generation_jobs_counts"
        ),
        CheckConstraint("gpu_seconds >= 0", name="chk_generation_jobs_gpu_seconds"),
        CheckConstraint(
            "undelivered_at IS NULL OR (status = 'completed' AND actual_credits = 0)",
            name="chk_generation_jobs_undelivered_is_free",
        ),
        one_of("generation_jobs", "lane", "normal", "idle"),
        CheckConstraint("status <> 'queued' OR turn IS NOT NULL", name="chk_generation_jobs_queued_has_turn"),
        # For operators. Not of what is open: the dead entries of a busy queue would be in everybody's way.
        Index(
            "idx_jobs_status_priority",
            "status",
            text("priority DESC"),
            "queued_at",
            postgresql_where=text(IS_RETRYABLE),
        ),
        Index("ix_generation_jobs_user_id", "user_id", text("id DESC")),
        # How many jobs a person has open, and which is next: must not slow down with their history.
        Index(
            "ix_generation_jobs_open",
            "user_id",
            "lane",
            "status",
            "id",
            postgresql_where=text(IS_OPEN),
        ),
        Index(
            "ix_generation_jobs_lease_expires_at",
            "lease_expires_at",
            postgresql_where=text("status = 'processing'"),
        ),
        # The order in which workers take jobs.
        Index("ix_generation_jobs_turn", "turn", "id", postgresql_where=text("status = 'queued'")),
        Index(
            "ix_generation_jobs_deadline_at",
            "deadline_at",
            postgresql_where=text(IS_OPEN),
        ),
        # What waits although its owner took it back; nothing does, but for what an older version left.
        Index(
            "ix_generation_jobs_cancel_requested_at",
            "cancel_requested_at",
            postgresql_where=text(f"cancel_requested_at IS NOT NULL AND {IS_WAITING}"),
        ),
        Index("ix_generation_jobs_retry_of", "retry_of", postgresql_where=text("retry_of IS NOT NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    model_id: Mapped[UUID] = mapped_column(ForeignKey("ai_models.id", ondelete="RESTRICT"), index=True)
    subscription_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="SET NULL"), index=True
    )
    batch_id: Mapped[UUID] = mapped_column(index=True)
    batch_index: Mapped[int] = mapped_column(server_default="0")
    job_type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    priority: Mapped[int]
    plan_name: Mapped[str | None]
    turn: Mapped[int | None] = mapped_column(BigInteger)
    lane: Mapped[str] = mapped_column(server_default="normal")
    batch_key: Mapped[str | None]
    passed_over: Mapped[int] = mapped_column(server_default="0")
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    estimated_credits: Mapped[int]
    estimated_seconds: Mapped[float | None] = mapped_column(Double)
    expected_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    actual_credits: Mapped[int | None]
    gpu_seconds: Mapped[float | None] = mapped_column(Double)
    worker_id: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    lost_attempts: Mapped[int] = mapped_column(server_default="0")
    lease_expires_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    failure_code: Mapped[str | None]
    error_message: Mapped[str | None]
    retry_of: Mapped[UUID | None] = mapped_column(ForeignKey("generation_jobs.id", ondelete="SET NULL"))
    traceparent: Mapped[str | None]
    # The key it was asked for with; NULL: by a signed-in person.
    api_key_id: Mapped[UUID | None]
    created_at: Mapped[CreatedAt]
    # When its credits came back because what it made is lost.
    undelivered_at: Mapped[datetime | None]
    # Where its image is to go; the collection may be gone since.
    collection_id: Mapped[UUID | None]


class GenerationStep(Base):
    """A moment of a running job. `preview_url` is a storage key; deleting the row has the object deleted."""

    __tablename__ = "generation_steps"
    __table_args__ = (
        CheckConstraint("progress_percent >= 0 AND progress_percent <= 100", name="chk_progress_range"),
        CheckConstraint("step_number >= 0 AND total_steps > 0", name="chk_generation_steps_numbers"),
        UniqueConstraint("job_id", "attempt", "step_number", "step_name"),
        Index("ix_generation_steps_preview", "id", postgresql_where=text("preview_url IS NOT NULL")),
    )

    id: Mapped[Id]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("generation_jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    step_number: Mapped[int]
    total_steps: Mapped[int]
    step_name: Mapped[str]
    progress_percent: Mapped[float] = mapped_column(Double)
    preview_url: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Worker(Base):
    """A worker process that says it lives. Jobs name it without a foreign key: they outlive it."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    device: Mapped[str]
    models: Mapped[list[str]] = mapped_column(server_default=EMPTY_LIST)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stopping: Mapped[bool] = mapped_column(server_default=text("false"))
    # What the device has for models and pictures; NULL while the worker does not say.
    memory_bytes: Mapped[int | None] = mapped_column(BigInteger)


class QueueShare(Base):
    """How far into virtual time a person's share of the machines is used up; see `queue/fairness.py`."""

    __tablename__ = "queue_shares"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    served_until: Mapped[int] = mapped_column(BigInteger)


class ModelSpeed(Base):
    """How long a model really takes at about one size, as a ratio to its own cost figures; see `pricing/speeds.py`."""

    __tablename__ = "model_speeds"
    __table_args__ = (
        CheckConstraint("learned > 0 AND samples > 0 AND quoted > 0", name="chk_model_speeds_figures"),
    )

    model_id: Mapped[UUID] = mapped_column(ForeignKey("ai_models.id", ondelete="CASCADE"), primary_key=True)
    size_bucket: Mapped[int] = mapped_column(primary_key=True)
    learned: Mapped[float] = mapped_column(Double)
    samples: Mapped[float] = mapped_column(Double)
    quoted: Mapped[float] = mapped_column(Double, server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
