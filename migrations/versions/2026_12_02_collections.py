"""Collections: found by who changed which last, their images in order; and jobs whose image goes into one."""

from alembic import op

revision = "2026_12_02_collections"
down_revision = "2026_12_01_tags"
branch_labels = None
depends_on = None

UPGRADE = [
    "CREATE INDEX ix_collections_user_updated ON collections (user_id, updated_at DESC, id DESC)",
    "DROP INDEX ix_collections_user_id",
    "CREATE INDEX ix_collections_images_order ON collections_images (collection_id, sort_order, image_id)",
    "ALTER TABLE generation_jobs ADD COLUMN collection_id uuid",
]

DOWNGRADE = [
    "ALTER TABLE generation_jobs DROP COLUMN collection_id",
    "DROP INDEX ix_collections_images_order",
    "CREATE INDEX ix_collections_user_id ON collections (user_id)",
    "DROP INDEX ix_collections_user_updated",
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
