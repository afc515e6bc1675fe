"""The queue becomes fair and explains itself: turns in virtual time, lanes, deadlines, learned speeds, chores on record."""

from alembic import op

revision = "2026_11_23_fair_queue"
down_revision = "2026_11_22_worker_memory"
branch_labels = None
depends_on = None

COLUMNS = [
    # Which of the waiting jobs is next: the smallest turn. Virtual time, in millionths of a credit per unit of weight.
    "turn bigint",
    # Work that may wait goes into the idle lane, and runs when the normal one is empty.
    "lane text NOT NULL DEFAULT 'normal' CONSTRAINT chk_generation_jobs_lane CHECK (lane IN ('normal', 'idle'))",
    # Jobs of one key may share an engine batch; NULL runs alone.
    "batch_key text",
    # How often a later job was taken first, because it fitted what a worker had in memory.
    "passed_over integer NOT NULL DEFAULT 0",
    # What a wait is told from: the seconds of the jobs ahead.
    "estimated_seconds double precision",
    # A job that has not ended by then fails, with its credits back.
    "deadline_at timestamptz",
    # The job that this one tries again.
    "retry_of uuid CONSTRAINT fk_generation_jobs_retry_of REFERENCES generation_jobs (id) ON DELETE SET NULL",
    # Carries a trace from the request to the worker.
    "traceparent text",
]

UPGRADE = [
    *(f"ALTER TABLE generation_jobs ADD COLUMN {column}" for column in COLUMNS),
    # The virtual clock is a sequence, because every claim moves it: a row would be a lock that all claims wait for.
    "CREATE SEQUENCE queue_clock MINVALUE 0 START 0",
    """
    CREATE TABLE queue_shares (
        user_id      uuid NOT NULL CONSTRAINT pk_queue_shares PRIMARY KEY
                     CONSTRAINT fk_queue_shares_user_id REFERENCES users (id) ON DELETE CASCADE,
        served_until bigint NOT NULL
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE model_speeds (
        model_id    uuid NOT NULL
                    CONSTRAINT fk_model_speeds_model_id REFERENCES ai_models (id) ON DELETE CASCADE,
        size_bucket integer NOT NULL,
        learned     double precision NOT NULL,
        samples     double precision NOT NULL,
        quoted      double precision NOT NULL DEFAULT '1',
        updated_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_model_speeds PRIMARY KEY (model_id, size_bucket),
        CONSTRAINT chk_model_speeds_figures CHECK (learned > 0 AND samples > 0 AND quoted > 0)
    )
    """,
    """
    CREATE TABLE chore_runs (
        name        text NOT NULL CONSTRAINT pk_chore_runs PRIMARY KEY,
        runs        bigint NOT NULL DEFAULT '0',
        failures    bigint NOT NULL DEFAULT '0',
        started_at  timestamptz NOT NULL,
        finished_at timestamptz,
        seconds     double precision,
        result      text,
        error       text
    )
    """,
    # What waits already is placed as if it had come just now, the older before the younger of a plan.
    """
    UPDATE generation_jobs AS job SET turn = 1000000 / job.priority + waiting.place
      FROM (SELECT id, row_number() OVER (ORDER BY queued_at) AS place FROM generation_jobs WHERE status = 'queued')
           AS waiting
     WHERE job.id = waiting.id
    """,
    """
    ALTER TABLE generation_jobs
      ADD CONSTRAINT chk_generation_jobs_queued_has_turn CHECK (status <> 'queued' OR turn IS NOT NULL)
    """,
    # Who holds a lease is running, and the other way round: so a worker's writes name the lease instead of the status, and
    # the planner cannot look for a job among all running ones when it has its id.
    "UPDATE generation_jobs SET lease_expires_at = NULL WHERE status <> 'processing' AND lease_expires_at IS NOT NULL",
    "ALTER TABLE generation_jobs DROP CONSTRAINT chk_generation_jobs_processing_has_lease",
    """
    ALTER TABLE generation_jobs ADD CONSTRAINT chk_generation_jobs_processing_has_lease
        CHECK ((status = 'processing') = (lease_expires_at IS NOT NULL)
               AND (status <> 'processing' OR (worker_id IS NOT NULL AND started_at IS NOT NULL)))
    """,
    # Its rows change status a few times and then never again: dead entries are to go soon, and a little at a time.
    """
    ALTER TABLE generation_jobs
      SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.02)
    """,
    "CREATE INDEX ix_generation_jobs_turn ON generation_jobs (turn, id) WHERE status = 'queued'",
    "CREATE INDEX ix_generation_jobs_retry_of ON generation_jobs (retry_of) WHERE retry_of IS NOT NULL",
    # Previews of ended jobs go after a day; finding them must not read every step there is.
    "CREATE INDEX ix_generation_steps_preview ON generation_steps (id) WHERE preview_url IS NOT NULL",
    """
    CREATE INDEX ix_generation_jobs_deadline_at ON generation_jobs (deadline_at)
     WHERE status IN ('pending', 'queued', 'processing')
    """,
    # The queue no longer reads it, and the dead entries of a busy queue must not be in everybody's way.
    "DROP INDEX idx_jobs_status_priority",
    """
    CREATE INDEX idx_jobs_status_priority ON generation_jobs (status, priority DESC, queued_at)
     WHERE status IN ('failed', 'canceled')
    """,
    "DROP INDEX ix_generation_jobs_open",
    """
    CREATE INDEX ix_generation_jobs_open ON generation_jobs (user_id, lane, status, id)
     WHERE status IN ('pending', 'queued', 'processing')
    """,
    "ALTER TABLE subscription_plans ADD COLUMN max_open_jobs integer NOT NULL DEFAULT 100",
    "ALTER TABLE subscription_plans ADD CONSTRAINT chk_subscription_plans_max_open_jobs CHECK (max_open_jobs >= 1)",
    """
    UPDATE subscription_plans SET max_open_jobs = figures.jobs
      FROM (VALUES ('free', 50), ('starter', 100), ('pro', 200), ('studio', 500), ('enterprise', 10000))
           AS figures (name, jobs)
     WHERE subscription_plans.name = figures.name
    """,
]

DOWNGRADE = [
    "DROP INDEX idx_jobs_status_priority",
    "CREATE INDEX idx_jobs_status_priority ON generation_jobs (status, priority DESC, queued_at)",
    "ALTER TABLE subscription_plans DROP CONSTRAINT chk_subscription_plans_max_open_jobs",
    "ALTER TABLE subscription_plans DROP COLUMN max_open_jobs",
    "DROP INDEX ix_generation_jobs_open",
    """
    CREATE INDEX ix_generation_jobs_open ON generation_jobs (user_id, status, id)
     WHERE status IN ('pending', 'queued', 'processing')
    """,
    "DROP INDEX ix_generation_steps_preview",
    "DROP TABLE chore_runs",
    "DROP TABLE model_speeds",
    "DROP TABLE queue_shares",
    "DROP SEQUENCE queue_clock",
    """
    ALTER TABLE generation_jobs
      RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay, autovacuum_analyze_scale_factor)
    """,
    "ALTER TABLE generation_jobs DROP CONSTRAINT chk_generation_jobs_processing_has_lease",
    """
    ALTER TABLE generation_jobs ADD CONSTRAINT chk_generation_jobs_processing_has_lease
        CHECK (status <> 'processing'
               OR (worker_id IS NOT NULL AND started_at IS NOT NULL AND lease_expires_at IS NOT NULL))
    """,
    # With each column go its index and its checks.
    "ALTER TABLE generation_jobs DROP CONSTRAINT chk_generation_jobs_queued_has_turn",
    *(f"ALTER TABLE generation_jobs DROP COLUMN {column.split()[0]}" for column in reversed(COLUMNS)),
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
