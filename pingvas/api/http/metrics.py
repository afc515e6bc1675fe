"""The page of metrics: requests that this API answered, and how the studio stands, read from the database.

What jobs go through is counted where it happens, in `generation/metrics.py`.
"""

import asyncio
import logging
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pingvas.api.http.addresses import template_of
from pingvas.base.chore_runs import ChoreState, read_chores
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.base.metrics import Snapshot, render
from pingvas.generation.status.gauges import QueueGauges, read_gauges
from pingvas.generation.statuses import OPEN

log = logging.getLogger(__name__)

# Figures are read at most so often, and so seldom that reading them takes no more than this share of the time.
FRESH_SECONDS = 5.0
READING_SHARE = 0.05


class Metrics:
    """One registry per app, so that several apps can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        labels = ("method", "route", "status")
        self.requests = Counter("pingvas_http_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "pingvas_http_request_seconds", "Time to answer a request", ("route",), registry=self.registry
        )
        self._figures: list[Metric] = []
        self._stale_at = -FRESH_SECONDS
        self._reading = asyncio.Lock()

    async def page(self, database: Database) -> bytes:
        """Everything, in Prometheus' text format. Without the database, what is counted here."""
        async with self._reading:
            if time.monotonic() >= self._stale_at:
                await self._read(database)
        return render([self.registry], Snapshot(self._figures))

    async def _read(self, database: Database) -> None:
        began = time.monotonic()
        try:
            async with database.read() as session:
                figures = await read_gauges(session)
                chores = await read_chores(session)
            self._figures = [_up(True), *_of_queue(figures), *_of_chores(chores)]
        except DatabaseUnavailable:
            log.warning("metrics: the database is away")
            self._figures = [_up(False)]
        now = time.monotonic()
        self._stale_at = now + max(FRESH_SECONDS, (now - began) / READING_SHARE)


class Measure:
    """ASGI middleware that counts and times requests under the template of their route, never under their path."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = "500"

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            route = template_of(scope) or "unmatched"
            self.metrics.requests.labels(scope["method"], route, status).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - started)


def _up(up: bool) -> Metric:
    return GaugeMetricFamily("pingvas_database_up", "Whether the database answers", value=float(up))


def _of_queue(figures: QueueGauges) -> Iterator[Metric]:
    labels = ("plan", "model", "lane")
    jobs = GaugeMetricFamily("pingvas_queue_jobs", "Jobs that have not ended", labels=(*labels, "status"))
    oldest = GaugeMetricFamily(
        "pingvas_queue_oldest_wait_seconds", "How long the oldest queued job has waited", labels=labels
    )
    for group in figures.groups:
        jobs.add_metric([group.plan, group.model, group.lane, group.status], group.jobs)
        if group.status == "queued":
            oldest.add_metric([group.plan, group.model, group.lane], group.oldest_seconds)
    yield jobs
    yield oldest
    for status in OPEN:
        yield GaugeMetricFamily(
            f"pingvas_queue_{status}", f"Jobs that are {status}", value=figures.jobs(status)
        )
    yield GaugeMetricFamily(
        "pingvas_queue_lapsed_leases",
        "Leases that ran out and were not yet swept",
        value=figures.lapsed_leases,
    )
    yield GaugeMetricFamily(
        "pingvas_storage_deletions_waiting",
        "Stored objects to delete, up to 10,000",
        value=figures.deletions,
    )
    yield from _of_workers(figures)


def _of_workers(figures: QueueGauges) -> Iterator[Metric]:
    workers = GaugeMetricFamily(
        "pingvas_workers", "Workers heard from in 30 seconds", labels=("device", "state")
    )
    holding = GaugeMetricFamily(
        "pingvas_workers_holding_model", "Workers with a model in memory", labels=("model",)
    )
    states = [(worker.device, "stopping" if worker.stopping else "live") for worker in figures.workers]
    for (device, state), number in sorted(Tally(states).items()):
        workers.add_metric([device, state], number)
    held = [model for worker in figures.workers for model in set(worker.models)]
    for model, number in sorted(Tally(held).items()):
        holding.add_metric([model], number)
    yield workers
    yield holding


def _of_chores(chores: Sequence[ChoreState]) -> Iterator[Metric]:
    def gauge(name: str, what: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"pingvas_chore_{name}", what, labels=("chore",))

    last = gauge("last_run_timestamp_seconds", "When a chore's latest turn ended")
    late = gauge("late_seconds", "How long ago a chore's next turn should have begun")
    took = gauge("last_run_seconds", "How long a chore's latest noted turn took")
    failing = gauge("failing", "Whether a chore's latest turn failed")
    runs = CounterMetricFamily("pingvas_chore_runs", "Turns of a chore", labels=("chore",))
    failures = CounterMetricFamily(
        "pingvas_chore_failures", "Turns of a chore that failed", labels=("chore",)
    )
    for chore in chores:
        if chore.last_at is not None:
            last.add_metric([chore.name], chore.last_at.timestamp())
        if chore.seconds is not None:
            took.add_metric([chore.name], chore.seconds)
        late.add_metric([chore.name], chore.seconds_late)
        failing.add_metric([chore.name], float(chore.error is not None))
        runs.add_metric([chore.name], chore.runs)
        failures.add_metric([chore.name], chore.failures)
        if "disagreements" in chore.result:
            yield GaugeMetricFamily(
                "pingvas_ledger_disagreements",
                "Subscriptions whose balance is not the sum of their postings, at the latest check",
                value=chore.result["disagreements"],
            )
        if "wrong_rows" in chore.result:
            yield GaugeMetricFamily(
                "pingvas_ledger_wrong_rows",
                "Kinds of rows of the ledger of which one does not add up, at the latest check of all of them",
                value=chore.result["wrong_rows"],
            )
    yield from (last, late, took, failing, runs, failures)
