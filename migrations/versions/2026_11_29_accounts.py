"""Accounts that can be trusted: passkeys, second factors, keys for programs, mail, leaving, and the log of what admins do."""

from alembic import op

revision = "2026_11_29_accounts"
down_revision = "2026_11_29_naming_files"
branch_labels = None
depends_on = None

PEOPLE = [
    """
    ALTER TABLE users
        -- somebody who comes from Discord may have no address there, and is asked for one
        ALTER COLUMN email DROP NOT NULL,
        ADD COLUMN handle           text,
        ADD COLUMN suspended_at     timestamptz,
        ADD COLUMN suspended_reason text,
        -- a deleted account is there until then, so that its owner can take the deletion back
        ADD COLUMN leaves_at        timestamptz,
        -- credits that are given when the address is proven
        ADD COLUMN bonus_due        integer NOT NULL DEFAULT 0 CONSTRAINT chk_users_bonus_due CHECK (bonus_due >= 0)
    """,
    "CREATE UNIQUE INDEX uq_users_handle ON users (lower(handle))",
    "CREATE INDEX ix_users_leaves_at ON users (leaves_at) WHERE leaves_at IS NOT NULL",
    # How an object in storage begins; each size is one object.
    "ALTER TABLE user_profiles ADD COLUMN avatar_key text",
    """
    CREATE FUNCTION delete_avatar() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO storage_deletions (key, reason)
        SELECT OLD.avatar_key || size || '.webp', 'avatar' FROM unnest(ARRAY['-96', '-512']) AS size;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER avatar_deleted AFTER DELETE ON user_profiles
        FOR EACH ROW WHEN (OLD.avatar_key IS NOT NULL) EXECUTE FUNCTION delete_avatar()
    """,
    """
    CREATE TRIGGER avatar_replaced AFTER UPDATE OF avatar_key ON user_profiles
        FOR EACH ROW WHEN (OLD.avatar_key IS NOT NULL AND OLD.avatar_key IS DISTINCT FROM NEW.avatar_key)
        EXECUTE FUNCTION delete_avatar()
    """,
    """
    CREATE TABLE email_changes (
        user_id          uuid NOT NULL CONSTRAINT pk_email_changes PRIMARY KEY
                         CONSTRAINT fk_email_changes_user_id REFERENCES users (id) ON DELETE CASCADE,
        new_email        text NOT NULL,
        -- the change is made when both are there; the old address of an account without one is never asked
        old_confirmed_at timestamptz,
        new_confirmed_at timestamptz,
        expires_at       timestamptz NOT NULL,
        created_at       timestamptz NOT NULL DEFAULT now()
    )
    """,
]

SIGNING_IN = [
    """
    ALTER TABLE user_sessions
        -- when its person last proved who they are on this device: what is dear asks for a fresh proof
        ADD COLUMN proven_at     timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN method        text NOT NULL DEFAULT 'password',
        ADD COLUMN second_factor boolean NOT NULL DEFAULT false,
        -- the admin who looks through this person's eyes
        ADD COLUMN viewer_id     uuid CONSTRAINT fk_user_sessions_viewer_id REFERENCES users (id) ON DELETE CASCADE,
        ADD CONSTRAINT chk_user_sessions_method
            CHECK (method IN ('password', 'link', 'passkey', 'google', 'discord', 'viewing'))
    """,
    "UPDATE user_sessions SET proven_at = created_at",
    "CREATE INDEX ix_user_sessions_viewer_id ON user_sessions (viewer_id)",
    "ALTER TABLE one_time_tokens DROP CONSTRAINT chk_one_time_tokens_purpose",
    """
    ALTER TABLE one_time_tokens ADD CONSTRAINT chk_one_time_tokens_purpose CHECK (
        purpose IN ('sign_in', 'verify_email', 'reset_password', 'confirm_old_email', 'confirm_new_email'))
    """,
    """
    CREATE TABLE passkeys (
        id            uuid NOT NULL CONSTRAINT pk_passkeys PRIMARY KEY,
        user_id       uuid NOT NULL CONSTRAINT fk_passkeys_user_id REFERENCES users (id) ON DELETE CASCADE,
        credential_id bytea NOT NULL CONSTRAINT uq_passkeys_credential_id UNIQUE,
        public_key    bytea NOT NULL,
        -- 0 for ever where the authenticator does not count
        sign_count    bigint NOT NULL DEFAULT '0',
        transports    text[] NOT NULL DEFAULT '{}',
        backed_up     boolean NOT NULL DEFAULT false,
        name          text NOT NULL,
        last_used_at  timestamptz,
        created_at    timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_passkeys_user_id ON passkeys (user_id)",
    # What the studio asked and waits to have answered: a passkey's challenge, a provider's round trip, a second factor.
    """
    CREATE TABLE challenges (
        id         uuid NOT NULL CONSTRAINT pk_challenges PRIMARY KEY,
        purpose    text NOT NULL,
        -- NULL before it is known who answers
        user_id    uuid CONSTRAINT fk_challenges_user_id REFERENCES users (id) ON DELETE CASCADE,
        data       jsonb NOT NULL DEFAULT '{}',
        attempts   integer NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_challenges_purpose CHECK (
            purpose IN ('passkey_registration', 'passkey_sign_in', 'second_factor', 'oauth', 'oauth_link'))
    )
    """,
    "CREATE INDEX ix_challenges_user_id ON challenges (user_id)",
    "CREATE INDEX ix_challenges_expires_at ON challenges (expires_at)",
    """
    CREATE TABLE second_factors (
        user_id      uuid NOT NULL CONSTRAINT pk_second_factors PRIMARY KEY
                     CONSTRAINT fk_second_factors_user_id REFERENCES users (id) ON DELETE CASCADE,
        -- encrypted with a key of the studio's secret: whoever reads this table alone makes no codes
        secret       bytea NOT NULL,
        -- NULL until a first code has shown that the app has it
        confirmed_at timestamptz,
        -- the time step of the latest code that was taken: no code works twice
        last_step    bigint NOT NULL DEFAULT '0',
        created_at   timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE recovery_codes (
        id         uuid NOT NULL CONSTRAINT pk_recovery_codes PRIMARY KEY,
        user_id    uuid NOT NULL CONSTRAINT fk_recovery_codes_user_id REFERENCES users (id) ON DELETE CASCADE,
        code_hash  text NOT NULL,
        used_at    timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT uq_recovery_codes_user_id UNIQUE (user_id, code_hash)
    )
    """,
    # Kinds of browser a person has signed in with: at another one they are written to.
    """
    CREATE TABLE known_devices (
        user_id      uuid NOT NULL CONSTRAINT fk_known_devices_user_id REFERENCES users (id) ON DELETE CASCADE,
        device       text NOT NULL,
        last_seen_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_known_devices PRIMARY KEY (user_id, device)
    )
    """,
]

API_KEYS = [
    """
    CREATE TABLE api_keys (
        id           uuid NOT NULL CONSTRAINT pk_api_keys PRIMARY KEY,
        user_id      uuid NOT NULL CONSTRAINT fk_api_keys_user_id REFERENCES users (id) ON DELETE CASCADE,
        name         text NOT NULL,
        -- what its owner knows it by: the first letters
        prefix       text NOT NULL,
        key_hash     text NOT NULL CONSTRAINT uq_api_keys_key_hash UNIQUE,
        scopes       text[] NOT NULL,
        -- credits that it may spend in all, and in a day (UTC); NULL: what its owner has
        total_cap    integer CONSTRAINT chk_api_keys_total_cap CHECK (total_cap >= 0),
        daily_cap    integer CONSTRAINT chk_api_keys_daily_cap CHECK (daily_cap >= 0),
        -- NULL: every model, every address
        models       text[],
        addresses    text[],
        expires_at   timestamptz,
        revoked_at   timestamptz,
        last_used_at timestamptz,
        last_used_ip text,
        created_at   timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_api_keys_scopes
            CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'generate', 'manage'])
    )
    """,
    "CREATE INDEX ix_api_keys_user_id ON api_keys (user_id)",
    """
    CREATE TABLE api_key_spending (
        api_key_id uuid NOT NULL CONSTRAINT fk_api_key_spending_api_key_id REFERENCES api_keys (id) ON DELETE CASCADE,
        day        date NOT NULL,
        credits    integer NOT NULL DEFAULT 0,
        CONSTRAINT pk_api_key_spending PRIMARY KEY (api_key_id, day)
    )
    """,
    # What was made with which key. No reference: a key is revoked and stays; when its owner goes, the id says nothing any more.
    "ALTER TABLE generation_jobs ADD COLUMN api_key_id uuid",
    "ALTER TABLE images ADD COLUMN api_key_id uuid",
]

MAIL = [
    """
    CREATE TABLE mails (
        id              uuid NOT NULL CONSTRAINT pk_mails PRIMARY KEY,
        -- NULL: to somebody who has no account any more
        user_id         uuid CONSTRAINT fk_mails_user_id REFERENCES users (id) ON DELETE CASCADE,
        to_address      text NOT NULL,
        template        text NOT NULL,
        language        text NOT NULL,
        -- no token stands here: the link is made from its id when the mail is sent
        parameters      jsonb NOT NULL DEFAULT '{}',
        attempts        integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        sent_at         timestamptz,
        failed_at       timestamptz,
        error           text,
        created_at      timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_mails_language CHECK (language IN ('en', 'ko'))
    )
    """,
    "CREATE INDEX ix_mails_user_id ON mails (user_id)",
    "CREATE INDEX ix_mails_next_attempt_at ON mails (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL",
]

LEAVING = [
    """
    CREATE TABLE data_exports (
        id          uuid NOT NULL CONSTRAINT pk_data_exports PRIMARY KEY,
        user_id     uuid NOT NULL CONSTRAINT fk_data_exports_user_id REFERENCES users (id) ON DELETE CASCADE,
        status      text NOT NULL DEFAULT 'waiting',
        storage_key text,
        file_size   bigint,
        error       text,
        attempts    integer NOT NULL DEFAULT 0,
        -- somebody makes it until then; afterwards another may begin it anew
        leased_until timestamptz,
        ready_at    timestamptz,
        expires_at  timestamptz,
        created_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_data_exports_status CHECK (status IN ('waiting', 'ready', 'failed'))
    )
    """,
    "CREATE INDEX ix_data_exports_user_id ON data_exports (user_id)",
    "CREATE UNIQUE INDEX uq_data_exports_waiting ON data_exports (user_id) WHERE status = 'waiting'",
    """
    CREATE FUNCTION delete_export() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO storage_deletions (key, reason) VALUES (OLD.storage_key, 'export');
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER export_deleted AFTER DELETE ON data_exports
        FOR EACH ROW WHEN (OLD.storage_key IS NOT NULL) EXECUTE FUNCTION delete_export()
    """,
]

ADMIN = [
    """
    CREATE TABLE audit_log (
        id          uuid NOT NULL CONSTRAINT pk_audit_log PRIMARY KEY,
        -- NULL: the person is gone, or it was done from the command line
        actor_id    uuid CONSTRAINT fk_audit_log_actor_id REFERENCES users (id) ON DELETE SET NULL,
        actor_name  text NOT NULL,
        action      text NOT NULL,
        target_type text NOT NULL,
        -- no reference: what was done stays on record when its target is gone
        target_id   text,
        before      jsonb,
        after       jsonb,
        reason      text,
        ip_address  text,
        created_at  timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_audit_log_actor_id ON audit_log (actor_id)",
    "CREATE INDEX ix_audit_log_created_at ON audit_log (created_at DESC, id DESC)",
    "CREATE INDEX ix_audit_log_target_id ON audit_log (target_id, created_at DESC)",
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        compared audit_log;
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            compared := NEW;
            IF NEW.actor_id IS NULL AND NOT EXISTS (SELECT FROM users WHERE id = OLD.actor_id) THEN
                compared.actor_id := OLD.actor_id;
            END IF;
            IF compared IS NOT DISTINCT FROM OLD AND NEW IS DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation', TABLE = 'audit_log';
    END
    $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TABLE announcements (
        id         uuid NOT NULL CONSTRAINT pk_announcements PRIMARY KEY,
        level      text NOT NULL DEFAULT 'info',
        text_en    text NOT NULL,
        text_ko    text NOT NULL,
        starts_at  timestamptz NOT NULL DEFAULT now(),
        ends_at    timestamptz,
        created_by uuid CONSTRAINT fk_announcements_created_by REFERENCES users (id) ON DELETE SET NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT chk_announcements_level CHECK (level IN ('info', 'warning', 'critical')),
        CONSTRAINT chk_announcements_ends_at CHECK (ends_at > starts_at)
    )
    """,
    "CREATE INDEX ix_announcements_created_by ON announcements (created_by)",
]

DOWNGRADE = [
    "DROP TABLE announcements",
    "DROP TABLE audit_log",
    "DROP FUNCTION refuse_audit_change()",
    "DROP TABLE data_exports",
    "DROP FUNCTION delete_export()",
    "DROP TABLE mails",
    "ALTER TABLE images DROP COLUMN api_key_id",
    "ALTER TABLE generation_jobs DROP COLUMN api_key_id",
    "DROP TABLE api_key_spending",
    "DROP TABLE api_keys",
    "DROP TABLE known_devices",
    "DROP TABLE recovery_codes",
    "DROP TABLE second_factors",
    "DROP TABLE challenges",
    "DROP TABLE passkeys",
    "DELETE FROM one_time_tokens WHERE purpose IN ('confirm_old_email', 'confirm_new_email')",
    "ALTER TABLE one_time_tokens DROP CONSTRAINT chk_one_time_tokens_purpose",
    """
    ALTER TABLE one_time_tokens ADD CONSTRAINT chk_one_time_tokens_purpose
        CHECK (purpose IN ('sign_in', 'verify_email', 'reset_password'))
    """,
    "DELETE FROM user_sessions WHERE viewer_id IS NOT NULL",
    """
    ALTER TABLE user_sessions
        DROP COLUMN proven_at, DROP COLUMN method, DROP COLUMN second_factor, DROP COLUMN viewer_id
    """,
    "DROP TABLE email_changes",
    "DROP TRIGGER avatar_deleted ON user_profiles",
    "DROP TRIGGER avatar_replaced ON user_profiles",
    "DROP FUNCTION delete_avatar()",
    "ALTER TABLE user_profiles DROP COLUMN avatar_key",
    # The older schema knows nobody without an address: one that no mail reaches.
    "UPDATE users SET email = id || '@invalid' WHERE email IS NULL",
    """
    ALTER TABLE users
        DROP COLUMN handle, DROP COLUMN suspended_at, DROP COLUMN suspended_reason, DROP COLUMN leaves_at,
        DROP COLUMN bonus_due, ALTER COLUMN email SET NOT NULL
    """,
]


def upgrade() -> None:
    for statement in [*PEOPLE, *SIGNING_IN, *API_KEYS, *MAIL, *LEAVING, *ADMIN]:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
