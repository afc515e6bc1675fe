"""Failures of background loops on record, so that `pingvas doctor` sees those of every process."""

from alembic import op

revision = "2026_11_29_loop_failures"
down_revision = "2026_11_23_fair_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE loop_failures (
            process      text NOT NULL,
            host         text NOT NULL,
            loop         text NOT NULL,
            failures     bigint NOT NULL DEFAULT '1',
            error        text NOT NULL,
            failed_at    timestamptz NOT NULL,
            recovered_at timestamptz,
            gave_up      boolean NOT NULL DEFAULT false,
            CONSTRAINT pk_loop_failures PRIMARY KEY (process, host, loop)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE loop_failures")
