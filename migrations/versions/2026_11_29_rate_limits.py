"""Limits of requests and generations: what a plan and a key allow in a minute, and the counts of the present one."""

from alembic import op

revision = "2026_11_29_rate_limits"
down_revision = "2026_11_29_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL: no limit, as of the plan that is agreed with each customer until somebody sets one.
    op.execute("""
        ALTER TABLE subscription_plans
            ADD COLUMN requests_per_minute    integer,
            ADD COLUMN generations_per_minute integer,
            ADD CONSTRAINT chk_subscription_plans_per_minute
                CHECK (requests_per_minute >= 1 AND generations_per_minute >= 1)
    """)
    op.execute("""
        UPDATE subscription_plans AS plan
           SET requests_per_minute = figures.requests, generations_per_minute = figures.generations
          FROM (VALUES ('free', 30, 2), ('starter', 60, 5), ('pro', 120, 10), ('studio', 240, 20))
               AS figures (name, requests, generations)
         WHERE plan.name = figures.name
    """)
    # What its owner allows a key at most, below what the plan does.
    op.execute("""
        ALTER TABLE api_keys
            ADD COLUMN requests_per_minute integer
                CONSTRAINT chk_api_keys_requests_per_minute CHECK (requests_per_minute >= 1)
    """)
    # One row for each who is counted. No index but the key's, so that a count is written in place.
    op.execute("""
        CREATE TABLE rate_limits (
            key           text NOT NULL CONSTRAINT pk_rate_limits PRIMARY KEY,
            -- the number of the window since 1970, what was counted in it, and in the one before
            window_number bigint NOT NULL,
            counted       integer NOT NULL,
            previous      integer NOT NULL DEFAULT 0,
            expires_at    timestamptz NOT NULL
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE rate_limits")
    op.execute("ALTER TABLE api_keys DROP COLUMN requests_per_minute")
    op.execute("""
        ALTER TABLE subscription_plans
            DROP CONSTRAINT chk_subscription_plans_per_minute,
            DROP COLUMN requests_per_minute, DROP COLUMN generations_per_minute
    """)
