"""Workers say how much memory their device has, so that what fits none of them is refused before it waits."""

from alembic import op

revision = "2026_11_22_worker_memory"
down_revision = "2026_11_22_first_schema"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE workers ADD COLUMN memory_bytes bigint")


def downgrade() -> None:
    op.execute("ALTER TABLE workers DROP COLUMN memory_bytes")
