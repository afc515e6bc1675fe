"""What became of each chore: PgQueuer's schedule says when, the table `chore_runs` says how it went.

Both are read together here, for the doctor and for the metrics. What the chores are is the worker room's business.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.read_session import ReadSession

SCHEMA = "chores"
"""The schema of PgQueuer's tables."""

# A turn begins within a second of its time; a chore this far behind is waited for in vain.
LATE_SECONDS = 60.0

_IS_THERE = text(f"SELECT to_regclass('{SCHEMA}.pgqueuer_schedules') IS NOT NULL")
_READ = text(f"""
    SELECT schedule.entrypoint AS name, schedule.expression AS cron, schedule.next_run AS next_at,
           GREATEST(schedule.last_run, run.finished_at) AS last_at,
           schedule.status = 'picked' AS running,
           EXTRACT(EPOCH FROM now() - schedule.updated) AS seconds_silent,
           GREATEST(0, EXTRACT(EPOCH FROM now() - schedule.next_run)) AS seconds_late,
           run.seconds, run.result, run.error, COALESCE(run.runs, 0) AS runs, COALESCE(run.failures, 0) AS failures
      FROM {SCHEMA}.pgqueuer_schedules AS schedule LEFT JOIN chore_runs AS run ON run.name = schedule.entrypoint
     ORDER BY schedule.entrypoint, schedule.id
""")  # noqa: S608 - our own constant
_NOTE = text("""
    INSERT INTO chore_runs AS kept (name, runs, failures, started_at, finished_at, seconds, result, error)
    VALUES (:name, :runs, :failures, clock_timestamp() - make_interval(secs => :seconds), clock_timestamp(), :seconds,
            :result, :error)
    ON CONFLICT (name) DO UPDATE
       SET runs = kept.runs + excluded.runs, failures = kept.failures + excluded.failures,
           started_at = excluded.started_at, finished_at = excluded.finished_at, seconds = excluded.seconds,
           result = COALESCE(excluded.result, kept.result), error = excluded.error
""")


@dataclass(frozen=True)
class Turns:
    """One or more turns of a chore, the latest in detail: `result` are its counts, `error` why it failed."""

    name: str
    seconds: float
    result: Mapping[str, int] | None = None
    error: str | None = None
    runs: int = 1
    failures: int = 0


@dataclass(frozen=True)
class ChoreState:
    """How a chore stands. `result` is of the latest turn that ended well; `error` says that the latest one did not.

    `seconds_late`: how long ago its next turn should have begun. `seconds_silent`: since a chores process touched it.
    """

    name: str
    cron: str
    next_at: datetime
    last_at: datetime | None
    running: bool
    seconds_late: float
    seconds_silent: float
    seconds: float | None
    error: str | None
    runs: int
    failures: int
    result: dict[str, int] = field(default_factory=dict)

    @property
    def is_late(self) -> bool:
        return self.seconds_late > LATE_SECONDS


async def note_turns(session: AsyncSession, turns: Turns) -> None:
    """Write down how a chore's turns went. A failed turn leaves the result of the one before."""
    row = {
        "name": turns.name,
        "runs": turns.runs,
        "failures": turns.failures,
        "seconds": turns.seconds,
        "result": None if turns.result is None else json.dumps(dict(turns.result)),
        "error": turns.error,
    }
    await session.execute(_NOTE, row)


async def read_chores(session: ReadSession) -> list[ChoreState]:
    """Every chore that was ever scheduled in this database, by name; none before chores first ran."""
    if not await session.scalar(_IS_THERE):
        return []
    return [_state(row) for row in await session.execute(_READ)]


def _state(row: Any) -> ChoreState:
    return ChoreState(
        name=row.name,
        cron=row.cron,
        next_at=row.next_at,
        last_at=row.last_at,
        running=row.running,
        seconds_late=float(row.seconds_late),
        seconds_silent=float(row.seconds_silent),
        seconds=row.seconds,
        error=row.error,
        runs=row.runs,
        failures=row.failures,
        result=json.loads(row.result) if row.result else {},
    )
