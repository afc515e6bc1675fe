"""Tables of the gallery: images, how much they take, their tags, and the collections they sit in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_OBJECT, CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base
from pingvas.gallery.storage_keys import IS_OLD

# An image of an earlier version whose file may name the images it was made from, as its row does.
NAMES_IMAGES_IN_ITS_FILE = f"""{IS_OLD} AND (generation_params ? 'source_image' OR generation_params ? 'mask_image'
    OR jsonb_path_exists(generation_params, '$.controlnet[*].image'))"""


class Image(Base):
    """A kept picture. `s3_key` and `thumbnail_url` are storage keys; `cdn_url` is set only where a CDN serves it.

    Deleting the row puts its objects into `storage_deletions`.
    """

    __tablename__ = "images"
    __table_args__ = (
        one_of("images", "format", "png", "jpg", "webp"),
        one_of("images", "visibility", "private", "public", "unlisted"),
        CheckConstraint("width > 0 AND height > 0 AND file_size > 0", name="chk_images_size_positive"),
        Index("idx_images_user_created", "user_id", text("created_at DESC")),
        # The trash of one person, and what has been in it for the longest.
        Index(
            "ix_images_trashed",
            "user_id",
            text("trashed_at DESC"),
            text("id DESC"),
            postgresql_where=text("trashed_at IS NOT NULL"),
        ),
        Index("ix_images_trashed_at", "trashed_at", postgresql_where=text("trashed_at IS NOT NULL")),
        Index(
            "ix_images_prompt_key",
            "user_id",
            "prompt_key",
            "id",
            postgresql_where=text("prompt_key IS NOT NULL"),
        ),
        Index(
            "ix_images_content_hash",
            "user_id",
            "content_hash",
            postgresql_where=text("content_hash IS NOT NULL"),
        ),
        # All three are empty once the chores have been through.
        Index("ix_images_unread", "id", postgresql_where=text("content_hash IS NULL")),
        Index("ix_images_untraced", "user_id", postgresql_where=text("prompt_key IS NULL")),
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
    # The key it was asked for with; NULL: by a signed-in person.
    api_key_id: Mapped[UUID | None]
    created_at: Mapped[CreatedAt]
    # When its owner deleted it; NULL: it is not in the trash. See `trash.py`.
    trashed_at: Mapped[datetime | None]
    # Set by a trigger: the same for all that were made with the same words. NULL: it was made before there were keys.
    prompt_key: Mapped[UUID | None]
    # SHA-256 of the stored bytes, and what the picture looks like; a chore reads both, see `looks.py`. NULL: not yet.
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    look_hash: Mapped[Any | None] = mapped_column(BIT(256), deferred=True)


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
    can ask it. What is on an image in the trash is in no count of the owner's."""

    __tablename__ = "image_tags"
    __table_args__ = (
        Index("idx_image_tags_tag", "tag_id"),
        Index("ix_image_tags_user_tag", "user_id", "tag_id", "image_id"),
    )

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[CreatedAt]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    is_trashed: Mapped[bool] = mapped_column(server_default=text("false"))


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


class ImageSource(Base):
    """Which of its owner's images an image was made from, and as what. A trigger on `images` writes it from what the image says."""

    __tablename__ = "image_sources"
    __table_args__ = (
        one_of("image_sources", "role", "source", "mask", "control", "reference"),
        Index("ix_image_sources_source_id", "source_id", "image_id"),
    )

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class TrashedPlace(Base):
    """Where an image in the trash was in a collection, for when it comes back. In the collection it is no more."""

    __tablename__ = "trashed_places"

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    collection_id: Mapped[UUID] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    sort_order: Mapped[int]
    added_at: Mapped[datetime]
