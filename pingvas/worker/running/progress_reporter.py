"""How a job's progress gets from the engine's thread to the database: seldom, and never in the engine's way."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from pingvas.adapters.storage import Storage, StorageUnavailable
from pingvas.base.db import Database, DatabaseUnavailable
from pingvas.engine.requests import DENOISING, StepReport
from pingvas.generation.lifecycle.claims import ClaimedJob, Hold
from pingvas.generation.steps import progress

log = logging.getLogger(__name__)


class Reporter:
    """Keeps the newest report of each kind and sends it when the interval is over; older ones are dropped.

    Progress is a hint: what cannot be sent now is forgotten. What the database answers goes to `on_hold`.
    """

    def __init__(
        self,
        job: ClaimedJob,
        worker_id: str,
        database: Database,
        storage: Storage,
        *,
        interval: float,
        preview_every: int,
        on_hold: Callable[[Hold], None],
    ) -> None:
        self._job = job
        self._worker_id = worker_id
        self._database = database
        self._storage = storage
        self._interval = interval
        self._preview_every = preview_every
        self._on_hold = on_hold
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._something = asyncio.Event()
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"progress of {job.id}")
        self._unsent: dict[str, StepReport] = {}
        self._unseen: StepReport | None = None

    def note(self, report: StepReport) -> None:
        """Take a report; returns at once. For the engine's thread."""
        with self._lock:
            self._unsent[report.step_name] = report
            if self._wants_preview(report):
                self._unseen = report
        self._loop.call_soon_threadsafe(self._something.set)

    def finish(self) -> None:
        """No more reports will come: send what there is without waiting for the interval."""
        self._closing.set()
        self._something.set()

    async def close(self) -> None:
        """Wait until the last report of each kind has gone out."""
        self.finish()
        await self._task

    async def _run(self) -> None:
        while not self._closing.is_set():
            await self._something.wait()
            self._something.clear()
            await self._send_newest()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._interval)
        await self._send_newest()

    async def _send_newest(self) -> None:
        with self._lock:
            reports, self._unsent = list(self._unsent.values()), {}
            unseen, self._unseen = self._unseen, None
        for report in reports:
            preview = unseen if report.step_name == DENOISING else None
            try:
                await self._send(report, await self._store_preview(preview))
            except Exception:  # progress is a hint: not even a bug in it may cost the picture
                log.exception("job %s: step %d goes unreported", self._job.id, report.step)

    def _wants_preview(self, report: StepReport) -> bool:
        """Every so many steps, but not of the last one: the picture itself comes next."""
        if not self._preview_every or report.preview is None or report.step == report.total_steps:
            return False
        return report.step % self._preview_every == 0

    async def _store_preview(self, report: StepReport | None) -> str | None:
        if report is None or report.preview is None:
            return None
        data = await asyncio.to_thread(report.preview)
        if data is None:
            return None
        key = progress.preview_key(self._job.id)
        try:
            await self._storage.put(key, data, "image/webp", durable=False)
        except StorageUnavailable:
            return None
        return key

    async def _send(self, report: StepReport, preview_key: str | None) -> None:
        left = report.total_steps - report.step
        eta = None if report.seconds_per_step is None else round(left * report.seconds_per_step, 2)
        try:
            url = await self._storage.sign(preview_key) if preview_key else None
            async with self._database.autocommit() as session:
                hold = await progress.report(
                    session,
                    self._job,
                    self._worker_id,
                    step=report.step,
                    total_steps=report.total_steps,
                    step_name=report.step_name,
                    preview_key=preview_key,
                    preview_url=url,
                    eta_seconds=eta,
                )
        except (DatabaseUnavailable, StorageUnavailable) as error:
            log.warning("job %s: step %d goes unreported: %s", self._job.id, report.step, error)
            return
        self._on_hold(hold)
