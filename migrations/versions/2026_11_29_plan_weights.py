"""Plans carry the weight of their people in the queue, and jobs the name of their plan; both were told from a list in the code."""

from alembic import op

revision = "2026_11_29_plan_weights"
down_revision = "2026_11_29_storage_use"
branch_labels = None
depends_on = None

UPGRADE = [
    "ALTER TABLE subscription_plans ADD COLUMN queue_weight integer NOT NULL DEFAULT 10",
    """
    ALTER TABLE subscription_plans
      ADD CONSTRAINT chk_subscription_plans_queue_weight CHECK (queue_weight BETWEEN 1 AND 100)
    """,
    # As the code had it; a plan that an operator made up was treated like the free one.
    """
    UPDATE subscription_plans SET queue_weight = weights.weight
      FROM (VALUES ('starter', 25), ('pro', 50), ('studio', 75), ('enterprise', 100)) AS weights (name, weight)
     WHERE subscription_plans.name = weights.name
    """,
    # For metrics, without a join. What has ended is not counted again and stays as it is.
    "ALTER TABLE generation_jobs ADD COLUMN plan_name text",
    """
    UPDATE generation_jobs AS job SET plan_name = plan.name
      FROM subscriptions AS held JOIN subscription_plans AS plan ON plan.id = held.plan_id
     WHERE held.user_id = job.user_id AND held.status <> 'expired'
       AND job.status IN ('pending', 'queued', 'processing')
    """,
    # A sweep ends what waits although its owner took it back.
    """
    CREATE INDEX ix_generation_jobs_cancel_requested_at ON generation_jobs (cancel_requested_at)
     WHERE cancel_requested_at IS NOT NULL AND status IN ('pending', 'queued')
    """,
]

DOWNGRADE = [
    "DROP INDEX ix_generation_jobs_cancel_requested_at",
    "ALTER TABLE generation_jobs DROP COLUMN plan_name",
    # With the column goes its check.
    "ALTER TABLE subscription_plans DROP COLUMN queue_weight",
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
