"""Tables of people: who they are, their devices and keys, the ways they sign in, and what they are written."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_LIST, EMPTY_OBJECT, CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base


class User(Base):
    """A person. `password_hash` is NULL for those who sign in without one, `email` for those who have told none.

    A deleted account is there until `leaves_at`, so that its owner can take the deletion back. `bonus_due`: credits that are
    given when the address is proven.
    """

    __tablename__ = "users"
    __table_args__ = (
        one_of("users", "role", "user", "admin"),
        one_of("users", "status", "active", "suspended", "deleted"),
        # Ada@example.org and ada@example.org are one person.
        Index("uq_users_email", text("lower(email)"), unique=True),
        Index("uq_users_handle", text("lower(handle)"), unique=True),
        Index("ix_users_leaves_at", "leaves_at", postgresql_where=text("leaves_at IS NOT NULL")),
        CheckConstraint("bonus_due >= 0", name="chk_users_bonus_due"),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as a class attribute

    id: Mapped[Id]
    email: Mapped[str | None]
    password_hash: Mapped[str | None]
    display_name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="user")
    status: Mapped[str] = mapped_column(server_default="active")
    email_verified_at: Mapped[datetime | None]
    handle: Mapped[str | None]
    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str | None]
    leaves_at: Mapped[datetime | None]
    bonus_due: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class UserProfile(Base):
    """What a person shows and prefers; one for each. `avatar_key` is how the storage keys of the picture's sizes begin."""

    __tablename__ = "user_profiles"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    avatar_url: Mapped[str | None]
    bio: Mapped[str | None]
    avatar_key: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    created_at: Mapped[CreatedAt]


class UserSession(Base):
    """A signed-in device. `refresh_token` is the SHA-256 (hex) of its current token, never the token.

    `proven_at`: when its person last proved on it who they are, and `method` how. `viewer_id`: the admin who looks through
    this person's eyes.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (
        one_of("user_sessions", "method", "password", "link", "passkey", "google", "discord", "viewing"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    refresh_token: Mapped[str] = mapped_column(unique=True)
    rotation: Mapped[int] = mapped_column(server_default="0")
    rotated_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    proven_at: Mapped[datetime] = mapped_column(server_default=func.now())
    method: Mapped[str] = mapped_column(server_default="password")
    second_factor: Mapped[bool] = mapped_column(server_default="false")
    viewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
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
    __table_args__ = (
        one_of(
            "one_time_tokens",
            "purpose",
            "sign_in",
            "verify_email",
            "reset_password",
            "confirm_old_email",
            "confirm_new_email",
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class EmailChange(Base):
    """A change of address that waits until the old address and the new one have agreed."""

    __tablename__ = "email_changes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    new_email: Mapped[str]
    old_confirmed_at: Mapped[datetime | None]
    new_confirmed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class Passkey(Base):
    """A WebAuthn credential that signs this person in."""

    __tablename__ = "passkeys"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    transports: Mapped[list[str]] = mapped_column(server_default=EMPTY_LIST)
    backed_up: Mapped[bool] = mapped_column(server_default="false")
    name: Mapped[str]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Challenge(Base):
    """What the studio asked and waits to have answered, once: by a passkey, by a provider, with a code."""

    __tablename__ = "challenges"
    __table_args__ = (
        one_of(
            "challenges",
            "purpose",
            "passkey_registration",
            "passkey_sign_in",
            "second_factor",
            "oauth",
            "oauth_link",
        ),
    )

    id: Mapped[Id]
    purpose: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    attempts: Mapped[int] = mapped_column(server_default="0")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[CreatedAt]


class SecondFactor(Base):
    """An authenticator app (TOTP). `secret` is encrypted; the factor counts once `confirmed_at` is there."""

    __tablename__ = "second_factors"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[CreatedAt]


class RecoveryCode(Base):
    """A code that stands in for the app once. Holds a hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class KnownDevice(Base):
    """A kind of browser that a person has signed in with before."""

    __tablename__ = "known_devices"
    __table_args__ = (PrimaryKeyConstraint("user_id", "device"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    device: Mapped[str]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key for programs, held as a hash. A cap of NULL is what its owner has, a limit of NULL what the
    plan allows; no models or addresses given are all."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("total_cap >= 0", name="chk_api_keys_total_cap"),
        CheckConstraint("daily_cap >= 0", name="chk_api_keys_daily_cap"),
        CheckConstraint(
            "cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'generate', 'manage']",
            name="chk_api_keys_scopes",
        ),
        CheckConstraint("requests_per_minute >= 1", name="chk_api_keys_requests_per_minute"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    total_cap: Mapped[int | None]
    daily_cap: Mapped[int | None]
    models: Mapped[list[str] | None]
    addresses: Mapped[list[str] | None]
    requests_per_minute: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_used_ip: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class ApiKeySpending(Base):
    """Credits that a key has spent on a day (UTC): what its jobs hold or cost."""

    __tablename__ = "api_key_spending"
    __table_args__ = (PrimaryKeyConstraint("api_key_id", "day"),)

    api_key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    day: Mapped[date]
    credits: Mapped[int] = mapped_column(server_default="0")


class Mail(Base):
    """A message to somebody, from when it is decided to when it is sent. Holds no token: links are made when it is sent."""

    __tablename__ = "mails"
    __table_args__ = (
        one_of("mails", "language", "en", "ko"),
        Index(
            "ix_mails_next_attempt_at",
            "next_attempt_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    to_address: Mapped[str]
    template: Mapped[str]
    language: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class DataExport(Base):
    """Everything about a person as one file: asked for, made in the background, there for a while."""

    __tablename__ = "data_exports"
    __table_args__ = (
        one_of("data_exports", "status", "waiting", "ready", "failed"),
        Index("uq_data_exports_waiting", "user_id", unique=True, postgresql_where=text("status = 'waiting'")),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(server_default="waiting")
    storage_key: Mapped[str | None]
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    leased_until: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class AuditEntry(Base):
    """What an admin did, on whom or what, before and after. The database refuses to change it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_created_at", text("created_at DESC"), text("id DESC")),
        Index("ix_audit_log_target_id", "target_id", text("created_at DESC")),
    )

    id: Mapped[Id]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    actor_name: Mapped[str]
    action: Mapped[str]
    target_type: Mapped[str]
    target_id: Mapped[str | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str | None]
    ip_address: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Announcement(Base):
    """A word of the studio's to everybody, in both languages, from one moment to another."""

    __tablename__ = "announcements"
    __table_args__ = (
        one_of("announcements", "level", "info", "warning", "critical"),
        CheckConstraint("ends_at > starts_at", name="chk_announcements_ends_at"),
    )

    id: Mapped[Id]
    level: Mapped[str] = mapped_column(server_default="info")
    text_en: Mapped[str]
    text_ko: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ends_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[CreatedAt]
