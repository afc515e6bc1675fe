"""Asking for pictures, watching and canceling: `/jobs` and `/queue`."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.api.deps import ActorDep, SessionDep, SettingsDep, StorageDep
from pingvas.api.images import ImageOut, image_out
from pingvas.api.job_bodies import JobBody, JobType
from pingvas.api.wire import DEFAULT_LIMIT, Cursor, Limit
from pingvas.base.idempotency import find_first_answer, idempotent_call, remember_answer
from pingvas.base.settings import Settings
from pingvas.generation import cancel, jobs, submit
from pingvas.generation.parameters import OutputLimits

router = APIRouter(tags=["generation"])

Status = Literal["pending", "queued", "processing", "completed", "failed", "canceled"]


class ProgressOut(BaseModel):
    step: int
    total_steps: int
    step_name: str
    percent: float
    preview_url: str | None
    eta_seconds: float | None


class ReceiptOut(BaseModel):
    """In credits: quoted = held = charged + returned."""

    model_config = ConfigDict(from_attributes=True)

    quoted: int
    held: int
    charged: int
    returned: int
    reason: str


class JobErrorOut(BaseModel):
    code: str
    message: str


class JobOut(BaseModel):
    """One picture asked for, from request to receipt."""

    id: UUID
    batch_id: UUID
    job_type: JobType
    status: Status
    priority: int
    position: int | None = Field(description="Place in the queue, 1 is next; null when it is not queued")
    progress: ProgressOut | None
    parameters: dict[str, Any]
    estimated_credits: int
    actual_credits: int | None
    receipt: ReceiptOut | None
    waiting_for: Literal["slot", "worker", "model", "job"] | None
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


class EstimateOut(BaseModel):
    """`estimated_credits` is exactly what submitting the same body holds."""

    estimated_credits: int
    estimated_seconds: float


class JobPage(BaseModel):
    items: list[JobOut]
    next_cursor: str | None


class StepOut(BaseModel):
    id: UUID
    attempt: int
    step_number: int
    total_steps: int
    step_name: str
    progress_percent: float
    preview_url: str | None
    created_at: datetime


class StepList(BaseModel):
    items: list[StepOut]


class CanceledOut(BaseModel):
    """The jobs that were asked to stop."""

    jobs: list[JobOut]


class QueueOut(BaseModel):
    """`position` is the place of the caller's first waiting job."""

    model_config = ConfigDict(from_attributes=True)

    position: int | None
    waiting: int
    processing: int
    workers: int
    mean_wait_seconds: float | None


@router.post(
    "/jobs",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="submit_jobs",
    response_model=SubmittedOut,
)
async def submit_jobs(
    body: JobBody,
    actor: ActorDep,
    session: SessionDep,
    settings: SettingsDep,
    storage: StorageDep,
    idempotency_key: Annotated[
        str | None,
        Header(description="Same key and body: the first answer again, and nothing is spent twice"),
    ] = None,
) -> Response:
    """Take the estimated credits and queue one job per picture."""
    call = None
    if idempotency_key is not None:
        call = idempotent_call(actor.user_id, "POST /jobs", idempotency_key, body.model_dump(mode="json"))
        first = await find_first_answer(session, call)
        if first is not None:
            return _accepted(first[1], first[0], replayed=True)
    accepted = await submit.submit(session, actor, body.wish(), largest=_largest(settings))
    answer = SubmittedOut(
        batch_id=accepted.batch_id,
        jobs=[await job_out(view, storage) for view in accepted.jobs],
        estimated_credits=accepted.estimated_credits,
    ).model_dump_json()
    if call is not None:
        await remember_answer(session, call, status.HTTP_202_ACCEPTED, answer)
    return _accepted(answer, status.HTTP_202_ACCEPTED)


@router.post("/jobs/estimate", operation_id="estimate_jobs")
async def estimate_jobs(
    body: JobBody, actor: ActorDep, session: SessionDep, settings: SettingsDep
) -> EstimateOut:
    """What submitting this body would cost. Nothing is spent."""
    price = await submit.estimate(session, actor, body.wish(), largest=_largest(settings))
    return EstimateOut(estimated_credits=price.credits, estimated_seconds=round(price.seconds, 3))


@router.get("/jobs", operation_id="list_jobs")
async def list_jobs(
    actor: ActorDep,
    session: SessionDep,
    settings: SettingsDep,
    storage: StorageDep,
    status: Annotated[list[Status] | None, Query(description="May be given several times")] = None,
    job_type: JobType | None = None,
    batch_id: UUID | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> JobPage:
    """My jobs, newest first."""
    page = await jobs.list_jobs(
        session,
        actor,
        statuses=list(status or []),
        job_type=job_type,
        batch_id=batch_id,
        limit=limit,
        cursor=cursor,
        cursor_key=settings.key_for("cursor"),
    )
    return JobPage(items=[await job_out(view, storage) for view in page.items], next_cursor=page.next_cursor)


@router.get("/jobs/{job_id}", operation_id="get_job")
async def get_job(job_id: UUID, actor: ActorDep, session: SessionDep, storage: StorageDep) -> JobOut:
    """One of my jobs."""
    return await job_out(await jobs.get_job(session, actor, job_id), storage)


@router.get("/jobs/{job_id}/steps", operation_id="list_job_steps")
async def list_job_steps(job_id: UUID, actor: ActorDep, session: SessionDep, storage: StorageDep) -> StepList:
    """The reported steps of one of my jobs, first to last."""
    items = [
        StepOut(
            id=step.id,
            attempt=step.attempt,
            step_number=step.step_number,
            total_steps=step.total_steps,
            step_name=step.step_name,
            progress_percent=step.progress_percent,
            preview_url=await storage.sign(step.preview_url) if step.preview_url else None,
            created_at=step.created_at,
        )
        for step in await jobs.list_steps(session, actor, job_id)
    ]
    return StepList(items=items)


@router.post("/jobs/{job_id}/cancel", operation_id="cancel_job")
async def cancel_job(job_id: UUID, actor: ActorDep, session: SessionDep, storage: StorageDep) -> JobOut:
    """Take a job back: at once and free while it waits; while it runs it stops within a step and pays what it used."""
    await cancel.request_cancel(session, actor, job_id)
    return await job_out(await jobs.get_job(session, actor, job_id), storage)


@router.post("/jobs/cancel", operation_id="cancel_jobs")
async def cancel_jobs(actor: ActorDep, session: SessionDep, storage: StorageDep) -> CanceledOut:
    """Take back every job of mine that has not ended."""
    return CanceledOut(jobs=await _jobs_out(session, actor, await cancel.cancel_all(session, actor), storage))


@router.get("/queue", operation_id="get_queue")
async def get_queue(actor: ActorDep, session: SessionDep) -> QueueOut:
    """How long the queue is, and where I am in it."""
    return QueueOut.model_validate(await jobs.read_queue(session, actor))


async def job_out(view: jobs.JobView, storage: Storage) -> JobOut:
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
            eta_seconds=view.eta_seconds,
        )
    error = None
    if job.failure_code is not None:
        error = JobErrorOut(code=job.failure_code, message=job.error_message or job.failure_code)
    receipt = jobs.receipt_of(job)
    return JobOut(
        id=job.id,
        batch_id=job.batch_id,
        job_type=job.job_type,
        status=job.status,
        priority=job.priority,
        position=view.position,
        progress=progress,
        parameters=job.parameters,
        estimated_credits=job.estimated_credits,
        actual_credits=job.actual_credits,
        receipt=None if receipt is None else ReceiptOut.model_validate(receipt),
        waiting_for=view.waiting_for,
        attempt=job.attempt,
        worker_id=job.worker_id,
        created_at=job.created_at,
        queued_at=job.queued_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        error=error,
        image=None if view.image is None else await image_out(view.image, storage),
    )


async def _jobs_out(
    session: AsyncSession, actor: Actor, job_ids: list[UUID], storage: Storage
) -> list[JobOut]:
    return [await job_out(view, storage) for view in await jobs.read_jobs(session, actor, job_ids)]


def _largest(settings: Settings) -> OutputLimits:
    return OutputLimits(settings.max_image_side, settings.max_image_pixels)


def _accepted(body: Any, status_code: int, *, replayed: bool = False) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return Response(text, status_code, headers=headers, media_type="application/json")
