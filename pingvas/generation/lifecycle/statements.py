"""Every statement that makes a job or changes its status or lease: the state machine, to be read in one place.

| from | to | statement | by whom, and only if |
|---|---|---|---|
| – | pending, queued | `INSERT` | submit, under the lock of the person's subscription; as many as have a free slot are queued |
| pending | queued | `PROMOTION` | whoever freed a slot, under that lock; no cancel is asked for |
| queued | processing | `claim_statement` | a worker, SKIP LOCKED; no cancel is asked for; `attempt` goes up by one |
| processing | processing | `RENEW`, `ASK_TO_STOP` | its worker and attempt; the person, who holds the row's lock |
| processing | queued | `RETURN` | its worker and attempt (handed back, or crashed with attempts left); no cancel is asked for |
| processing | queued | `REQUEUE_LAPSED` | a sweep, when the lease has run out and attempts are left; no cancel is asked for |
| processing | completed, failed, canceled | `END` | its worker and attempt |
| any open one | failed, canceled | `END` | who has locked the row and seen its attempt: the person who cancels, and sweeps |
| queued | queued | `LIFT` | a sweep: its turn lies behind the clock |
| completed | completed | `UNDELIVERED` | a person's report or a sweep, who saw that the image's bytes are gone; under the person's lock, once |
| any ended one | as it was | `FORGET_WORDS` | the deletion of its person: figures stay, words go |

Where a cancel is asked for, a job takes none of the ways back into the queue: whoever finds it there ends it as canceled,
unpaid. Nothing leads out of completed, failed and canceled.

Order of locks: the person's current subscription, then jobs by id, then the wallets that paid. Claims, renewals and
requeues lock jobs alone. A job is found by its primary key: a bare status would let the plan walk the dead entries of
a partial index instead, so statements name a fact that goes with it (`completed_at`, `lease_expires_at`).
"""

from functools import cache
from typing import Final

from sqlalchemy import ARRAY, Integer, Text, TextClause, Uuid, bindparam, text

from pingvas.base.statements import MAY_BE_FORGOTTEN
from pingvas.billing.credits import GIVE_BACK, TAKE
from pingvas.gallery import new_images
from pingvas.gallery.storage_use import USED_BYTES
from pingvas.generation.queue.fairness import IDLE_LANE, IDLE_TURN, SHARE, TURN_AGAIN, TURNS_PER_CREDIT
from pingvas.generation.queue.submits_lately import LATELY
from pingvas.generation.statuses import IS_ENDED, IS_IN_SLOT, IS_OPEN, IS_WAITING
from pingvas.generation.tables import GenerationJob

# How far from the front a worker may look for what it prefers.
WINDOW: Final = 32
# How often a job may be passed over for one that fits a worker better; then it is taken before those that follow.
# (Workers that choose in the same instant may each pass it once.)
PATIENCE: Final = 4

# By name: a migrated table has its columns in another order than the class.
_COLUMNS = ", ".join(column.name for column in GenerationJob.__table__.columns)
_MODEL_NAME = "(SELECT name FROM ai_models WHERE id = model_id) AS model_name"
_OPEN_JOB = (
    f"id, user_id, subscription_id, attempt, estimated_credits, plan_name, collection_id, {_MODEL_NAME}"
)

# Slots are counted by a statement that starts after the subscription was locked, so it sees every job of the person.
# `place` is the place in the batch: the first ones go into free slots and get their turn, the others wait as pending.
INSERT = text(f"""
    WITH {SHARE}, taken AS (
        SELECT count(*) AS slots FROM generation_jobs WHERE user_id = :user_id AND lane = :lane AND {IS_IN_SLOT}
    ), has_open AS (
        SELECT count(*) AS jobs, COALESCE(SUM(expected_bytes), 0)::bigint AS bytes
          FROM generation_jobs WHERE user_id = :user_id AND {IS_OPEN}
    ), {LATELY}, new AS (
        SELECT asked.id, asked.posting_id, asked.parameters, asked.batch_key, asked.place,
               taken.slots + asked.place <= :max_queues AS in_queue,
               CASE :lane WHEN 'normal' THEN share.begins + (asked.place - 1) * :used + :head_start
                          ELSE share.idle_begins END AS turn
          FROM unnest(CAST(:ids AS uuid[]), CAST(:posting_ids AS uuid[]), CAST(:parameters AS text[]),
                      CAST(:batch_keys AS text[]))
               WITH ORDINALITY AS asked (id, posting_id, parameters, batch_key, place), share, taken, has_open, lately
         WHERE has_open.jobs + :count <= :max_open_jobs AND (lately.submits < :per_minute OR :per_minute = 0)
    ), held AS (
        SELECT id AS job_id, posting_id, place FROM new
    ), {TAKE}, use_up AS (
        INSERT INTO queue_shares (user_id, served_until)
        SELECT :user_id, share.begins + count(*) * :used FROM new, share
         WHERE new.in_queue AND :lane = 'normal' GROUP BY share.begins
        ON CONFLICT (user_id) DO UPDATE SET served_until = EXCLUDED.served_until
    )
    INSERT INTO generation_jobs (id, user_id, model_id, subscription_id, batch_id, batch_index, job_type, status,
                                 priority, plan_name, turn, lane, batch_key, parameters, estimated_credits,
                                 estimated_seconds, expected_bytes, deadline_at, retry_of, traceparent, api_key_id,
                                 collection_id, queued_at)
    SELECT new.id, :user_id, :model_id, :subscription_id, :batch_id, new.place - 1, :job_type,
           CASE WHEN new.in_queue THEN 'queued' ELSE 'pending' END, :weight, :plan_name,
           CASE WHEN new.in_queue THEN new.turn END, :lane, new.batch_key, CAST(new.parameters AS jsonb),
           :credits, :seconds, :bytes, now() + make_interval(secs => :deadline_seconds), CAST(:retry_of AS uuid),
           CAST(:traceparent AS text), CAST(:api_key_id AS uuid), CAST(:collection_id AS uuid),
           CASE WHEN new.in_queue THEN clock_timestamp() END
      FROM new
    RETURNING {_COLUMNS}, now() AS read_at, (SELECT MIN(balance_after) FROM posted) AS balance,
              (SELECT bytes FROM has_open) AS open_bytes, {USED_BYTES} AS used_bytes,
              (SELECT submits FROM lately) AS submits, (SELECT since FROM lately) AS submits_since
""")  # noqa: S608 - our own constants

# Parts of a statement. `slots`, of user_id, lane, max_queues, weight, plan_name, freed and unused, is where jobs may go:
# `freed` are the slots that the statement frees itself and still sees taken, `unused` the turns that come back to the
# person's share. `ending_here`, of id, are the jobs that it ends and still sees waiting.
PROMOTION = f"""
    next AS MATERIALIZED (
        SELECT waiting.id, slots.user_id, slots.lane, slots.weight, slots.plan_name, waiting.estimated_credits,
               COALESCE(SUM(waiting.estimated_credits) OVER (PARTITION BY slots.user_id, slots.lane ORDER BY waiting.id
                            ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0) AS before
          FROM slots,
               LATERAL (SELECT id, estimated_credits FROM generation_jobs
                         WHERE user_id = slots.user_id AND lane = slots.lane AND status = 'pending'
                           AND cancel_requested_at IS NULL AND id NOT IN (SELECT id FROM ending_here)
                         ORDER BY id
                         LIMIT GREATEST(0, slots.max_queues + slots.freed - (
                             SELECT count(*) FROM generation_jobs
                              WHERE user_id = slots.user_id AND lane = slots.lane AND {IS_IN_SLOT}))
                       ) AS waiting
    ), unused AS MATERIALIZED (
        SELECT user_id, CAST(SUM(unused) AS bigint) AS turns FROM slots GROUP BY user_id HAVING SUM(unused) > 0
    ), share AS MATERIALIZED (
        SELECT next.*, GREATEST(clock.last_value, COALESCE((
                   SELECT served_until FROM queue_shares WHERE user_id = next.user_id), 0)
                   - COALESCE((SELECT turns FROM unused WHERE user_id = next.user_id), 0)) AS begins
          FROM next, queue_clock AS clock
    ), use_up AS (
        INSERT INTO queue_shares (user_id, served_until)
        SELECT user_id, begins + SUM(estimated_credits) * {TURNS_PER_CREDIT} / weight
          FROM share WHERE lane = 'normal' GROUP BY user_id, begins, weight
        ON CONFLICT (user_id) DO UPDATE SET served_until = EXCLUDED.served_until
    ), give_back AS (
        UPDATE queue_shares SET served_until = served_until - unused.turns FROM unused
         WHERE queue_shares.user_id = unused.user_id
           AND queue_shares.user_id NOT IN (SELECT user_id FROM share WHERE lane = 'normal')
    ), promoted AS (
        UPDATE generation_jobs AS job
           SET status = 'queued', queued_at = clock_timestamp(),
               (priority, plan_name, turn) = (
                   SELECT weight, plan_name,
                          CASE lane WHEN 'normal' THEN begins + (before + 1) * {TURNS_PER_CREDIT} / weight
                                    ELSE {IDLE_TURN} END
                     FROM share WHERE share.id = job.id)
         WHERE job.id = ANY(ARRAY(SELECT id FROM next))
        RETURNING job.id, job.user_id, job.plan_name, {_MODEL_NAME}
    )
"""  # noqa: S608 - our own constants
PROMOTE = text(f"""
    WITH ending_here AS (
        SELECT CAST(NULL AS uuid) AS id WHERE false
    ), slots AS (
        SELECT CAST(:user_id AS uuid) AS user_id, lane, CAST(:max_queues AS integer) AS max_queues,
               CAST(:weight AS integer) AS weight, CAST(:plan_name AS text) AS plan_name, 0 AS freed, 0 AS unused
          FROM (VALUES ('normal'), ('idle')) AS lanes (lane)
    ), {PROMOTION}
    SELECT id, plan_name, model_name FROM promoted
""")  # noqa: S608 - our own constants

# Row by row, in the order given and no further than the limit asks for: a join could be turned round, a lateral cannot.
_LOCK = """CROSS JOIN LATERAL (
            SELECT id FROM generation_jobs
             WHERE id = next.id AND status || '' = 'queued' AND cancel_requested_at IS NULL
               FOR NO KEY UPDATE SKIP LOCKED
        ) AS job"""


# Statuses and limits are literals, not parameters: a generic plan would not use the partial index otherwise.
#
# front   the jobs in front, as they stand; not locked, so that workers who look at once do not hide them from each other
# ranked  the same in the order in which this worker prefers them
# leader  what it prefers to all; `matching`, what may share a batch with that; `barrier`, who must not be passed again
# taken   what it gets: of the matching those nobody else is taking; if that is none, the next best
# passed  those it went past
@cache
def claim_statement(limit: int) -> TextClause:
    """The statement that takes up to `limit` jobs which may share a batch."""
    return text(f"""
    WITH clock AS MATERIALIZED (
        SELECT last_value AS at FROM queue_clock
    ), front AS MATERIALIZED (
        SELECT waiting.*, row_number() OVER (ORDER BY turn, id) AS place,
               turn < {IDLE_LANE} AS normal,
               passed_over >= {PATIENCE} AS due,
               model_id = ANY(ARRAY(SELECT id FROM ai_models WHERE name = ANY(:holds))) AS held,
               CASE WHEN batch_key IS NULL OR lost_attempts > 0 THEN id::text ELSE batch_key END AS key
          FROM (SELECT id, turn, passed_over, lost_attempts, batch_key, model_id FROM generation_jobs
                 WHERE status = 'queued' AND cancel_requested_at IS NULL
                   AND turn >= (SELECT CASE WHEN :rewind THEN 0 ELSE clock.at END FROM clock)
                   AND (not_before IS NULL OR not_before <= now())
                 ORDER BY turn, id LIMIT {WINDOW}) AS waiting
    ), ranked AS MATERIALIZED (
        SELECT front.*, row_number() OVER (ORDER BY normal DESC, due DESC, held DESC, turn, id) AS rank FROM front
    ), leader AS MATERIALIZED (
        SELECT key, MIN(rank) AS rank FROM ranked
         WHERE :key IS NULL OR key = :key OR (due AND normal)
         GROUP BY key ORDER BY 2 LIMIT 1
    ), barrier AS MATERIALIZED (
        SELECT MIN(other.place) AS place FROM ranked AS other JOIN leader ON other.key <> leader.key
         WHERE other.due AND other.rank > leader.rank
    ), matching AS MATERIALIZED (
        SELECT ranked.id, ranked.place FROM ranked JOIN leader USING (key), barrier
         WHERE (:key IS NULL OR key = :key) AND ranked.place < COALESCE(barrier.place, {WINDOW} + 1)
    ), first_choice AS MATERIALIZED (
        SELECT job.id FROM (SELECT id FROM matching ORDER BY place) AS next {_LOCK} LIMIT {limit}
    ), second_choice AS MATERIALIZED (
        SELECT job.id FROM (SELECT id FROM ranked WHERE :key IS NULL ORDER BY rank) AS next {_LOCK}
         WHERE NOT EXISTS (SELECT FROM first_choice) LIMIT 1
    ), taken AS MATERIALIZED (
        SELECT id FROM first_choice UNION ALL SELECT id FROM second_choice
    ), passing AS MATERIALIZED (
        SELECT job.id
          FROM (SELECT id FROM front
                 WHERE place < (SELECT MAX(place) FROM front JOIN taken USING (id))
                   AND id NOT IN (SELECT id FROM taken)) AS next {_LOCK}
    ), passed AS (
        UPDATE generation_jobs SET passed_over = passed_over + 1 WHERE id = ANY(ARRAY(SELECT id FROM passing))
    ), claimed AS (
        UPDATE generation_jobs AS job
           SET status = 'processing', worker_id = :worker_id, attempt = attempt + 1, started_at = now(),
               lease_expires_at = now() + make_interval(secs => :lease_seconds), not_before = NULL, passed_over = 0
         WHERE job.id = ANY(ARRAY(SELECT id FROM taken))
        RETURNING job.*
    ), ticked AS MATERIALIZED (
        SELECT setval('queue_clock', first.turn)
          FROM (SELECT MIN(turn) AS turn FROM front WHERE normal) AS first, clock
         WHERE first.turn > clock.at AND EXISTS (SELECT FROM taken)
    )
    SELECT claimed.id, claimed.user_id, claimed.subscription_id, claimed.model_id, claimed.attempt, claimed.lost_attempts,
           claimed.job_type, claimed.parameters AS stored_parameters, claimed.estimated_credits, claimed.estimated_seconds,
           claimed.batch_id, claimed.batch_key, claimed.plan_name, claimed.lane, claimed.queued_at, claimed.started_at,
           claimed.deadline_at, claimed.traceparent, claimed.collection_id,
           model.name AS model_name, model.efs_cache_path AS model_path,
           model.s3_path AS model_origin, model.config AS model_config, model.required_tiers AS model_tiers,
           (SELECT count(*) FROM ticked) AS ticks, {MAY_BE_FORGOTTEN} AS soon
      FROM claimed JOIN ai_models AS model ON model.id = claimed.model_id
     ORDER BY claimed.turn, claimed.id
""").bindparams(  # noqa: S608 - our own constants
        bindparam("holds", type_=ARRAY(Text)), bindparam("key", type_=Text)
    )


# Whoever writes for a worker names all three: the attempt alone tells a worker that lost its lease from itself.
_ITS_WORKERS = "worker_id = :worker_id AND lease_expires_at IS NOT NULL"

RENEW = text(f"""
    WITH mine AS MATERIALIZED (
        SELECT job.id
          FROM (SELECT * FROM unnest(:job_ids, :attempts) AS held (id, attempt) ORDER BY id) AS next
         CROSS JOIN LATERAL (
            SELECT id FROM generation_jobs WHERE id = next.id AND attempt = next.attempt AND {_ITS_WORKERS}
               FOR NO KEY UPDATE
        ) AS job
    )
    UPDATE generation_jobs AS job SET lease_expires_at = now() + make_interval(secs => :lease_seconds)
     WHERE job.id = ANY(ARRAY(SELECT id FROM mine))
    RETURNING job.id, job.cancel_requested_at, {MAY_BE_FORGOTTEN}
""").bindparams(  # noqa: S608 - our own constants
    bindparam("job_ids", type_=ARRAY(Uuid)), bindparam("attempts", type_=ARRAY(Integer))
)

_INTO_QUEUE_AGAIN = f"""status = 'queued', worker_id = NULL, lease_expires_at = NULL, started_at = NULL,
           turn = {TURN_AGAIN}"""
# `lost`: 1 when the attempt counts as lost, which it may `max_attempts` times less one, else 0.
RETURN = text(f"""
    UPDATE generation_jobs
       SET {_INTO_QUEUE_AGAIN}, lost_attempts = lost_attempts + :lost,
           not_before = now() + make_interval(secs => :delay_seconds)
     WHERE id = :job_id AND attempt = :attempt AND {_ITS_WORKERS} AND cancel_requested_at IS NULL
       AND (:lost = 0 OR lost_attempts + :lost < :max_attempts)
    RETURNING user_id
""")  # noqa: S608 - our own constants
REQUEUE_LAPSED = text(f"""
    WITH lapsed AS (
        SELECT id FROM generation_jobs
         WHERE status = 'processing' AND lease_expires_at < now() AND lost_attempts + 1 < :max_attempts
           AND cancel_requested_at IS NULL
           FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE generation_jobs AS job
       SET {_INTO_QUEUE_AGAIN}, lost_attempts = lost_attempts + 1, not_before = NULL
      FROM lapsed WHERE job.id = lapsed.id
    RETURNING job.id, job.user_id, job.plan_name, {_MODEL_NAME}
""")  # noqa: S608 - our own constants
LIFT = text(f"""
    WITH behind AS (
        SELECT id FROM generation_jobs
         WHERE status = 'queued' AND turn < (SELECT last_value FROM queue_clock)
           AND (not_before IS NULL OR not_before <= now())
           FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE generation_jobs AS job SET turn = {TURN_AGAIN} FROM behind WHERE job.id = behind.id
    RETURNING job.id
""")  # noqa: S608 - our own constants

# What a person cancels: one job whatever its status, or all that are open. Once locked, a job stays as it is seen.
LOCK_ONE = text(f"""
    SELECT {_OPEN_JOB}, status FROM generation_jobs WHERE id = :job_id AND user_id = :user_id FOR NO KEY UPDATE
""")  # noqa: S608 - our own constants
LOCK_ALL_OPEN = text(f"""
    SELECT {_OPEN_JOB}, status FROM generation_jobs WHERE user_id = :user_id AND {IS_OPEN} ORDER BY id FOR NO KEY UPDATE
""")  # noqa: S608 - our own constants
ASK_TO_STOP = text("""
    UPDATE generation_jobs SET cancel_requested_at = COALESCE(cancel_requested_at, now())
     WHERE id = ANY(:job_ids) AND lease_expires_at IS NOT NULL
""").bindparams(bindparam("job_ids", type_=ARRAY(Uuid)))

# What sweeps end, of the ids that they found: looked at again, now that the people are locked.
LOCK_LAPSED = text(f"""
    SELECT {_OPEN_JOB}, status, cancel_requested_at IS NOT NULL AS canceled FROM generation_jobs
     WHERE id = ANY(:job_ids)
       AND ((lease_expires_at < now() AND (lost_attempts + 1 >= :max_attempts OR cancel_requested_at IS NOT NULL))
            OR ({IS_WAITING} AND cancel_requested_at IS NOT NULL))
     ORDER BY id FOR NO KEY UPDATE
""").bindparams(bindparam("job_ids", type_=ARRAY(Uuid)))  # noqa: S608 - our own constants
LOCK_LATE = text(f"""
    SELECT {_OPEN_JOB}, status, cancel_requested_at IS NOT NULL AS canceled,
           lease_expires_at IS NOT NULL AND deadline_at >= now() AS slow
      FROM generation_jobs
     WHERE id = ANY(:job_ids) AND completed_at IS NULL
       AND (deadline_at < now()
            OR (lease_expires_at IS NOT NULL AND started_at < now() - make_interval(secs => :run_seconds)))
     ORDER BY id FOR NO KEY UPDATE
""").bindparams(bindparam("job_ids", type_=ARRAY(Uuid)))  # noqa: S608 - our own constants

# `ending` is what is to be written, `ending_here` what may be: each by its own fence, locked in one order, so that a
# renewal of the same leases and this never wait for each other. Without a worker the caller has locked the rows.
# `:ending` is an object with the ids as its keys: a set of thousands is not walked through for each of its rows.
END = text(f"""
    WITH ending AS MATERIALIZED (
        SELECT CAST(item.key AS uuid) AS id, fact.*
          FROM jsonb_each(CAST(:ending AS jsonb)) AS item, jsonb_to_record(item.value) AS fact
            (attempt integer, wallet_id uuid, returned integer, posting_id uuid, posting jsonb, {new_images.COLUMNS})
    ), ending_here AS MATERIALIZED (
        SELECT job.* FROM (SELECT id, attempt FROM ending ORDER BY id) AS next CROSS JOIN LATERAL (
            SELECT id, user_id, lane,
                   CASE status WHEN 'pending' THEN 0 ELSE 1 END AS slots,
                   -- it left the queue before it was ever started, so it has used nothing of the person's share
                   CASE WHEN status = 'queued' AND lane = 'normal' AND attempt = 0
                        THEN CAST({TURNS_PER_CREDIT} AS bigint) * estimated_credits / priority ELSE 0 END AS unused
              FROM generation_jobs
             WHERE id = next.id AND attempt = next.attempt AND completed_at IS NULL
               AND (CAST(:worker_id AS text) IS NULL OR ({_ITS_WORKERS}))
               FOR NO KEY UPDATE
        ) AS job
    ), ended AS (
        UPDATE generation_jobs AS job
           SET (status, actual_credits, gpu_seconds, lost_attempts, failure_code, error_message) =
               (SELECT fact.status, charged, fact.gpu_seconds, job.lost_attempts + lost, code, message
                  FROM jsonb_to_record(CAST(:ending AS jsonb) -> CAST(job.id AS text)) AS fact
                    (status text, charged integer, gpu_seconds float8, lost integer, code text, message text)),
               completed_at = clock_timestamp(), lease_expires_at = NULL, not_before = NULL
         WHERE job.id = ANY(ARRAY(SELECT id FROM ending_here))
        RETURNING id, user_id, api_key_id, EXTRACT(EPOCH FROM completed_at - started_at) AS ran_seconds,
                  -- the day that its key's spending was noted for
                  CASE WHEN api_key_id IS NOT NULL THEN CAST(job.created_at AT TIME ZONE 'UTC' AS date) END AS asked_on,
                  CASE WHEN api_key_id IS NOT NULL THEN (SELECT name FROM api_keys WHERE api_keys.id = job.api_key_id) END AS key_name
    ), {new_images.KEEP}, slots AS (
        SELECT person.*, job.lane, SUM(job.slots) AS freed, CAST(SUM(job.unused) AS bigint) AS unused
          FROM jsonb_to_recordset(CAST(:people AS jsonb))
               AS person (user_id uuid, max_queues integer, weight integer, plan_name text)
          JOIN ending_here AS job USING (user_id)
         GROUP BY person.user_id, person.max_queues, person.weight, person.plan_name, job.lane
    ), {GIVE_BACK}, {PROMOTION}
    SELECT id, user_id, ran_seconds, created_at, balance_after, api_key_id, asked_on, key_name,
           NULL AS plan_name, NULL AS model_name
      FROM ended LEFT JOIN kept USING (id) LEFT JOIN posted USING (id)
     UNION ALL
    SELECT id, user_id, NULL, NULL, NULL, NULL, NULL, NULL, plan_name, model_name FROM promoted
""")  # noqa: S608 - our own constants

# A completed job of a person's whose image is still the one that was looked for.
LOCK_DELIVERED = text("""
    SELECT job.id, job.subscription_id, job.model_id, job.job_type, job.api_key_id, job.completed_at, job.actual_credits,
           CAST(job.created_at AT TIME ZONE 'UTC' AS date) AS asked_on
      FROM generation_jobs AS job JOIN images AS image ON image.job_id = job.id
     WHERE job.id = :job_id AND job.user_id = :user_id AND job.status = 'completed' AND job.undelivered_at IS NULL
       AND image.s3_key = :key
       FOR NO KEY UPDATE OF job
""")
UNDELIVERED = text("""
    UPDATE generation_jobs SET undelivered_at = now(), actual_credits = 0 WHERE id = :job_id AND completed_at IS NOT NULL
    RETURNING id
""")

# Nothing is forgotten that is not counted yet.
FORGET = text(f"""
    DELETE FROM generation_jobs AS job
     WHERE job.id = ANY(:ids) AND job.{IS_ENDED} AND NOT EXISTS (SELECT FROM images WHERE job_id = job.id)
       AND job.completed_at < (SELECT until FROM usage_rolled_up)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))  # noqa: S608 - our own constants

# Of somebody who leaves: the words go, the figures are kept.
FORGET_WORDS = text("""
    UPDATE generation_jobs SET parameters = '{}', error_message = NULL, traceparent = NULL WHERE user_id = :user_id
""")
