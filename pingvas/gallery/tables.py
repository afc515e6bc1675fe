"""Tables of the gallery: images, those on their way in, how much they take, their tags and collections, and what is done to many."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from pingvas.base.columns import EMPTY_OBJECT, CreatedAt, Id, UpdatedAt, one_of
from pingvas.base.db import Base
from pingvas.gallery.storage_keys import IS_OLD

# An image of an earlier version whose file may name the images it was made from, as its row does.
NAMES_IMAGES_IN_ITS_FILE = f"""{IS_OLD} AND (generation_params ? 'source_image' OR generation_params ? 'mask_image'
    OR jsonb_path_exists(generation_params, '$.controlnet[*].image'))"""


def _found_by(*column: str, name: str | None = None, where: str) -> Index:
    """A person's images of one value, or those for which it is true alone, newest first."""
    order = text("created_at DESC")
    return Index(
        f"ix_images_user_{name or column[0]}", "user_id", *column, order, postgresql_where=text(where)
    )


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
        CheckConstraint("origin IN ('made', 'uploaded')", name="chk_images_origin"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="chk_images_rating"),
        _found_by("model", where="model IS NOT NULL"),
        # What nearly all are is found by going through the newest.
        _found_by(name="uploaded", where="origin = 'uploaded'"),
        _found_by("job_type", where="job_type <> 'txt2img'"),
        Index("ix_images_user_seed", "user_id", "seed", postgresql_where=text("seed IS NOT NULL")),
        _found_by("api_key_id", name="api_key", where="api_key_id IS NOT NULL"),
        Index("ix_images_user_rating", "user_id", text("rating DESC"), text("created_at DESC")),
        _found_by(name="favorite", where="is_favorite"),
        _found_by("visibility", name="shared", where="visibility IN ('public', 'unlisted')"),
        # What everybody finds, newest first.
        Index(
            "ix_images_public",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("visibility = 'public' AND trashed_at IS NULL"),
        ),
        Index("ix_images_user_file_size", "user_id", "file_size"),
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
        # These are empty once the chores have been through.
        Index("ix_images_not_searchable", "id", postgresql_where=text("origin IS NULL")),
        Index("ix_images_without_thumbhash", "id", postgresql_where=text("thumbhash IS NULL")),
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
    thumbnail_large_url: Mapped[str | None]
    # A ThumbHash; NULL until the chores have made it, empty where they cannot.
    thumbhash: Mapped[bytes | None]
    # The key it was asked for with; NULL: by a signed-in person.
    api_key_id: Mapped[UUID | None]
    created_at: Mapped[CreatedAt]
    # `made` here or `uploaded`; NULL until the chores have been through. A trigger fills this and the next three.
    origin: Mapped[str | None]
    model: Mapped[str | None]
    job_type: Mapped[str | None]
    seed: Mapped[Decimal | None] = mapped_column(Numeric(20, 0))
    # What its owner thinks of it, 1-5; 0: nothing.
    rating: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    # When its owner deleted it; NULL: it is not in the trash. See `trash.py`.
    trashed_at: Mapped[datetime | None]
    # Set by a trigger: the same for all that were made with the same words. NULL: it was made before there were keys.
    prompt_key: Mapped[UUID | None]
    # SHA-256 of the stored bytes, and what the picture looks like; see `looks.py`. NULL: a chore has yet to read them.
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    look_hash: Mapped[Any | None] = mapped_column(BIT(256), deferred=True)


class ImageSearch(Base):
    """What an image is found by: the words of its prompts, its LoRAs, and marks for its tags and collections. Triggers keep it;
    nothing else writes it. See `search.py`."""

    __tablename__ = "image_search"
    __table_args__ = (
        Index(
            "ix_image_search_document",
            "document",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 512},
        ),
    )

    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[str] = mapped_column(TSVECTOR)


class UnindexedImage(Base):
    """An image that a job has made and that no search finds yet, until a chore has written its row of `image_search`. A trigger fills
    this; the image may be gone again."""

    __tablename__ = "unindexed_images"

    image_id: Mapped[UUID] = mapped_column(primary_key=True)


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


class ImportedFile(Base):
    """A file of a person's that an import has taken in, by the SHA-256 of its bytes; the row goes with its image."""

    __tablename__ = "imported_files"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), index=True)
    imported_at: Mapped[CreatedAt]


class ImageArchive(Base):
    """Images of a person's as one zip, for a while: which ones, in their order, and whether it `tells_how` they were made. It is written
    as it is read; what the studio knew of them lies in the storage, for the same bytes must come again."""

    __tablename__ = "image_archives"
    __table_args__ = (CheckConstraint("file_size > 0", name="chk_image_archives_file_size"),)

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    image_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    tells_how: Mapped[bool] = mapped_column(server_default="true")
    lines_key: Mapped[str]
    lines_size: Mapped[int] = mapped_column(BigInteger)
    file_size: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[CreatedAt]


class BulkTask(Base):
    """One change of many images, done in batches. `reached`: the images up to this id have it; NULL: none has. `change` as
    `changes.py` writes it. `attempt` counts who has taken it, and fences what an earlier one still wants to write; `stalled_attempts` are
    those at the batch that is next."""

    __tablename__ = "bulk_tasks"
    __table_args__ = (
        one_of("bulk_tasks", "status", "running", "undoing", "done", "failed", "undone"),
        CheckConstraint(
            "image_count >= 0 AND done_count BETWEEN 0 AND image_count", name="chk_bulk_tasks_counts"
        ),
        CheckConstraint(
            "(status IN ('running', 'undoing')) = (ended_at IS NULL)", name="chk_bulk_tasks_ended_has_time"
        ),
        CheckConstraint(
            "status <> 'failed' OR failure_code IS NOT NULL", name="chk_bulk_tasks_failed_has_code"
        ),
        # One at a time of a person; those under way are found by it too.
        Index(
            "uq_bulk_tasks_under_way",
            "user_id",
            unique=True,
            postgresql_where=text("status IN ('running', 'undoing')"),
        ),
        Index("ix_bulk_tasks_user_id", "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    change: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default="running")
    image_count: Mapped[int]
    done_count: Mapped[int] = mapped_column(server_default="0")
    reached: Mapped[UUID | None]
    failure_code: Mapped[str | None]
    failure_detail: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    stalled_attempts: Mapped[int] = mapped_column(server_default="0")
    leased_until: Mapped[datetime | None]
    turn_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class BulkTaskImage(Base):
    """An image that a task is about, and what it had before; NULL: the task has not changed it."""

    __tablename__ = "bulk_task_images"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("bulk_tasks.id", ondelete="CASCADE"), primary_key=True)
    # No foreign key: an image that is deleted meanwhile is passed over.
    image_id: Mapped[UUID] = mapped_column(primary_key=True)
    before: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
