"""What a process counts, and the ways to read it: the API's page of metrics, a port of a worker or of the chores, or a folder
that processes share.

On one machine `pingvas up` gives all its processes one folder, and any API process shows what all of them counted.
Where each process runs by itself, each can open a port. Metrics are made in `REGISTRY`, by the rooms that count.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest, start_http_server
from prometheus_client.metrics_core import Metric

from pingvas.base import shared_counts
from pingvas.base.settings import Settings

log = logging.getLogger(__name__)

REGISTRY = CollectorRegistry()


class Snapshot:
    """Figures that were read elsewhere, as Prometheus wants them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def render(own: Iterable[CollectorRegistry], figures: Snapshot) -> bytes:
    """Prometheus' text: what was counted here (or, with a shared folder, in all processes), and `figures`.

    `own` are registries besides REGISTRY; what they count is in the shared folder too, where there is one.
    """
    once = CollectorRegistry()
    once.register(figures)
    if shared_counts.is_shared():
        once.register(Snapshot(shared_counts.collect((*own, REGISTRY))))
        return generate_latest(once)
    return b"".join(generate_latest(registry) for registry in (*own, REGISTRY, once))


@contextmanager
def metrics_port(settings: Settings) -> Iterator[None]:
    """The port of metrics of a worker or of the chores while the block lasts, where one is set; into the folder, where one is shared."""
    if not settings.metrics_port or shared_counts.is_shared():
        with shared_counts.writing([REGISTRY]):
            yield
        return
    process = ProcessCollector(registry=REGISTRY)
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, REGISTRY)
    except OSError as error:
        # No reason not to work. Several workers on one machine need a port each, or none.
        log.error(
            "metrics are not shown: port %s on %s: %s", settings.metrics_port, settings.metrics_host, error
        )
        REGISTRY.unregister(process)
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        REGISTRY.unregister(process)
