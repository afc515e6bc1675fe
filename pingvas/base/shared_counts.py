"""What the processes of one machine have counted, added up: each keeps its counts in memory and writes them, every second
that they change, into a file of its own in a shared folder.

The files are written, never mapped: on a full disk a write fails and is tried again, where a mapped page would end the
process. What a process that has ended had counted stays in the sums, so that none goes backwards.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

log = logging.getLogger(__name__)

FOLDER = "PINGVAS_COUNTS_DIR"
"""The environment variable that names the folder; set by whoever starts the processes."""

SECONDS = 1.0
# A file grows by so many bytes at a time, so that writing it again, in place, needs no more room even on a full disk.
_GROWTH = 64 * 1024

_Samples = dict[str, tuple[str, str, list[tuple[str, dict[str, str], float]]]]
_writer: _Writer | None = None


def is_shared() -> bool:
    """Whether this process counts together with others."""
    return bool(os.environ.get(FOLDER))


@contextmanager
def writing(registries: Iterable[CollectorRegistry]) -> Iterator[None]:
    """This process's counts are written into the shared folder, if there is one, while the block lasts and at its end."""
    global _writer  # one process, one file
    if not is_shared() or _writer is not None:
        yield
        return
    _writer = writer = _Writer(Path(os.environ[FOLDER]), list(registries))
    writer.start()
    try:
        yield
    finally:
        _writer = None
        writer.stop()


def collect(own: Iterable[CollectorRegistry]) -> list[Metric]:
    """The sums over all processes: this one's as they are now, the others' as they were last written."""
    if _writer is not None:
        _writer.write()  # so that no other process shows less than this one has shown
    folder = Path(os.environ[FOLDER])
    mine = None if _writer is None else _writer.path
    read = [_read(path) for path in sorted(folder.glob("*.json")) if path != mine]
    return _add_up([_samples(own), *read])


class _Writer:
    """Writes on a thread of its own, whatever the event loop does."""

    def __init__(self, folder: Path, registries: list[CollectorRegistry]) -> None:
        self.path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._registries = registries
        self._written = b""
        self._size = 0
        self._failed = False
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="counts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self.write()

    def _run(self) -> None:
        while not self._stopped.wait(SECONDS):
            self.write()

    def write(self) -> None:
        """What was counted so far. A disk that takes nothing is no reason not to work: the next time has it all again."""
        with self._one_at_a_time:
            body = json.dumps(_samples(self._registries)).encode()
            if body == self._written:
                return
            try:
                self._replace(body)
            except OSError as error:
                if not self._failed:
                    log.warning("counts are kept in memory only for now: %s", error)
                self._failed = True
                return
            self._written, self._failed = body, False

    def _replace(self, body: bytes) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = -(-len(body) // _GROWTH) * _GROWTH
            # Room first, as blanks behind what is there: when there is none, what was written before stays whole.
            while self._size < size:
                self._size += os.pwrite(descriptor, b" " * (size - self._size), self._size)
            body = body.ljust(self._size)
            done = 0
            while done < len(body):
                done += os.pwrite(descriptor, body[done:], done)
        finally:
            os.close(descriptor)


def _read(path: Path) -> _Samples:
    """What another process has written; nothing of a file that is not whole (yet)."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            samples: _Samples = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return samples


def _samples(registries: Iterable[CollectorRegistry]) -> _Samples:
    """Counters and histograms by name. Of a gauge no sum would be true; those of the studio are read from the database."""
    found: _Samples = {}
    for registry in registries:
        for metric in registry.collect():
            if metric.type in ("counter", "histogram") and not metric.name.startswith(
                ("process_", "python_")
            ):
                kept = [
                    (sample.name, dict(sample.labels), sample.value)
                    for sample in metric.samples
                    if not sample.name.endswith("_created")
                ]
                found[metric.name] = (metric.documentation, metric.type, kept)
    return found


def _add_up(
    each: Iterable[Mapping[str, tuple[str, str, list[tuple[str, dict[str, str], float]]]]],
) -> list[Metric]:
    texts: dict[str, tuple[str, str]] = {}
    sums: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for samples in each:
        for name, (documentation, kind, values) in samples.items():
            texts.setdefault(name, (documentation, kind))
            into = sums.setdefault(name, {})
            for sample, labels, value in values:
                key = sample, tuple(labels.items())
                into[key] = into.get(key, 0.0) + value
    metrics = []
    for name, (documentation, kind) in texts.items():
        metric = Metric(name, documentation, kind)
        for (sample, labels_of), value in sums[name].items():
            metric.add_sample(sample, dict(labels_of), value)
        metrics.append(metric)
    return metrics
