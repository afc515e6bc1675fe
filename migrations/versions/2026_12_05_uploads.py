"""Pictures have a larger thumbnail and a hash; and are sent in in parts."""

from alembic import op

revision = "2026_12_05_uploads"
down_revision = "2026_12_04_trash"
branch_labels = None
depends_on = None

THUMBNAILS = [
    # Nothing is rewritten: the chores fill what is there, a page at a time.
    "ALTER TABLE images ADD COLUMN thumbnail_large_url text, ADD COLUMN thumbhash bytea",
    "CREATE INDEX ix_images_without_thumbhash ON images (id) WHERE thumbhash IS NULL",
    "DROP TRIGGER remember_stored_objects ON images",
    """
    CREATE TRIGGER remember_stored_objects AFTER DELETE ON images REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION remember_stored_objects('s3_key', 'thumbnail_url', 'thumbnail_large_url')
    """,
]

UPLOADS = [
    """
    CREATE TABLE uploads (
        id         uuid NOT NULL CONSTRAINT pk_uploads PRIMARY KEY,
        user_id    uuid NOT NULL CONSTRAINT fk_uploads_user_id REFERENCES users (id) ON DELETE CASCADE,
        length     bigint NOT NULL,
        received   bigint NOT NULL DEFAULT 0,
        -- storage keys, in their order
        parts      text[] NOT NULL DEFAULT '{}',
        filename   text,
        visibility text NOT NULL DEFAULT 'private'
                   CONSTRAINT chk_uploads_visibility CHECK (visibility IN ('private', 'public', 'unlisted')),
        -- what became of it: an image, or why there is none
        image_id   uuid,
        refusal    jsonb,
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_uploads_received CHECK (length > 0 AND received BETWEEN 0 AND length)
    )
    """,
    "CREATE INDEX ix_uploads_user_id ON uploads (user_id)",
    "CREATE INDEX ix_uploads_expires_at ON uploads (expires_at)",
    """
    CREATE FUNCTION remember_parts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO storage_deletions (key, reason) SELECT part, 'upload over' FROM unnest(OLD.parts) AS part;
        RETURN NULL;
    END
    $$
    """,
    "CREATE TRIGGER parts_deleted AFTER DELETE ON uploads FOR EACH ROW EXECUTE FUNCTION remember_parts()",
    """
    CREATE TRIGGER parts_emptied AFTER UPDATE OF parts ON uploads
        FOR EACH ROW WHEN (cardinality(NEW.parts) = 0 AND cardinality(OLD.parts) > 0) EXECUTE FUNCTION remember_parts()
    """,
]


def upgrade() -> None:
    for statement in THUMBNAILS + UPLOADS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("INSERT INTO storage_deletions (key, reason) SELECT unnest(parts), 'upload over' FROM uploads")
    op.execute("DROP TABLE uploads")
    op.execute("DROP FUNCTION remember_parts")
    op.execute("DROP TRIGGER remember_stored_objects ON images")
    op.execute("""
        CREATE TRIGGER remember_stored_objects AFTER DELETE ON images REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION remember_stored_objects('s3_key', 'thumbnail_url')
    """)
    op.execute("DROP INDEX ix_images_without_thumbhash")
    op.execute("ALTER TABLE images DROP COLUMN thumbhash, DROP COLUMN thumbnail_large_url")
