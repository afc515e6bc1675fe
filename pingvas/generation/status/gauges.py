"""How the queue stands, for operators: what waits, what runs, who works. Read without touching what has ended.

Of a very long queue the front is looked at job by job, and the rest is only counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from pingvas.base.read_session import ReadSession
from pingvas.generation.metrics import plan_of

# Of each status, jobs that are looked at one by one.
MOST = 10_000

_OPEN = text("""
    WITH open AS (
        (SELECT status, priority, model_id, lane, queued_at FROM generation_jobs
          WHERE status = 'queued' ORDER BY turn LIMIT :most)
        UNION ALL
        (SELECT status, priority, model_id, lane, started_at FROM generation_jobs
          WHERE status = 'processing' LIMIT :most)
        UNION ALL
        (SELECT status, priority, model_id, lane, created_at FROM generation_jobs
          WHERE status = 'pending' LIMIT :most)
    )
    SELECT open.status, open.priority, model.name AS model, open.lane, count(*) AS jobs,
           GREATEST(0, EXTRACT(EPOCH FROM now() - MIN(open.queued_at))) AS oldest_seconds
      FROM open JOIN ai_models AS model ON model.id = open.model_id
     GROUP BY open.status, open.priority, model.name, open.lane
""")
# From the index alone, and only when some status has more jobs than are looked at.
_ALL_OPEN = text("""
    SELECT status, priority, count(*) AS jobs FROM generation_jobs
     WHERE status IN ('pending', 'queued', 'processing') GROUP BY status, priority
""")
_REST = text("""
    SELECT (SELECT count(*) FROM generation_jobs WHERE status = 'processing' AND lease_expires_at < now()) AS lapsed,
           (SELECT count(*) FROM (SELECT FROM storage_deletions LIMIT :most) AS waiting) AS deletions
""")
_WORKERS = text("""
    SELECT id, host, device, models, stopping FROM workers WHERE heartbeat_at > now() - interval '30 seconds' ORDER BY id
""")


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
    """A worker heard from in the last 30 seconds."""

    id: str
    host: str
    device: str
    models: Sequence[str]
    stopping: bool


@dataclass(frozen=True)
class Figures:
    """The queue at one moment. `deletions`: stored objects that wait for theirs, counted up to 10,000."""

    groups: Sequence[Group]
    lapsed_leases: int
    deletions: int
    workers: Sequence[LiveWorker]

    def jobs(self, *statuses: str) -> int:
        """How many jobs have one of these statuses."""
        return sum(group.jobs for group in self.groups if group.status in statuses)

    def oldest_wait(self, lane: str = "normal") -> float | None:
        """Seconds that the job which has stood longest in a lane's line has stood there."""
        waits = [
            group.oldest_seconds for group in self.groups if group.status == "queued" and group.lane == lane
        ]
        return max(waits, default=None)


async def read_figures(session: ReadSession, *, most: int = MOST) -> Figures:
    """How the queue stands now."""
    groups = [_group(row) for row in await session.execute(_OPEN, {"most": most})]
    looked_at = Counter[str]()
    for group in groups:
        looked_at[group.status] += group.jobs
    if any(jobs >= most for jobs in looked_at.values()):
        groups += _beyond(groups, await session.execute(_ALL_OPEN))
    rest = (await session.execute(_REST, {"most": MOST})).one()
    workers = [LiveWorker(**row._mapping) for row in await session.execute(_WORKERS)]
    return Figures(groups, rest.lapsed, rest.deletions, workers)


def _group(row: Any) -> Group:
    return Group(row.status, plan_of(row.priority), row.model, row.lane, row.jobs, float(row.oldest_seconds))


def _beyond(groups: Sequence[Group], rows: Any) -> list[Group]:
    """What was counted, but not looked at."""
    looked_at = Counter[tuple[str, str]]()
    for group in groups:
        looked_at[group.status, group.plan] += group.jobs
    counted = Counter[tuple[str, str]]()
    for row in rows:
        counted[row.status, plan_of(row.priority)] += row.jobs
    return [
        Group(status, plan, "", "", jobs)
        for (status, plan), jobs in sorted((counted - looked_at).items())  # Counter keeps what is left over
    ]
