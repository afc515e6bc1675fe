"""How the queue stands: its length by lane, the workers, the usual wait, and what of it one person has."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from pingvas.accounts.actor import Actor
from pingvas.base.read_session import ReadSession
from pingvas.billing.subscriptions import CurrentSubscription, get_current_subscription
from pingvas.generation.queue.fairness import IDLE_LANE
from pingvas.generation.queue.workers import TAKES_JOBS
from pingvas.generation.status.waiting import Wait, read_waits
from pingvas.generation.statuses import IS_OPEN

# Nobody needs to know whether 1,000 or 1,000,000 wait as much as everybody needs the database.
COUNTED = 1000


def _waiting(turns: str) -> str:
    """How many wait whose turn is in this range: one more than `COUNTED` at most."""
    return f"""(SELECT count(*) FROM (SELECT FROM generation_jobs
                 WHERE status = 'queued' AND {turns} ORDER BY turn, id LIMIT {COUNTED + 1}) AS counted)"""  # noqa: S608


# The newest pictures tell which jobs ended last; there is no index for that on the jobs, whose every write would pay it.
_QUEUE = text(f"""
    SELECT {_waiting(f"turn >= (SELECT last_value FROM queue_clock) AND turn < {IDLE_LANE}")} AS normal_waiting,
           {_waiting(f"turn >= {IDLE_LANE}")} AS idle_waiting,
           (SELECT count(*) FROM generation_jobs WHERE status = 'processing' AND lane = 'normal') AS normal_processing,
           (SELECT count(*) FROM generation_jobs WHERE status = 'processing' AND lane = 'idle') AS idle_processing,
           (SELECT count(*) FROM workers WHERE {TAKES_JOBS}) AS workers,
           (SELECT CAST(AVG(EXTRACT(EPOCH FROM job.started_at - job.queued_at)) AS double precision)
              FROM (SELECT job_id FROM images ORDER BY id DESC LIMIT 100) AS newest
              JOIN generation_jobs AS job ON job.id = newest.job_id) AS mean_wait_seconds
""")  # noqa: S608 - the parts are ours
_MINE = text(f"""
    SELECT count(*) AS open_jobs,
           count(*) FILTER (WHERE lane = 'normal' AND status <> 'pending') AS slots_used,
           count(*) FILTER (WHERE lane = 'idle' AND status <> 'pending') AS idle_slots_used
      FROM generation_jobs
     WHERE user_id = :user_id AND lane IN ('normal', 'idle') AND {IS_OPEN}
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class LaneState:
    """How many jobs of one lane wait for a worker, counted up to `COUNTED`, and how many run.

    `waiting_at_least`: there are that many or more, nobody counted further.
    """

    waiting: int
    waiting_at_least: bool
    processing: int


@dataclass(frozen=True)
class MyPart:
    """What one person has of the queue, beside what the plan allows. Each lane has `max_queues` slots."""

    slots_used: int
    idle_slots_used: int
    max_queues: int
    open_jobs: int
    max_open_jobs: int


@dataclass(frozen=True)
class QueueSummary:
    """The whole queue at one moment, and the actor's first place in it.

    `mean_wait_seconds`: from entering the queue to starting, of the jobs that made the newest pictures; None: no such.
    """

    position: int | None
    eta_seconds: float | None
    workers: int
    mean_wait_seconds: float | None
    normal: LaneState
    idle: LaneState
    mine: MyPart

    @property
    def waiting(self) -> int:
        return self.normal.waiting + self.idle.waiting

    @property
    def waiting_at_least(self) -> bool:
        return self.normal.waiting_at_least or self.idle.waiting_at_least

    @property
    def processing(self) -> int:
        return self.normal.processing + self.idle.processing


async def read_queue_summary(session: ReadSession, actor: Actor) -> QueueSummary:
    """How the queue stands, where the actor's first waiting job is in it, and what the actor's plan leaves.

    Costs the same however many wait. Raises NoSubscription.
    """
    row = (await session.execute(_QUEUE)).one()
    first = _first(list((await read_waits(session, [actor.user_id], most_each=1)).values()))
    return QueueSummary(
        position=None if first is None else first.position,
        eta_seconds=None if first is None else first.eta_seconds,
        workers=row.workers,
        mean_wait_seconds=row.mean_wait_seconds,
        normal=_lane(row.normal_waiting, row.normal_processing),
        idle=_lane(row.idle_waiting, row.idle_processing),
        mine=await _read_mine(session, await get_current_subscription(session, actor.user_id)),
    )


def _first(waits: list[Wait]) -> Wait | None:
    return min(waits, key=lambda wait: wait.position or 0, default=None)


def _lane(waiting: int, processing: int) -> LaneState:
    return LaneState(min(waiting, COUNTED), waiting > COUNTED, processing)


async def _read_mine(session: ReadSession, subscription: CurrentSubscription) -> MyPart:
    mine: Any = (await session.execute(_MINE, {"user_id": subscription.user_id})).one()
    return MyPart(
        slots_used=mine.slots_used,
        idle_slots_used=mine.idle_slots_used,
        max_queues=subscription.max_queues,
        open_jobs=mine.open_jobs,
        max_open_jobs=subscription.max_open_jobs,
    )
