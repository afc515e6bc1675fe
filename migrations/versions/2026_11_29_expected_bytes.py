"""How much room a job's picture will about take stands in its row, as it was estimated when the job was accepted.

Jobs that are open while this runs count as nothing: they were accepted already, and a picture that is kept counts as it is.
"""

from alembic import op

revision = "2026_11_29_expected_bytes"
down_revision = "2026_11_29_plan_weights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A constant default is a matter of the catalog: no row is written.
    op.execute("ALTER TABLE generation_jobs ADD COLUMN expected_bytes bigint NOT NULL DEFAULT '0'")


def downgrade() -> None:
    op.execute("ALTER TABLE generation_jobs DROP COLUMN expected_bytes")
