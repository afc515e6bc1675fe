"""Tables of the gallery: images, those that are on their way in, how much they take, their tags, and the collections they sit in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_OBJECT, CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base
from pingvas.gallery.storage_keys import IS_OLD

# An image of an earlier version whose file may name the images it was made from, as its row does.
NAMES_IMAGES_IN_ITS_FILE = f"""{IS_OLD} AND (generation_params ? 'source_image' OR generation_params ? 'mask_image'
    OR jsonb_path_exists(generation_params, '$.controlnet[*].image'))"""


class Image(Base):
    """A kept picture. `s3_key`, `thumbnail_url` and `thumbnail_large_url` are storage keys; `cdn_url` is set only where a CDN serves it.

    Deleting the row puts its objects into `storage_deletions`.
    """

    __tablename__ = "images"
    __table_args__ = (
        one_of("images", "format", "png", "jpg", "webp"),
        one_of("images", "visibility", "private", "public", "unlisted"),
        CheckConstraint("width > 0 AND height > 0 AND file_size > 0", name="chk_images_size_positive"),
        Index("idx_images_user_created", "user_id", text("created_at DESC")),
        # Both are empty once the chores have been through.
        Index("ix_images_without_thumbhash", "id", postgresql_where=text("thumbhash IS NULL")),
        Index("ix_images_naming_files", "id", postgresql_where=text(NAMES_IMAGES_IN_ITS_FILE)),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # One job makes at most one image; an uploaded image has no job.
    job_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("generation_jobs.id", ondelete="SET NULL"), unique=True
    )
    s3_key: Mapped[str] = mapped_column(unique=True)
    cdn_url: Mapped[str | None]
    thumbnail_url: Mapped[str | None]
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[str]
    file_size: Mapped[int] = mapped_column(BigInteger)
    generation_params: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    visibility: Mapped[str] = mapped_column(server_default="private")
    is_favorite: Mapped[bool] = mapped_column(server_default=text("false"))
    thumbnail_large_url: Mapped[str | None]
    # A ThumbHash; NULL until the chores have made it, empty where they cannot.
    thumbhash: Mapped[bytes | None]
    # The key it was asked for with; NULL: by a signed-in person.
    api_key_id: Mapped[UUID | None]
    created_at: Mapped[CreatedAt]


class Upload(Base):
    """A picture that is sent in in parts. `parts` are storage keys, in order; a trigger deletes what they name with them."""

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("uploads", "visibility", "private", "public", "unlisted"),
        CheckConstraint("length > 0 AND received BETWEEN 0 AND length", name="chk_uploads_received"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    parts: Mapped[list[str]] = mapped_column(server_default="{}")
    filename: Mapped[str | None]
    visibility: Mapped[str] = mapped_column(server_default="private")
    # The image it became, which may be gone meanwhile; or why it became none.
    image_id: Mapped[UUID | None]
    refusal: Mapped[dict[str, Any] | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[CreatedAt]


class StorageUse(Base):
    """How many bytes a person's images take in all. Triggers on `images` keep it; nothing else writes it."""

    __tablename__ = "storage_use"
    __table_args__ = (CheckConstraint("used_bytes >= 0", name="chk_storage_use_used_bytes"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    used_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Tag(Base):
    """A word on images, whoever uses it. Triggers on `image_tags` keep `usage_count`, that of all people's images together,
    which nobody is told; nothing else writes it."""

    __tablename__ = "tags"
    __table_args__ = (CheckConstraint("usage_count >= 0", name="chk_tags_usage_count"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    usage_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class UserTag(Base):
    """A word of a person's, on how many of their images it is. Triggers on `image_tags` keep it, from the first use to the
    last. Its id is what others are told of a tag, for that of `tags` would say that somebody else had the word first."""

    __tablename__ = "user_tags"
    __table_args__ = (
        UniqueConstraint("user_id", "tag_id", name="uq_user_tags_tag"),
        CheckConstraint("usage_count >= 0", name="chk_user_tags_usage_count"),
        Index(
            "ix_user_tags_most_used",
            "user_id",
            text("usage_count DESC"),
            text("created_at DESC"),
            text("id DESC"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), index=True)
    usage_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class ImageTag(Base):
    """An image has many tags, and the other way round. `user_id` is the image's owner, for once the image is gone nobody
    can ask it."""

    __tablename__ = "image_tags"
    __table_args__ = (
        Index("idx_image_tags_tag", "tag_id"),
        Index("ix_image_tags_user_tag", "user_id", "tag_id", "image_id"),
    )

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[CreatedAt]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class Collection(Base):
    """Images that a person put together. `cover_image_url` is the `s3_key` of the one that was chosen for it; NULL: the first one."""

    __tablename__ = "collections"
    __table_args__ = (
        one_of("collections", "visibility", "private", "public"),
        # A person's, those that were changed last first.
        Index("ix_collections_user_updated", "user_id", text("updated_at DESC"), text("id DESC")),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as a class attribute

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    description: Mapped[str | None]
    cover_image_url: Mapped[str | None]
    visibility: Mapped[str] = mapped_column(server_default="private")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class CollectionImage(Base):
    """An image's place in a collection; `sort_order` is the person's own order, see `collection_order.py`."""

    __tablename__ = "collections_images"
    __table_args__ = (Index("ix_collections_images_order", "collection_id", "sort_order", "image_id"),)

    collection_id: Mapped[UUID] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    image_id: Mapped[UUID] = mapped_column(
        ForeignKey("images.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    sort_order: Mapped[int] = mapped_column(server_default="0")
    added_at: Mapped[CreatedAt]
