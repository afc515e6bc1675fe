"""What waiting jobs wait for, where they stand in the queue, and in how many seconds each may start.

Two short statements whatever waits: a person's open jobs, and the front of the queue with the workers. Both read
partial indexes from their beginning and stop after `MAX_POSITION` rows, so a queue of a million costs no more.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import accumulate, groupby
from math import inf
from time import monotonic
from typing import Any, Literal
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import text

from pingvas.base.read_session import ReadSession
from pingvas.base.statements import fetch
from pingvas.generation.queue.fairness import head_start, used_by
from pingvas.generation.queue.workers import TAKES_JOBS
from pingvas.generation.status.forecast import WorkerForecast, seconds_left
from pingvas.generation.statuses import IS_IN_SLOT

WaitingFor = Literal["slot", "worker", "model", "job"]

# Positions are counted up to this; beyond it "1000 or more" is as good an answer, and far cheaper.
MAX_POSITION = 1000
_LAST = 2**63
# A process reads a long queue once in this time at most: it moves by little meanwhile, and those who ask for most jobs
# in a second would else read it most often. Who came since is placed by turn.
_LONG = 200
_FRESH_SECONDS = 1.0

# Without a learned time a job counts as long as it was quoted: a credit is a second.
_SECONDS = "COALESCE(estimated_seconds, estimated_credits)"
_COLUMNS = f"""
    id, user_id, model_id, status, lane, turn, priority, passed_over, estimated_credits,
    {_SECONDS} AS seconds, CAST(EXTRACT(EPOCH FROM now() - started_at) AS double precision) AS running_seconds
"""
_OPEN = text(f"""
    SELECT job.*, model.name AS model_name, COALESCE(share.served_until, 0) AS served_until
      FROM unnest(CAST(:user_ids AS uuid[])) AS person (id)
      LEFT JOIN queue_shares AS share ON share.user_id = person.id
     CROSS JOIN LATERAL (
            (SELECT {_COLUMNS} FROM generation_jobs
              WHERE user_id = person.id AND lane IN ('normal', 'idle') AND {IS_IN_SLOT}
              LIMIT :most_slots)
            UNION ALL
            (SELECT {_COLUMNS} FROM generation_jobs
              WHERE user_id = person.id AND lane = 'normal' AND status = 'pending' ORDER BY id LIMIT :most_each)
            UNION ALL
            (SELECT {_COLUMNS} FROM generation_jobs
              WHERE user_id = person.id AND lane = 'idle' AND status = 'pending' ORDER BY id LIMIT :most_each)
           ) AS job
      JOIN ai_models AS model ON model.id = job.model_id
     ORDER BY job.user_id, job.lane, job.turn, job.id
""")  # noqa: S608 - the parts are ours
# What lies before the clock is dead, or will be lifted; starting at the clock skips it.
_SNAPSHOT = text(f"""
    WITH front AS (
        SELECT id, turn, {_SECONDS} AS seconds FROM generation_jobs
         WHERE status = 'queued' AND turn >= (SELECT last_value FROM queue_clock)
         ORDER BY turn, id
         LIMIT :limit
    ), live AS (
        SELECT worker.models, COALESCE(sum({_SECONDS}), 0) AS expected,
               CAST(COALESCE(EXTRACT(EPOCH FROM now() - min(job.started_at)), 0) AS double precision) AS running
          FROM workers AS worker
          LEFT JOIN generation_jobs AS job ON job.worker_id = worker.id AND job.status = 'processing'
         WHERE {TAKES_JOBS}
         GROUP BY worker.id
    )
    SELECT (SELECT last_value FROM queue_clock) AS clock,
           (SELECT array_agg(id) FROM front) AS ids,
           (SELECT array_agg(turn) FROM front) AS turns,
           (SELECT array_agg(seconds) FROM front) AS seconds,
           (SELECT array_agg(expected) FROM live) AS expected,
           (SELECT array_agg(running) FROM live) AS running,
           (SELECT array_agg(DISTINCT held) FROM live, unnest(models) AS held) AS held
""")  # noqa: S608 - the parts are ours


@dataclass(frozen=True)
class Wait:
    """How a job waits. `position`: 1 is next, 1000 is 1000 or more; `eta_seconds`: until it starts, None: unknown.

    `slot`: the person's slots are taken; `model`: a worker is free, or took another job first, because no live worker
    has the job's model in memory; `worker`: none is free for it; `job`: another job has to end first.
    """

    user_id: UUID | None
    job_id: UUID
    waiting_for: WaitingFor
    position: int | None
    eta_seconds: float | None


class QueueFront:
    """The jobs that workers take next, in that order."""

    def __init__(self, ids: Sequence[UUID], turns: Sequence[int], seconds: Sequence[float]) -> None:
        self._places = {job_id: place for place, job_id in enumerate(ids)}
        self._turns = turns
        self._ahead = [0.0, *accumulate(seconds)]

    def __len__(self) -> int:
        return len(self._turns)

    def place_of(self, job_id: UUID, turn: int) -> tuple[int, float]:
        """How many jobs, and seconds of work, are ahead of a queued job."""
        place = self._places.get(job_id)
        return self.place_at(turn - 1) if place is None else (place, self._ahead[place])

    def place_at(self, turn: int) -> tuple[int, float]:
        """How many jobs, and seconds of work, would be ahead of a job that came now with this turn."""
        place = bisect_right(self._turns, turn)
        return place, inf if place >= MAX_POSITION else self._ahead[place]


@dataclass(frozen=True)
class QueueSnapshot:
    """The queue and the workers at one moment. `held`: the models that some live worker has in memory."""

    clock: int
    front: QueueFront
    workers: WorkerForecast
    held: frozenset[str]


_latest: WeakKeyDictionary[Any, tuple[float, QueueSnapshot]] = WeakKeyDictionary()


async def read_waits(
    session: ReadSession,
    user_ids: Sequence[UUID],
    *,
    most_each: int = MAX_POSITION,
    asked: Collection[UUID] | None = None,
) -> dict[UUID, Wait]:
    """How the waiting jobs of these people wait, by job. Of each person and lane the first `most_each` pending ones.

    `asked`: the jobs to answer for; None, all of them.

    A queued job starts when the workers have done what they run and what stands before it (`WorkerForecast.starts_in`).
    A pending one stands where it would come if it were let into the queue now, which is the best that can happen,
    and starts no sooner than one of the person's own jobs before it has ended.
    """
    jobs = await fetch(
        session, _OPEN, {"user_ids": list(user_ids), "most_each": most_each, "most_slots": MAX_POSITION}
    )
    if all(job.status == "processing" for job in jobs):
        return {}
    snapshot = await _find_snapshot(session)
    return {
        wait.job_id: wait
        for _, theirs in groupby(jobs, key=lambda job: (job.user_id, job.lane))
        for wait in _waits_of_one(list(theirs), snapshot, asked)
    }


async def _find_snapshot(session: ReadSession) -> QueueSnapshot:
    """The queue and the workers as they are, or, where the queue is long, as they were a moment ago."""
    now, engine = monotonic(), session.bind
    read_at, known = _latest.get(engine, (0.0, None))
    if known is not None and now - read_at < _FRESH_SECONDS:
        return known
    snapshot = await _read_snapshot(session)
    if len(snapshot.front) >= _LONG:
        _latest[engine] = (now, snapshot)
    return snapshot


async def _read_snapshot(session: ReadSession) -> QueueSnapshot:
    (row,) = await fetch(session, _SNAPSHOT, {"limit": MAX_POSITION})
    left = map(seconds_left, row.expected or (), row.running or ())
    front = QueueFront(row.ids or (), row.turns or (), row.seconds or ())
    return QueueSnapshot(row.clock, front, WorkerForecast(list(left)), frozenset(row.held or ()))


def _waits_of_one(
    jobs: Sequence[Any], snapshot: QueueSnapshot, asked: Collection[UUID] | None
) -> Iterator[Wait]:
    """How one person's jobs of one lane wait; the queued ones come in the order of their turns."""
    slots_free_in: list[float] = []
    for job in jobs:
        if job.status == "processing":
            slots_free_in.append(seconds_left(job.seconds, job.running_seconds))
        elif job.status == "queued":
            ahead, seconds_ahead = snapshot.front.place_of(job.id, job.turn)
            starts_in = snapshot.workers.starts_in(seconds_ahead)
            slots_free_in.append(starts_in + job.seconds)
            if asked is None or job.id in asked:
                yield _wait(job, _waits_for(job, snapshot), ahead, starts_in)
    heapify(slots_free_in)
    pending = [job for job in jobs if job.status == "pending"]
    turn, own_seconds = max(snapshot.clock, jobs[0].served_until), 0.0
    if jobs[0].lane == "idle":
        turn = _LAST
    for own_ahead, job in enumerate(pending):
        ahead, seconds_ahead = snapshot.front.place_at(turn + head_start(job.priority))
        slot_free_in = heappop(slots_free_in) if slots_free_in else 0.0
        starts_in = max(slot_free_in, snapshot.workers.starts_in(seconds_ahead + own_seconds))
        heappush(slots_free_in, starts_in + job.seconds)
        turn += used_by(job.estimated_credits, job.priority)
        own_seconds += job.seconds
        if asked is None or job.id in asked:
            yield _wait(job, "slot", ahead + own_ahead, starts_in)


def _waits_for(job: Any, snapshot: QueueSnapshot) -> WaitingFor:
    if not len(snapshot.workers) or job.model_name in snapshot.held:
        return "worker"
    return "model" if snapshot.workers.one_is_free or job.passed_over else "worker"


def _wait(job: Any, waiting_for: WaitingFor, ahead: int, starts_in: float) -> Wait:
    eta = None if starts_in == inf else round(starts_in, 1)
    return Wait(job.user_id, job.id, waiting_for, min(ahead + 1, MAX_POSITION), eta)
