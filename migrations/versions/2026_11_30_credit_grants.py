"""Credits have an age: what was given, what is left of it, and when that expires."""

from alembic import op

revision = "2026_11_30_credit_grants"
down_revision = "2026_11_29_rate_limits"
branch_labels = None
depends_on = None

UPGRADE = [
    # Rows are updated at each request: room in the page lets them stay there (HOT).
    """
    CREATE TABLE credit_grants (
        id              uuid NOT NULL CONSTRAINT pk_credit_grants PRIMARY KEY,
        user_id         uuid CONSTRAINT fk_credit_grants_user_id REFERENCES users (id) ON DELETE SET NULL,
        subscription_id uuid CONSTRAINT fk_credit_grants_subscription_id REFERENCES subscriptions (id) ON DELETE SET NULL,
        kind            text NOT NULL,
        -- what the credits were given for: with it nothing is given twice
        source_key      text NOT NULL CONSTRAINT uq_credit_grants_source_key UNIQUE,
        amount          integer NOT NULL,
        remaining       integer NOT NULL,
        -- for the index: it changes once, while what remains changes with each request and would not stay in its place (HOT)
        is_open         boolean NOT NULL GENERATED ALWAYS AS (remaining > 0) STORED,
        starts_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- NULL: these do not expire
        expires_at      timestamptz,
        -- when their owner was told that they expire soon
        told_at         timestamptz,
        created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT chk_credit_grants_kind
            CHECK (kind IN ('monthly', 'trial', 'bonus', 'pack', 'gift', 'return')),
        CONSTRAINT chk_credit_grants_figures CHECK (amount > 0 AND remaining BETWEEN 0 AND amount),
        CONSTRAINT chk_credit_grants_expires_at CHECK (expires_at > starts_at)
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX ix_credit_grants_open ON credit_grants (subscription_id) WHERE is_open",
    "CREATE INDEX ix_credit_grants_expires_at ON credit_grants (expires_at) WHERE is_open",
    "CREATE INDEX ix_credit_grants_user_id ON credit_grants (user_id, created_at DESC, id DESC)",
    "CREATE INDEX ix_credit_grants_subscription_id ON credit_grants (subscription_id)",
    """
    ALTER TABLE subscriptions
        -- the soonest that some of the credits expire: before that nobody needs to look
        ADD COLUMN credits_expire_at timestamptz
    """,
    "CREATE INDEX ix_subscriptions_credits_expire_at ON subscriptions (credits_expire_at)",
    # What people had before credits had an age does not expire.
    """
    INSERT INTO credit_grants (id, user_id, subscription_id, kind, source_key, amount, remaining, starts_at, created_at)
    SELECT gen_random_uuid(), user_id, id, 'bonus', 'opening:' || id, remaining_credits, remaining_credits,
           created_at, created_at
      FROM subscriptions WHERE remaining_credits > 0
    """,
]

DOWNGRADE = [
    "ALTER TABLE subscriptions DROP COLUMN credits_expire_at",
    "DROP TABLE credit_grants",
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
