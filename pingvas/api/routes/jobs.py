"""Asking for pictures, watching, canceling and trying again: `/jobs`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    BudgetsDep,
    DatabaseDep,
    ReadSessionDep,
    SessionDep,
    SettingsDep,
    StorageDep,
    within,
)
from pingvas.api.http.wire import PageDep
from pingvas.api.routes.accepted import RESPONSES, Asking, AskingDep, accept
from pingvas.api.routes.job_bodies import JobBody
from pingvas.api.routes.job_out import JobOut, SubmittedOut, job_out
from pingvas.base.settings import Settings
from pingvas.billing.subscriptions import NoSubscription
from pingvas.catalog.models import ModelLocked
from pingvas.generation.job_parameters import JobType
from pingvas.generation.lifecycle import cancel
from pingvas.generation.requests import report_missing as missing
from pingvas.generation.requests import retry, submit
from pingvas.generation.requests.job_request import ImageRequest, JobRequest, RefineRequest, UpscaleRequest
from pingvas.generation.requests.parameters import OutputLimits
from pingvas.generation.status import jobs
from pingvas.generation.statuses import JobStatus

router = APIRouter(tags=["generation"])


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


@router.post(
    "/jobs",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="submit_jobs",
    response_model=SubmittedOut,
    responses=RESPONSES,
)
async def submit_jobs(body: JobBody, asking: AskingDep, settings: SettingsDep) -> Response:
    """Take the estimated credits and queue one job per picture."""
    request = body.request()
    asking.budgets.submits.take(asking.actor.user_id, _cost(request))
    told = body.model_dump(mode="json")
    return await accept(asking, "POST /jobs", told, lambda: _submit(asking, request, settings))


@router.post("/jobs/estimate", operation_id="estimate_jobs", dependencies=[within("estimates")])
@raises(ModelLocked, NoSubscription)
async def estimate_jobs(
    body: JobBody, actor: ActorDep, session: SessionDep, settings: SettingsDep
) -> EstimateOut:
    """What submitting this body would cost. Nothing is spent."""
    price = await submit.estimate(session, actor, body.request(), largest=_largest(settings))
    return EstimateOut(estimated_credits=price.credits, estimated_seconds=round(price.seconds, 3))


@router.get("/jobs", operation_id="list_jobs", dependencies=[within("lists")])
async def list_jobs(
    actor: ActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
    status: Annotated[list[JobStatus] | None, Query(description="May be given several times")] = None,
    job_type: JobType | None = None,
    batch_id: UUID | None = None,
) -> JobPage:
    """My jobs, newest first."""
    page = await jobs.list_jobs(
        session, actor, asked, statuses=status or (), job_type=job_type, batch_id=batch_id
    )
    return JobPage(items=[await job_out(view, storage) for view in page.items], next_cursor=page.next_cursor)


@router.get("/jobs/{job_id:uuid}", operation_id="get_job")
async def get_job(job_id: UUID, actor: ActorDep, session: ReadSessionDep, storage: StorageDep) -> JobOut:
    """One of my jobs."""
    return await job_out(await jobs.get_job(session, actor, job_id), storage)


@router.get("/jobs/{job_id:uuid}/steps", operation_id="list_job_steps", dependencies=[within("lists")])
async def list_job_steps(
    job_id: UUID, actor: ActorDep, session: ReadSessionDep, storage: StorageDep
) -> StepList:
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


@router.post("/jobs/{job_id:uuid}/cancel", operation_id="cancel_job", dependencies=[within("changes")])
async def cancel_job(job_id: UUID, actor: ActorDep, session: SessionDep, storage: StorageDep) -> JobOut:
    """Take a job back: at once and free while it waits; while it runs it stops within a step and pays what it used."""
    await cancel.request_cancel(session, actor, job_id)
    return await job_out(await jobs.get_job(session, actor, job_id), storage)


@router.post(
    "/jobs/{job_id:uuid}/retry",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="retry_job",
    response_model=SubmittedOut,
    responses=RESPONSES,
)
@raises(retry.NotRetryable)
async def retry_job(job_id: UUID, asking: AskingDep, settings: SettingsDep) -> Response:
    """Try a job again that failed or was canceled: a new job with the same parameters and seed, at today's price."""

    submits, user_id = asking.budgets.submits, asking.actor.user_id
    submits.take(user_id)

    async def act() -> submit.Submitted:
        job = await retry.get_retryable(asking.session, asking.actor, job_id)
        request = retry.request_again(job)
        if more := _cost(request) - 1:
            submits.take(user_id, more)
        return await _submit(asking, request, settings, retry_of=job.id)

    return await accept(asking, "POST /jobs/{job_id}/retry", {"job_id": str(job_id)}, act)


@router.post("/jobs/{job_id:uuid}/report-missing", operation_id="report_missing")
@raises(missing.StillThere, missing.NothingMissing)
async def report_missing(
    job_id: UUID, actor: ActorBeforehandDep, database: DatabaseDep, storage: StorageDep, budgets: BudgetsDep
) -> JobOut:
    """Say that the picture of a job cannot be loaded. It is looked for, and where it is lost, all that the job cost comes back, once."""
    budgets.changes.take(actor.user_id)
    return await job_out(await missing.report_missing(database, storage, actor, job_id), storage)


@router.post("/jobs/cancel", operation_id="cancel_jobs", dependencies=[within("changes")])
async def cancel_jobs(actor: ActorDep, session: SessionDep, storage: StorageDep) -> CanceledOut:
    """Take back every job of mine that has not ended."""
    return CanceledOut(jobs=await _jobs_out(session, actor, await cancel.cancel_all(session, actor), storage))


def _cost(request: JobRequest) -> int:
    """How much of the budget of submits a request uses: by the rows that it leaves, which keep its prompts."""
    said: ImageRequest | RefineRequest | None = (
        request.refine if isinstance(request, UpscaleRequest) else request
    )
    characters = 0 if said is None else len(said.prompt) + len(said.negative_prompt)
    return request.count * (1 + characters // 1000)


async def _submit(
    asking: Asking, request: JobRequest, settings: Settings, *, retry_of: UUID | None = None
) -> submit.Submitted:
    return await submit.submit(
        asking.session,
        asking.actor,
        request,
        largest=_largest(settings),
        deadline_seconds=settings.job_deadline_seconds,
        retry_of=retry_of,
        rate_limited=settings.rate_limits == "on",
    )


async def _jobs_out(
    session: AsyncSession, actor: Actor, job_ids: list[UUID], storage: Storage
) -> list[JobOut]:
    return [await job_out(view, storage) for view in await jobs.read_jobs(session, actor, job_ids)]


def _largest(settings: Settings) -> OutputLimits:
    return OutputLimits(settings.max_image_side, settings.max_image_pixels)
