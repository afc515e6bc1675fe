"""Public images, newest first, whoever made them."""

from alembic import op

revision = "2026_12_08_explore"
down_revision = "2026_12_07_archives"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX ix_images_public ON images (created_at DESC, id DESC)
         WHERE visibility = 'public' AND trashed_at IS NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_images_public")
