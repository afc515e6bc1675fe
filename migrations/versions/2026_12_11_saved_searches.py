"""Saved searches: a filter of the gallery under a name, shown among the collections where its owner wants that."""

from alembic import op

revision = "2026_12_11_saved_searches"
down_revision = "2026_12_10_reports"
branch_labels = None
depends_on = None

UPGRADE = [
    """
    CREATE TABLE saved_searches (
        id uuid NOT NULL CONSTRAINT pk_saved_searches PRIMARY KEY,
        user_id uuid NOT NULL CONSTRAINT fk_saved_searches_user_id_users REFERENCES users (id) ON DELETE CASCADE,
        name text NOT NULL,
        filter jsonb NOT NULL,
        sort text CONSTRAINT chk_saved_searches_sort CHECK (sort IN ('newest', 'oldest', 'rating', 'largest', 'smallest')),
        is_collection boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_saved_searches_user_id ON saved_searches (user_id, id)",
]

DOWNGRADE = ["DROP TABLE saved_searches"]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
