"""procrastinate as a peer: its own tables and its own job manager, called as its worker calls it."""

from __future__ import annotations

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Job, Status

from bench._queue_clients import Done, Step
from bench._queue_payload import PARAMETERS


class Procrastinate:
    """An open application of procrastinate."""

    def __init__(self, app: App, worker_id: int) -> None:
        self._app = app
        self._worker_id = worker_id

    @classmethod
    async def install(cls, url: str, *, connections: int) -> Procrastinate:
        """`url` is `postgresql://…`."""
        app = App(connector=PsycopgConnector(conninfo=url, min_size=connections, max_size=connections))
        await app.open_async()
        await app.schema_manager.apply_schema_async()
        return cls(app, await app.job_manager.register_worker())

    async def close(self) -> None:
        await self._app.close_async()

    async def fill(self, jobs: int) -> None:
        """Put that many jobs in, a thousand at a time."""
        for start in range(0, jobs, 1000):
            await self._app.job_manager.batch_defer_jobs_async(
                [_job() for _ in range(min(1000, jobs - start))]
            )

    def life(self, batch: int = 1, *, defer_together: bool = False) -> Step:
        """A step that defers `batch` jobs, fetches and finishes as many; it fetches and finishes one by one."""
        manager = self._app.job_manager

        async def step(done: Done) -> None:
            together = batch if defer_together else 1
            for _ in range(batch // together):
                await manager.batch_defer_jobs_async([_job() for _ in range(together)])
            for _ in range(batch):
                job = await manager.fetch_job(queues=None, worker_id=self._worker_id)
                if job is not None:
                    await manager.finish_job(job, Status.SUCCEEDED, delete_job=False)
                    done(1)

        return step


def _job() -> Job:
    return Job(
        id=None,
        queue="pictures",
        lock=None,
        queueing_lock=None,
        task_name="picture",
        task_kwargs=dict(PARAMETERS),
        priority=50,
    )
