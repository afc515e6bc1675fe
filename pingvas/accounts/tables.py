"""Tables of people: who they are, their devices, the ways they sign in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_OBJECT, CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base


class User(Base):
    """A person. `password_hash` is NULL for those who only sign in through OAuth."""

    __tablename__ = "users"
    __table_args__ = (
        one_of("users", "role", "user", "admin"),
        one_of("users", "status", "active", "suspended", "deleted"),
        # Ada@example.org and ada@example.org are one person.
        Index("uq_users_email", text("lower(email)"), unique=True),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as a class attribute

    id: Mapped[Id]
    email: Mapped[str]
    password_hash: Mapped[str | None]
    display_name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="user")
    status: Mapped[str] = mapped_column(server_default="active")
    email_verified_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class UserProfile(Base):
    """What a person shows and prefers; one for each."""

    __tablename__ = "user_profiles"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    avatar_url: Mapped[str | None]
    bio: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    created_at: Mapped[CreatedAt]


class UserSession(Base):
    """A signed-in device. `refresh_token` is the SHA-256 (hex) of its current token, never the token."""

    __tablename__ = "user_sessions"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    refresh_token: Mapped[str] = mapped_column(unique=True)
    rotation: Mapped[int] = mapped_column(server_default="0")
    rotated_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class OAuthAccount(Base):
    """An identity at Google or Discord that may sign in as this person."""

    __tablename__ = "oauth_accounts"
    __table_args__ = (
        one_of("oauth_accounts", "provider", "google", "discord"),
        UniqueConstraint("provider", "provider_user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str]
    provider_user_id: Mapped[str]
    provider_data: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    created_at: Mapped[CreatedAt]


class OneTimeToken(Base):
    """A link that works once: to sign in, to prove an address, to set a new password. Holds a hash, like sessions."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (one_of("one_time_tokens", "purpose", "sign_in", "verify_email", "reset_password"),)

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
