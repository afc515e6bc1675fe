"""Tables that belong to no room: answers kept for replays, and stored objects waiting for their deletion."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, PrimaryKeyConstraint
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
