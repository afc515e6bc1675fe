"""Tables of what others have to do with images: likes and their counts, reports, and what is hidden."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import CreatedAt, Id, one_of
from pingvas.base.db import Base
from pingvas.gallery.sharing.reasons import REASONS


class ImageLike(Base):
    """That somebody likes an image."""

    __tablename__ = "image_likes"

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[CreatedAt]


class ImageLikeCount(Base):
    """How many like an image that somebody has liked. Triggers on `image_likes` keep it; nothing else writes it. It is no column of
    `images`, for a like shall write none of the many indexes there."""

    __tablename__ = "image_like_counts"
    __table_args__ = (
        CheckConstraint("likes >= 0", name="chk_image_like_counts_likes"),
        # Read from its end: what is liked most.
        Index("ix_image_like_counts_most", "likes", "image_id"),
    )

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    likes: Mapped[int]


class ImageReport(Base):
    """What somebody finds wrong with an image that others see. Open until an admin has hidden the image or dismissed what was said."""

    __tablename__ = "image_reports"
    __table_args__ = (
        one_of("image_reports", "reason", *REASONS),
        one_of("image_reports", "outcome", "hidden", "dismissed"),
        CheckConstraint(
            "(closed_at IS NULL) = (outcome IS NULL)", name="chk_image_reports_closed_has_outcome"
        ),
        # One at a time of a person; the open ones are found by it.
        Index(
            "uq_image_reports_open",
            "image_id",
            "user_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_image_reports_image_id", "image_id"),
        Index("ix_image_reports_user_id", "user_id"),
    )

    id: Mapped[Id]
    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"))
    # Who reports it.
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    reason: Mapped[str]
    words: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class HiddenImage(Base):
    """An image that an admin hides: while the row is there it is private, and stays so. `visibility_before` is what it gets back."""

    __tablename__ = "hidden_images"
    __table_args__ = (
        one_of("hidden_images", "reason", *REASONS),
        one_of("hidden_images", "visibility_before", "private", "public", "unlisted"),
        Index("ix_hidden_images_hidden_at", text("hidden_at DESC"), text("image_id DESC")),
    )

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str]
    # What its owner is told beside the reason.
    words: Mapped[str | None]
    visibility_before: Mapped[str]
    hidden_at: Mapped[CreatedAt]
