"""Those in this process who wait for jobs to end; they are woken by the events that this process hears anyway."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from pingvas.generation.events import JobCanceled, JobCompleted, JobFailed

_ENDINGS = frozenset({JobCompleted.event, JobFailed.event, JobCanceled.event})


class JobEnds:
    """Wakes whoever waits for a job when an event says that it ended. Events are hints: who waits looks for itself too."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def hear(self, event: str, payload: Any) -> None:
        """An event passed through this process."""
        if event in _ENDINGS and isinstance(payload, dict):
            for woken in self._waiting.get(str(payload.get("job_id")), ()):
                woken.set()

    @contextmanager
    def of(self, job_ids: Sequence[UUID]) -> Iterator[asyncio.Event]:
        """An event that is set whenever one of these jobs is said to have ended; clear it before you look."""
        woken, names = asyncio.Event(), [str(job_id) for job_id in job_ids]
        for name in names:
            self._waiting[name].add(woken)
        try:
            yield woken
        finally:
            for name in names:
                self._waiting[name].discard(woken)
                if not self._waiting[name]:
                    del self._waiting[name]
