"""What became of some people's jobs, counted in the database: the figures that each run prints and is judged by."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
import pytest

from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements

_JOBS = """
    SELECT job.id::text, job.status, job.attempt, job.lost_attempts, job.completed_at, job.failure_code,
           job.actual_credits, job.estimated_credits,
           (SELECT count(*) FROM images WHERE images.job_id = job.id) AS images,
           COALESCE((SELECT array_agg(amount ORDER BY amount) FROM credit_transactions AS posting
                      WHERE posting.job_id = job.id), '{}') AS postings
      FROM generation_jobs AS job WHERE job.user_id = ANY($1::uuid[])
"""
_BEGUN = """
    SELECT id::text FROM generation_jobs
     WHERE user_id = ANY($1::uuid[]) AND attempt > 0 AND NOT status = ANY($2::text[])
"""
_ENDED = ("completed", "failed", "canceled")


class StudioToAsk(Protocol):
    """A studio whose database can be asked what became of its jobs."""

    lease_seconds: float

    @property
    def url(self) -> str: ...

    @property
    def database_url(self) -> str: ...

    def ask(self, statement: str, *values: Any) -> list[asyncpg.Record]: ...


@dataclass(frozen=True)
class Tally:
    """Counts of jobs, but for `charges` (jobs that paid), `credits` and `recovery` (seconds since the fault's end)."""

    submitted: int
    completed: int
    failed: int
    images: int
    charges: int
    credits: int
    attempts: int
    lapses: int
    lost: int
    charged_twice: int
    stuck: int
    disagreements: int
    recovery: float
    lease: float

    def __str__(self) -> str:
        return (
            f"{self.submitted} submitted, {self.completed} completed, {self.failed} failed, {self.images} images, "
            f"{self.charges} charges of {self.credits} credits, {self.attempts} attempts, {self.lapses} lapses; "
            f"{self.lost} lost, {self.charged_twice} charged twice, {self.stuck} stuck; "
            f"recovered in {self.recovery:.1f} s of {2 * self.lease:.0f} (lease {self.lease:.0f} s)"
        )


def is_done(studio: StudioToAsk, user_ids: Collection[str]) -> bool:
    """Whether every job of these people has ended."""
    statement = "SELECT count(*) FROM generation_jobs WHERE user_id = ANY($1::uuid[]) AND NOT status = ANY($2::text[])"
    return bool(studio.ask(statement, list(user_ids), list(_ENDED))[0][0] == 0)


@dataclass(frozen=True)
class Hit:
    """The jobs that somebody had begun and nobody had ended when the fault was over, and when that was."""

    job_ids: Collection[str]
    at: datetime


def jobs_in_hand(studio: StudioToAsk, user_ids: Collection[str]) -> Hit:
    """Call it as soon as the fault is over."""
    at = datetime.now(UTC)
    begun = studio.ask(_BEGUN, list(user_ids), list(_ENDED))
    return Hit({row["id"] for row in begun}, at)


def take_tally(studio: StudioToAsk, user_ids: Collection[str], submitted: Collection[str], hit: Hit) -> Tally:
    """Count. `submitted` are the ids that the API gave; every job must have one, and every id a job.

    The studio has recovered when all that was in hand has ended, and something has ended at all.
    """
    jobs = studio.ask(_JOBS, list(user_ids))
    ids = {job["id"] for job in jobs}
    ends = {job["id"]: job["completed_at"] for job in jobs if (job["completed_at"] or hit.at) > hit.at}
    recovered_at = max(min(ends.values(), default=hit.at), *(ends[job_id] for job_id in hit.job_ids), hit.at)
    return Tally(
        submitted=len(submitted),
        completed=sum(job["status"] == "completed" for job in jobs),
        failed=sum(job["status"] == "failed" for job in jobs),
        images=sum(job["images"] for job in jobs),
        charges=sum(sum(job["postings"]) < 0 for job in jobs),
        credits=-sum(sum(job["postings"]) for job in jobs),
        attempts=sum(job["attempt"] for job in jobs),
        lapses=sum(job["lost_attempts"] for job in jobs),
        lost=len(ids ^ set(submitted))
        + sum(not job["images"] for job in jobs if job["status"] == "completed"),
        charged_twice=sum(not _is_charged_once(job) for job in jobs) + sum(job["images"] > 1 for job in jobs),
        stuck=sum(job["status"] not in _ENDED for job in jobs),
        disagreements=asyncio.run(_disagreements(studio.database_url)),
        recovery=(recovered_at - hit.at).total_seconds(),
        lease=studio.lease_seconds,
    )


def _is_charged_once(job: object) -> bool:
    """Taken once as quoted, given back at most once, and the difference is what the job says it cost."""
    postings = job["postings"]  # type: ignore[index]
    taken = [amount for amount in postings if amount < 0]
    returned = [amount for amount in postings if amount > 0]
    quoted, charged = job["estimated_credits"], job["actual_credits"]  # type: ignore[index]
    return taken == [-quoted] and len(returned) <= 1 and (charged is None or -sum(postings) == charged)


async def _disagreements(url: str) -> int:
    database = Database(url, pool_size=1)
    try:
        async with database.read() as session:
            return len(await find_disagreements(session))
    finally:
        await database.dispose()


def show(capsys: pytest.CaptureFixture[str], fault: str, tally: Tally) -> None:
    """Print the counts where a person sees them, whatever pytest keeps to itself."""
    with capsys.disabled():
        print(f"\nchaos, {fault}: {tally}", file=sys.stderr, flush=True)  # noqa: T201
