"""Reports of images, and the images that admins hide."""

from alembic import op

revision = "2026_12_10_reports"
down_revision = "2026_12_10_likes"
branch_labels = None
depends_on = None

_REASONS = "('sexual', 'minors', 'violence', 'hate', 'likeness', 'copyright', 'spam', 'other')"

UPGRADE = [
    f"""
    CREATE TABLE image_reports (
        id         uuid        NOT NULL CONSTRAINT pk_image_reports PRIMARY KEY,
        image_id   uuid        NOT NULL CONSTRAINT fk_image_reports_image_id REFERENCES images (id) ON DELETE CASCADE,
        user_id    uuid        NOT NULL CONSTRAINT fk_image_reports_user_id REFERENCES users (id) ON DELETE CASCADE,
        reason     text        NOT NULL,
        words      text,
        created_at timestamptz NOT NULL DEFAULT now(),
        closed_at  timestamptz,
        outcome    text,
        CONSTRAINT chk_image_reports_reason CHECK (reason IN {_REASONS}),
        CONSTRAINT chk_image_reports_outcome CHECK (outcome IN ('hidden', 'dismissed')),
        CONSTRAINT chk_image_reports_closed_has_outcome CHECK ((closed_at IS NULL) = (outcome IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX uq_image_reports_open ON image_reports (image_id, user_id) WHERE closed_at IS NULL",
    "CREATE INDEX ix_image_reports_image_id ON image_reports (image_id)",
    "CREATE INDEX ix_image_reports_user_id ON image_reports (user_id)",
    f"""
    CREATE TABLE hidden_images (
        image_id          uuid        NOT NULL CONSTRAINT pk_hidden_images PRIMARY KEY
                                      CONSTRAINT fk_hidden_images_image_id REFERENCES images (id) ON DELETE CASCADE,
        reason            text        NOT NULL,
        words             text,
        visibility_before text        NOT NULL,
        hidden_at         timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_hidden_images_reason CHECK (reason IN {_REASONS}),
        CONSTRAINT chk_hidden_images_visibility_before CHECK (visibility_before IN ('private', 'public', 'unlisted'))
    )
    """,
    "CREATE INDEX ix_hidden_images_hidden_at ON hidden_images (hidden_at DESC, image_id DESC)",
]

# What was hidden stays private.
DOWNGRADE = ["DROP TABLE hidden_images", "DROP TABLE image_reports"]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
