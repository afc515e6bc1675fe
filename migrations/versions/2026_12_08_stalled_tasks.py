"""How often a change of many images was begun since it last came further, so that a fault of ours ends."""

from alembic import op

revision = "2026_12_08_stalled_tasks"
down_revision = "2026_12_08_explore"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE bulk_tasks ADD COLUMN stalled_attempts integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE bulk_tasks DROP COLUMN stalled_attempts")
