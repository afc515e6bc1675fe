"""Changes of many images at once, done in batches in the background, with what each image had before."""

from alembic import op

revision = "2026_12_06_bulk_tasks"
down_revision = "2026_12_05_uploads"
branch_labels = None
depends_on = None

UPGRADE = [
    """
    CREATE TABLE bulk_tasks (
        id uuid CONSTRAINT pk_bulk_tasks PRIMARY KEY,
        user_id uuid NOT NULL CONSTRAINT fk_bulk_tasks_user_id_users REFERENCES users (id) ON DELETE CASCADE,
        change jsonb NOT NULL,
        status text NOT NULL DEFAULT 'running'
            CONSTRAINT chk_bulk_tasks_status CHECK (status IN ('running', 'undoing', 'done', 'failed', 'undone')),
        image_count integer NOT NULL,
        done_count integer NOT NULL DEFAULT 0,
        reached uuid,
        failure_code text,
        failure_detail text,
        attempt integer NOT NULL DEFAULT 0,
        leased_until timestamptz,
        turn_at timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        CONSTRAINT chk_bulk_tasks_counts CHECK (image_count >= 0 AND done_count BETWEEN 0 AND image_count),
        CONSTRAINT chk_bulk_tasks_ended_has_time
            CHECK ((status IN ('running', 'undoing')) = (ended_at IS NULL)),
        CONSTRAINT chk_bulk_tasks_failed_has_code CHECK (status <> 'failed' OR failure_code IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_bulk_tasks_user_id ON bulk_tasks (user_id)",
    "CREATE UNIQUE INDEX uq_bulk_tasks_under_way ON bulk_tasks (user_id) WHERE status IN ('running', 'undoing')",
    """
    CREATE TABLE bulk_task_images (
        task_id uuid NOT NULL
            CONSTRAINT fk_bulk_task_images_task_id_bulk_tasks REFERENCES bulk_tasks (id) ON DELETE CASCADE,
        image_id uuid NOT NULL,
        before jsonb,
        CONSTRAINT pk_bulk_task_images PRIMARY KEY (task_id, image_id)
    )
    """,
]

DOWNGRADE = ["DROP TABLE bulk_task_images", "DROP TABLE bulk_tasks"]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
