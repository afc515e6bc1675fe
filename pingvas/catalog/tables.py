"""Tables of models: those everybody may run, and those a person uploaded or trained."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_LIST, EMPTY_OBJECT, CreatedAt, Id, one_of
from pingvas.base.db import Base

_MODEL_TYPES = ("checkpoint", "lora", "controlnet", "vae")


class AiModel(Base):
    """A model of the studio. `required_tiers` names the plans that may use it; empty means all.

    `efs_cache_path` is the unpacked copy that workers share: a directory.
    """

    __tablename__ = "ai_models"
    __table_args__ = (
        one_of("ai_models", "model_type", *_MODEL_TYPES),
        CheckConstraint("size_bytes >= 0", name="chk_ai_models_size_bytes"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    model_type: Mapped[str]
    version: Mapped[str]
    s3_path: Mapped[str]
    efs_cache_path: Mapped[str | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    config: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    required_tiers: Mapped[list[str]] = mapped_column(server_default=EMPTY_LIST)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]


class UserModel(Base):
    """A person's own model. Its file has no path until the upload or the training has ended."""

    __tablename__ = "user_models"
    __table_args__ = (
        one_of("user_models", "model_type", *_MODEL_TYPES),
        one_of("user_models", "status", "pending", "training", "ready", "failed"),
        CheckConstraint("status <> 'ready' OR s3_path IS NOT NULL", name="chk_user_models_ready_has_file"),
        CheckConstraint("size_bytes >= 0", name="chk_user_models_size_bytes"),
        UniqueConstraint("user_id", "name"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    model_type: Mapped[str]
    s3_path: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(server_default="pending")
    training_config: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    created_at: Mapped[CreatedAt]
