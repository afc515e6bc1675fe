"""How the queue stands, for operators: what waits, what runs, who works. Read without touching what has ended.

Of a very long queue the front is looked at job by job, and the rest is only counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from pingvas.base.read_session import ReadSession
from pingvas.generation.metrics import OTHER_PLAN
from pingvas.generation.queue.workers import IS_HEARD
from pingvas.generation.statuses import IS_OPEN

# Of each status, jobs that are looked at one by one.
MOST = 10_000

_OPEN = text("""
    WITH open AS (
        (SELECT status, plan_name, model_id, lane, queued_at FROM generation_jobs
          WHERE status = 'queued' ORDER BY turn LIMIT :most)
        UNION ALL
        (SELECT status, plan_name, model_id, lane, started_at FROM generation_jobs
          WHERE status = 'processing' LIMIT :most)
        UNION ALL
        (SELECT status, plan_name, model_id, lane, created_at FROM generation_jobs
          WHERE status = 'pending' LIMIT :most)
    )
    SELECT open.status, open.plan_name, model.name AS model, open.lane, count(*) AS jobs,
           GREATEST(0, EXTRACT(EPOCH FROM now() - MIN(open.queued_at))) AS oldest_seconds
      FROM open JOIN ai_models AS model ON model.id = open.model_id
     GROUP BY open.status, open.plan_name, model.name, open.lane
""")
# Only when some status has more jobs than are looked at.
_ALL_OPEN = text(f"""
    SELECT status, plan_name, count(*) AS jobs FROM generation_jobs WHERE {IS_OPEN} GROUP BY status, plan_name
""")  # noqa: S608 - our own constants
_REST = text("""
    SELECT (SELECT count(*) FROM generation_jobs WHERE status = 'processing' AND lease_expires_at < now()) AS lapsed,
           (SELECT count(*) FROM (SELECT FROM storage_deletions LIMIT :most) AS waiting) AS deletions
""")
_WORKERS = text(f"""
    SELECT id, host, device, models, stopping FROM workers WHERE {IS_HEARD} ORDER BY id
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class Group:
    """Open jobs of one kind. `oldest_seconds`: since the first of them got this status.

    `model` and `lane` are empty for those beyond the front of a very long queue.
    """

    status: str
    plan: str
    model: str
    lane: str
    jobs: int
    oldest_seconds: float = 0.0


@dataclass(frozen=True)
class LiveWorker:
    """A worker that was heard from lately."""

    id: str
    host: str
    device: str
    models: Sequence[str]
    stopping: bool


@dataclass(frozen=True)
class QueueGauges:
    """The queue at one moment. `deletions`: stored objects that wait for theirs, counted up to 10,000."""

    groups: Sequence[Group]
    lapsed_leases: int
    deletions: int
    workers: Sequence[LiveWorker]

    def jobs(self, *statuses: str) -> int:
        """How many jobs have one of these statuses."""
        return sum(group.jobs for group in self.groups if group.status in statuses)

    def oldest_wait(self, lane: str = "normal") -> float | None:
        """Seconds that the job which has waited longest in a lane has waited there."""
        waits = [
            group.oldest_seconds for group in self.groups if group.status == "queued" and group.lane == lane
        ]
        return max(waits, default=None)


async def read_gauges(session: ReadSession, *, most: int = MOST) -> QueueGauges:
    """How the queue stands now."""
    groups = [_group(row) for row in await session.execute(_OPEN, {"most": most})]
    looked_at = Counter[str]()
    for group in groups:
        looked_at[group.status] += group.jobs
    if any(jobs >= most for jobs in looked_at.values()):
        groups += _beyond(groups, await session.execute(_ALL_OPEN))
    rest = (await session.execute(_REST, {"most": MOST})).one()
    workers = [LiveWorker(**row._mapping) for row in await session.execute(_WORKERS)]
    return QueueGauges(groups, rest.lapsed, rest.deletions, workers)


def _group(row: Any) -> Group:
    return Group(
        row.status, row.plan_name or OTHER_PLAN, row.model, row.lane, row.jobs, float(row.oldest_seconds)
    )


def _beyond(groups: Sequence[Group], rows: Any) -> list[Group]:
    """What was counted, but not looked at."""
    looked_at = Counter[tuple[str, str]]()
    for group in groups:
        looked_at[group.status, group.plan] += group.jobs
    counted = Counter[tuple[str, str]]()
    for row in rows:
        counted[row.status, row.plan_name or OTHER_PLAN] += row.jobs
    return [
        Group(status, plan, "", "", jobs)
        for (status, plan), jobs in sorted((counted - looked_at).items())  # Counter keeps what is left over
    ]
