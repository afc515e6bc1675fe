"""Archives may leave out how their images were made."""

from alembic import op

revision = "2026_12_12_plain_archives"
down_revision = "2026_12_11_saved_searches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE image_archives ADD COLUMN tells_how boolean NOT NULL DEFAULT true")


def downgrade() -> None:
    # What was to be left out must not be handed out by the version before.
    op.execute("DELETE FROM image_archives WHERE NOT tells_how")
    op.execute("ALTER TABLE image_archives DROP COLUMN tells_how")
