"""The queue is the jobs table: a worker claims with SKIP LOCKED, holds a lease, and carries the attempt as its fence.

Every later write names (job, attempt, worker); a worker whose lease lapsed and whose job went on can write nothing.
Who is next is decided in `line.py`; here a worker takes from the front of that line, as many at once as can share its
engine, and may prefer what its memory already holds, within bounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import publish_later, wake_workers_later
from pingvas.base.statements import MAY_BE_FORGOTTEN, fetch
from pingvas.generation import metrics
from pingvas.generation.events import JobQueued, JobStarted
from pingvas.generation.queue.fairness import IDLE_LANE, TURN_AGAIN

Hold = Literal["held", "cancel_requested", "lost"]

# How far from the front a worker may look for what it prefers.
WINDOW = 32
# How often a job may be passed over for one that fits a worker better; then it is taken before those that follow.
# (Workers that choose in the same instant may each pass it once.)
PATIENCE = 4

# Row by row, in the order given and no further than the limit asks for: a join could be turned round, a lateral cannot.
# By the primary key: a bare status would let the plan walk the dead entries of a partial index instead.
_LOCK = """CROSS JOIN LATERAL (
            SELECT id FROM generation_jobs WHERE id = next.id AND status || '' = 'queued' FOR NO KEY UPDATE SKIP LOCKED
        ) AS job"""


# Statuses and limits are literals, not parameters: a generic plan would not use the partial index otherwise.
#
# line    the jobs in front, as they stand; not locked, so that workers who look at once do not hide them from each other
# ranked  the same in the order in which this worker wants them
# leader  what it wants most; `wanted`, what may share a batch with that; `barrier`, who must not be passed again for it
# taken   what it gets: of the wanted those nobody else is taking; if that is none, the next best
# passed  those it went past
@cache
def _claim_statement(limit: int) -> TextClause:
    return text(f"""
    WITH clock AS MATERIALIZED (
        SELECT last_value AS at FROM queue_clock
    ), line AS MATERIALIZED (
        SELECT waiting.*, row_number() OVER (ORDER BY turn, id) AS place,
               turn < {IDLE_LANE} AS normal,
               passed_over >= {PATIENCE} AS due,
               model_id = ANY(ARRAY(SELECT id FROM ai_models WHERE name = ANY(:holds))) AS held,
               CASE WHEN batch_key IS NULL OR lost_attempts > 0 THEN id::text ELSE batch_key END AS key
          FROM (SELECT id, turn, passed_over, lost_attempts, batch_key, model_id FROM generation_jobs
                 WHERE status = 'queued'
                   AND turn >= (SELECT CASE WHEN :rewind THEN 0 ELSE clock.at END FROM clock)
                   AND (not_before IS NULL OR not_before <= now())
                 ORDER BY turn, id LIMIT {WINDOW}) AS waiting
    ), ranked AS MATERIALIZED (
        SELECT line.*, row_number() OVER (ORDER BY normal DESC, due DESC, held DESC, turn, id) AS rank FROM line
    ), leader AS MATERIALIZED (
        SELECT key, MIN(rank) AS rank FROM ranked
         WHERE :key IS NULL OR key = :key OR (due AND normal)
         GROUP BY key ORDER BY 2 LIMIT 1
    ), barrier AS MATERIALIZED (
        SELECT MIN(other.place) AS place FROM ranked AS other JOIN leader ON other.key <> leader.key
         WHERE other.due AND other.rank > leader.rank
    ), wanted AS MATERIALIZED (
        SELECT ranked.id, ranked.place FROM ranked JOIN leader USING (key), barrier
         WHERE (:key IS NULL OR key = :key) AND ranked.place < COALESCE(barrier.place, {WINDOW} + 1)
    ), first_choice AS MATERIALIZED (
        SELECT job.id FROM (SELECT id FROM wanted ORDER BY place) AS next {_LOCK} LIMIT {limit}
    ), second_choice AS MATERIALIZED (
        SELECT job.id FROM (SELECT id FROM ranked WHERE :key IS NULL ORDER BY rank) AS next {_LOCK}
         WHERE NOT EXISTS (SELECT FROM first_choice) LIMIT 1
    ), taken AS MATERIALIZED (
        SELECT id FROM first_choice UNION ALL SELECT id FROM second_choice
    ), passing AS MATERIALIZED (
        SELECT job.id
          FROM (SELECT id FROM line
                 WHERE place < (SELECT MAX(place) FROM line JOIN taken USING (id))
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
          FROM (SELECT MIN(turn) AS turn FROM line WHERE normal) AS first, clock
         WHERE first.turn > clock.at AND EXISTS (SELECT FROM taken)
    )
    SELECT claimed.id, claimed.user_id, claimed.subscription_id, claimed.model_id, claimed.attempt, claimed.lost_attempts,
           claimed.job_type, claimed.parameters, claimed.estimated_credits, claimed.estimated_seconds,
           claimed.batch_id, claimed.batch_key, claimed.priority, claimed.lane, claimed.queued_at, claimed.started_at,
           claimed.deadline_at, claimed.traceparent,
           model.name AS model_name, model.efs_cache_path AS model_path,
           model.s3_path AS model_origin, model.config AS model_config,
           (SELECT count(*) FROM ticked) AS ticks, {MAY_BE_FORGOTTEN} AS soon
      FROM claimed JOIN ai_models AS model ON model.id = claimed.model_id
     ORDER BY claimed.turn, claimed.id
""").bindparams(  # noqa: S608 - our own constants
        bindparam("holds", type_=ARRAY(Text)), bindparam("key", type_=Text)
    )


_RENEW = text(f"""
    WITH mine AS MATERIALIZED (
        SELECT job.id
          FROM (SELECT * FROM unnest(:job_ids, :attempts) AS held (id, attempt) ORDER BY id) AS next
         CROSS JOIN LATERAL (
            SELECT id FROM generation_jobs
             WHERE id = next.id AND attempt = next.attempt AND worker_id = :worker_id AND lease_expires_at IS NOT NULL
               FOR NO KEY UPDATE
        ) AS job
    )
    UPDATE generation_jobs AS job SET lease_expires_at = now() + make_interval(secs => :lease_seconds)
     WHERE job.id = ANY(ARRAY(SELECT id FROM mine))
    RETURNING job.id, job.cancel_requested_at, {MAY_BE_FORGOTTEN}
""").bindparams(  # noqa: S608 - our own constants
    bindparam("job_ids", type_=ARRAY(Uuid)), bindparam("attempts", type_=ARRAY(Integer))
)
_HAND_BACK = text(f"""
    UPDATE generation_jobs
       SET status = 'queued', worker_id = NULL, lease_expires_at = NULL, started_at = NULL, turn = {TURN_AGAIN},
           not_before = now() + make_interval(secs => :delay_seconds)
     WHERE id = :job_id AND attempt = :attempt AND worker_id = :worker_id AND lease_expires_at IS NOT NULL
    RETURNING user_id
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class ClaimedJob:
    """A job in a worker's hands. `attempt` is the fence; `user_id` is None when the account was deleted.

    `batch_key`: jobs with the same one may share an engine batch; None runs alone.
    `model_origin` is where the model's files come from; `model_path` where they lie on this machine, if that is known.
    """

    id: UUID
    user_id: UUID | None
    subscription_id: UUID | None
    model_id: UUID
    attempt: int
    lost_attempts: int
    job_type: str
    parameters: dict[str, Any]
    estimated_credits: int
    estimated_seconds: float | None
    batch_id: UUID
    batch_key: str | None
    priority: int
    lane: str
    queued_at: datetime
    started_at: datetime
    deadline_at: datetime | None
    traceparent: str | None
    model_name: str
    model_path: str | None
    model_origin: str
    model_config: dict[str, Any]


async def claim(
    session: AsyncSession,
    *,
    worker_id: str,
    lease_seconds: float,
    limit: int = 1,
    holds: Sequence[str] = (),
    rewind: bool = False,
) -> list[ClaimedJob]:
    """Take the next job, and up to `limit` in all that may share a batch with it; jobs that others take are skipped.

    A job of a model that `holds` names is preferred to those before it in the line, unless one of them has been passed
    over too often. `rewind` looks behind the clock as well; a worker does so now and then, and when it finds nothing.
    """
    return await _claim(session, worker_id, lease_seconds, limit, holds=holds, rewind=rewind)


async def claim_more(
    session: AsyncSession, *, worker_id: str, lease_seconds: float, batch_key: str, limit: int
) -> list[ClaimedJob]:
    """Take up to `limit` jobs that may join a running batch of `batch_key`.

    None, when somebody who has been passed over too often stands in line: the batch then has to come to an end.
    """
    return await _claim(session, worker_id, lease_seconds, limit, batch_key=batch_key)


async def renew(
    session: AsyncSession, *, worker_id: str, jobs: Mapping[UUID, int], lease_seconds: float
) -> dict[UUID, Hold]:
    """Keep the leases of `jobs` (id → attempt) for another `lease_seconds`; which are still wanted and still ours."""
    row = {
        "worker_id": worker_id,
        "job_ids": list(jobs),
        "attempts": list(jobs.values()),
        "lease_seconds": lease_seconds,
    }
    held = {found.id: hold_of(found) for found in await fetch(session, _RENEW, row)}
    return {job_id: held.get(job_id, "lost") for job_id in jobs}


async def hand_back(
    session: AsyncSession, job: ClaimedJob, worker_id: str, *, delay_seconds: float = 0
) -> bool:
    """Put a job back into its old place in the queue, not to be taken before `delay_seconds` from now.

    For a worker that stops or cannot store a picture: it does not count as a lost attempt. False: it was not ours.
    """
    row = {"job_id": job.id, "attempt": job.attempt, "worker_id": worker_id, "delay_seconds": delay_seconds}
    found = (await session.execute(_HAND_BACK, row)).one_or_none()
    if found is None:
        return False
    publish_later(session, found.user_id, JobQueued(job_id=job.id))
    metrics.handed_back(session, priority=job.priority, model=job.model_name)
    wake_workers_later(session)
    return True


def hold_of(row: Any) -> Hold:
    """What a fenced statement says: no row means that the job is no longer ours."""
    if row is None:
        return "lost"
    return "cancel_requested" if row.cancel_requested_at is not None else "held"


async def _claim(
    session: AsyncSession,
    worker_id: str,
    lease_seconds: float,
    limit: int,
    *,
    holds: Sequence[str] = (),
    rewind: bool = False,
    batch_key: str | None = None,
) -> list[ClaimedJob]:
    row = {
        "worker_id": worker_id,
        "lease_seconds": lease_seconds,
        "holds": list(holds),
        "rewind": rewind,
        "key": batch_key,
    }
    jobs = []
    for found in await fetch(session, _claim_statement(limit), row):
        facts: dict[str, Any] = dict(found)
        del facts["ticks"], facts["soon"]  # selected only so that they are run
        jobs.append(ClaimedJob(**facts))
    for job in jobs:
        started = JobStarted(job_id=job.id, worker_id=worker_id, total_steps=job.parameters.get("steps"))
        publish_later(session, job.user_id, started)
        waited = (job.started_at - job.queued_at).total_seconds()
        metrics.claimed(session, priority=job.priority, model=job.model_name, waited_seconds=waited)
    return jobs
