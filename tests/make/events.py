"""Events such as people's devices hear."""

from __future__ import annotations

from uuid import UUID

from pingvas.base import clock
from pingvas.base.ids import new_id
from pingvas.billing.events import CreditsUpdated
from pingvas.generation.events import ImagePayload, JobCompleted, JobProgress, JobStarted


def step(number: int, job_id: UUID | None = None) -> JobProgress:
    """The progress of some job."""
    return JobProgress(
        job_id=job_id or new_id(),
        step=number,
        total_steps=500,
        percent=number / 5,
        step_name="Denoising",
        preview_url=None,
        eta_seconds=None,
    )


def credits_of(user_id: UUID, balance: int) -> CreditsUpdated:
    return CreditsUpdated(user_id=user_id, balance=balance, change=-3, reason="consume")


def started(job_id: UUID) -> JobStarted:
    return JobStarted(job_id=job_id, worker_id="w", total_steps=20)


def completed(job_id: UUID, *, prompt: str = "a house", file_url: str = "/files/a") -> JobCompleted:
    """A job that has its image."""
    image = ImagePayload(
        id=new_id(),
        job_id=job_id,
        width=64,
        height=64,
        format="png",
        file_size=1,
        visibility="private",
        is_favorite=False,
        rating=0,
        tags=[],
        generation_params={"prompt": prompt},
        thumbnail_url=None,
        thumbnail_large_url=None,
        thumbhash=None,
        file_url=file_url,
        api_key=None,
        created_at=clock.now(),
        trashed_at=None,
    )
    return JobCompleted(job_id=job_id, image=image, actual_credits=1)
