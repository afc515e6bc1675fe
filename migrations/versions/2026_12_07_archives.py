"""Files that an import has taken in, and images of a person's as one zip."""

from alembic import op

revision = "2026_12_07_archives"
down_revision = "2026_12_06_bulk_tasks"
branch_labels = None
depends_on = None

UPGRADE = [
    """
    CREATE TABLE imported_files (
        user_id     uuid NOT NULL CONSTRAINT fk_imported_files_user_id REFERENCES users (id) ON DELETE CASCADE,
        sha256      bytea NOT NULL,
        image_id    uuid NOT NULL CONSTRAINT fk_imported_files_image_id REFERENCES images (id) ON DELETE CASCADE,
        imported_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_imported_files PRIMARY KEY (user_id, sha256)
    )
    """,
    "CREATE INDEX ix_imported_files_image_id ON imported_files (image_id)",
    """
    CREATE TABLE image_archives (
        id         uuid NOT NULL CONSTRAINT pk_image_archives PRIMARY KEY,
        user_id    uuid NOT NULL CONSTRAINT fk_image_archives_user_id REFERENCES users (id) ON DELETE CASCADE,
        name       text NOT NULL,
        -- in the order of the zip
        image_ids  uuid[] NOT NULL,
        lines_key  text NOT NULL,
        lines_size bigint NOT NULL,
        file_size  bigint NOT NULL CONSTRAINT chk_image_archives_file_size CHECK (file_size > 0),
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_image_archives_user_id ON image_archives (user_id)",
    "CREATE INDEX ix_image_archives_expires_at ON image_archives (expires_at)",
    """
    CREATE FUNCTION delete_archive() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO storage_deletions (key, reason) VALUES (OLD.lines_key, 'archive');
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER archive_deleted AFTER DELETE ON image_archives
        FOR EACH ROW EXECUTE FUNCTION delete_archive()
    """,
]

DOWNGRADE = [
    "DROP TABLE image_archives",
    "DROP FUNCTION delete_archive",
    "DROP TABLE imported_files",
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
