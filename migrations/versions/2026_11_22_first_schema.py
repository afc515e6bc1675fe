"""The first schema: the eighteen tables of the data model, and four of ours.

`-- added:` marks what the source diagram does not have, and says why. Words of a closed set are text with a
CHECK, because a word can never leave a PostgreSQL enum. Ids are made by the application (UUID version 7).
PostgreSQL does not index foreign keys by itself; each one leads an index here.
"""

from alembic import op

revision = "2026_11_22_first_schema"
down_revision = None
branch_labels = None
depends_on = None

ACCOUNTS = [
    """
    CREATE TABLE users (
        id            uuid NOT NULL CONSTRAINT pk_users PRIMARY KEY,
        email         text NOT NULL,
        password_hash text,
        display_name  text NOT NULL,
        role          text NOT NULL DEFAULT 'user',
        status        text NOT NULL DEFAULT 'active',
        -- added: an address counts for OAuth linking and password resets only once it was proven
        email_verified_at timestamptz,
        created_at    timestamptz NOT NULL DEFAULT now(),
        updated_at    timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_users_role CHECK (role IN ('user', 'admin')),
        CONSTRAINT chk_users_status CHECK (status IN ('active', 'suspended', 'deleted'))
    )
    """,
    # Ada@example.org and ada@example.org are one person.
    "CREATE UNIQUE INDEX uq_users_email ON users (lower(email))",
    """
    CREATE TABLE user_profiles (
        id          uuid NOT NULL CONSTRAINT pk_user_profiles PRIMARY KEY,
        user_id     uuid NOT NULL CONSTRAINT uq_user_profiles_user_id UNIQUE
                    CONSTRAINT fk_user_profiles_user_id REFERENCES users (id) ON DELETE CASCADE,
        avatar_url  text,
        bio         text,
        preferences jsonb NOT NULL DEFAULT '{}',
        created_at  timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE user_sessions (
        id            uuid NOT NULL CONSTRAINT pk_user_sessions PRIMARY KEY,
        user_id       uuid NOT NULL
                      CONSTRAINT fk_user_sessions_user_id REFERENCES users (id) ON DELETE CASCADE,
        -- the SHA-256 of the token, in hex, so that reading this table signs nobody in
        refresh_token text NOT NULL CONSTRAINT uq_user_sessions_refresh_token UNIQUE,
        -- added: which generation of the token is current, so that an old one that comes back is recognised
        rotation      integer NOT NULL DEFAULT 0,
        -- added: when it became so, because two tabs may refresh with one token at almost the same time
        rotated_at    timestamptz,
        -- added: the list of devices shows it
        last_used_at  timestamptz NOT NULL DEFAULT now(),
        ip_address    text,
        user_agent    text,
        expires_at    timestamptz NOT NULL,
        created_at    timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_user_sessions_user_id ON user_sessions (user_id)",
    """
    CREATE TABLE oauth_accounts (
        id               uuid NOT NULL CONSTRAINT pk_oauth_accounts PRIMARY KEY,
        user_id          uuid NOT NULL
                         CONSTRAINT fk_oauth_accounts_user_id REFERENCES users (id) ON DELETE CASCADE,
        provider         text NOT NULL,
        provider_user_id text NOT NULL,
        provider_data    jsonb NOT NULL DEFAULT '{}',
        created_at       timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_oauth_accounts_provider CHECK (provider IN ('google', 'discord')),
        -- added: one identity elsewhere signs in as one person here
        CONSTRAINT uq_oauth_accounts_provider UNIQUE (provider, provider_user_id)
    )
    """,
    "CREATE INDEX ix_oauth_accounts_user_id ON oauth_accounts (user_id)",
    # added: links that work once, to sign in, to prove an address, to set a new password
    """
    CREATE TABLE one_time_tokens (
        id         uuid NOT NULL CONSTRAINT pk_one_time_tokens PRIMARY KEY,
        user_id    uuid NOT NULL
                   CONSTRAINT fk_one_time_tokens_user_id REFERENCES users (id) ON DELETE CASCADE,
        purpose    text NOT NULL,
        -- a hash, as with sessions
        token_hash text NOT NULL CONSTRAINT uq_one_time_tokens_token_hash UNIQUE,
        expires_at timestamptz NOT NULL,
        used_at    timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_one_time_tokens_purpose CHECK (purpose IN ('sign_in', 'verify_email', 'reset_password'))
    )
    """,
    "CREATE INDEX ix_one_time_tokens_user_id ON one_time_tokens (user_id)",
]

BILLING = [
    """
    CREATE TABLE subscription_plans (
        id                uuid NOT NULL CONSTRAINT pk_subscription_plans PRIMARY KEY,
        name              text NOT NULL CONSTRAINT uq_subscription_plans_name UNIQUE,
        display_name      text NOT NULL,
        -- NULL where the price is negotiated
        monthly_price     numeric(10, 2),
        yearly_price      numeric(10, 2),
        credits_per_month integer NOT NULL,
        storage_bytes     bigint NOT NULL,
        max_queues        integer NOT NULL,
        features          jsonb NOT NULL DEFAULT '{}',
        is_active         boolean NOT NULL DEFAULT true,
        created_at        timestamptz NOT NULL DEFAULT now(),
        -- added: a mistyped plan must not give credits away or stop its holders for ever
        CONSTRAINT chk_subscription_plans_figures CHECK (monthly_price >= 0 AND yearly_price >= 0
            AND credits_per_month >= 0 AND storage_bytes >= 0 AND max_queues >= 1)
    )
    """,
    """
    CREATE TABLE subscriptions (
        id                    uuid NOT NULL CONSTRAINT pk_subscriptions PRIMARY KEY,
        user_id               uuid CONSTRAINT fk_subscriptions_user_id REFERENCES users (id) ON DELETE SET NULL,
        plan_id               uuid NOT NULL
                              CONSTRAINT fk_subscriptions_plan_id REFERENCES subscription_plans (id)
                              ON DELETE RESTRICT,
        -- NULL on plans that Lemon Squeezy does not sell
        lemon_subscription_id text CONSTRAINT uq_subscriptions_lemon_subscription_id UNIQUE,
        status                text NOT NULL DEFAULT 'active',
        billing_cycle         text NOT NULL DEFAULT 'monthly',
        remaining_credits     integer NOT NULL DEFAULT 0,
        current_period_start  date NOT NULL,
        current_period_end    date,
        canceled_at           timestamptz,
        created_at            timestamptz NOT NULL DEFAULT now(),
        updated_at            timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_subscriptions_status CHECK (status IN ('active', 'canceled', 'expired', 'past_due')),
        CONSTRAINT chk_subscriptions_billing_cycle CHECK (billing_cycle IN ('monthly', 'yearly')),
        CONSTRAINT chk_credits_positive CHECK (remaining_credits >= 0),
        -- added: a period that ends before it starts would renew for ever
        CONSTRAINT chk_subscriptions_period CHECK (current_period_end >= current_period_start)
    )
    """,
    "CREATE INDEX ix_subscriptions_user_id ON subscriptions (user_id)",
    "CREATE INDEX ix_subscriptions_plan_id ON subscriptions (plan_id)",
    # added: everyone has exactly one current subscription; this says "at most one"
    "CREATE UNIQUE INDEX uq_subscriptions_current ON subscriptions (user_id) WHERE status <> 'expired'",
]

# After the jobs that it names.
LEDGER = [
    """
    CREATE TABLE credit_transactions (
        id               uuid NOT NULL CONSTRAINT pk_credit_transactions PRIMARY KEY,
        user_id          uuid CONSTRAINT fk_credit_transactions_user_id REFERENCES users (id) ON DELETE SET NULL,
        subscription_id  uuid CONSTRAINT fk_credit_transactions_subscription_id REFERENCES subscriptions (id)
                         ON DELETE SET NULL,
        job_id           uuid CONSTRAINT fk_credit_transactions_job_id REFERENCES generation_jobs (id)
                         ON DELETE SET NULL,
        transaction_type text NOT NULL,
        amount           integer NOT NULL,
        balance_after    integer NOT NULL,
        description      text,
        metadata         jsonb NOT NULL DEFAULT '{}',
        -- Not now(): entries are made under the lock of their subscription, and the clock, unlike the start of
        -- the transaction, is in the order of the locks.
        created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT chk_credit_transactions_transaction_type
            CHECK (transaction_type IN ('grant', 'consume', 'refund', 'expire', 'bonus')),
        -- added: the sign follows from the type
        CONSTRAINT chk_credit_transactions_amount_sign
            CHECK (CASE WHEN transaction_type IN ('consume', 'expire') THEN amount < 0 ELSE amount > 0 END),
        -- added: what holds for the balance holds for its history
        CONSTRAINT chk_credit_transactions_balance_after CHECK (balance_after >= 0)
    )
    """,
    # Each leads a foreign key and gives the newest entries first.
    "CREATE INDEX ix_credit_transactions_user_id ON credit_transactions (user_id, created_at DESC, id DESC)",
    """
    CREATE INDEX ix_credit_transactions_subscription_id
        ON credit_transactions (subscription_id, created_at DESC, id DESC)
    """,
    "CREATE INDEX ix_credit_transactions_job_id ON credit_transactions (job_id)",
    # added: a job is charged once and settled once, whatever is retried
    """
    CREATE UNIQUE INDEX uq_credit_transactions_job_type ON credit_transactions (job_id, transaction_type)
        WHERE job_id IS NOT NULL AND transaction_type IN ('consume', 'refund')
    """,
]

CATALOG = [
    """
    CREATE TABLE ai_models (
        id             uuid NOT NULL CONSTRAINT pk_ai_models PRIMARY KEY,
        name           text NOT NULL CONSTRAINT uq_ai_models_name UNIQUE,
        display_name   text NOT NULL,
        model_type     text NOT NULL,
        version        text NOT NULL,
        s3_path        text NOT NULL,
        efs_cache_path text,
        size_bytes     bigint NOT NULL,
        config         jsonb NOT NULL DEFAULT '{}',
        -- names of plans; empty means all of them
        required_tiers text[] NOT NULL DEFAULT '{}',
        is_active      boolean NOT NULL DEFAULT true,
        created_at     timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_ai_models_model_type CHECK (model_type IN ('checkpoint', 'lora', 'controlnet', 'vae')),
        -- added: a size is a size
        CONSTRAINT chk_ai_models_size_bytes CHECK (size_bytes >= 0)
    )
    """,
    """
    CREATE TABLE user_models (
        id              uuid NOT NULL CONSTRAINT pk_user_models PRIMARY KEY,
        user_id         uuid NOT NULL
                        CONSTRAINT fk_user_models_user_id REFERENCES users (id) ON DELETE CASCADE,
        name            text NOT NULL,
        model_type      text NOT NULL,
        -- NULL until the upload or the training has ended
        s3_path         text,
        size_bytes      bigint,
        status          text NOT NULL DEFAULT 'pending',
        training_config jsonb NOT NULL DEFAULT '{}',
        created_at      timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_user_models_model_type CHECK (model_type IN ('checkpoint', 'lora', 'controlnet', 'vae')),
        CONSTRAINT chk_user_models_status CHECK (status IN ('pending', 'training', 'ready', 'failed')),
        -- added: a model without a file is not ready
        CONSTRAINT chk_user_models_ready_has_file CHECK (status <> 'ready' OR s3_path IS NOT NULL),
        -- added: a size is a size
        CONSTRAINT chk_user_models_size_bytes CHECK (size_bytes >= 0),
        -- added: a person finds their models by name
        CONSTRAINT uq_user_models_user_id UNIQUE (user_id, name)
    )
    """,
]

GENERATION = [
    """
    CREATE TABLE generation_jobs (
        id                  uuid NOT NULL CONSTRAINT pk_generation_jobs PRIMARY KEY,
        user_id             uuid CONSTRAINT fk_generation_jobs_user_id REFERENCES users (id) ON DELETE SET NULL,
        model_id            uuid NOT NULL
                            CONSTRAINT fk_generation_jobs_model_id REFERENCES ai_models (id) ON DELETE RESTRICT,
        -- added: who paid, and so who gets the refund, also when the person has changed plans since
        subscription_id     uuid CONSTRAINT fk_generation_jobs_subscription_id REFERENCES subscriptions (id)
                            ON DELETE SET NULL,
        -- added: a request for n pictures makes n jobs that share this
        batch_id            uuid NOT NULL,
        -- added: the job's place among them
        batch_index         integer NOT NULL DEFAULT 0,
        job_type            text NOT NULL,
        status              text NOT NULL DEFAULT 'pending',
        priority            integer NOT NULL,
        parameters          jsonb NOT NULL DEFAULT '{}',
        estimated_credits   integer NOT NULL,
        actual_credits      integer,
        -- added: what was measured; actual_credits is its ceiling
        gpu_seconds         double precision,
        worker_id           text,
        -- added: the fence. A worker whose attempt is no longer this one can write nothing
        attempt             integer NOT NULL DEFAULT 0,
        -- added: attempts that ended in silence or in a bug; too many fail the job
        lost_attempts       integer NOT NULL DEFAULT 0,
        -- added: a worker that does not renew by then has lost the job
        lease_expires_at    timestamptz,
        -- added: a job handed back waits until then before its next claim
        not_before          timestamptz,
        -- added: tells the worker to stop at its next step
        cancel_requested_at timestamptz,
        queued_at           timestamptz,
        started_at          timestamptz,
        completed_at        timestamptz,
        -- added: the stable code of a failure; error_message is for people
        failure_code        text,
        error_message       text,
        created_at          timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_generation_jobs_job_type CHECK (job_type IN ('txt2img', 'img2img', 'inpaint', 'upscale')),
        CONSTRAINT chk_generation_jobs_status
            CHECK (status IN ('pending', 'queued', 'processing', 'completed', 'failed', 'canceled')),
        -- added: the range that the source gives in words
        CONSTRAINT chk_generation_jobs_priority CHECK (priority BETWEEN 1 AND 100),
        -- added: nobody pays more than was estimated
        CONSTRAINT chk_generation_jobs_credits CHECK (estimated_credits >= 0
            AND actual_credits >= 0 AND actual_credits <= estimated_credits),
        -- added, the next four: a status and the facts that make it true are written together or not at all
        CONSTRAINT chk_generation_jobs_processing_has_lease CHECK (status <> 'processing'
            OR (worker_id IS NOT NULL AND started_at IS NOT NULL AND lease_expires_at IS NOT NULL)),
        CONSTRAINT chk_generation_jobs_ended_has_time
            CHECK ((status IN ('completed', 'failed', 'canceled')) = (completed_at IS NOT NULL)),
        CONSTRAINT chk_generation_jobs_queued_has_time CHECK (status <> 'queued' OR queued_at IS NOT NULL),
        CONSTRAINT chk_generation_jobs_failed_has_code CHECK (status <> 'failed' OR failure_code IS NOT NULL),
        -- added, the last two: counts and seconds do not run backwards
        CONSTRAINT chk_generation_jobs_counts CHECK (batch_index >= 0 AND attempt >= 0 AND lost_attempts >= 0),
        CONSTRAINT chk_generation_jobs_gpu_seconds CHECK (gpu_seconds >= 0)
    )
    """,
    "CREATE INDEX idx_jobs_status_priority ON generation_jobs (status, priority DESC, queued_at)",
    "CREATE INDEX ix_generation_jobs_user_id ON generation_jobs (user_id, id DESC)",
    "CREATE INDEX ix_generation_jobs_model_id ON generation_jobs (model_id)",
    "CREATE INDEX ix_generation_jobs_subscription_id ON generation_jobs (subscription_id)",
    # added: a batch is read together
    "CREATE INDEX ix_generation_jobs_batch_id ON generation_jobs (batch_id)",
    # added: how many jobs a person has open, and which is next, must not slow down with their history
    """
    CREATE INDEX ix_generation_jobs_open ON generation_jobs (user_id, status, id)
        WHERE status IN ('pending', 'queued', 'processing')
    """,
    # added: the sweep for lapsed leases reads only what runs
    """
    CREATE INDEX ix_generation_jobs_lease_expires_at ON generation_jobs (lease_expires_at)
        WHERE status = 'processing'
    """,
    """
    CREATE TABLE generation_steps (
        id               uuid NOT NULL CONSTRAINT pk_generation_steps PRIMARY KEY,
        job_id           uuid NOT NULL
                         CONSTRAINT fk_generation_steps_job_id REFERENCES generation_jobs (id) ON DELETE CASCADE,
        -- added: a job that runs again starts its steps again
        attempt          integer NOT NULL,
        step_number      integer NOT NULL,
        total_steps      integer NOT NULL,
        step_name        text NOT NULL,
        progress_percent double precision NOT NULL,
        -- the storage key; the API signs an address for it
        preview_url      text,
        created_at       timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_progress_range CHECK (progress_percent >= 0 AND progress_percent <= 100),
        -- added: the first step may be number 0, and there is at least one
        CONSTRAINT chk_generation_steps_numbers CHECK (step_number >= 0 AND total_steps > 0),
        -- added: a step reported twice is one step
        CONSTRAINT uq_generation_steps_job_id UNIQUE (job_id, attempt, step_number, step_name)
    )
    """,
    # added: who works, and since when they were last heard; readiness and the queue's estimate need it
    """
    CREATE TABLE workers (
        id           text NOT NULL CONSTRAINT pk_workers PRIMARY KEY,
        host         text NOT NULL,
        device       text NOT NULL,
        models       text[] NOT NULL DEFAULT '{}',
        started_at   timestamptz NOT NULL DEFAULT now(),
        heartbeat_at timestamptz NOT NULL DEFAULT now(),
        stopping     boolean NOT NULL DEFAULT false
    )
    """,
]

GALLERY = [
    """
    CREATE TABLE images (
        id                uuid NOT NULL CONSTRAINT pk_images PRIMARY KEY,
        user_id           uuid NOT NULL CONSTRAINT fk_images_user_id REFERENCES users (id) ON DELETE CASCADE,
        -- unique: one job makes at most one image. NULL: uploaded, or the job is gone
        job_id            uuid CONSTRAINT uq_images_job_id UNIQUE
                          CONSTRAINT fk_images_job_id REFERENCES generation_jobs (id) ON DELETE SET NULL,
        s3_key            text NOT NULL CONSTRAINT uq_images_s3_key UNIQUE,
        -- NULL unless a CDN serves the picture
        cdn_url           text,
        -- the storage key; the API signs an address for it
        thumbnail_url     text,
        width             integer NOT NULL,
        height            integer NOT NULL,
        format            text NOT NULL,
        file_size         bigint NOT NULL,
        generation_params jsonb NOT NULL DEFAULT '{}',
        visibility        text NOT NULL DEFAULT 'private',
        is_favorite       boolean NOT NULL DEFAULT false,
        created_at        timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_images_format CHECK (format IN ('png', 'jpg', 'webp')),
        CONSTRAINT chk_images_visibility CHECK (visibility IN ('private', 'public', 'unlisted')),
        -- added: an empty picture is a mistake somewhere earlier
        CONSTRAINT chk_images_size_positive CHECK (width > 0 AND height > 0 AND file_size > 0)
    )
    """,
    "CREATE INDEX idx_images_user_created ON images (user_id, created_at DESC)",
    """
    CREATE TABLE tags (
        id          uuid NOT NULL CONSTRAINT pk_tags PRIMARY KEY,
        name        text NOT NULL CONSTRAINT uq_tags_name UNIQUE,
        usage_count integer NOT NULL DEFAULT 0,
        created_at  timestamptz NOT NULL DEFAULT now(),
        -- added: a count below nothing would mean that a use was forgotten
        CONSTRAINT chk_tags_usage_count CHECK (usage_count >= 0)
    )
    """,
    """
    CREATE TABLE image_tags (
        image_id   uuid NOT NULL CONSTRAINT fk_image_tags_image_id REFERENCES images (id) ON DELETE CASCADE,
        tag_id     uuid NOT NULL CONSTRAINT fk_image_tags_tag_id REFERENCES tags (id) ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_image_tags PRIMARY KEY (image_id, tag_id)
    )
    """,
    "CREATE INDEX idx_image_tags_tag ON image_tags (tag_id)",
    """
    CREATE TABLE collections (
        id              uuid NOT NULL CONSTRAINT pk_collections PRIMARY KEY,
        user_id         uuid NOT NULL
                        CONSTRAINT fk_collections_user_id REFERENCES users (id) ON DELETE CASCADE,
        name            text NOT NULL,
        description     text,
        cover_image_url text,
        visibility      text NOT NULL DEFAULT 'private',
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_collections_visibility CHECK (visibility IN ('private', 'public'))
    )
    """,
    "CREATE INDEX ix_collections_user_id ON collections (user_id)",
    """
    CREATE TABLE collections_images (
        collection_id uuid NOT NULL
                      CONSTRAINT fk_collections_images_collection_id REFERENCES collections (id) ON DELETE CASCADE,
        image_id      uuid NOT NULL
                      CONSTRAINT fk_collections_images_image_id REFERENCES images (id) ON DELETE CASCADE,
        sort_order    integer NOT NULL DEFAULT 0,
        added_at      timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_collections_images PRIMARY KEY (collection_id, image_id)
    )
    """,
    "CREATE INDEX ix_collections_images_image_id ON collections_images (image_id)",
]

WORKFLOWS = [
    """
    CREATE TABLE workflows (
        id          uuid NOT NULL CONSTRAINT pk_workflows PRIMARY KEY,
        user_id     uuid NOT NULL CONSTRAINT fk_workflows_user_id REFERENCES users (id) ON DELETE CASCADE,
        name        text NOT NULL,
        description text,
        graph_data  jsonb NOT NULL DEFAULT '{"nodes": [], "edges": []}',
        is_template boolean NOT NULL DEFAULT false,
        visibility  text NOT NULL DEFAULT 'private',
        usage_count integer NOT NULL DEFAULT 0,
        created_at  timestamptz NOT NULL DEFAULT now(),
        updated_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_workflows_visibility CHECK (visibility IN ('private', 'public', 'unlisted')),
        -- added: uses are counted, never taken back below nothing
        CONSTRAINT chk_workflows_usage_count CHECK (usage_count >= 0)
    )
    """,
    "CREATE INDEX ix_workflows_user_id ON workflows (user_id)",
    """
    CREATE TABLE workflow_versions (
        id             uuid NOT NULL CONSTRAINT pk_workflow_versions PRIMARY KEY,
        workflow_id    uuid NOT NULL
                       CONSTRAINT fk_workflow_versions_workflow_id REFERENCES workflows (id) ON DELETE CASCADE,
        -- given by a trigger below
        version_number integer NOT NULL,
        graph_data     jsonb NOT NULL,
        change_note    text,
        created_at     timestamptz NOT NULL DEFAULT now(),
        -- added: versions are numbered from 1
        CONSTRAINT chk_workflow_versions_version_number CHECK (version_number >= 1),
        -- added: a number names one version
        CONSTRAINT uq_workflow_versions_workflow_id UNIQUE (workflow_id, version_number)
    )
    """,
]

BASE = [
    # added: the first answer to a call with an Idempotency-Key, given again to the same call
    """
    CREATE TABLE idempotency_keys (
        user_id     uuid NOT NULL CONSTRAINT fk_idempotency_keys_user_id REFERENCES users (id) ON DELETE CASCADE,
        route       text NOT NULL,
        key         text NOT NULL,
        -- of the body: the same key with another body is a mistake that is told
        fingerprint text NOT NULL,
        status_code integer NOT NULL,
        response    jsonb NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, route, key)
    )
    """,
    # added: objects in storage that no row names any more, until a chore has deleted them
    """
    CREATE TABLE storage_deletions (
        id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_storage_deletions PRIMARY KEY,
        key        text NOT NULL,
        reason     text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
]

# The ledger is append-only. A reference may become NULL once the row it named is gone, which is how ON DELETE
# SET NULL keeps the history of a deleted person; nothing else about an entry ever changes.
LEDGER_IS_APPEND_ONLY = [
    """
    CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        compared credit_transactions;
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            compared := NEW;
            IF NEW.user_id IS NULL AND NOT EXISTS (SELECT FROM users WHERE id = OLD.user_id) THEN
                compared.user_id := OLD.user_id;
            END IF;
            IF NEW.subscription_id IS NULL
               AND NOT EXISTS (SELECT FROM subscriptions WHERE id = OLD.subscription_id) THEN
                compared.subscription_id := OLD.subscription_id;
            END IF;
            IF NEW.job_id IS NULL AND NOT EXISTS (SELECT FROM generation_jobs WHERE id = OLD.job_id) THEN
                compared.job_id := OLD.job_id;
            END IF;
            IF compared IS NOT DISTINCT FROM OLD AND NEW IS DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'credit_transactions is append-only: % is refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation', TABLE = 'credit_transactions';
    END
    $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON credit_transactions
        FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()
    """,
    """
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON credit_transactions
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()
    """,
]

# tags.usage_count. One UPDATE per statement, and the tags are locked in the order of their ids, so that two
# people who tag with the same words in another order do not wait for each other for ever. NO KEY UPDATE, because
# the foreign key of image_tags has already locked the same tags FOR KEY SHARE.
TAG_USES_ARE_COUNTED = [
    """
    CREATE FUNCTION count_tag_uses() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        gained uuid[] = '{}';
        lost uuid[] = '{}';
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            UPDATE tags SET usage_count = 0 WHERE usage_count <> 0;
            RETURN NULL;
        END IF;
        IF TG_OP IN ('INSERT', 'UPDATE') THEN
            gained = ARRAY(SELECT tag_id FROM added);
        END IF;
        IF TG_OP IN ('DELETE', 'UPDATE') THEN
            lost = ARRAY(SELECT tag_id FROM removed);
        END IF;
        PERFORM 1 FROM tags WHERE id = ANY (gained || lost) ORDER BY id FOR NO KEY UPDATE;
        UPDATE tags
           SET usage_count = usage_count + uses.change
          FROM (SELECT tag_id, sum(sign)::integer AS change
                  FROM (SELECT unnest(gained) AS tag_id, 1 AS sign
                        UNION ALL
                        SELECT unnest(lost), -1) AS signed
                 GROUP BY tag_id) AS uses
         WHERE tags.id = uses.tag_id AND uses.change <> 0;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER count_added AFTER INSERT ON image_tags
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
    """,
    """
    CREATE TRIGGER count_removed AFTER DELETE ON image_tags
        REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
    """,
    """
    CREATE TRIGGER count_changed AFTER UPDATE ON image_tags
        REFERENCING OLD TABLE AS removed NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
    """,
    """
    CREATE TRIGGER count_truncated AFTER TRUNCATE ON image_tags
        FOR EACH STATEMENT EXECUTE FUNCTION count_tag_uses()
    """,
]

# workflow_versions.version_number: 1, 2, 3… whatever the writer asked for. The workflow's row is locked first, so
# the second of two devices that save at once waits, and then counts what the first one wrote. A snapshot stays as
# it is, and goes only with its workflow; its note may be reworded.
VERSIONS_HAVE_NO_GAPS = [
    """
    CREATE FUNCTION number_workflow_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM workflows WHERE id = NEW.workflow_id FOR NO KEY UPDATE;
        NEW.version_number = 1 + coalesce(
            (SELECT max(version_number) FROM workflow_versions WHERE workflow_id = NEW.workflow_id), 0);
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER number_version BEFORE INSERT ON workflow_versions
        FOR EACH ROW EXECUTE FUNCTION number_workflow_version()
    """,
    """
    CREATE FUNCTION keep_workflow_version() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        compared workflow_versions;
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            compared := NEW;
            compared.change_note := OLD.change_note;
            IF compared IS NOT DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
        ELSIF NOT EXISTS (SELECT FROM workflows WHERE id = OLD.workflow_id) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'a version of a workflow is a snapshot: % is refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation', TABLE = 'workflow_versions';
    END
    $$
    """,
    """
    CREATE TRIGGER keep_version BEFORE UPDATE OR DELETE ON workflow_versions
        FOR EACH ROW EXECUTE FUNCTION keep_workflow_version()
    """,
]

UPDATED_AT_IS_TOUCHED = [
    """
    CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.updated_at = now();
        RETURN NEW;
    END
    $$
    """,
    *(
        f"""
        CREATE TRIGGER touch_updated_at BEFORE UPDATE ON {table}
            FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION touch_updated_at()
        """
        for table in ("users", "subscriptions", "collections", "workflows")
    ),
]

# Whatever a deleted row owned in storage is remembered in the same transaction, also when the row goes because its
# owner goes. The arguments are the columns that hold keys.
STORED_OBJECTS_ARE_DELETED = [
    """
    CREATE FUNCTION remember_stored_objects() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        held text;
    BEGIN
        FOREACH held IN ARRAY TG_ARGV LOOP
            EXECUTE format(
                'INSERT INTO storage_deletions (key, reason) SELECT %1$I, %2$L FROM gone WHERE %1$I IS NOT NULL',
                held, TG_TABLE_NAME || ' deleted');
        END LOOP;
        RETURN NULL;
    END
    $$
    """,
    *(
        f"""
        CREATE TRIGGER remember_stored_objects AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION remember_stored_objects({columns})
        """
        for table, columns in (
            ("images", "'s3_key', 'thumbnail_url'"),
            ("generation_steps", "'preview_url'"),
            ("user_models", "'s3_path'"),
        )
    ),
]


def upgrade() -> None:
    for part in (
        *(ACCOUNTS, BILLING, CATALOG, GENERATION, LEDGER, GALLERY, WORKFLOWS, BASE),
        *(LEDGER_IS_APPEND_ONLY, TAG_USES_ARE_COUNTED, VERSIONS_HAVE_NO_GAPS),
        *(UPDATED_AT_IS_TOUCHED, STORED_OBJECTS_ARE_DELETED),
    ):
        for statement in part:
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE storage_deletions, idempotency_keys")
    op.execute("DROP TABLE workflow_versions, workflows")
    op.execute("DROP TABLE collections_images, collections, image_tags, tags, images")
    op.execute("DROP TABLE credit_transactions")
    op.execute("DROP TABLE workers, generation_steps, generation_jobs")
    op.execute("DROP TABLE user_models, ai_models")
    op.execute("DROP TABLE subscriptions, subscription_plans")
    op.execute("DROP TABLE one_time_tokens, oauth_accounts, user_sessions, user_profiles, users")
    for function in (
        "remember_stored_objects",
        "touch_updated_at",
        "keep_workflow_version",
        "number_workflow_version",
        "count_tag_uses",
        "refuse_ledger_change",
    ):
        op.execute(f"DROP FUNCTION {function}()")
