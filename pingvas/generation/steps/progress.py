"""How far a job is: one row per reported step, and an event for its owner."""

import secrets
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.base.statements import MAY_BE_FORGOTTEN, fetch_one
from pingvas.generation.events import JobProgress
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.claims import ClaimedJob, Hold, hold_of

_REPORT = text(f"""
    WITH held AS (
        SELECT id, user_id, cancel_requested_at FROM generation_jobs
         WHERE id = :job_id AND attempt = :attempt AND worker_id = :worker_id AND lease_expires_at IS NOT NULL
    ), noted AS (
        INSERT INTO generation_steps (id, job_id, attempt, step_number, total_steps, step_name, progress_percent,
                                      preview_url)
        SELECT :id, held.id, :attempt, :step, :total_steps, :step_name, :percent, :preview_key FROM held
        ON CONFLICT (job_id, attempt, step_number, step_name) DO NOTHING
    )
    SELECT cancel_requested_at, {MAY_BE_FORGOTTEN} FROM held
""")  # noqa: S608 - our own constants


async def report(
    session: AsyncSession,
    job: ClaimedJob,
    worker_id: str,
    *,
    step: int,
    total_steps: int,
    step_name: str,
    preview_key: str | None = None,
    preview_url: str | None = None,
    eta_seconds: float | None = None,
) -> Hold:
    """Note that `step` of `total_steps` is done, and learn whether the job is still wanted and still ours.

    `preview_key` names the preview in storage; `preview_url` is its signed address for the event.
    """
    percent = round(100 * step / total_steps, 2) if total_steps else 0.0
    row = {
        "id": new_id(),
        "job_id": job.id,
        "attempt": job.attempt,
        "worker_id": worker_id,
        "step": step,
        "total_steps": total_steps,
        "step_name": step_name,
        "percent": percent,
        "preview_key": preview_key,
    }
    hold = hold_of(await fetch_one(session, _REPORT, row))
    if hold != "lost":
        told = JobProgress(
            job_id=job.id,
            step=step,
            total_steps=total_steps,
            percent=percent,
            step_name=step_name,
            preview_url=preview_url,
            eta_seconds=eta_seconds,
        )
        signals.progressed(session, job.user_id, told)
    return hold


def preview_key(job_id: UUID) -> str:
    """Where a job's next preview goes: nobody can guess it."""
    return f"previews/{job_id}/{secrets.token_hex(16)}.webp"
