"""A job as the contract shows it: its wire model, and how one is made of what the generation room says."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pingvas.adapters.storage import Storage
from pingvas.api.routes.image_out import ImageOut, KeyRef, image_out
from pingvas.generation.job_parameters import JobType
from pingvas.generation.requests.job_request import Lane
from pingvas.generation.status.jobs import JobView, receipt_of
from pingvas.generation.status.waiting import MAX_POSITION, WaitingFor
from pingvas.generation.statuses import JobStatus


class ProgressOut(BaseModel):
    step: int
    total_steps: int
    step_name: str
    percent: float
    preview_url: str | None
    eta_seconds: float | None


class ReceiptOut(BaseModel):
    """In credits: quoted = held = charged + returned. `gpu_seconds` is what was measured, null when it never ran."""

    model_config = ConfigDict(from_attributes=True)

    quoted: int
    held: int
    charged: int
    returned: int
    reason: str
    gpu_seconds: float | None


class JobErrorOut(BaseModel):
    code: str
    message: str


class JobOut(BaseModel):
    """One picture asked for, from request to receipt."""

    id: UUID
    batch_id: UUID
    job_type: JobType
    status: JobStatus
    priority: int
    lane: Lane
    position: int | None = Field(
        description=f"Place in the queue, 1 is next; counted up to {MAX_POSITION}, which is that or more. Of a pending job: "
        "where it would come if it were let into the queue now. Null when it does not wait"
    )
    eta_seconds: float | None = Field(
        description="Seconds until a waiting job starts, as far as can be told; null when it does not wait, when no "
        "worker is there, or beyond the last position"
    )
    progress: ProgressOut | None
    parameters: dict[str, Any]
    estimated_credits: int
    actual_credits: int | None
    receipt: ReceiptOut | None
    waiting_for: WaitingFor | None = Field(
        description="`slot`: as many of my jobs wait or run as my plan allows at once. `worker`: no machine is free for it. "
        "`model`: a machine is free, but none has its model in memory. `job`: another job has to end first"
    )
    retry_of: UUID | None = Field(description="The job that this one tries again")
    api_key: KeyRef | None = Field(description="The API key that it was asked for with; null: none")
    attempt: int
    worker_id: str | None
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    error: JobErrorOut | None
    image: ImageOut | None


class SubmittedOut(BaseModel):
    batch_id: UUID
    jobs: list[JobOut]
    estimated_credits: int


async def job_out(view: JobView, storage: Storage) -> JobOut:
    """A job as the contract shows it, with signed addresses."""
    job, step = view.job, view.step
    progress = None
    if step is not None:
        progress = ProgressOut(
            step=step.step_number,
            total_steps=step.total_steps,
            step_name=step.step_name,
            percent=step.progress_percent,
            preview_url=await storage.sign(view.preview_key) if view.preview_key else None,
            eta_seconds=view.left_seconds,
        )
    error = None
    if job.failure_code is not None:
        error = JobErrorOut(code=job.failure_code, message=job.error_message or job.failure_code)
    receipt = receipt_of(job)
    keys = {} if job.api_key_id is None or view.key_name is None else {job.api_key_id: view.key_name}
    key = [KeyRef(id=key_id, name=name) for key_id, name in keys.items()]
    return JobOut(
        id=job.id,
        batch_id=job.batch_id,
        job_type=job.job_type,
        status=job.status,
        priority=job.priority,
        lane=job.lane,
        position=view.position,
        eta_seconds=view.starts_in_seconds,
        progress=progress,
        parameters=job.parameters,
        estimated_credits=job.estimated_credits,
        actual_credits=job.actual_credits,
        receipt=None if receipt is None else ReceiptOut.model_validate(receipt),
        waiting_for=view.waiting_for,
        retry_of=job.retry_of,
        api_key=key[0] if key else None,
        attempt=job.attempt,
        worker_id=job.worker_id,
        created_at=job.created_at,
        queued_at=job.queued_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        error=error,
        image=None if view.image is None else await image_out(view.image, storage, view.tags, keys),
    )
