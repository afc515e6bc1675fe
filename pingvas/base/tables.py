"""Tables that belong to no room: answers kept for replays, objects waiting for their deletion, chores done, loops that failed,
counts of the present minute."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Identity, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import CreatedAt
from pingvas.base.db import Base


class IdempotencyKey(Base):
    """The first answer to a call that carried an Idempotency-Key, written in the transaction of its effect."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (PrimaryKeyConstraint("user_id", "route", "key"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    route: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[str]
    status_code: Mapped[int]
    response: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]


class StorageDeletion(Base):
    """An object in storage that no row names any more. Triggers fill this; a chore deletes the object, then the row."""

    __tablename__ = "storage_deletions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[CreatedAt]


class ChoreRun(Base):
    """How a chore's latest turn went, and how many turns it has had."""

    __tablename__ = "chore_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    runs: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(BigInteger, server_default="0")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    seconds: Mapped[float | None] = mapped_column(Double)
    result: Mapped[str | None]
    error: Mapped[str | None]


class LoopFailure(Base):
    """The latest failure of a background loop, and how many it has had, by kind of process and host."""

    __tablename__ = "loop_failures"
    __table_args__ = (PrimaryKeyConstraint("process", "host", "loop"),)

    process: Mapped[str]
    host: Mapped[str]
    loop: Mapped[str]
    failures: Mapped[int] = mapped_column(BigInteger, server_default="1")
    error: Mapped[str]
    failed_at: Mapped[datetime]
    recovered_at: Mapped[datetime | None]
    gave_up: Mapped[bool] = mapped_column(server_default="false")


class RateLimit(Base):
    """How often somebody has asked: in the window of that number since 1970, and in the one before."""

    __tablename__ = "rate_limits"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_number: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int]
    previous: Mapped[int] = mapped_column(server_default="0")
    expires_at: Mapped[datetime]
