"""Counts every step in a job's life, by plan and model, once its transaction has committed.

Called by the functions that write these steps. What is counted here is this process's share; Prometheus adds up.
"""

from functools import cache, partial
from typing import TypeVar

from prometheus_client import Counter, Histogram
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.events import after_commit
from pingvas.base.metrics import REGISTRY

LABELS = ("plan", "model")
_WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
_RUNS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 900, 3600)
_ATTEMPTS = (1, 2, 3, 5, 10)
_Metric = TypeVar("_Metric", Counter, Histogram)
# For jobs that were accepted before they said so.
OTHER_PLAN = "other"


def _counter(name: str, what: str, labels: tuple[str, ...] = LABELS) -> Counter:
    return Counter(name, what, labels, registry=REGISTRY)


def _histogram(name: str, what: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(name, what, LABELS, buckets=buckets, registry=REGISTRY)


SUBMITTED = _counter("pingvas_jobs_submitted", "Jobs accepted")
PROMOTED = _counter("pingvas_jobs_promoted", "Jobs that got a slot of their plan and entered the queue")
WAITED = _histogram(
    "pingvas_job_wait_seconds", "From entering the queue to being claimed, each attempt", _WAITS
)
HANDED_BACK = _counter("pingvas_jobs_handed_back", "Jobs that a worker put back into the queue")
CRASHED = _counter("pingvas_jobs_crashed", "Jobs put back into the queue after an error nobody foresaw")
LAPSED = _counter("pingvas_leases_lapsed", "Leases that ran out because a worker fell silent")
ENDED = _counter("pingvas_jobs_ended", "Jobs that ended, and how", (*LABELS, "outcome", "code"))
RAN = _histogram("pingvas_job_run_seconds", "The last attempt of an ended job, from claim to end", _RUNS)
ATTEMPTS = _histogram("pingvas_job_attempts", "Attempts of ended jobs that were started", _ATTEMPTS)
GPU_SECONDS = _counter("pingvas_job_gpu_seconds", "Seconds that ended jobs had the engine")
HELD = _counter("pingvas_credits_held", "Credits taken when jobs were accepted")
CHARGED = _counter("pingvas_credits_charged", "Credits that ended jobs cost")
RETURNED = _counter("pingvas_credits_returned", "Held credits given back when jobs ended")


@cache
def _of(metric: _Metric, *labels: str) -> _Metric:
    """The child of a metric that has these labels; finding it takes prometheus_client longer than counting."""
    return metric.labels(*labels)


def submitted(session: AsyncSession, *, plan: str | None, model: str, jobs: int, credits: int) -> None:
    """So many jobs were accepted, and so many credits held for them together."""
    labels = plan or OTHER_PLAN, model
    after_commit(session, partial(_of(SUBMITTED, *labels).inc, jobs))
    after_commit(session, partial(_of(HELD, *labels).inc, credits))


def promoted(session: AsyncSession, *, plan: str | None, model: str) -> None:
    """A job that had waited for a slot stands in the queue now."""
    after_commit(session, _of(PROMOTED, plan or OTHER_PLAN, model).inc)


def claimed(session: AsyncSession, *, plan: str | None, model: str, waited_seconds: float) -> None:
    """A worker took a job; the wait is since it entered the queue, by the database's clock."""
    observe = _of(WAITED, plan or OTHER_PLAN, model).observe
    after_commit(session, partial(observe, max(0.0, waited_seconds)))


def handed_back(session: AsyncSession, *, plan: str | None, model: str) -> None:
    """A worker put a job back without having lost it."""
    after_commit(session, _of(HANDED_BACK, plan or OTHER_PLAN, model).inc)


def crashed(session: AsyncSession, *, plan: str | None, model: str) -> None:
    """An attempt met an error nobody foresaw, and the job is tried again."""
    after_commit(session, _of(CRASHED, plan or OTHER_PLAN, model).inc)


def lapsed(session: AsyncSession, *, plan: str | None, model: str) -> None:
    """A lease ran out: the job waits again, or has been given up."""
    after_commit(session, _of(LAPSED, plan or OTHER_PLAN, model).inc)


def ended(
    session: AsyncSession,
    *,
    plan: str | None,
    model: str,
    outcome: str,
    code: str | None,
    attempts: int,
    ran_seconds: float | None,
    gpu_seconds: float,
    charged: int,
    returned: int,
) -> None:
    """A job ended as `completed`, `failed` (with its `code`) or `canceled`. `ran_seconds`: None if none ran at its end."""
    labels = plan or OTHER_PLAN, model

    def count() -> None:
        _of(ENDED, *labels, outcome, code or "").inc()
        if ran_seconds is not None:
            _of(RAN, *labels).observe(max(0.0, ran_seconds))
        if attempts:
            _of(ATTEMPTS, *labels).observe(attempts)
        _of(GPU_SECONDS, *labels).inc(gpu_seconds)
        _of(CHARGED, *labels).inc(charged)
        _of(RETURNED, *labels).inc(returned)

    after_commit(session, count)
