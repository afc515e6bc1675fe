"""Money: what a seller told of subscriptions, invoices and orders, packs and codes of credits, and usage by the day."""

from alembic import op

revision = "2026_11_30_money"
down_revision = "2026_11_30_credit_grants"
branch_labels = None
depends_on = None

PLANS = [
    """
    ALTER TABLE subscription_plans
        -- credits of a month that may be kept for one month more, at most
        ADD COLUMN rollover_credits integer NOT NULL DEFAULT 0,
        ADD COLUMN trial_credits    integer NOT NULL DEFAULT 0,
        ADD CONSTRAINT chk_subscription_plans_kept CHECK (rollover_credits >= 0 AND trial_credits >= 0)
    """,
    """
    CREATE TABLE credit_packs (
        id         uuid NOT NULL CONSTRAINT pk_credit_packs PRIMARY KEY,
        name       text NOT NULL CONSTRAINT uq_credit_packs_name UNIQUE,
        credits    integer NOT NULL,
        price      numeric(10,2) NOT NULL,
        is_active  boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_credit_packs_figures CHECK (credits > 0 AND price >= 0)
    )
    """,
    """
    ALTER TABLE subscriptions
        ADD COLUMN trial_ends_at timestamptz,
        -- what is paid late may be used until then
        ADD COLUMN grace_ends_at timestamptz,
        -- the plan that begins when this period ends
        ADD COLUMN next_plan_id  uuid CONSTRAINT fk_subscriptions_next_plan_id
                                 REFERENCES subscription_plans (id) ON DELETE RESTRICT,
        -- when something of it changes by itself: a month of credits, a period, a trial, a time of grace
        ADD COLUMN settle_at     timestamptz
    """,
    "CREATE INDEX ix_subscriptions_settle_at ON subscriptions (settle_at)",
    "CREATE INDEX ix_subscriptions_next_plan_id ON subscriptions (next_plan_id)",
]

SELLER = [
    # Everything that a seller has sent, as it came.
    """
    CREATE TABLE billing_events (
        id          uuid NOT NULL CONSTRAINT pk_billing_events PRIMARY KEY,
        provider    text NOT NULL,
        event_name  text NOT NULL,
        -- sha256 of the body, in hex: what comes again is the same row
        body_hash   text NOT NULL,
        body        jsonb NOT NULL,
        status      text NOT NULL DEFAULT 'waiting',
        attempts    integer NOT NULL DEFAULT 0,
        next_try_at timestamptz NOT NULL DEFAULT now(),
        error       text,
        user_id     uuid CONSTRAINT fk_billing_events_user_id REFERENCES users (id) ON DELETE SET NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        applied_at  timestamptz,
        CONSTRAINT uq_billing_events_body_hash UNIQUE (provider, body_hash),
        CONSTRAINT chk_billing_events_status
            CHECK (status IN ('waiting', 'applied', 'ignored', 'nobody', 'failed')),
        CONSTRAINT chk_billing_events_attempts CHECK (attempts >= 0)
    )
    """,
    "CREATE INDEX ix_billing_events_waiting ON billing_events (next_try_at) WHERE status = 'waiting'",
    "CREATE INDEX ix_billing_events_received_at ON billing_events (received_at DESC, id DESC)",
    "CREATE INDEX ix_billing_events_user_id ON billing_events (user_id)",
    # Who asked for a checkout: what is bought with its token is this person's, whoever typed what into its address.
    """
    CREATE TABLE checkouts (
        id         uuid NOT NULL CONSTRAINT pk_checkouts PRIMARY KEY,
        user_id    uuid NOT NULL CONSTRAINT fk_checkouts_user_id REFERENCES users (id) ON DELETE CASCADE,
        token_hash text NOT NULL CONSTRAINT uq_checkouts_token_hash UNIQUE,
        -- plan and cycle, or pack: `pro_monthly`, `pack_small`
        variant    text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        -- when something was bought with it
        used_at    timestamptz
    )
    """,
    "CREATE INDEX ix_checkouts_user_id ON checkouts (user_id, created_at DESC)",
    "CREATE INDEX ix_checkouts_created_at ON checkouts (created_at)",
    # What the seller has, or what an admin agreed: the newest word. The plan that somebody holds follows from these rows and `payments`.
    """
    CREATE TABLE sold_subscriptions (
        id                uuid NOT NULL CONSTRAINT pk_sold_subscriptions PRIMARY KEY,
        -- `studio`: agreed here, sold by nobody
        provider          text NOT NULL,
        provider_id       text NOT NULL,
        user_id           uuid CONSTRAINT fk_sold_subscriptions_user_id REFERENCES users (id) ON DELETE SET NULL,
        -- NULL: the seller names a variant that is no plan of ours
        plan_id           uuid CONSTRAINT fk_sold_subscriptions_plan_id
                          REFERENCES subscription_plans (id) ON DELETE RESTRICT,
        billing_cycle     text NOT NULL,
        status            text NOT NULL,
        began_at          timestamptz NOT NULL,
        renews_at         timestamptz,
        ends_at           timestamptz,
        trial_ends_at     timestamptz,
        past_due_since    timestamptz,
        -- of what is agreed here: whether it brings the plan's credits each month
        gives_credits     boolean NOT NULL DEFAULT false,
        card              text,
        customer_id       text,
        test_mode         boolean NOT NULL,
        seller_updated_at timestamptz NOT NULL,
        created_at        timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT uq_sold_subscriptions_provider UNIQUE (provider, provider_id),
        CONSTRAINT chk_sold_subscriptions_billing_cycle CHECK (billing_cycle IN ('monthly', 'yearly')),
        CONSTRAINT chk_sold_subscriptions_status CHECK (status IN
            ('trial', 'active', 'paused_free', 'paused', 'past_due', 'unpaid', 'canceled', 'expired'))
    )
    """,
    "CREATE INDEX ix_sold_subscriptions_user_id ON sold_subscriptions (user_id)",
    "CREATE INDEX ix_sold_subscriptions_plan_id ON sold_subscriptions (plan_id)",
    # Which plan a subscription was seen with, and when: an invoice for a change names none.
    """
    CREATE TABLE sold_variants (
        id            uuid NOT NULL CONSTRAINT pk_sold_variants PRIMARY KEY,
        sold_id       uuid NOT NULL CONSTRAINT fk_sold_variants_sold_id
                      REFERENCES sold_subscriptions (id) ON DELETE CASCADE,
        plan_id       uuid NOT NULL CONSTRAINT fk_sold_variants_plan_id
                      REFERENCES subscription_plans (id) ON DELETE RESTRICT,
        billing_cycle text NOT NULL,
        seen_at       timestamptz NOT NULL,
        CONSTRAINT uq_sold_variants_seen_at UNIQUE (sold_id, seen_at),
        CONSTRAINT chk_sold_variants_billing_cycle CHECK (billing_cycle IN ('monthly', 'yearly'))
    )
    """,
    "CREATE INDEX ix_sold_variants_plan_id ON sold_variants (plan_id)",
    # Invoices of subscriptions and orders of packs. Amounts in the smallest unit of `currency` (cents).
    """
    CREATE TABLE payments (
        id                uuid NOT NULL CONSTRAINT pk_payments PRIMARY KEY,
        provider          text NOT NULL,
        kind              text NOT NULL,
        provider_id       text NOT NULL,
        user_id           uuid CONSTRAINT fk_payments_user_id REFERENCES users (id) ON DELETE SET NULL,
        -- of an invoice: the seller's id of the subscription, which may come later than the invoice
        subscription_provider_id text,
        pack_id           uuid CONSTRAINT fk_payments_pack_id REFERENCES credit_packs (id) ON DELETE RESTRICT,
        reason            text NOT NULL,
        status            text NOT NULL,
        subtotal          bigint NOT NULL,
        total             bigint NOT NULL,
        total_usd         bigint NOT NULL,
        refunded          bigint NOT NULL DEFAULT 0,
        currency          text NOT NULL,
        -- credits given for it, taken back because of a refund, and those that were spent before
        credits_given     integer NOT NULL DEFAULT 0,
        taken_back        integer NOT NULL DEFAULT 0,
        not_taken_back    integer NOT NULL DEFAULT 0,
        paid_at           timestamptz NOT NULL,
        test_mode         boolean NOT NULL,
        seller_updated_at timestamptz NOT NULL,
        created_at        timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT uq_payments_provider UNIQUE (provider, kind, provider_id),
        CONSTRAINT chk_payments_kind CHECK (kind IN ('invoice', 'order')),
        CONSTRAINT chk_payments_reason CHECK (reason IN ('initial', 'renewal', 'updated', 'pack')),
        CONSTRAINT chk_payments_status
            CHECK (status IN ('pending', 'paid', 'void', 'refunded', 'partial_refund', 'failed')),
        CONSTRAINT chk_payments_figures CHECK
            (subtotal >= 0 AND total >= 0 AND total_usd >= 0 AND refunded >= 0
             AND credits_given >= 0 AND taken_back >= 0 AND not_taken_back >= 0)
    )
    """,
    "CREATE INDEX ix_payments_user_id ON payments (user_id)",
    "CREATE INDEX ix_payments_pack_id ON payments (pack_id)",
    "CREATE INDEX ix_payments_subscription_provider_id ON payments (provider, subscription_provider_id)",
    "CREATE INDEX ix_payments_paid_at ON payments (paid_at)",
    # Plans that were handed out here so far were sold by nobody.
    """
    INSERT INTO sold_subscriptions (id, provider, provider_id, user_id, plan_id, billing_cycle, status, began_at,
                                    test_mode, seller_updated_at)
    SELECT gen_random_uuid(), 'studio', held.id::text, held.user_id, held.plan_id, held.billing_cycle, 'active',
           held.created_at, false, held.created_at
      FROM subscriptions AS held JOIN subscription_plans AS plan ON plan.id = held.plan_id
     WHERE held.status <> 'expired' AND plan.name <> 'free'
    """,
]

CODES = [
    """
    CREATE TABLE gift_codes (
        id          uuid NOT NULL CONSTRAINT pk_gift_codes PRIMARY KEY,
        code        text NOT NULL,
        credits     integer NOT NULL,
        -- days that the credits live once they are there; NULL: they do not expire
        keep_days   integer,
        -- NULL: everybody may use it, once each
        max_uses    integer,
        uses        integer NOT NULL DEFAULT 0,
        valid_until timestamptz,
        created_by  uuid CONSTRAINT fk_gift_codes_created_by REFERENCES users (id) ON DELETE SET NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_gift_codes_figures
            CHECK (credits > 0 AND keep_days > 0 AND max_uses > 0 AND uses >= 0 AND (max_uses IS NULL OR uses <= max_uses))
    )
    """,
    "CREATE UNIQUE INDEX uq_gift_codes_code ON gift_codes (lower(code))",
    "CREATE INDEX ix_gift_codes_created_by ON gift_codes (created_by)",
]

USAGE = [
    # What was made and spent, by the day (UTC), added up once, so that nobody reads a year of jobs.
    """
    CREATE TABLE usage_days (
        user_id     uuid NOT NULL CONSTRAINT fk_usage_days_user_id REFERENCES users (id) ON DELETE CASCADE,
        day         date NOT NULL,
        model_id    uuid NOT NULL CONSTRAINT fk_usage_days_model_id REFERENCES ai_models (id) ON DELETE CASCADE,
        job_type    text NOT NULL,
        -- the nil id: none
        api_key_id  uuid NOT NULL,
        completed   integer NOT NULL DEFAULT 0,
        failed      integer NOT NULL DEFAULT 0,
        canceled    integer NOT NULL DEFAULT 0,
        credits     bigint NOT NULL DEFAULT 0,
        gpu_seconds double precision NOT NULL DEFAULT 0,
        CONSTRAINT pk_usage_days PRIMARY KEY (user_id, day, model_id, job_type, api_key_id)
    )
    """,
    "CREATE INDEX ix_usage_days_day ON usage_days (day)",
    "CREATE INDEX ix_usage_days_model_id ON usage_days (model_id)",
    # Up to when jobs are in `usage_days`; one row.
    """
    CREATE TABLE usage_rolled_up (
        only_row boolean NOT NULL DEFAULT true CONSTRAINT pk_usage_rolled_up PRIMARY KEY,
        until    timestamptz NOT NULL,
        -- no job with a lower id ends after `until`: where whoever looks for the younger ones begins
        from_id  uuid NOT NULL,
        CONSTRAINT chk_usage_rolled_up_only_row CHECK (only_row)
    )
    """,
    """
    INSERT INTO usage_rolled_up (until, from_id)
    VALUES ('2026-01-01T00:00:00Z', '00000000-0000-0000-0000-000000000000')
    """,
    # Credits that came and went without a job, for the sums of a month.
    """
    CREATE INDEX ix_credit_transactions_without_job ON credit_transactions (created_at)
     WHERE transaction_type IN ('grant', 'bonus', 'expire')
    """,
]

REFUNDS = [
    # A job is charged once, settled once, and paid back once where what it made is lost.
    "DROP INDEX uq_credit_transactions_job_type",
    """
    CREATE UNIQUE INDEX uq_credit_transactions_job_type
        ON credit_transactions (job_id, transaction_type, (metadata ? 'undelivered'))
     WHERE job_id IS NOT NULL AND transaction_type IN ('consume', 'refund')
    """,
    """
    ALTER TABLE generation_jobs
        -- when its credits came back because what it made is lost
        ADD COLUMN undelivered_at timestamptz,
        ADD CONSTRAINT chk_generation_jobs_undelivered_is_free
            CHECK (undelivered_at IS NULL OR (status = 'completed' AND actual_credits = 0))
    """,
]

DOWNGRADE = [
    "ALTER TABLE generation_jobs DROP COLUMN undelivered_at",
    "DROP INDEX uq_credit_transactions_job_type",
    """
    CREATE UNIQUE INDEX uq_credit_transactions_job_type ON credit_transactions (job_id, transaction_type)
     WHERE job_id IS NOT NULL AND transaction_type IN ('consume', 'refund') AND NOT metadata ? 'undelivered'
    """,
    "DROP INDEX ix_credit_transactions_without_job",
    "DROP TABLE usage_rolled_up",
    "DROP TABLE usage_days",
    "DROP TABLE gift_codes",
    "DROP TABLE payments",
    "DROP TABLE sold_variants",
    "DROP TABLE sold_subscriptions",
    "DROP TABLE checkouts",
    "DROP TABLE billing_events",
    "ALTER TABLE subscriptions DROP COLUMN trial_ends_at, DROP COLUMN grace_ends_at, DROP COLUMN next_plan_id,"
    " DROP COLUMN settle_at",
    "DROP TABLE credit_packs",
    "ALTER TABLE subscription_plans DROP COLUMN rollover_credits, DROP COLUMN trial_credits",
]


def upgrade() -> None:
    for statement in [*PLANS, *SELLER, *CODES, *USAGE, *REFUNDS]:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
