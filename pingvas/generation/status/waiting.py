"""What waiting jobs wait for, where they stand in line, and in how many seconds each may start.

Two short statements whatever waits: a person's open jobs, and the head of the line with the machines. Both read
partial indexes from their beginning and stop after `MAX_POSITION` rows, so a line of a million costs no more.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
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
from pingvas.generation.status.forecast import Machines, seconds_left

WaitingFor = Literal["slot", "worker", "model", "job"]

# Positions are counted up to this; beyond it "1000 or more" is as good an answer, and far cheaper.
MAX_POSITION = 1000
_LAST = 2**63
# A process reads a long line once in this time at most: it moves by little meanwhile, and those who ask for most jobs
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
              WHERE user_id = person.id AND lane IN ('normal', 'idle') AND status IN ('queued', 'processing')
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
_WHOLE = text(f"""
    WITH line AS (
        SELECT id, turn, {_SECONDS} AS seconds FROM generation_jobs
         WHERE status = 'queued' AND turn >= (SELECT last_value FROM queue_clock)
         ORDER BY turn, id
         LIMIT :limit
    ), machines AS (
        SELECT worker.models, COALESCE(sum({_SECONDS}), 0) AS expected,
               CAST(COALESCE(EXTRACT(EPOCH FROM now() - min(job.started_at)), 0) AS double precision) AS running
          FROM workers AS worker
          LEFT JOIN generation_jobs AS job ON job.worker_id = worker.id AND job.status = 'processing'
         WHERE NOT worker.stopping AND worker.heartbeat_at > now() - interval '30 seconds'
         GROUP BY worker.id
    )
    SELECT (SELECT last_value FROM queue_clock) AS clock,
           (SELECT array_agg(id) FROM line) AS ids,
           (SELECT array_agg(turn) FROM line) AS turns,
           (SELECT array_agg(seconds) FROM line) AS seconds,
           (SELECT array_agg(expected) FROM machines) AS expected,
           (SELECT array_agg(running) FROM machines) AS running,
           (SELECT array_agg(DISTINCT held) FROM machines, unnest(models) AS held) AS held
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


class _Line:
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
class _Whole:
    """The line and the machines at one moment. `held`: the models that some live worker has in memory."""

    clock: int
    line: _Line
    machines: Machines
    held: frozenset[str]


_latest: WeakKeyDictionary[Any, tuple[float, _Whole]] = WeakKeyDictionary()


async def read_waits(
    session: ReadSession, user_ids: Sequence[UUID], *, most_each: int = MAX_POSITION
) -> dict[UUID, Wait]:
    """How the waiting jobs of these people wait, by job. Of each person and lane the first `most_each` pending ones.

    A queued job starts when the workers have done what they run and what stands before it (`Machines.starts_in`).
    A pending one stands where it would come if it were let into the line now, which is the best that can happen,
    and starts no sooner than one of the person's own jobs before it has ended.
    """
    jobs = await fetch(
        session, _OPEN, {"user_ids": list(user_ids), "most_each": most_each, "most_slots": MAX_POSITION}
    )
    if all(job.status == "processing" for job in jobs):
        return {}
    whole = await _find_whole(session)
    return {
        wait.job_id: wait
        for _, theirs in groupby(jobs, key=lambda job: (job.user_id, job.lane))
        for wait in _waits_of_one(list(theirs), whole)
    }


async def _find_whole(session: ReadSession) -> _Whole:
    """The line and the machines as they are, or, where the line is long, as they were a moment ago."""
    now, engine = monotonic(), session.bind
    read_at, known = _latest.get(engine, (0.0, None))
    if known is not None and now - read_at < _FRESH_SECONDS:
        return known
    whole = await _read_whole(session)
    if len(whole.line) >= _LONG:
        _latest[engine] = (now, whole)
    return whole


async def _read_whole(session: ReadSession) -> _Whole:
    (row,) = await fetch(session, _WHOLE, {"limit": MAX_POSITION})
    left = map(seconds_left, row.expected or (), row.running or ())
    line = _Line(row.ids or (), row.turns or (), row.seconds or ())
    return _Whole(row.clock, line, Machines(list(left)), frozenset(row.held or ()))


def _waits_of_one(jobs: Sequence[Any], whole: _Whole) -> Iterator[Wait]:
    """How one person's jobs of one lane wait; the queued ones come in the order of their turns."""
    slots_free_in: list[float] = []
    for job in jobs:
        if job.status == "processing":
            slots_free_in.append(seconds_left(job.seconds, job.running_seconds))
        elif job.status == "queued":
            ahead, seconds_ahead = whole.line.place_of(job.id, job.turn)
            starts_in = whole.machines.starts_in(seconds_ahead)
            slots_free_in.append(starts_in + job.seconds)
            yield _wait(job, _waits_for(job, whole), ahead, starts_in)
    heapify(slots_free_in)
    pending = [job for job in jobs if job.status == "pending"]
    turn, own_seconds = max(whole.clock, jobs[0].served_until), 0.0
    if jobs[0].lane == "idle":
        turn = _LAST
    for own_ahead, job in enumerate(pending):
        ahead, seconds_ahead = whole.line.place_at(turn + head_start(job.priority))
        slot_free_in = heappop(slots_free_in) if slots_free_in else 0.0
        starts_in = max(slot_free_in, whole.machines.starts_in(seconds_ahead + own_seconds))
        heappush(slots_free_in, starts_in + job.seconds)
        turn += used_by(job.estimated_credits, job.priority)
        own_seconds += job.seconds
        yield _wait(job, "slot", ahead + own_ahead, starts_in)


def _waits_for(job: Any, whole: _Whole) -> WaitingFor:
    if not len(whole.machines) or job.model_name in whole.held:
        return "worker"
    return "model" if whole.machines.one_is_free or job.passed_over else "worker"


def _wait(job: Any, waiting_for: WaitingFor, ahead: int, starts_in: float) -> Wait:
    eta = None if starts_in == inf else round(starts_in, 1)
    return Wait(job.user_id, job.id, waiting_for, min(ahead + 1, MAX_POSITION), eta)
